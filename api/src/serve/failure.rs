//! What goes wrong underneath, as problem documents: the database, and the framework's own errors. The cause is kept
//! for the log; the client sees none of it, and no name of a type.

use crate::serve::problem::Problem;
use deadpool_postgres::PoolError;
use ledger::ExecuteError;
use ledger::books::{BooksError, End};
use ledger::export::ExportError;
use poem::http::StatusCode;
use tokio_postgres::error::SqlState;

impl From<ledger::Error> for Problem {
    fn from(error: ledger::Error) -> Problem {
        let cause = ledger::error_chain(&error);
        let problem = match error {
            ledger::Error::Postgres(error) if is_our_mistake(&error) => return Problem::internal(cause),
            ledger::Error::Url(_) | ledger::Error::Unreadable { .. } => return Problem::internal(cause),
            ledger::Error::Postgres(_) | ledger::Error::Pool(_) | ledger::Error::Unavailable => {
                Problem::unavailable(
                    "unavailable",
                    "the database cannot be used right now; nothing was changed",
                )
            }
            ledger::Error::ClockSkewed { .. } => Problem::unavailable(
                "clock_skewed",
                "the clocks of this server and of its database disagree, so nothing is written; try again later",
            ),
            ledger::Error::Overloaded => {
                Problem::unavailable("overloaded", "too much is waiting already; try again shortly")
            }
            ledger::Error::Contended => {
                Problem::unavailable("account_busy", "this account is too busy; try again shortly")
            }
            ledger::Error::Closed => {
                Problem::unavailable("shutting_down", "this server is shutting down; try again")
            }
            ledger::Error::OutcomeUnknown => Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "outcome_unknown",
                "The outcome is unknown",
                "it may have been done or not; repeat the request with the same Idempotency-Key to find out",
            ),
        };
        problem.because(cause)
    }
}

/// Whether the server understood a statement and found it wrong, rather than being out of reach or of means.
fn is_our_mistake(error: &tokio_postgres::Error) -> bool {
    let code = error.code().map_or("", |code| code.code());
    let out_of_means = ["08", "25", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class));
    !code.is_empty() && !out_of_means
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Problem {
        match error {
            ExportError::Ledger(error) => error.into(),
            ExportError::NoAccount => Problem::not_found("there is no such account"),
            ExportError::Unsettled => Problem::unavailable("log_unsettled", error.to_string()),
            ExportError::Broken
            | ExportError::Json(_)
            | ExportError::Csv(_)
            | ExportError::Parquet(_)
            | ExportError::Columns(_) => Problem::internal(ledger::error_chain(&error)),
        }
    }
}

impl From<BooksError> for Problem {
    fn from(error: BooksError) -> Problem {
        match error {
            BooksError::Ledger(error) => error.into(),
            BooksError::Unsettled => Problem::unavailable("log_unsettled", error.to_string()),
            BooksError::Beyond { end, last } => {
                let name = match end {
                    End::From => "from",
                    End::To => "to",
                    End::At => "at",
                };
                Problem::value(name, format!("lies beyond the log, which ends at position {last}"))
            }
            BooksError::Backwards => Problem::value("to", "must not lie before `from`"),
        }
    }
}

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Problem {
        match error {
            ExecuteError::Refused(refusal) => refusal.into(),
            ExecuteError::Failed(error) => error.into(),
        }
    }
}

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Problem {
        ledger::Error::from(error).into()
    }
}

/// Why there is no connection for bulk actions. A login of before there were any may lack their role.
pub(crate) fn of_operators(error: PoolError) -> Problem {
    let code = match &error {
        PoolError::Backend(error) => error.code(),
        _ => None,
    };
    if code != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return error.into();
    }
    tracing::error!(
        "bulk actions cannot be ordered: the database login of this process lacks a role; as the owner of the database, run \
         `grant cooly_operator to` that login"
    );
    let detail = "the server's database login lacks the role for bulk actions; as the owner of the database, run \
                  `grant cooly_operator to LOGIN`";
    Problem::unavailable("unavailable", detail).because(ledger::error_chain(&error))
}

impl From<projections::Error> for Problem {
    fn from(error: projections::Error) -> Problem {
        match error {
            projections::Error::Ledger(error) => error.into(),
            projections::Error::Postgres(error) => ledger::Error::from(error).into(),
            projections::Error::Pool(error) => error.into(),
            other => Problem::internal(ledger::error_chain(&other)),
        }
    }
}

/// What the framework says when it cannot read a request. Names of types stay inside.
pub(crate) fn from_framework(error: &poem::Error) -> Problem {
    use poem_openapi::error::{ContentTypeError, ParseParamError};
    if let Some(problem) = error.downcast_ref::<Problem>() {
        return problem.clone();
    }
    if let Some(error) = error.downcast_ref::<ParseParamError>() {
        return Problem::parameter(error.name, without_type(&error.reason));
    }
    if error.is::<ContentTypeError>() {
        return Problem::media_type();
    }
    let status = error.status();
    let problem = Problem::of_status(status);
    if status.is_server_error() { problem.because(error.to_string()) } else { problem }
}

/// The framework wraps our reasons in names of types: ``failed to parse "x": reason (occurred while …)``.
pub(crate) fn without_type(reason: &str) -> String {
    if reason.contains("expects an input value") {
        return "is missing".to_owned();
    }
    let reason = reason.split(" (occurred while parsing").next().unwrap_or_default();
    let named = reason.strip_prefix("failed to parse ").and_then(|rest| rest.split_once(": "));
    match named.map_or(reason, |(_, reason)| reason) {
        "" => "is not valid".to_owned(),
        reason if reason.starts_with("Expected input type") => "is not valid".to_owned(),
        reason => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, without_type};

    #[test]
    fn infrastructure_failures_hide_their_cause() {
        let error = ledger::Error::Unreadable { event: "credits.x".into(), problem: "secret".into() };
        let problem = Problem::from(error);
        assert_eq!(problem.status, 500);
        assert!(!problem.detail.contains("credits.x"));
        assert!(problem.cause.as_ref().unwrap().contains("credits.x"));
    }

    #[test]
    fn the_name_of_a_type_is_cut_off() {
        assert_eq!(without_type("failed to parse \"uuid\": must be a uuid"), "must be a uuid");
        assert_eq!(without_type("must be a uuid"), "must be a uuid");
        assert_eq!(without_type("failed to parse \"a\": no (occurred while parsing \"optional<a>\")"), "no");
        assert_eq!(without_type("Type \"a\" expects an input value."), "is missing");
    }
}
