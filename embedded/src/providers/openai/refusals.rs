//! How OpenAI says no.

use hyper::Method;
use serde_json::{Value, json};

use crate::providers::{
    fault::Refusal,
    reply::{self, Reply},
    wishes::{Invalid, Problem},
};

const INVALID: &str = "invalid_request_error";

pub(super) fn wording(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Busy(_) => error(
            429,
            "Rate limit reached for images per minute.",
            "requests",
            None,
            Some("rate_limit_exceeded"),
        ),
        Refusal::Down(503) => {
            let message = "The server is overloaded or not ready yet.";
            error(503, message, "service_unavailable_error", None, Some("server_is_overloaded"))
        }
        Refusal::Down(status) => {
            let message = "The server had an error while processing your request. Sorry about that!";
            error(status, message, "server_error", None, None)
        }
        // The service repeats a part of the key here; nothing of a key is repeated by this one.
        Refusal::BadKey => error(401, "Incorrect API key provided.", INVALID, None, Some("invalid_api_key")),
        Refusal::NoCredit => {
            let message = "You exceeded your current quota, please check your plan and billing details.";
            error(429, message, "insufficient_quota", None, Some("insufficient_quota"))
        }
    }
}

pub(super) fn moderated(is_gpt_image: bool) -> Reply {
    let message = "Your request was rejected by the safety system.";
    match is_gpt_image {
        true => error(400, message, "image_generation_user_error", None, Some("moderation_blocked")),
        false => error(400, message, INVALID, None, Some("content_policy_violation")),
    }
}

pub(super) fn invalid(invalid: &Invalid) -> Reply {
    let Invalid { field, problem } = *invalid;
    let (message, code) = match problem {
        Problem::Missing => (format!("Missing required parameter: '{field}'."), "missing_required_parameter"),
        Problem::NoText | Problem::NoNumber => {
            (format!("Invalid type for '{field}'. {}.", problem.words()), "invalid_type")
        }
        Problem::TooSmall(_) => {
            (format!("Invalid '{field}'. {}.", problem.words()), "integer_below_min_value")
        }
        Problem::TooLarge(_) => {
            (format!("Invalid '{field}'. {}.", problem.words()), "integer_above_max_value")
        }
        Problem::NotOffered if field == "response_format" => {
            (format!("Unknown parameter: '{field}'."), "unknown_parameter")
        }
        Problem::NotOffered => (format!("Invalid value for '{field}'."), "invalid_value"),
    };
    error(400, &message, INVALID, Some(field), Some(code))
}

pub(super) fn no_such_url(method: &Method, path: &str) -> Reply {
    error(404, &format!("Invalid URL ({method} {path})"), INVALID, None, None)
}

fn error(status: u16, message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Reply {
    let error: Value = json!({ "message": message, "type": kind, "param": param, "code": code });
    reply::json(status, &json!({ "error": error }))
}
