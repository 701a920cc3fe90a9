//! `/audit`: the log as it was written, and the proof that nobody touched it since.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AuditorOnly, Caller};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, ReadList, ReadOne};
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, export, split};
use crate::serve::parameter::{Path, Query};
use crate::serve::problem::{FieldError, Problem};
use crate::words::scalars::{
    Amount, GenerationId, Instant, Limit, LogPosition, SignedAmount, Term, UserName, page_size,
};
use deadpool_postgres::Object as Connection;
use ledger::export::ExportError;
use ledger::read::{self, EventFilter};
use ledger::seal::{AccountSeals, SealBreach, account_seals};
use ledger::verify::{AccountProof, Breach, account_breaches};
use ledger::{AccountId, Change, Credits, Position, RecordedEvent, mark, snapshot};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// How long a writer may hold up an export.
const PATIENCE: Duration = Duration::from_secs(5);

/// An event as the log holds it.
#[derive(Debug, Object)]
struct LogEvent {
    /// Its place in the log.
    position: LogPosition,
    /// Its id.
    event_id: Uuid,
    /// The account.
    account_id: Uuid,
    /// The stream: the account itself, or one of its generations.
    stream_id: Uuid,
    /// Its place in the stream, from 1.
    version: i64,
    /// What happened.
    #[oai(rename = "type")]
    kind: String,
    /// By how much the balance changed; credit events only.
    amount: Option<SignedAmount>,
    /// The balance after it; credit events only.
    balance_after: Option<Amount>,
    /// The generation that it is about, if any.
    job_id: Option<GenerationId>,
    /// The fact.
    payload: Any<Value>,
    /// Who acted.
    actor: String,
    /// Through which request.
    request_id: String,
    /// Through which API key, or caused by which action, event or message.
    causation_id: Option<Uuid>,
    /// The application's clock.
    occurred_at: Instant,
    /// The database's clock.
    recorded_at: Instant,
    /// Hash of the event before it in the stream, in hexadecimal.
    prev_hash: String,
    /// Its own hash, in hexadecimal.
    hash: String,
}

/// A page of events, in the order of the log.
#[derive(Debug, Object)]
struct EventPage {
    items: Vec<LogEvent>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// Something that does not hold.
#[derive(Debug, Object)]
struct Finding {
    /// Which rule is broken.
    invariant: String,
    /// In which stream, if it is about one.
    stream_id: Option<Uuid>,
    /// At which version, if it is about one.
    version: Option<i64>,
    /// What is wrong.
    detail: String,
}

/// How far the account's events are sealed.
#[derive(Debug, Object)]
struct SealedUpTo {
    /// The newest seal that covers an event of the account; null if none does.
    seal: Option<i64>,
    /// Position of the account's newest sealed event.
    position: Option<LogPosition>,
    /// Events that are sealed and still what was sealed.
    matching: u64,
    /// Events that no seal covers yet.
    unsealed: u64,
}

/// What verifying an account found.
#[derive(Debug, Object)]
struct Proof {
    /// Whether everything holds.
    valid: bool,
    /// Events read.
    events: u64,
    /// Streams read.
    streams: u64,
    /// Hash of the account's last event: a copy kept elsewhere pins everything before it.
    head: String,
    /// How far the account's events are sealed. An event that was removed is not missed here; `cooly verify` does.
    sealed: SealedUpTo,
    /// What does not hold.
    breaches: Vec<Finding>,
}

/// See the module.
pub(crate) struct Audit;

#[OpenApi(tag = "Tag::Audit")]
impl Audit {
    /// Read the log
    ///
    /// In order of position, with everything that is hashed.
    #[oai(path = "/audit/events", method = "get", operation_id = "listEvents")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter of its own")]
    async fn events(
        &self,
        caller: Caller<AuditorOnly>,
        app: Data<&App>,
        asking: Asking,
        /// Only events of this user's account.
        user: Query<Option<UserName>>,
        /// Only events of this account.
        account: Query<Option<Uuid>>,
        /// Only events about this generation; with `user` or `account`.
        job: Query<Option<GenerationId>>,
        /// Only events of this type; several are separated by commas.
        #[oai(name = "type")]
        kind: Query<Option<Term>>,
        /// Only events by this actor, such as `admin:ops`.
        actor: Query<Option<Term>>,
        /// Only events that this led to: an API key, an action on many dead letters, an event or a message; with `user`, `account`
        /// or `since`.
        cause: Query<Option<Uuid>>,
        /// Only events recorded at this instant or later.
        since: Query<Option<Instant>>,
        /// Only events recorded before this instant.
        until: Query<Option<Instant>>,
        /// Only events after this position.
        after: Query<Option<LogPosition>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Listed<EventPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let named = user.0.is_some() || account.0.is_some();
        let wrong: Vec<FieldError> = [
            (user.0.is_some() && account.0.is_some())
                .then(|| FieldError::new("account", "or `user`, not both")),
            (job.0.is_some() && !named).then(|| {
                let message =
                    "needs `user` or `account` beside it: a generation is found through its account";
                FieldError::new("job", message)
            }),
            (cause.0.is_some() && !named && since.0.is_none()).then(|| {
                FieldError::new(
                    "cause",
                    "needs `user`, `account` or `since` beside it: it is looked for event by event",
                )
            }),
            (!kind.0.as_ref().is_none_or(are_types))
                .then(|| FieldError::new("type", "must be event types such as `credits.granted,job.failed`")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !wrong.is_empty() {
            return Err(Problem::parameters(wrong).into());
        }
        let filter = EventFilter {
            account: user.0.map(|user| user.0.account()).or(account.0.map(AccountId)),
            job: job.0.map(|job| job.0),
            types: kind.0.iter().flat_map(names).map(str::to_owned).collect(),
            actor: actor.0.map(|actor| actor.0),
            cause: cause.0,
            since: since.0.map(|since| since.0),
            until: until.0.map(|until| until.0),
        };
        let EventFilter { account, job, types, actor, cause, since, until } = &filter;
        let list = match cause {
            // As it was before there was a cause: cursors outlive an upgrade.
            None => List::new("events", &(account, job, types, actor, since, until)),
            Some(cause) => List::new("events", &(account, job, types, actor, cause, since, until)),
        };
        let place = list.place(cursor.0.as_ref())?;
        let after = after.0.map_or(Position::START, |after| after.0);
        if let Some(form) = form {
            let matching = Matching { filter, after, until: Some(settled(&app).await?) };
            return Ok(Listed::File(export(&app, &caller, "events", form, matching).await?));
        }
        let matching = Matching { filter, after, until: None };
        let Part { items, next, .. } = matching.page(&app, place, page_size(limit.0)).await?;
        Ok(Listed::Page(EventPage { items, next_cursor: next.map(|next| list.cursor(&next)) }))
    }

    /// Prove an account
    ///
    /// Computes every hash, state and balance of the account again, from its events alone, and compares each event
    /// with its leaf in the sealed blocks.
    #[oai(path = "/audit/accounts/:user/verify", method = "get", operation_id = "verifyAccount")]
    async fn verify(
        &self,
        _caller: Caller<AuditorOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
    ) -> Answer<Json<Proof>, ReadOne> {
        let account = user.0.0.account();
        let (proof, seals) = proved(app.reader().await?, account).await?;
        if proof.events == 0 {
            return Err(Problem::not_found("there is no such account").into());
        }
        Ok(Json(Proof {
            valid: proof.breaches.is_empty() && seals.breaches.is_empty(),
            events: proof.events,
            streams: proof.streams,
            head: proof.head_hash,
            sealed: SealedUpTo::from(&seals),
            breaches: proof
                .breaches
                .iter()
                .map(Finding::from)
                .chain(seals.breaches.iter().map(Finding::from))
                .collect(),
        }))
    }
}

/// Events that match, in the order of the log.
struct Matching {
    filter: EventFilter,
    after: Position,
    /// Up to here. A file ends where the log did when it was begun, and misses nothing before that which was being written.
    until: Option<Position>,
}

impl Walk for Matching {
    type Item = LogEvent;
    type Place = Position;

    async fn page(
        &self,
        app: &App,
        after: Option<Position>,
        limit: i64,
    ) -> Result<Part<LogEvent, Position>, Problem> {
        let after = after.unwrap_or(self.after);
        let mut rows = read::events(&**app.reader().await?, &self.filter, after, limit + 1).await?;
        rows.retain(|event| self.until.is_none_or(|until| event.position <= until));
        let (shown, next) = split(&rows, limit, |last| last.position);
        Ok(Part::new(shown.iter().map(LogEvent::of).collect::<Result<_, _>>()?, next))
    }
}

/// The newest position before which nothing is being written any more.
async fn settled(app: &App) -> Result<Position, Problem> {
    let mark = mark::settled(&**app.reader().await?, PATIENCE).await?;
    Ok(mark.ok_or(ExportError::Unsettled)?)
}

/// Reads the account and its seals in one snapshot. The pages of an account come in the order of its streams, so without
/// one a purchase between two of them would show its debit and not its generation, or the other way round.
///
/// A request that is given up drops the transaction, which is rolled back before the connection does anything else.
async fn proved(
    mut reader: Connection,
    account: AccountId,
) -> Result<(AccountProof, AccountSeals), ledger::Error> {
    let snapshot = snapshot(&mut reader).await?;
    let proof = account_breaches(&snapshot, account).await?;
    let seals = account_seals(&snapshot, account).await?;
    Ok((proof, seals))
}

/// What stands between the commas.
fn names(types: &Term) -> impl Iterator<Item = &str> {
    types.0.split(',').map(str::trim)
}

/// Whether all of them are names of event types: an unknown one is a typing error and not an empty answer.
fn are_types(types: &Term) -> bool {
    names(types).all(|name| {
        let known = name.strip_prefix("credits.").or_else(|| name.strip_prefix("job."));
        known.is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
    })
}

impl LogEvent {
    fn of(recorded: &RecordedEvent) -> Result<LogEvent, Problem> {
        let unreadable = |error: ledger::AmountError| Problem::internal(error.to_string());
        let payload: Value =
            serde_json::from_str(&recorded.payload).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(LogEvent {
            position: LogPosition(recorded.position),
            event_id: recorded.event_id.0,
            account_id: recorded.account_id.0,
            stream_id: recorded.stream_id.0,
            version: recorded.version,
            kind: recorded.event.name().to_owned(),
            amount: recorded.amount.map(Change::new).transpose().map_err(unreadable)?.map(SignedAmount),
            balance_after: recorded
                .balance_after
                .map(Credits::new)
                .transpose()
                .map_err(unreadable)?
                .map(Amount),
            job_id: recorded.job_id.map(GenerationId),
            payload: Any(payload),
            actor: recorded.actor.clone(),
            request_id: recorded.request_id.clone(),
            causation_id: recorded.causation_id,
            occurred_at: Instant(recorded.occurred_at),
            recorded_at: Instant(recorded.recorded_at),
            prev_hash: hex::encode(&recorded.prev_hash),
            hash: hex::encode(&recorded.hash),
        })
    }
}

impl From<&Breach> for Finding {
    fn from(breach: &Breach) -> Finding {
        Finding {
            invariant: breach.invariant.to_owned(),
            stream_id: breach.stream.map(|stream| stream.0),
            version: breach.version,
            detail: breach.detail.clone(),
        }
    }
}

impl From<&SealBreach> for Finding {
    fn from(breach: &SealBreach) -> Finding {
        Finding {
            invariant: breach.invariant.to_owned(),
            stream_id: breach.stream.map(|stream| stream.0),
            version: breach.version,
            detail: format!("{} (block {})", breach.detail, breach.block),
        }
    }
}

impl From<&AccountSeals> for SealedUpTo {
    fn from(seals: &AccountSeals) -> SealedUpTo {
        SealedUpTo {
            seal: seals.seal,
            position: seals.position.map(LogPosition),
            matching: seals.matching,
            unsealed: seals.unsealed,
        }
    }
}
