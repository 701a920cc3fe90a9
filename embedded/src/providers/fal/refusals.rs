//! How fal says no.

use serde_json::{Value, json};

use crate::providers::{
    fault::Refusal,
    reply::{self, Reply},
    wishes::{Invalid, Problem},
};

pub(super) fn wording(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Busy(_) => plain(429, "Too many requests, please try again later"),
        Refusal::Down(status @ 500) => platform(status, "Internal server error", "internal_error"),
        Refusal::Down(status) => {
            platform(status, "No runner could be allocated", "runner_scheduling_failure")
        }
        Refusal::BadKey => plain(401, "No user found for Key ID and Secret"),
        Refusal::NoCredit => plain(
            403,
            "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.",
        ),
    }
}

/// A refusal before the platform looked at the request.
pub(super) fn plain(status: u16, detail: &str) -> Reply {
    reply::json(status, &json!({ "detail": detail }))
}

/// An error of the platform.
pub(super) fn platform(status: u16, detail: &str, error_type: &str) -> Reply {
    let reply = reply::json(status, &json!({ "detail": detail, "error_type": error_type }));
    reply::with_header(reply, "x-fal-error-type", error_type)
}

/// An error that the model itself answered with.
pub(super) fn model(status: u16, is_retryable: bool, error: &Value) -> Reply {
    let reply = reply::json(status, &json!({ "detail": [error] }));
    reply::with_header(reply, "x-fal-retryable", if is_retryable { "true" } else { "false" })
}

/// One entry of a model's errors.
pub(super) fn entry(loc: &[&str], msg: &str, kind: &str, input: &Value) -> Value {
    let url = format!("https://docs.fal.ai/errors#{kind}");
    json!({ "loc": loc, "msg": msg, "type": kind, "url": url, "input": input })
}

/// The entry for an input that the model does not take.
pub(super) fn invalid(invalid: &Invalid, input: &Value) -> Value {
    let Invalid { field, problem } = *invalid;
    let (kind, ctx) = match problem {
        Problem::Missing => ("missing", None),
        Problem::NoText => ("string_type", None),
        Problem::NoNumber => ("int_parsing", None),
        Problem::TooSmall(least) => ("greater_than_equal", Some(json!({ "ge": least }))),
        Problem::TooLarge(most) => ("less_than_equal", Some(json!({ "le": most }))),
        Problem::NotOffered => ("enum", None),
    };
    let mut entry = entry(&["body", field], &problem.words(), kind, &input[field]);
    if let Some(ctx) = ctx {
        entry["ctx"] = ctx;
    }
    entry
}
