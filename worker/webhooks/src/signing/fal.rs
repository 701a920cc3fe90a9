//! fal's way: Ed25519 over the request, the user, the time and the body's SHA-256, a line each.
//!
//! From fal's documentation (fal.ai/docs: "Webhooks"): the headers `X-Fal-Webhook-Request-Id`, `-User-Id`, `-Timestamp`
//! (seconds) and `-Signature` (hexadecimal); the message; public keys as a JWKS document that may be kept for a day; a
//! body with `request_id`, `gateway_request_id`, `status` and `payload`. A request ends once, so its id names the event too.
//!
//! Not checked against the service itself: nothing of this was received from fal, and that the header and the body name
//! the same request is taken from the examples.

use super::keys::KeySet;
use super::{Flaw, Told, check_time, name, name_in, only};
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;

pub(super) async fn read(
    keys: &KeySet,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Told, Flaw> {
    let request_id = only(headers, "x-fal-webhook-request-id")?;
    let user_id = only(headers, "x-fal-webhook-user-id")?;
    let timestamp = only(headers, "x-fal-webhook-timestamp")?;
    let signature = hex::decode(only(headers, "x-fal-webhook-signature")?).map_err(|_| Flaw::Signature)?;
    let hashed = hex::encode(digest(&SHA256, body));
    let message = format!("{request_id}\n{user_id}\n{timestamp}\n{hashed}");
    if !keys.have_signed(message.as_bytes(), &signature).await? {
        return Err(Flaw::Signature);
    }
    check_time(timestamp, now)?;
    let task_id = name(request_id)?;
    if name_in(body, "request_id")? != task_id {
        return Err(Flaw::Content);
    }
    Ok(Told { event_id: task_id.clone(), task_id })
}
