//! What a report says, as each service writes it.

use serde_json::{Value, json};

use crate::providers::{fal, protocol::Protocol, replicate, task::Task};

/// The body of a report, which names this task.
pub(super) fn body(protocol: Protocol, task: &Task, named: &str, base: &str) -> Value {
    match protocol {
        Protocol::Fal | Protocol::OpenAi => {
            let mut report = fal::report(task, base);
            report["request_id"] = json!(named);
            report["gateway_request_id"] = json!(named);
            report
        }
        Protocol::Replicate => {
            let mut prediction = replicate::report(task, base);
            prediction["id"] = json!(named);
            prediction
        }
    }
}
