//! The queue API of fal, as `queue.fal.run` serves it.
//!
//! From fal's documentation (fal.ai/docs: "Inference API", "Asynchronous Inference", "Cancel a request", "Model Errors",
//! "Request Error Types") and the source of its clients (`fal-ai/fal`, `fal-ai/fal-js`):
//! `Authorization: Key …`; a model is `{owner}/{app}[/{path}]`, and the path is left out when asking for status, result
//! and cancellation; the receipt has `status`, `request_id`, `response_url`, `status_url`, `cancel_url` and
//! `queue_position`; the status is 202 until `COMPLETED`, then 200, with logs only for `?logs=1`; the result comes with the
//! status and body that the model answered; errors of a model are a `detail` list of `loc`, `msg`, `type`, `url`, and
//! errors of the platform a `detail` text with `error_type`, also in `X-Fal-Error-Type`; a cancellation answers `OK`,
//! `CANCELLATION_REQUESTED`, `ALREADY_COMPLETED` or `NOT_FOUND`. Seen in public reports only: 400 "Request is still in
//! progress" for a result that is asked for too early, and 403 "User is locked" for an account without balance.
//!
//! Not checked against the service: which HTTP status goes with each answer to a cancellation but 202 (200, 400, 404
//! here), `error` and `error_type` in the status of what failed, the texts of 401, 404, 405 and 429, and whether a 429 has
//! `Retry-After`. Webhooks are signed as the page "Webhooks" says, and sent once. Not built: their repeats, streaming, `fal.run`, fal's own retries,
//! and what platform headers such as `X-Fal-Request-Timeout` ask for (they are recorded).

mod inputs;
mod order;
mod queue;
mod refusals;

pub(super) use queue::report;

use super::{
    call::Call,
    desk::Desk,
    fault::Refusal,
    reply::{self, Outcome},
};
use hyper::Method;

/// Prefixes that stand before the owner.
const NAMESPACES: [&str; 2] = ["workflows", "comfy"];

pub(super) fn answer(desk: &Desk, call: &Call) -> Outcome {
    if call.parts() == [".well-known", "jwks.json"] {
        return Ok(reply::json(200, &desk.signer.public_keys()));
    }
    if !desk.admits(call) {
        return Ok(refusals::wording(Refusal::BadKey));
    }
    let parts = call.parts();
    let app = if parts.first().is_some_and(|first| NAMESPACES.contains(first)) { 3 } else { 2 };
    if parts.len() < app {
        return Ok(refusals::plain(404, "Not Found"));
    }
    let (app, rest) = parts.split_at(app);
    let app = app.join("/");
    match (&call.method, rest) {
        (&Method::GET, ["requests", id, "status"]) => queue::status(desk, call, &app, id),
        (&Method::GET, ["requests", id]) => queue::result(desk, call, &app, id),
        (&Method::PUT, ["requests", id, "cancel"]) => queue::cancel(desk, &app, id),
        (&Method::POST, path) if !path.contains(&"requests") => order::submit(desk, call, &app),
        _ => Ok(refusals::plain(405, "Method Not Allowed")),
    }
}
