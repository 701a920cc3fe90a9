//! How a service is described that no adapter knows.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use webhooks::ReportOptions;

/// A service over HTTP, described by its requests and by where its answers hold what. Texts in requests are templates:
/// `"{prompt}"` and the like. Places in answers are JSON pointers, such as `/data/id`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericOptions {
    /// Where the key goes; as a bearer token if it is left out.
    #[serde(default)]
    pub key: KeyPlace,
    /// How work is asked for. Speaks of `model`, `prompt`, `count`, `width`, `height`, `seed`, `seconds`, `reference` and
    /// `webhook`.
    pub submit: RequestOptions,
    /// Where the answer to that holds the id of the task. Left out where that answer is the work itself.
    pub id: Option<String>,
    /// How a task is asked after.
    pub status: Option<StatusOptions>,
    /// How what was made is asked for, where the answer about the status does not hold it. Speaks of `id`.
    pub result: Option<RequestOptions>,
    /// Where the last of these answers holds what was made: addresses, base64, or objects with either.
    pub outputs: String,
    /// Where the same answer holds the length of a clip, in seconds.
    pub duration: Option<String>,
    /// Where answers hold a code word for what went wrong.
    pub error: Option<String>,
    /// The service's own code words for content that it does not allow.
    #[serde(default)]
    pub moderation: Vec<String>,
    /// How a task is stopped. Speaks of `id`.
    pub cancel: Option<RequestOptions>,
    /// How a submit is asked after whose answer was lost. Without it, a person decides about those.
    pub find: Option<FindOptions>,
    /// Whether outputs come as base64 inside of answers. An answer to a question may hold as much as one output may have.
    #[serde(default)]
    pub has_inline_outputs: bool,
    /// How the service reports by itself, if it does; `submit` must tell it `webhook`, which is where.
    pub webhook: Option<ReportOptions>,
}

/// Where the key goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPlace {
    /// The name of a header.
    pub header: String,
    /// What stands before the key there, with the space.
    #[serde(default)]
    pub before: String,
}

impl Default for KeyPlace {
    fn default() -> KeyPlace {
        KeyPlace { header: "authorization".to_owned(), before: "Bearer ".to_owned() }
    }
}

/// One request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestOptions {
    /// `POST` where work is asked for or stopped, `GET` otherwise, if it is left out.
    pub method: Option<String>,
    /// The path below the service's address, such as `/v1/tasks/{id}`.
    pub path: String,
    /// What follows the `?`.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers, such as `Idempotency-Key = "{reference}"`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body.
    pub body: Option<Value>,
}

/// How a task is asked after.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusOptions {
    /// The request; speaks of `id`.
    pub request: RequestOptions,
    /// Where its answer holds the state.
    pub state: String,
    /// What the words there mean. Others are no answer: the task is asked after again.
    pub states: BTreeMap<String, TaskState>,
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// It waits.
    Queued,
    /// It is worked on.
    Running,
    /// It is made.
    Done,
    /// It will not be made.
    Failed,
    /// The service does not know it any more.
    Gone,
}

/// How a submit is asked after whose answer was lost.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindOptions {
    /// The request; speaks of `reference`, which `submit` must have sent.
    pub request: RequestOptions,
    /// Where its answer holds the id of the task.
    pub id: String,
    /// Whether an answer of 404, or without an id, says for sure that the task was never accepted and will not be. It is
    /// sent again then: where this is wrong, work is paid for twice.
    #[serde(default)]
    pub absent_is_certain: bool,
}
