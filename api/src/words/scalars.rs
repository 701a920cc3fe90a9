//! The small values of this API: how each is written in JSON, in a query and in the OpenAPI document, and what a
//! client is told that gets one wrong.

use crate::words::moments::{Edge, PastMoment, age, day, edge, instant, past_moment, written};
use crate::words::scalar::{among, any_of, formatted, number, of_length, one_of, scalar, string, within};
use crate::words::texts;
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use ledger::account::{HoldId, LotId, Source};
use ledger::export::{Bound, Dataset, Format};
use ledger::job::{
    FailureClass, InvalidLateCancel, Kind, LateCancel, MAX_MODEL_BYTES, MAX_PROMPT_CHARS, Status,
};
use ledger::{Change, Credits, JobId, Position, UserId};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

fn of_age() -> MetaSchema {
    MetaSchema { pattern: Some("^[0-9]+[smhdw]$".into()), example: Some("7d".into()), ..string() }
}

fn decimal(pattern: &str, example: &str) -> MetaSchema {
    MetaSchema {
        pattern: Some(pattern.to_owned()),
        example: Some(example.into()),
        description: Some("A decimal number in a string: at most 6 decimal places, at most 10^12"),
        ..string()
    }
}

/// Where a position can stand among other texts.
fn written_position() -> MetaSchema {
    MetaSchema { pattern: Some("^[0-9]+$".into()), ..string() }
}

const KINDS: [Kind; 2] = [Kind::Image, Kind::Video];

const STATUSES: [Status; 7] = [
    Status::Queued,
    Status::Running,
    Status::Succeeded,
    Status::Failed,
    Status::Dead,
    Status::Cancelled,
    Status::Discarded,
];

const FORMATS: [Format; 3] = [Format::Ndjson, Format::Csv, Format::Parquet];

const DATASETS: [Dataset; 2] = [Dataset::Events, Dataset::Seals];

const CLASSES: [FailureClass; 3] =
    [FailureClass::Permanent, FailureClass::Transient, FailureClass::Throttled];

const SOURCES: [Source; 6] =
    [Source::Plan, Source::Purchase, Source::Promo, Source::Goodwill, Source::Adjustment, Source::Other];

fn number_within_account() -> MetaSchema {
    MetaSchema { minimum: Some(0.0), ..MetaSchema::new_with_format("integer", "int64") }
}

scalar!(
    /// An amount of credits.
    Amount(Credits),
    "amount",
    decimal(r"^[0-9]+(\.[0-9]+)?$", "12.5"),
    |text| text.parse().map_err(|error: ledger::AmountError| error.to_string().into()),
    |amount| amount.to_string().into()
);

scalar!(
    /// A signed change of credits.
    SignedAmount(Change),
    "signed_amount",
    decimal(r"^-?[0-9]+(\.[0-9]+)?$", "-4"),
    |text| text.parse().map_err(|error: ledger::AmountError| error.to_string().into()),
    |change| change.to_string().into()
);

scalar!(
    /// A sum over many accounts, which may pass what one may hold.
    Total(String),
    "total",
    decimal(r"^-?[0-9]+(\.[0-9]+)?$", "1250"),
    |text| Ok(text.to_owned()),
    |total| total.as_str().into()
);

scalar!(
    /// What a generation makes.
    KindName(Kind),
    "kind",
    one_of(&KINDS.map(Kind::as_str)),
    |text| among(text, &KINDS, Kind::as_str),
    |kind| kind.as_str().into()
);

scalar!(
    /// Where a generation is in its life.
    StatusName(Status),
    "status",
    one_of(&STATUSES.map(Status::as_str)),
    |text| among(text, &STATUSES, Status::as_str),
    |status| status.as_str().into()
);

scalar!(
    /// What kind of failure it was.
    ClassName(FailureClass),
    "failure_class",
    one_of(&CLASSES.map(FailureClass::as_str)),
    |text| among(text, &CLASSES, FailureClass::as_str),
    |class| class.as_str().into()
);

scalar!(
    /// Where credits came from.
    SourceName(Source),
    "source",
    one_of(&SOURCES.map(Source::as_str)),
    |text| among(text, &SOURCES, Source::as_str),
    |source| source.as_str().into()
);

scalar!(
    /// The number of a lot within its account.
    LotNumber(LotId),
    "lot",
    number_within_account(),
    |text| number(text).map(LotId),
    |lot| lot.0.into()
);

scalar!(
    /// The number of a hold within its account.
    HoldNumber(HoldId),
    "hold",
    number_within_account(),
    |text| number(text).map(HoldId),
    |hold| hold.0.into()
);

scalar!(
    /// What a late cancel keeps: `keep`, or a percentage.
    LateCancelTerms(LateCancel),
    "late_cancel",
    MetaSchema { example: Some("50%".into()), ..string() },
    |text| text.parse().map_err(|error: InvalidLateCancel| error.to_string().into()),
    |terms| terms.to_string().into()
);

scalar!(
    /// The number of a run of a generation.
    RunNumber(u32),
    "run",
    MetaSchema { minimum: Some(1.0), ..MetaSchema::new_with_format("integer", "int32") },
    |text| run(text),
    |run| (*run).into()
);

scalar!(
    /// How an export is written.
    FormatName(Format),
    "export_format",
    one_of(&FORMATS.map(Format::as_str)),
    |text| among(text, &FORMATS, Format::as_str),
    |format| format.as_str().into()
);

scalar!(
    /// What an export holds.
    DatasetName(Dataset),
    "export_dataset",
    one_of(&DATASETS.map(Dataset::as_str)),
    |text| among(text, &DATASETS, Dataset::as_str),
    |dataset| dataset.as_str().into()
);

scalar!(
    /// An end of a range of the log: a position, an instant in RFC 3339, or a day of the UTC calendar.
    LogBound(Bound),
    "log_bound",
    any_of([formatted("date-time"), formatted("date"), written_position()]),
    |text| text.parse().map_err(|error: ledger::export::InvalidBound| error.to_string().into()),
    |bound| bound.to_string().into()
);

scalar!(
    /// The id of a generation.
    GenerationId(JobId),
    "generation_id",
    formatted("uuid"),
    |text| uuid::Uuid::try_parse(text).map(JobId).map_err(|_| "must be a UUID".into()),
    |id| id.to_string().into()
);

scalar!(
    /// The id of a user, as in the `sub` of its token.
    UserName(UserId),
    "user",
    MetaSchema { min_length: Some(1), max_length: Some(ledger::MAX_USER_ID_BYTES), ..string() },
    |text| text.parse().map_err(|error: ledger::InvalidUserId| format!("is not valid: {error}").into()),
    |user| user.as_str().into()
);

scalar!(
    /// Any short text.
    Term(String),
    "term",
    MetaSchema { min_length: Some(1), max_length: Some(MAX_TERM_CHARS), ..string() },
    |text| texts::line(text, 1..=MAX_TERM_CHARS),
    |text| text.as_str().into()
);

scalar!(
    /// Why something is done.
    Reason(String),
    "reason",
    of_length(texts::MAX_REASON_CHARS),
    |text| texts::line(text, 1..=texts::MAX_REASON_CHARS),
    |text| text.as_str().into()
);

scalar!(
    /// What to make.
    PromptText(String),
    "prompt",
    of_length(MAX_PROMPT_CHARS),
    texts::prompt,
    |text| text.as_str().into()
);

scalar!(
    /// Text that is looked for.
    SearchText(String),
    "search_text",
    of_length(texts::MAX_SEARCH_CHARS),
    texts::search,
    |text| text.as_str().into()
);

scalar!(
    /// The name of a model.
    ModelId(String),
    "model",
    of_length(MAX_MODEL_BYTES),
    |text| texts::line(text, 1..=MAX_MODEL_BYTES),
    |text| text.as_str().into()
);

scalar!(
    /// What a client calls a line of an upload.
    GrantKey(String),
    "grant_key",
    of_length(texts::MAX_KEY_BYTES),
    texts::key,
    |text| text.as_str().into()
);

scalar!(
    /// How many of something.
    Count(u32),
    "count",
    MetaSchema { minimum: Some(1.0), ..MetaSchema::new_with_format("integer", "uint32") },
    |text| within(text, 1..=u32::MAX),
    |count| (*count).into()
);

scalar!(
    /// When credits are spent among others: 0 first, 100 last.
    PriorityNumber(u32),
    "priority",
    MetaSchema { maximum: Some(100.0), ..MetaSchema::new_with_format("integer", "uint32") },
    |text| within(text, 0..=100),
    |priority| (*priority).into()
);

scalar!(
    /// An instant, in RFC 3339. The log keeps microseconds, so the rest is cut off.
    Instant(DateTime<Utc>),
    "instant",
    formatted("date-time"),
    |text| instant(text).map(|at| at.trunc_subsecs(6)),
    |at| written(at).into()
);

scalar!(
    /// A moment in the past: an instant, or a position of the log.
    AsOf(PastMoment),
    "as_of",
    any_of([formatted("date-time"), written_position()]),
    past_moment,
    |moment| match moment {
        PastMoment::At(at) => written(at).into(),
        PastMoment::After(position) => position.to_string().into(),
    }
);

scalar!(
    /// Where a period begins or ends: a day, or an instant.
    Boundary(Edge),
    "boundary",
    any_of([formatted("date"), formatted("date-time")]),
    edge,
    |edge| match edge {
        Edge::Day(day) => day.to_string().into(),
        Edge::At(at) => written(at).into(),
    }
);

scalar!(
    /// A day of the UTC calendar.
    Day(NaiveDate),
    "day",
    formatted("date"),
    |text| day(text),
    |day| day.to_string().into()
);

scalar!(
    /// An age, such as `90s`, `15m`, `12h`, `7d` or `2w`.
    Age(Duration),
    "age",
    of_age(),
    |text| age(text),
    |age| format!("{}s", age.as_secs()).into()
);

scalar!(
    /// An age of more than nothing: that would mean everything, one slip away from "7d".
    PastAge(Duration),
    "past_age",
    of_age(),
    |text| match age(text) {
        Ok(age) if age.is_zero() => Err("must be more than nothing, such as 7d".into()),
        age => age,
    },
    |age| format!("{}s", age.as_secs()).into()
);

scalar!(
    /// How many items a page may have.
    Limit(i64),
    "limit",
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(MAX_LIMIT as f64),
        default: Some(DEFAULT_LIMIT.into()),
        ..MetaSchema::new("integer")
    },
    |text| limit(text),
    |limit| (*limit).into()
);

scalar!(
    /// A place in the log; opaque, grows.
    LogPosition(Position),
    "position",
    MetaSchema { minimum: Some(0.0), ..MetaSchema::new_with_format("integer", "int64") },
    |text| position(text),
    |position| position.0.into()
);

scalar!(
    /// The number of a seal.
    SealNumber(i64),
    "seal_number",
    MetaSchema { minimum: Some(1.0), ..MetaSchema::new_with_format("integer", "int64") },
    |text| seal_number(text),
    |number| (*number).into()
);

const MAX_TERM_CHARS: usize = 255;
const MAX_LIMIT: i64 = 100;
pub(crate) const DEFAULT_LIMIT: i64 = 20;

fn limit(text: &str) -> Result<i64, Cow<'static, str>> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| format!("must be a whole number from 1 to {MAX_LIMIT}").into())
}

fn position(text: &str) -> Result<Position, Cow<'static, str>> {
    number(text).map(Position).map_err(|_| "must be a position that this service gave".into())
}

/// Reads the number of a run.
fn run(text: &str) -> Result<u32, Cow<'static, str>> {
    let run = number(text).ok().and_then(|run| u32::try_from(run).ok());
    run.filter(|run| *run >= 1).ok_or("must be the run that was seen, a whole number from 1".into())
}

fn seal_number(text: &str) -> Result<i64, Cow<'static, str>> {
    let number = position(text).ok().map(|position| position.0);
    number.filter(|number| *number >= 1).ok_or("must be a whole number from 1".into())
}

/// The page size that was asked for, or the usual one.
pub(crate) fn page_size(limit: Option<Limit>) -> i64 {
    limit.map_or(DEFAULT_LIMIT, |limit| limit.0)
}

#[cfg(test)]
mod tests {
    use super::{limit, position};

    #[test]
    fn limits_and_positions_have_bounds() {
        for text in ["0", "-1", "101", "1000000000", "", "ten", "1.5", "0x10"] {
            assert!(limit(text).is_err(), "{text}");
        }
        assert_eq!(limit("100"), Ok(100));
        for text in ["-1", "+1", "", "9223372036854775808", "1e3"] {
            assert!(position(text).is_err(), "{text}");
        }
    }
}
