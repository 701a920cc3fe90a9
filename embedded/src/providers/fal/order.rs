//! Taking a request into the queue.

use std::ops::ControlFlow;

use serde_json::json;

use super::{inputs, queue, refusals};
use crate::providers::{
    call::Call,
    desk::Desk,
    fault::Step,
    reply::{self, Outcome},
};

pub(super) fn submit(desk: &Desk, call: &Call, app: &str) -> Outcome {
    let model = call.path.trim_matches('/');
    let webhook = call.query_value("fal_webhook");
    let order = match desk.order(call, (model, call.json()), webhook.as_deref(), refusals::wording) {
        ControlFlow::Continue(order) => order,
        ControlFlow::Break(answered) => return answered,
    };
    // The queue takes every body: it is the model that looks at it, later.
    let wishes = inputs::read(model, &call.json());
    let fate = desk.fate(&order);
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
    let task = desk.accept(order, id, wishes, fate);
    let mut receipt = queue::addresses(&desk.base(call), app, &task.id);
    receipt["status"] = json!("IN_QUEUE");
    receipt["queue_position"] = json!(0);
    let receipt = reply::with_header(reply::json(200, &receipt), "x-fal-request-id", &task.id);
    desk.then(Step::Submit, &task.words, refusals::wording, receipt)
}
