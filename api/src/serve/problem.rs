//! Every "no" of the API: RFC 9457 problem documents with stable codes.
//!
//! One exhaustive match turns the ledger's refusals into problems; what fails underneath is in `failure`. A problem
//! is rendered once, at the outer edge, where the request id is known.

use ledger::{Credits, Refusal};
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use poem_openapi::types::ToJSON;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// The code of a body that came packed.
const ENCODING_UNSUPPORTED: &str = "content_encoding_unsupported";

/// Of a generation that is not there, or somebody else's.
pub(crate) const NO_GENERATION: &str =
    "there is no such generation; `GET /v1/generations` lists those of its user";

/// What is wrong with one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(crate) struct FieldError {
    /// The field, with its path: `items[3].prompt`, or the name of a parameter or header.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl FieldError {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), message: message.into() }
    }
}

/// An RFC 9457 problem document. `code` is stable; `title` and `detail` are for people.
#[derive(Debug, Object)]
#[oai(rename = "Problem")]
pub(crate) struct ProblemDocument {
    /// A name for this kind of problem: `urn:cooly:problem:` and the code.
    #[oai(rename = "type")]
    kind: String,
    /// This kind of problem in a few words.
    title: String,
    /// The HTTP status, repeated.
    status: u16,
    /// Stable code to match on, such as `credits_insufficient`.
    code: String,
    /// What happened this time, and what to do about it.
    detail: String,
    /// The id under which the logs speak of this request.
    request_id: String,
    /// The fields that are wrong, where fields are what is wrong.
    #[oai(skip_serializing_if_is_none)]
    errors: Option<Vec<FieldError>>,
}

/// Why a request is answered with an error. Boxed, so that results stay small where all is well.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    parts: Box<Parts>,
}

/// What a [`Problem`] consists of.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// The methods that are allowed, of a 405.
    pub allow: Option<String>,
    /// How many bytes there are, of a 416.
    pub length: Option<u64>,
    /// What went wrong underneath, for the log only.
    pub cause: Option<String>,
}

impl Deref for Problem {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.parts
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }

    /// Carries itself to the outer edge; see [`Problem::render`].
    fn as_response(&self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        let parts = Parts {
            status,
            code,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            allow: None,
            length: None,
            cause: None,
        };
        Problem { parts: Box::new(parts) }
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, code, "The request cannot be understood", detail)
    }

    /// A parameter or header that is not what it must be.
    pub(crate) fn parameter(name: &str, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem::bad_request("parameter_invalid", format!("`{name}` {message}")).naming(name, message)
    }

    /// A value that is well formed and cannot be accepted.
    pub(crate) fn value(field: &str, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem::unprocessable("validation_failed", format!("`{field}` {message}")).naming(field, message)
    }

    /// Parameters that are not what they must be; at least one.
    pub(crate) fn parameters(wrong: impl IntoIterator<Item = FieldError>) -> Problem {
        let mut wrong = wrong.into_iter();
        let first = wrong.next();
        let mut problem = first.map_or_else(
            || Problem::bad_request("parameter_invalid", "a parameter is not what it must be"),
            |first| Problem::parameter(&first.field, first.message),
        );
        problem.errors.extend(wrong);
        problem
    }

    /// Values that are well formed and cannot be accepted; at least one.
    pub(crate) fn values(wrong: impl IntoIterator<Item = FieldError>) -> Problem {
        let mut wrong = wrong.into_iter();
        let first = wrong.next();
        let mut problem = first.map_or_else(
            || Problem::unprocessable("validation_failed", "a value cannot be accepted"),
            |first| Problem::value(&first.field, first.message),
        );
        problem.errors.extend(wrong);
        problem
    }

    pub(crate) fn unprocessable(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The request cannot be accepted", detail)
    }

    /// There is nothing here, or nothing that the caller may know of.
    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", "Nothing is here", detail)
    }

    /// What was here was kept for as long as it was to be.
    pub(crate) fn deleted(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::GONE, "output_deleted", "Deleted, as it was kept long enough", detail)
    }

    /// Bytes are wanted that a file of this length does not have.
    pub(crate) fn range_unsatisfiable(length: u64) -> Problem {
        let detail = format!("there are {length} bytes; ask for a range within them, or leave `Range` out");
        let status = StatusCode::RANGE_NOT_SATISFIABLE;
        let mut problem = Problem::new(status, "range_unsatisfiable", "There are no such bytes", detail);
        problem.length = Some(length);
        problem
    }

    pub(crate) fn unavailable(code: &'static str, detail: impl Into<String>) -> Problem {
        let title = "Not possible right now";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail);
        problem.retrying(Duration::from_secs(1))
    }

    /// Something of ours is broken. Says nothing about it to the client.
    pub(crate) fn internal(cause: impl Into<String>) -> Problem {
        let detail = "something went wrong on our side; tell us the request_id";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "internal", "An error on our side", detail).because(cause)
    }

    pub(crate) fn naming(mut self, field: &str, message: impl Into<String>) -> Problem {
        self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
        self
    }

    pub(crate) fn retrying(mut self, after: Duration) -> Problem {
        self.retry_after = Some(after);
        self
    }

    /// The same problem with a cause for the log.
    pub(crate) fn because(mut self, cause: impl Into<String>) -> Problem {
        self.cause = Some(cause.into());
        self
    }

    /// What a status means when nothing more is known: for the answers that the framework made.
    pub(crate) fn of_status(status: StatusCode) -> Problem {
        let (code, title, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "Nothing is here", "there is nothing at this address"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "Method not allowed", "this address does not take this method")
            }
            StatusCode::UNAUTHORIZED => return Problem::unauthenticated(),
            StatusCode::PAYLOAD_TOO_LARGE => return Problem::body_too_large(0),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => return Problem::media_type(),
            _ if status.is_client_error() => {
                ("request_invalid", "The request cannot be understood", "the request cannot be understood")
            }
            _ => return Problem::internal(format!("the framework answered {status}")),
        };
        Problem::new(status, code, title, detail)
    }

    /// What never became a request.
    pub(crate) fn malformed(status: StatusCode) -> Problem {
        let detail = match status {
            StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                "the head of the request is too large: address and headers together may have 32 KiB"
            }
            _ => "this is no HTTP/1.1 request: check its first line, its headers and the length of its body",
        };
        Problem::new(status, "request_invalid", "The request cannot be understood", detail)
    }

    pub(crate) fn unauthenticated() -> Problem {
        let detail = "send a valid token as `Authorization: Bearer …`";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Who is asking?", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    pub(crate) fn too_many(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, code, "Too many requests", detail)
    }

    pub(crate) fn media_type() -> Problem {
        let detail = "send the body as `Content-Type: application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "media_type_unsupported", "Media type not supported", detail)
    }

    pub(crate) fn content_encoding() -> Problem {
        let detail = "send the body as it is, without `Content-Encoding`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, ENCODING_UNSUPPORTED, "Content encoding not supported", detail)
    }

    /// `limit` is in bytes; 0 if it is not known here.
    pub(crate) fn body_too_large(limit: usize) -> Problem {
        let detail = match limit {
            0 => "the body is too large".to_owned(),
            limit => format!("the body may have at most {limit} bytes"),
        };
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large", detail)
    }

    /// The document, as the client gets it.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let mut response = Response::builder().status(self.status).content_type("application/problem+json");
        if self.status == StatusCode::UNAUTHORIZED {
            response = response.header("WWW-Authenticate", "Bearer");
        }
        if let Some(after) = self.retry_after {
            response = response.header("Retry-After", after.as_secs_f64().ceil().max(1.0).to_string());
        }
        if self.code == ENCODING_UNSUPPORTED {
            // What a 415 says of encodings (RFC 9110, 15.5.16): only as it is.
            response = response.header("Accept-Encoding", "identity");
        }
        if let Some(allow) = &self.allow {
            response = response.header("Allow", allow);
        }
        if let Some(length) = self.length {
            response = response.header("Content-Range", format!("bytes */{length}"));
        }
        response.header("Cache-Control", "no-store").body(self.document(request_id))
    }

    /// The document alone, as JSON.
    pub(crate) fn document(&self, request_id: &str) -> String {
        let document = ProblemDocument {
            kind: format!("urn:cooly:problem:{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
            errors: Some(self.errors.clone()).filter(|errors| !errors.is_empty()),
        };
        document.to_json_string()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let conflict = "It conflicts with what is there";
        let (status, title) = match &refusal {
            Refusal::CreditsInsufficient { .. } => (StatusCode::PAYMENT_REQUIRED, "Not enough credits"),
            Refusal::AmountZero => (StatusCode::UNPROCESSABLE_ENTITY, "The amount is zero"),
            Refusal::ExpiryInPast => (StatusCode::UNPROCESSABLE_ENTITY, "The expiry is in the past"),
            Refusal::UserIdMisleading => (StatusCode::UNPROCESSABLE_ENTITY, "The user id is misleading"),
            Refusal::GrantNeverEffective => {
                (StatusCode::UNPROCESSABLE_ENTITY, "The grant could never be spent")
            }
            Refusal::BalanceTooLarge => (StatusCode::CONFLICT, "The balance would be too large"),
            Refusal::AdjustmentTooLarge { .. } => (StatusCode::CONFLICT, "Not enough credits"),
            Refusal::LotsTooMany { .. } => (StatusCode::CONFLICT, "Too many lots"),
            Refusal::HoldsTooMany { .. } => (StatusCode::CONFLICT, "Too many holds"),
            Refusal::LotUnknown { .. } => (StatusCode::NOT_FOUND, "Nothing is here"),
            Refusal::CaptureTooLarge { .. } => (StatusCode::CONFLICT, "More than is held"),
            Refusal::RefundTooLarge { .. } => (StatusCode::CONFLICT, "More than was charged"),
            Refusal::LotVoided { .. }
            | Refusal::HoldNotOpen { .. }
            | Refusal::HoldOfJob { .. }
            | Refusal::PriceOnlyHeld => (StatusCode::CONFLICT, conflict),
            Refusal::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used before"),
            Refusal::JobUnknown => return Problem::not_found(NO_GENERATION),
            Refusal::JobClaimed
            | Refusal::JobNotDue
            | Refusal::LeaseLost
            | Refusal::JobStatus { .. }
            | Refusal::RunStale { .. }
            | Refusal::JobExists => (StatusCode::CONFLICT, conflict),
            Refusal::CancelKeepsMore { .. } => (StatusCode::CONFLICT, "More would be kept"),
        };
        let problem = Problem::new(status, refusal.code(), title, detail(&refusal));
        match refusal {
            Refusal::AmountZero => problem.naming("amount", "must not be zero"),
            Refusal::ExpiryInPast => problem.naming("expires_at", "must be in the future"),
            Refusal::GrantNeverEffective => problem.naming("expires_at", "must be after `effective_at`"),
            Refusal::CaptureTooLarge { held, .. } => {
                problem.naming("amount", format!("must be at most {held}"))
            }
            Refusal::RefundTooLarge { charged, .. } => {
                problem.naming("amount", format!("must be at most {charged}"))
            }
            Refusal::CancelKeepsMore { kept, .. } => {
                problem.naming("max_kept", format!("must be at least {kept}"))
            }
            Refusal::KeyReused => problem.naming("Idempotency-Key", "was used before with another request"),
            Refusal::CreditsInsufficient { .. }
            | Refusal::UserIdMisleading
            | Refusal::BalanceTooLarge
            | Refusal::AdjustmentTooLarge { .. }
            | Refusal::LotsTooMany { .. }
            | Refusal::LotUnknown { .. }
            | Refusal::LotVoided { .. }
            | Refusal::HoldsTooMany { .. }
            | Refusal::HoldNotOpen { .. }
            | Refusal::HoldOfJob { .. }
            | Refusal::PriceOnlyHeld
            | Refusal::JobUnknown
            | Refusal::JobClaimed
            | Refusal::JobNotDue
            | Refusal::LeaseLost
            | Refusal::JobStatus { .. }
            | Refusal::RunStale { .. }
            | Refusal::JobExists => problem,
        }
    }
}

/// The refusal in the words of this API, where a job is a generation.
fn detail(refusal: &Refusal) -> String {
    match refusal {
        Refusal::JobStatus { status, asked } => {
            format!("the generation is {status}, so it cannot be {asked}")
        }
        Refusal::CreditsInsufficient { needed, available } => not_enough(*needed, *available),
        Refusal::AdjustmentTooLarge { asked, available } => {
            format!(
                "{asked} credits cannot be taken: {available} are available; send `\"clamp\": true` to take those"
            )
        }
        Refusal::RefundTooLarge { charged, .. } if charged.is_zero() => {
            "nothing is charged for this generation: it was refunded before, or cost nothing".to_owned()
        }
        Refusal::RefundTooLarge { asked, charged } => {
            format!("{asked} credits cannot be refunded: {charged} are charged for this generation")
        }
        Refusal::HoldOfJob { hold } => {
            format!("hold {hold} belongs to a generation and ends with it; cancel the generation instead")
        }
        Refusal::RunStale { seen, run } => {
            format!("run {seen} was decided on, and the generation is in run {run} now; look at it again")
        }
        Refusal::CancelKeepsMore { kept, accepted } => {
            format!(
                "the provider has begun: cancelling now keeps {kept} credits, and at most {accepted} were agreed to; look at \
                 the generation again"
            )
        }
        Refusal::PriceOnlyHeld => {
            "the price of this generation is only held; cancel the generation to release it".to_owned()
        }
        Refusal::AmountZero
        | Refusal::UserIdMisleading
        | Refusal::BalanceTooLarge
        | Refusal::ExpiryInPast
        | Refusal::GrantNeverEffective
        | Refusal::LotsTooMany { .. }
        | Refusal::LotUnknown { .. }
        | Refusal::LotVoided { .. }
        | Refusal::HoldsTooMany { .. }
        | Refusal::HoldNotOpen { .. }
        | Refusal::CaptureTooLarge { .. }
        | Refusal::KeyReused
        | Refusal::JobUnknown
        | Refusal::JobClaimed
        | Refusal::JobNotDue
        | Refusal::LeaseLost
        | Refusal::JobExists => refusal.to_string(),
    }
}

fn not_enough(needed: Credits, available: Credits) -> String {
    format!("this costs {needed} credits and {available} are available; nothing was charged")
}

#[cfg(test)]
mod tests {
    use super::Problem;
    use ledger::account::{HoldId, LotId};
    use ledger::{Credits, Refusal};

    #[test]
    fn refusals_become_client_errors_with_their_code() {
        let amount = Credits::whole(3).unwrap();
        for refusal in [
            Refusal::CreditsInsufficient { needed: amount, available: Credits::ZERO },
            Refusal::AmountZero,
            Refusal::BalanceTooLarge,
            Refusal::AdjustmentTooLarge { asked: amount, available: Credits::ZERO },
            Refusal::ExpiryInPast,
            Refusal::GrantNeverEffective,
            Refusal::UserIdMisleading,
            Refusal::RunStale { seen: 1, run: 2 },
            Refusal::CancelKeepsMore { kept: amount, accepted: Credits::ZERO },
            Refusal::LotsTooMany { most: 200 },
            Refusal::LotUnknown { lot: LotId(7) },
            Refusal::LotVoided { lot: LotId(7) },
            Refusal::HoldsTooMany { most: 200 },
            Refusal::HoldNotOpen { hold: HoldId(7) },
            Refusal::HoldOfJob { hold: HoldId(7) },
            Refusal::CaptureTooLarge { asked: amount, held: Credits::ZERO },
            Refusal::RefundTooLarge { asked: amount, charged: Credits::ZERO },
            Refusal::PriceOnlyHeld,
            Refusal::KeyReused,
            Refusal::JobClaimed,
            Refusal::JobNotDue,
            Refusal::LeaseLost,
            Refusal::JobStatus { status: ledger::job::Status::Dead, asked: "cancelled" },
            Refusal::JobExists,
        ] {
            let code = refusal.code();
            let problem = Problem::from(refusal);
            assert!(problem.status.is_client_error(), "{code}");
            assert_eq!(problem.code, code);
        }
    }
}
