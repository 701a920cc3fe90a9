//! The predictions API of Replicate, as `api.replicate.com` serves it.
//!
//! From Replicate's documentation (replicate.com/docs: "Create a prediction", "Prediction lifecycle", "Rate limits", "Error
//! codes"; the changelog of 2025-10-16 on deadlines) and its clients (`replicate-python`, `replicate-python-beta`):
//! `Authorization: Bearer …`; the fields of a prediction; the states `starting`, `processing`, `succeeded`, `failed`,
//! `canceled` and `aborted`; `Prefer: wait` holds the request for up to 60 seconds or `wait=n`; `Cancel-After` ends what is
//! not done by then, as `aborted` before it began and `canceled` after; a cancellation answers with the prediction, which
//! stays as it is once it has ended; 429 says "Request was throttled. Your rate limit resets in ~30s.". Seen in public
//! reports only: the bodies of 401, 402 (no credit) and 422, and the error of refused content.
//!
//! Not checked against the service: 202 instead of 201 where waiting was in vain, `retry_after` and `Retry-After` of a 429,
//! the text of 404, the shape of an internal error, and that a prediction whose data is gone has `data_removed` and no
//! output. Webhooks are signed as the page "Verify webhooks" says, and sent once, for `start` and `completed`. Not built: their
//! repeats and other events, streams, files and the list of predictions.

mod inputs;
mod order;
mod prediction;
mod refusals;

use super::{
    call::Call,
    desk::Desk,
    fault::{Refusal, Step},
    reply::{self, Outcome},
    webhook::sign::SECRET,
};
use hyper::Method;

pub(super) use prediction::of as report;

pub(super) async fn answer(desk: &Desk, call: &Call) -> Outcome {
    if !desk.admits(call) {
        let was_given = call.header("authorization").is_some();
        return Ok(if was_given { refusals::wording(Refusal::BadKey) } else { refusals::no_token() });
    }
    match (&call.method, &call.parts()[..]) {
        (&Method::POST, ["v1", "predictions"]) => order::submit(desk, call, None).await,
        (&Method::POST, ["v1", "models" | "deployments", owner, name, "predictions"]) => {
            order::submit(desk, call, Some(&format!("{owner}/{name}"))).await
        }
        (&Method::GET, ["v1", "predictions", id]) => get(desk, call, id),
        (&Method::POST, ["v1", "predictions", id, "cancel"]) => cancel(desk, call, id),
        (&Method::GET, ["v1", "webhooks", "default", "secret"]) => {
            Ok(reply::json(200, &serde_json::json!({ "key": SECRET })))
        }
        _ => Ok(refusals::not_found()),
    }
}

fn get(desk: &Desk, call: &Call, id: &str) -> Outcome {
    let task = desk.task(id);
    let words = task.as_ref().map_or(&[][..], |task| &task.words);
    let outcome = desk.step(Step::Status, words, refusals::wording, || match &task {
        Some(task) => reply::json(200, &prediction::of(task, &call.base())),
        None => refusals::not_found(),
    });
    // Counted once it is decided: who sees the question in the record and then ends the task must not change the answer.
    desk.record.send_modify(|record| record.statuses += 1);
    outcome
}

fn cancel(desk: &Desk, call: &Call, id: &str) -> Outcome {
    desk.record.send_modify(|record| record.add_cancel(id));
    let words = desk.task(id).map_or_else(Vec::new, |task| task.words);
    desk.step(Step::Cancel, &words, refusals::wording, || {
        let cancelled = desk.tasks().get_mut(id).map(|task| {
            task.cancel();
            task.clone()
        });
        match cancelled {
            Some(task) => reply::json(200, &prediction::of(&task, &call.base())),
            None => refusals::not_found(),
        }
    })
}
