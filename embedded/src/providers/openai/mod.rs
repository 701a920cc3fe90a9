//! The images API of OpenAI, as `api.openai.com/v1` serves it.
//!
//! From OpenAI's documentation ("Images" in the API reference, "Error codes") and the types of `openai-python`
//! (`ImageGenerateParams`, `ImagesResponse`): `Authorization: Bearer …`; the answer comes when the images are made, as
//! `b64_json` from `gpt-image-…`, which refuse `response_format`, and as `url` or `b64_json` from `dall-e-…`; `created`,
//! `background`, `output_format`, `quality`, `size` and `usage`; limits of `n` and the sizes of each model; errors are an
//! `error` with `message`, `type`, `param` and `code`, among them `invalid_api_key`, `insufficient_quota` and
//! `rate_limit_exceeded`. Seen in public reports only: `moderation_blocked` of type `image_generation_user_error`, and
//! `content_policy_violation` from `dall-e-…`.
//!
//! Not checked against the service: the exact messages, and the codes of missing and unknown parameters. Not built: edits,
//! variations, streaming, other formats than PNG, and keeping repeats of an `Idempotency-Key` apart: like the service,
//! it makes, and charges for, every request.

mod inputs;
mod refusals;

use std::{ops::ControlFlow, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::Method;
use serde_json::{Value, json};

use super::{
    call::Call,
    desk::{Desk, Order},
    fault::{Fate, Refusal, Step},
    files,
    picture::Picture,
    reply::{self, NoReply, Outcome, Reply},
    task::{Ending, Phase, Task},
    wishes::Wishes,
};
use inputs::Request;

/// Between two looks at what is being made: it may be finished by hand.
const LOOK: Duration = Duration::from_millis(20);

pub(super) async fn answer(desk: &Desk, call: &Call) -> Outcome {
    if !desk.admits(call) {
        return Ok(refusals::wording(Refusal::BadKey));
    }
    let outcome = match (&call.method, &call.parts()[..]) {
        (&Method::POST, ["v1", "images", "generations"]) => generate(desk, call).await,
        _ => Ok(refusals::no_such_url(&call.method, &call.path)),
    };
    outcome.map(|reply| {
        let id = format!("req_{:032x}", rand::random::<u128>());
        reply::with_header(reply, "x-request-id", &id)
    })
}

async fn generate(desk: &Desk, call: &Call) -> Outcome {
    let input = call.json();
    let model = input["model"].as_str().unwrap_or(inputs::DEFAULT_MODEL).to_owned();
    let order = match desk.order(call, (&model, input.clone()), None, refusals::wording) {
        ControlFlow::Continue(order) => order,
        ControlFlow::Break(answered) => return answered,
    };
    let request = match Request::read(&model, &input) {
        Ok(request) => request,
        Err(invalid) => {
            desk.turn_away(order);
            return Ok(refusals::invalid(&invalid));
        }
    };
    let fate = desk.fate(&order);
    if let Some(refusal) = refused(&request, fate) {
        desk.turn_away(order);
        return Ok(refusal);
    }
    make(desk, call, order, &request, fate).await
}

/// What is refused before anything is made.
fn refused(request: &Request, fate: Option<Fate>) -> Option<Reply> {
    match fate {
        Some(Fate::Moderated) => Some(refusals::moderated(request.is_gpt_image)),
        Some(Fate::Failed) => Some(refusals::wording(Refusal::Down(500))),
        Some(Fate::Never | Fate::Late(_) | Fate::Gone | Fate::TooLate) | None => None,
    }
}

async fn make(desk: &Desk, call: &Call, order: Order, request: &Request, fate: Option<Fate>) -> Outcome {
    let id = format!("img-{:032x}", rand::random::<u128>());
    let task = desk.accept(order, id, Ok(request.wishes.clone()), fate);
    if let Some(lost) = desk.lost(Step::Submit, &task.words, refusals::wording) {
        return lost;
    }
    loop {
        match desk.task(&task.id).map(|task| task.phase()) {
            Some(Phase::Ended(Ending::Made(_) | Ending::Gone)) => break,
            Some(Phase::Queued | Phase::Running) => tokio::time::sleep(LOOK).await,
            // Forgotten in the meantime.
            Some(Phase::Ended(_)) | None => return Err(NoReply::HangUp),
        }
    }
    Ok(reply::json(200, &made(&task, request, &desk.base(call))))
}

fn made(task: &Task, request: &Request, base: &str) -> Value {
    let wishes = &request.wishes;
    let data: Vec<Value> = (0..wishes.count).map(|number| image(task, request, number, base)).collect();
    let mut made = json!({ "created": task.created_at.timestamp(), "data": data });
    if request.is_gpt_image {
        made["background"] = json!("opaque");
        made["output_format"] = json!("png");
        made["quality"] = json!(request.quality);
        made["size"] = json!(format!("{}x{}", wishes.width, wishes.height));
        made["usage"] = usage(wishes);
    }
    made
}

fn image(task: &Task, request: &Request, number: u64, base: &str) -> Value {
    let mut image = if request.wants_urls {
        json!({ "url": files::address(base, &task.id, number) })
    } else {
        json!({ "b64_json": BASE64_STANDARD.encode(Picture::of(&request.wishes, number).encode()) })
    };
    if request.revises_prompts {
        image["revised_prompt"] = json!(request.wishes.prompt);
    }
    image
}

fn usage(wishes: &Wishes) -> Value {
    let text = wishes.prompt.split_whitespace().count() as u64;
    let output = wishes.count * wishes.width * wishes.height / 1_000;
    json!({
        "input_tokens": text,
        "input_tokens_details": { "text_tokens": text, "image_tokens": 0 },
        "output_tokens": output,
        "total_tokens": text + output,
    })
}
