//! How Replicate says no.

use serde_json::json;

use crate::providers::{
    fault::Refusal,
    reply::{self, Reply},
    trouble,
    wishes::{Invalid, Problem},
};

pub(super) fn wording(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Busy(retry_after) => {
            let seconds = trouble::seconds(retry_after);
            let detail = format!("Request was throttled. Your rate limit resets in ~{seconds}s.");
            reply::json(429, &json!({ "detail": detail, "status": 429, "retry_after": seconds }))
        }
        Refusal::Down(status) => problem(status, "Internal server error", "An unexpected error occurred."),
        Refusal::BadKey => problem(401, "Unauthenticated", "Invalid or expired API token."),
        Refusal::NoCredit => problem(
            402,
            "Insufficient credit",
            "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to \
             purchase credit.",
        ),
    }
}

pub(super) fn no_token() -> Reply {
    problem(401, "Unauthenticated", "You did not pass an authentication token")
}

pub(super) fn not_found() -> Reply {
    reply::json(404, &json!({ "detail": "The requested resource could not be found.", "status": 404 }))
}

/// The input is not what the model takes.
pub(super) fn invalid(invalid: &Invalid) -> Reply {
    let Invalid { field, problem } = *invalid;
    let (kind, description) = match problem {
        Problem::Missing => ("required", format!("{field} is required")),
        Problem::NoText => ("invalid_type", "Invalid type. Expected: string".to_owned()),
        Problem::NoNumber => ("invalid_type", "Invalid type. Expected: integer".to_owned()),
        Problem::TooSmall(least) => ("number_gte", format!("Must be greater than or equal to {least}")),
        Problem::TooLarge(most) => ("number_lte", format!("Must be less than or equal to {most}")),
        Problem::NotOffered => ("enum", "Must be one of the permitted values".to_owned()),
    };
    let place = if problem == Problem::Missing { "input".to_owned() } else { format!("input.{field}") };
    let body = json!({
        "title": "Input validation failed",
        "detail": format!("- {place}: {description}\n"),
        "status": 422,
        "invalid_fields": [{ "type": kind, "field": place, "description": description }],
    });
    reply::json(422, &body)
}

/// No version was named, or none that could exist.
pub(super) fn no_version() -> Reply {
    problem(
        422,
        "Invalid version or not permitted",
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
    )
}

fn problem(status: u16, title: &str, detail: &str) -> Reply {
    reply::json(status, &json!({ "title": title, "detail": detail, "status": status }))
}
