//! Which descriptions of a service are refused, and what is said of them.

use super::options::GenericOptions;
use super::plan::Plan;
use serde_json::{Value, json};

fn described() -> Value {
    json!({
        "submit": {"path": "/v1/tasks", "body": {"prompt": "{prompt}", "steps": 30}},
        "id": "/id",
        "status": {
            "request": {"path": "/v1/tasks/{id}"},
            "state": "/state",
            "states": {"waiting": "queued", "ready": "done", "broken": "failed"},
        },
        "outputs": "/images",
    })
}

/// The description with one place changed, or removed where the value is null.
fn with(place: &str, value: Value) -> Value {
    let mut described = described();
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = described.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(name)
    } else {
        parent.insert(name.to_owned(), value)
    };
    described
}

fn read(described: Value) -> Result<Plan, String> {
    let options: GenericOptions = serde_json::from_value(described).map_err(|error| error.to_string())?;
    Plan::read(&options)
}

#[test]
fn a_whole_description_is_read() {
    read(described()).unwrap();
    read(json!({"submit": {"path": "/draw"}, "outputs": ""})).unwrap();
}

#[test]
fn what_cannot_be_used_is_named() {
    for (place, value, problem) in [
        ("/surprise", json!(1), "unknown field `surprise`"),
        ("/submit/surprise", json!(1), "unknown field `surprise`"),
        ("/status/states/odd", json!("sleeping"), "unknown variant `sleeping`"),
        ("/submit/body", json!({"a": ["{propmt}"]}), "in `submit`, `body`: `{propmt}` is not known here"),
        ("/submit/path", json!("/v1/{prompt}"), "in `submit`, `path`: `{prompt}` is not known here"),
        ("/submit/path", json!("v1"), "in `submit`, `path` must begin with `/`"),
        ("/submit/path", json!("/v1?x=1"), "use `query`"),
        ("/submit/method", json!("BREW"), "in `submit`, `method` is none of"),
        ("/submit/headers", json!({"a b": "1"}), "`headers.a b` is no name of a header"),
        ("/submit/headers", json!({"Authorization": "1"}), "is where the key goes"),
        ("/submit/query", json!({"q": "{id}"}), "in `submit`, `query.q`: `{id}` is not known here"),
        ("/status/request/path", json!("/v1/{prompt}"), "in `status.request`, `path`: `{prompt}`"),
        ("/status/states", json!({"ready": "running"}), "no word for `done`"),
        ("/status/state", json!("state"), "`status.state` (`state`) is no JSON pointer"),
        ("/outputs", json!("/a~2"), "`outputs` (`/a~2`) is no JSON pointer"),
        ("/id", json!(null), "`id` is missing"),
        ("/status", json!(null), "`status` is missing"),
        ("/cancel", json!({"path": "/v1/tasks/{reference}"}), "in `cancel`, `path`: `{reference}`"),
        ("/find", json!({"request": {"path": "/v1/{id}"}, "id": "/id"}), "in `find.request`, `path`: `{id}`"),
        ("/webhook", json!({"signature": "none"}), "in `submit`, `{webhook}` is missing"),
        ("/webhook", json!({"signature": "hmac"}), "`webhook.header` is missing"),
        ("/webhook", json!({"signature": "none", "id": "id"}), "`webhook.id` (`id`) is no JSON pointer"),
        ("/webhook", json!({"signature": "none", "surprise": 1}), "unknown field `surprise`"),
        ("/submit/path", json!("/v1/{webhook}"), "in `submit`, `path`: `{webhook}` is not known here"),
        ("/key", json!({"header": "a b"}), "`key.header` (`a b`) is no name of a header"),
    ] {
        let told = read(with(place, value)).unwrap_err();
        assert!(told.contains(problem), "{place}: {told}");
    }
    let lone = json!({"submit": {"path": "/draw"}, "outputs": "", "cancel": {"path": "/x"}});
    assert!(read(lone).unwrap_err().contains("need `id` and `status`"));
    let lone = json!({"submit": {"path": "/draw", "query": {"to": "{webhook}"}}, "outputs": "",
        "webhook": {"signature": "none"}});
    assert!(read(lone).unwrap_err().contains("`webhook` needs `id` and `status`"));
}
