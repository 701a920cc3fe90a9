//! The OpenAPI document as it is given away: what poem-openapi writes, with an example wherever somebody has to fill something
//! in, and without what generators of clients stumble over.

use crate::examples;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A message that nobody was sent.
const SOME_MESSAGE: &str = "01980a5e-7c1d-5000-8000-000000000007";

/// An account that nobody has.
const SOME_ACCOUNT: &str = "01980a5e-7c1d-5000-8000-000000000002";

/// Parameters that may be left out, and whose example hides nothing.
const HARMLESS: [&str; 2] = ["expiring_within", "zone"];

/// Later than anybody will press a button.
const FAR_AWAY: &str = "2099-01-01T00:00:00Z";

/// The document, finished.
pub(crate) fn finished(written: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<Value>(written) else { return written.to_owned() };
    plain_references(&mut document);
    tell_nulls(&mut document);
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, operation) in paths.filter_map(|(_, path)| path.as_object_mut()).flatten() {
        fill_in(operation);
    }
    serde_json::to_string_pretty(&document).unwrap_or_else(|_| written.to_owned())
}

/// A field that refers to another schema and describes itself is written as two schemas that both must hold, the second
/// of them a mere description; generators make a type of each. One says the same.
fn plain_references(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(all)) = object.get_mut("allOf")
                && all.len() == 2
                && all[0].get("$ref").is_some()
                && let Some(second) = all[1].as_object()
                && second.keys().all(|key| key == "description")
            {
                all.truncate(1);
            }
            object.values_mut().for_each(plain_references);
        }
        Value::Array(items) => items.iter_mut().for_each(plain_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A field of an answer that may be without a value is there as null, which the document must allow.
fn tell_nulls(document: &mut Value) {
    let mut answered = BTreeSet::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    for (_, operation) in paths.filter_map(|(_, path)| path.as_object()).flatten() {
        note_schemas(document, &operation["responses"], &mut answered);
    }
    for name in answered {
        let Some(schema) = document.pointer_mut(&format!("/components/schemas/{name}")) else { continue };
        let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
        let fields = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
        for (field, described) in fields {
            let may_be_null = !required.iter().any(|name| name == field);
            if let Some(described) = described.as_object_mut().filter(|_| may_be_null) {
                described.insert("nullable".into(), true.into());
            }
        }
    }
}

/// Adds the names of all schemas that `value` refers to, and those that they refer to.
fn note_schemas(document: &Value, value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) =
                object.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
                && names.insert(name.to_owned())
            {
                note_schemas(document, &document["components"]["schemas"][name], names);
            }
            object.values().for_each(|value| note_schemas(document, value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| note_schemas(document, value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn fill_in(operation: &mut Value) {
    let operation_id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let is_needed = parameter["required"] == true;
        let example = match name {
            "Idempotency-Key" => is_needed.then(|| json!("plans-2099-05")),
            "dry_run" => Some(json!(true)),
            _ => is_needed.then(|| parameter_example(&operation_id, name)).flatten(),
        };
        // Swagger UI sends an example wherever there is one.
        let is_narrowing = !is_needed && !HARMLESS.contains(&name);
        if is_narrowing && let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) {
            schema.remove("example");
        }
        if let (Some(example), Some(parameter)) = (example, parameter.as_object_mut()) {
            parameter.entry("example").or_insert(example);
        }
    }
    let bodies = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    for (kind, body) in bodies.into_iter().flatten() {
        let example = match kind.as_str() {
            "application/x-ndjson" => {
                Some(json!("{\"user\":\"demo\",\"amount\":\"5\",\"reason\":\"plan of May\"}\n"))
            }
            "text/csv" => Some(json!("user,amount,reason\ndemo,5,plan of May\n")),
            _ => body_example(&operation_id),
        };
        if let (Some(example), Some(body)) = (example, body.as_object_mut()) {
            body.insert("example".into(), example);
        }
    }
}

/// What fits the data that a server for trying out begins with, see [`examples`]. A filter needs none: left out, it finds
/// more.
fn parameter_example(operation: &str, name: &str) -> Option<Value> {
    Some(match name {
        "user" => json!(user_example(operation)),
        "id" => json!(id_example(operation)),
        "webhook" => json!(examples::WEBHOOK),
        "message" => json!(SOME_MESSAGE),
        "index" => json!(0),
        "hold" => json!(examples::HOLD),
        "lot" | "number" | "position" => json!(examples::FIRST),
        // Not the session with which somebody looks at this.
        "Cooly-Session" => json!("auditor"),
        "provider" => json!("fal"),
        "incident" => json!(examples::INCIDENT),
        "account" => json!(SOME_ACCOUNT),
        "reference" => json!(format!("{}-1-2", examples::PICTURE)),
        "mac" => json!("xk2fT1B0pUHfq3yv0cFJ8V9Q0m6y2m7xv3m1wqj0b8o"),
        _ => return None,
    })
}

fn user_example(operation: &str) -> &'static str {
    match operation {
        "listHolds" | "captureHold" | "releaseHold" => examples::CUSTOMER,
        _ => examples::USER,
    }
}

/// Of what is over once it was done, each operation has one of its own.
fn id_example(operation: &str) -> Uuid {
    match operation {
        "cancelGeneration" | "retryGeneration" => examples::CANCELLED,
        "getDeadLetter" | "retryDeadLetter" => examples::DEAD,
        "discardDeadLetter" => examples::GIVEN_UP,
        action if action.contains("BulkAction") => examples::ACTION,
        "getApiKey" | "revokeApiKey" | "revokeOwnKey" => examples::KEY,
        _ => examples::PICTURE,
    }
}

/// Where a body can say that it is only tried, it does.
fn body_example(operation: &str) -> Option<Value> {
    let mut example = match operation {
        "createGeneration" => {
            json!({ "model": "sim-image", "prompt": "A lighthouse in fog, seen from the sea" })
        }
        "createBatch" => json!({ "items": [
            { "model": "sim-image", "prompt": "A lighthouse in fog, seen from the sea", "count": 2 },
            { "model": "sim-video", "prompt": "A boat goes by", "params": { "seconds": 3 } },
        ] }),
        "grantCredits" => {
            json!({ "amount": "100", "reason": "top-up", "source": "purchase", "expires_at": FAR_AWAY })
        }
        "adjustCredits" => json!({ "amount": "-5", "reason": "corrects a mistake" }),
        "voidLot" => json!({ "reason": "chargeback" }),
        "holdCredits" => json!({ "amount": "20", "reason": "a call", "expires_at": FAR_AWAY }),
        "captureHold" => json!({ "amount": "1" }),
        "refundGeneration" => json!({ "job_id": examples::PICTURE, "reason": "goodwill" }),
        "orderCredits" => json!({ "commands": [
            { "user": "demo", "grant": { "amount": "100", "reason": "plan", "expires_at": FAR_AWAY } },
            { "user": "demo", "adjust": { "amount": "-5", "reason": "corrects a mistake" } },
        ] }),
        "actOnDeadLetters" => json!({ "action": "retry", "filter": {} }),
        "cleanUpDeadLetters" => json!({ "older_than": "30d" }),
        "ignoreIncident" => {
            return Some(json!({ "more": 10, "reason": "the provider mends it", "expected_revision": 0 }));
        }
        "resolveIncident" | "reopenIncident" => {
            return Some(json!({ "reason": "the provider is back", "expected_revision": 0 }));
        }
        "createWebhook" => {
            return Some(json!({
                "url": "https://example.com/hooks",
                "events": ["generation.succeeded", "generation.failed", "credits.low"],
                "description": "the shop",
            }));
        }
        "changeWebhook" => return Some(json!({ "enabled": false })),
        "replayWebhook" => return Some(json!({ "after": 0 })),
        "reportTask" => {
            return Some(json!({ "request_id": "764cabcf-b745-4b3e-ae38-1200304cf45b", "status": "OK" }));
        }
        "createApiKey" => return Some(json!({ "name": "the shop", "scope": "user", "owner": "demo" })),
        "createOwnKey" => return Some(json!({ "name": "my scripts" })),
        "revokeApiKey" => return Some(json!({ "reason": "no longer needed" })),
        "issueDevToken" => return Some(json!({ "role": "user", "sub": "demo" })),
        _ => return None,
    };
    example["dry_run"] = json!(true);
    Some(example)
}
