//! Every refusal, in a table.

use super::super::answer::Answer;
use super::super::cut::Cut;
use super::{Stage, failed, question_refused, refused, unanswered, unsubmitted};
use crate::provider::ProviderFailure;
use ledger::job::{Billed, FailureClass};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

const PERMANENT: FailureClass = FailureClass::Permanent;
const TRANSIENT: FailureClass = FailureClass::Transient;
const THROTTLED: FailureClass = FailureClass::Throttled;

fn answer(status: u16, wait: Option<&'static str>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.extend(wait.map(|wait| (RETRY_AFTER, HeaderValue::from_static(wait))));
    Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new(), files: Vec::new() }
}

fn told(failure: &ProviderFailure) -> (FailureClass, &str, Option<Billed>, Option<u64>) {
    let wait = failure.retry_after.map(|wait| wait.as_secs());
    (failure.failure.class, &failure.failure.code, failure.failure.billed, wait)
}

#[test]
fn a_refused_submit_by_its_status() {
    for (status, wait, class, code, billed, rest) in [
        (301, None, TRANSIENT, "provider_moved", Billed::No, None),
        (307, None, TRANSIENT, "provider_moved", Billed::No, None),
        (400, None, PERMANENT, "invalid_request", Billed::No, None),
        (401, None, THROTTLED, "provider_auth", Billed::No, Some(60)),
        (402, None, THROTTLED, "provider_quota", Billed::No, Some(60)),
        (403, None, THROTTLED, "provider_auth", Billed::No, Some(60)),
        (404, None, PERMANENT, "model_not_offered", Billed::No, None),
        (408, None, THROTTLED, "provider_busy", Billed::No, None),
        (409, None, TRANSIENT, "provider_error", Billed::Unknown, None),
        (413, None, PERMANENT, "invalid_request", Billed::No, None),
        (422, None, PERMANENT, "invalid_request", Billed::No, None),
        (425, None, THROTTLED, "provider_busy", Billed::No, None),
        (429, None, THROTTLED, "provider_busy", Billed::No, None),
        (429, Some("30"), THROTTLED, "provider_busy", Billed::No, Some(30)),
        (429, Some("0"), THROTTLED, "provider_busy", Billed::No, Some(1)),
        (500, None, TRANSIENT, "provider_error", Billed::Unknown, None),
        (501, None, TRANSIENT, "provider_error", Billed::Unknown, None),
        (502, None, TRANSIENT, "provider_error", Billed::Unknown, None),
        (503, None, TRANSIENT, "provider_unavailable", Billed::No, None),
        (503, Some("9"), THROTTLED, "provider_busy", Billed::No, Some(9)),
        (504, None, TRANSIENT, "provider_error", Billed::Unknown, None),
        (529, None, THROTTLED, "provider_busy", Billed::No, None),
    ] {
        let failure = refused(&answer(status, wait), &[]);
        assert_eq!(told(&failure), (class, code, Some(billed), rest), "{status} {wait:?}");
    }
}

#[test]
fn a_refused_submit_by_its_word() {
    for (status, word, class, code) in [
        (400, "moderation_blocked", PERMANENT, "moderation_input"),
        (422, "content_policy_violation", PERMANENT, "moderation_input"),
        (400, "billing_hard_limit_reached", THROTTLED, "provider_quota"),
        (429, "insufficient_quota", THROTTLED, "provider_quota"),
        (429, "rate_limit_exceeded", THROTTLED, "provider_busy"),
        (401, "invalid_api_key", THROTTLED, "provider_auth"),
        (422, "image_too_large", PERMANENT, "invalid_request"),
        (422, "never_heard_of", PERMANENT, "invalid_request"),
    ] {
        let failure = refused(&answer(status, None), &["Some sentence of theirs", word]);
        assert_eq!((failure.failure.class, failure.failure.code.as_str()), (class, code), "{status} {word}");
        assert_eq!(failure.failure.billed, Some(Billed::No), "{status} {word}");
        assert!(failure.failure.message.ends_with(&format!("({word})")), "{}", failure.failure.message);
    }
}

#[test]
fn a_word_does_not_turn_an_unknown_end_into_a_refusal() {
    for word in ["internal_error", "bad_request", "content_policy_violation"] {
        assert_eq!(refused(&answer(500, None), &[word]).failure.billed, Some(Billed::Unknown), "{word}");
    }
}

#[test]
fn nothing_that_a_provider_says_is_repeated_unless_it_is_a_word() {
    for said in ["Incorrect API key provided: sk-123", "sk-123", "<html>", "UPPER"] {
        for failure in [refused(&answer(400, None), &[said]), failed(&[said], Stage::Output)] {
            assert!(!failure.to_string().contains(said), "{failure}");
        }
    }
}

#[test]
fn a_task_that_failed() {
    for (word, stage, class, code, billed) in [
        ("content_policy_violation", Stage::Input, PERMANENT, "moderation_input", None),
        ("content_policy_violation", Stage::Output, PERMANENT, "moderation_output", None),
        ("image_too_small", Stage::Output, PERMANENT, "invalid_request", None),
        ("runner_disconnected", Stage::Output, TRANSIENT, "provider_unavailable", Some(Billed::No)),
        ("client_cancelled", Stage::Output, TRANSIENT, "provider_stopped", Some(Billed::Unknown)),
        ("out_of_memory", Stage::Output, TRANSIENT, "provider_failed", Some(Billed::Unknown)),
    ] {
        let failure = failed(&[word], stage);
        assert_eq!(told(&failure), (class, code, billed, None), "{word}");
    }
}

#[test]
fn no_answer_at_all() {
    assert_eq!(told(&unsubmitted(Cut::Unsent)), (TRANSIENT, "provider_unreachable", Some(Billed::No), None));
    assert_eq!(told(&unsubmitted(Cut::Lost)), (TRANSIENT, "answer_lost", Some(Billed::Unknown), None));
    assert_eq!(
        told(&unsubmitted(Cut::TooLarge)),
        (TRANSIENT, "answer_unreadable", Some(Billed::Unknown), None)
    );
    // A question decides nothing about the work.
    for cut in [Cut::Unsent, Cut::Lost, Cut::TooLarge] {
        assert_eq!(unanswered(cut).failure.billed, None);
    }
    for status in [401, 429, 500, 503] {
        assert_eq!(question_refused(&answer(status, None), &[]).failure.billed, None, "{status}");
    }
}
