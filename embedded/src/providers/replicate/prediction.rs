//! A prediction as Replicate shows it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::providers::{
    files,
    task::{Ending, Phase, Task},
    wishes::Wishes,
};

const LETTERS: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new id: 26 letters and digits.
pub(super) fn new_id() -> String {
    let random: [u8; 26] = rand::random();
    random.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

pub(in crate::providers) fn of(task: &Task, base: &str) -> Value {
    let phase = task.phase();
    let (model, version) = match task.model.split_once(':') {
        Some((model, version)) => (model, version),
        None if task.model.contains('/') => (task.model.as_str(), "hidden"),
        None => ("mock/model", task.model.as_str()),
    };
    let get = format!("{base}/v1/predictions/{}", task.id);
    let mut prediction = json!({
        "id": task.id,
        "model": model,
        "version": version,
        "input": task.input,
        "logs": "",
        "output": output(&phase, task, base),
        "data_removed": phase == Phase::Ended(Ending::Gone),
        "error": error(&phase),
        "status": status(&phase),
        "created_at": time(task.created_at),
        "urls": {
            "cancel": format!("{get}/cancel"),
            "get": get,
            "web": format!("https://replicate.com/p/{}", task.id),
        },
    });
    if let Some(at) = task.started_at() {
        prediction["started_at"] = json!(time(at));
    }
    if let (Some(at), Some((working, total))) = (task.completed_at(), task.took()) {
        prediction["completed_at"] = json!(time(at));
        prediction["metrics"] = json!({ "predict_time": working, "total_time": total });
    }
    prediction
}

fn status(phase: &Phase) -> &'static str {
    match phase {
        Phase::Queued => "starting",
        Phase::Running => "processing",
        Phase::Ended(Ending::Made(_) | Ending::Gone) => "succeeded",
        Phase::Ended(Ending::Invalid(_) | Ending::Moderated | Ending::Failed) => "failed",
        Phase::Ended(Ending::Cancelled) => "canceled",
        Phase::Ended(Ending::Aborted) => "aborted",
    }
}

fn error(phase: &Phase) -> Value {
    match phase {
        Phase::Ended(Ending::Moderated) => {
            json!("NSFW content detected. Try running it again, or try a different prompt.")
        }
        Phase::Ended(Ending::Failed) => json!("An unknown error occurred (E1000)"),
        Phase::Ended(Ending::Invalid(invalid)) => json!(invalid.problem.words()),
        _ => Value::Null,
    }
}

/// Image models answer with a list, video models with one address.
fn output(phase: &Phase, task: &Task, base: &str) -> Value {
    let Phase::Ended(Ending::Made(wishes)) = phase else { return Value::Null };
    let address = |number| files::address(base, &task.id, number);
    match wishes {
        Wishes { seconds: Some(_), .. } => json!(address(0)),
        Wishes { count, .. } => (0..*count).map(address).collect(),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
