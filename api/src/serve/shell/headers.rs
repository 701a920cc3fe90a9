//! Headers that every answer carries.

use super::scope::Scope;
use super::{request_id, throttle::Allowance};
use poem::Response;
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

/// An answer that is not a page runs nothing, loads nothing and is framed by nobody.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Adds what is not there yet.
pub(super) fn add(response: &mut Response, scope: &Scope) {
    let headers = response.headers_mut();
    missing(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    missing(headers, header::REFERRER_POLICY, "no-referrer");
    missing(headers, header::CONTENT_SECURITY_POLICY, DATA_POLICY);
    missing(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    missing(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    // Answers are about one caller's money; pages and outputs say otherwise themselves.
    missing(headers, header::CACHE_CONTROL, "no-store");
    if headers[header::CACHE_CONTROL].as_bytes().starts_with(b"private") {
        // One client may ask for several users, and a browser for who is signed in: what it kept of one is no answer to another.
        headers.append(
            header::VARY,
            HeaderValue::from_static("Authorization, Cooly-User, Cooly-Session, Cookie"),
        );
    }
    set(headers, HeaderName::from_static(request_id::HEADER), scope.request_id());
    if let Some(allowance) = scope.allowance() {
        rate(headers, &allowance);
    }
}

/// The two fields of the IETF draft on rate limit headers.
fn rate(headers: &mut HeaderMap, allowance: &Allowance) {
    let Allowance { burst, window_seconds, remaining, retry_after } = allowance;
    let policy = format!("\"user\";q={burst};w={window_seconds}");
    set(headers, HeaderName::from_static("ratelimit-policy"), &policy);
    let reset = retry_after.as_secs_f64().ceil();
    set(headers, HeaderName::from_static("ratelimit"), &format!("\"user\";r={remaining};t={reset}"));
}

fn missing(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Ids and numbers: always visible ASCII.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
