//! Asking after what is in the queue, and stopping it.

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use super::refusals;
use crate::providers::{
    call::Call,
    desk::Desk,
    fault::Step,
    files,
    picture::Picture,
    reply::{self, Outcome, Reply},
    task::{Ending, Phase, Task},
    wishes::Wishes,
};

const CANCELLED: (&str, &str) = ("Request was cancelled by the client", "client_cancelled");

/// Where a request can be asked after.
pub(super) fn addresses(base: &str, app: &str, id: &str) -> Value {
    let response = format!("{base}/{app}/requests/{id}");
    json!({
        "request_id": id,
        "status_url": format!("{response}/status"),
        "cancel_url": format!("{response}/cancel"),
        "response_url": response,
    })
}

pub(super) fn status(desk: &Desk, call: &Call, app: &str, id: &str) -> Outcome {
    let task = known(desk, app, id);
    let words = task.as_ref().map_or(&[][..], |task| &task.words);
    let outcome = desk.step(Step::Status, words, refusals::wording, || match &task {
        Some(task) if task.phase() != Phase::Ended(Ending::Gone) => told(task, call, app),
        _ => unknown(),
    });
    // Counted once it is decided: who sees the question in the record and then ends the task must not change the answer.
    desk.record.send_modify(|record| record.statuses += 1);
    outcome
}

fn told(task: &Task, call: &Call, app: &str) -> Reply {
    let mut status = addresses(&call.base(), app, &task.id);
    let (phase, with_logs) = (task.phase(), call.query_value("logs").is_some_and(|logs| logs != "0"));
    let word = match &phase {
        Phase::Queued => "IN_QUEUE",
        Phase::Running => "IN_PROGRESS",
        Phase::Ended(_) => "COMPLETED",
    };
    status["status"] = json!(word);
    match &phase {
        Phase::Queued => status["queue_position"] = json!(0),
        Phase::Running | Phase::Ended(_) => {
            status["logs"] = if with_logs { logs(task) } else { Value::Null };
        }
    }
    if let Phase::Ended(ending) = &phase {
        status["metrics"] = json!({ "inference_time": task.took().map(|(working, _)| working) });
        if let Some((error, error_type)) = error(ending) {
            status["error"] = json!(error);
            status["error_type"] = json!(error_type);
        }
    }
    let code = if matches!(phase, Phase::Ended(_)) { 200 } else { 202 };
    reply::with_header(reply::json(code, &status), "x-fal-request-id", &task.id)
}

fn logs(task: &Task) -> Value {
    let at = task.started_at().unwrap_or_else(Utc::now).to_rfc3339_opts(SecondsFormat::Micros, true);
    json!([{ "message": "drawing", "level": "INFO", "source": "USER", "timestamp": at }])
}

/// What the platform calls the end of a request that has no result.
fn error(ending: &Ending) -> Option<(&'static str, &'static str)> {
    match ending {
        Ending::Cancelled | Ending::Aborted => Some(CANCELLED),
        Ending::Failed => Some(("The runner encountered an internal server error", "runner_server_error")),
        Ending::Made(_) | Ending::Gone | Ending::Invalid(_) | Ending::Moderated => None,
    }
}

pub(super) fn result(desk: &Desk, call: &Call, app: &str, id: &str) -> Outcome {
    desk.record.send_modify(|record| record.results += 1);
    let task = known(desk, app, id);
    let words = task.as_ref().map_or(&[][..], |task| &task.words);
    desk.step(Step::Result, words, refusals::wording, || match &task {
        Some(task) => reply::with_header(made(task, &call.base()), "x-fal-request-id", &task.id),
        None => unknown(),
    })
}

fn made(task: &Task, base: &str) -> Reply {
    let ending = match task.phase() {
        Phase::Queued | Phase::Running => return refusals::plain(400, "Request is still in progress"),
        Phase::Ended(ending) => ending,
    };
    match ending {
        Ending::Made(wishes) => reply::json(200, &output(task, &wishes, base)),
        Ending::Gone => unknown(),
        Ending::Invalid(invalid) => refusals::model(422, false, &refusals::invalid(&invalid, &task.input)),
        Ending::Moderated => {
            let message = "The content was flagged by a content checker.";
            let prompt = &task.input["prompt"];
            let mut entry = refusals::entry(&["body", "prompt"], message, "content_policy_violation", prompt);
            entry["categories"] = json!(["violence"]);
            refusals::model(422, false, &entry)
        }
        Ending::Failed => {
            let entry =
                refusals::entry(&["body"], "Internal server error", "internal_server_error", &Value::Null);
            refusals::model(500, true, &entry)
        }
        Ending::Cancelled | Ending::Aborted => refusals::platform(499, CANCELLED.0, CANCELLED.1),
    }
}

/// What is reported of a request that is through, but for its name.
pub(in crate::providers) fn report(task: &Task, base: &str) -> Value {
    match task.phase() {
        Phase::Ended(Ending::Made(wishes)) => {
            json!({ "status": "OK", "payload": output(task, &wishes, base) })
        }
        _ => json!({ "status": "ERROR", "error": "Invalid status code: 422", "payload": null }),
    }
}

/// What an image model answers, or a video model.
fn output(task: &Task, wishes: &Wishes, base: &str) -> Value {
    let file = |number| {
        let picture = Picture::of(wishes, number);
        json!({
            "url": files::address(base, &task.id, number),
            "content_type": picture.content_type,
            "file_name": format!("{number}.png"),
            "width": picture.width,
            "height": picture.height,
        })
    };
    if let Some(seconds) = wishes.seconds {
        let mut video = file(0);
        video["duration"] = json!(seconds);
        video["num_frames"] = json!(Picture::of(wishes, 0).frames());
        return json!({ "video": video, "seed": wishes.seed });
    }
    let images: Vec<Value> = (0..wishes.count).map(file).collect();
    json!({
        "images": images,
        "timings": { "inference": task.took().map(|(working, _)| working) },
        "seed": wishes.seed,
        "has_nsfw_concepts": vec![false; images.len()],
        "prompt": wishes.prompt,
    })
}

pub(super) fn cancel(desk: &Desk, app: &str, id: &str) -> Outcome {
    desk.record.send_modify(|record| record.add_cancel(id));
    let words = known(desk, app, id).map_or_else(Vec::new, |task| task.words);
    desk.step(Step::Cancel, &words, refusals::wording, || {
        let (status, word) = match known(desk, app, id).and_then(|_| stopped(desk, id)) {
            None => (404, "NOT_FOUND"),
            Some(Phase::Ended(_)) => (400, "ALREADY_COMPLETED"),
            Some(Phase::Queued) => (200, "OK"),
            Some(Phase::Running) => (202, "CANCELLATION_REQUESTED"),
        };
        reply::json(status, &json!({ "status": word }))
    })
}

/// Stops the task if it can be, and returns how far it was.
fn stopped(desk: &Desk, id: &str) -> Option<Phase> {
    let phase = desk.tasks().get_mut(id)?.cancel();
    (phase != Phase::Ended(Ending::Gone)).then_some(phase)
}

/// The task, if it is one of this app.
fn known(desk: &Desk, app: &str, id: &str) -> Option<Task> {
    let task = desk.task(id)?;
    let path = task.model.strip_prefix(app)?;
    (path.is_empty() || path.starts_with('/')).then_some(task)
}

fn unknown() -> Reply {
    refusals::plain(404, "Request not found")
}
