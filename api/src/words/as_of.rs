//! `as_of=`: an account as it was at an instant or right after a position of the log, judged by the rules of that
//! moment: what had lapsed by then is gone, even where it was written down later.
//!
//! The answer tells when the event at a position happened, so a user must name one of its own: whoever could ask for any
//! position would learn when others are active.

use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::moments::PastMoment;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::account::{AccountState, Occasion, lapse};
use ledger::read::{self, AccountAt, AsOf};
use ledger::{AccountId, Position};
use tokio_postgres::GenericClient;

/// Whose events a position may belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positions {
    /// Those of the account that is looked at: its own stream and its generations.
    OfAccount,
    /// Anybody's, for those who may see every account.
    OfAnybody,
}

/// An account at some moment.
#[derive(Debug)]
pub(crate) struct Viewed {
    /// What it amounted to, without what had lapsed.
    pub state: AccountState,
    /// The moment at which to ask what could be spent.
    pub at: DateTime<Utc>,
    /// How many events its own stream had.
    pub events: i64,
}

/// The account at that moment, or now. One to which nothing had happened by then is empty and has no events.
pub(crate) async fn view(
    app: &App,
    account: AccountId,
    moment: Option<PastMoment>,
    positions: Positions,
) -> Result<Viewed, Problem> {
    let Some(moment) = moment else { return current(app, account).await };
    let client = app.reader().await?;
    let (as_of, at) = match moment {
        PastMoment::At(instant) if instant > app.now() => {
            return Err(Problem::value("as_of", "must not be in the future"));
        }
        PastMoment::At(instant) => (AsOf::Instant(instant), instant),
        PastMoment::After(position) => {
            let of = Some(account).filter(|_| positions == Positions::OfAccount);
            (AsOf::Position(position), happened_at(&**client, position, of).await?)
        }
    };
    let found = read::account_at(&**client, account, as_of).await.map_err(unreadable)?;
    let (state, events) = found.map(|AccountAt { state, version, .. }| (state, version)).unwrap_or_default();
    Ok(settled(app, state, events, at))
}

/// The account now.
pub(crate) async fn current(app: &App, account: AccountId) -> Result<Viewed, Problem> {
    let now = app.now();
    let found = read::account(&**app.reader().await?, account).await?;
    let (state, events) = found.unwrap_or_default();
    Ok(settled(app, state, events, now))
}

/// When the event at this position happened. One of another account than `of` is refused word for word as one that is
/// not there, or the refusal would tell what the answer must not.
async fn happened_at(
    client: &impl GenericClient,
    position: Position,
    of: Option<AccountId>,
) -> Result<DateTime<Utc>, Problem> {
    let event = read::happened_at(client, position).await?;
    let event = event.filter(|(account, _)| of.is_none_or(|wanted| *account == wanted));
    event.map(|(_, occurred_at)| occurred_at).ok_or_else(|| {
        let whose = if of.is_some() { "an event of your account" } else { "an event" };
        Problem::value("as_of", format!("is not the position of {whose}; take one from `Ledger-Position`"))
    })
}

/// What stands in the log there was written by a newer release, or is damaged: that is no fault of this server.
fn unreadable(error: ledger::Error) -> Problem {
    let ledger::Error::Unreadable { event, .. } = &error else { return error.into() };
    let detail =
        format!("the event {event} cannot be read by this release; ask a newer one, or for another moment");
    let message = "leads to an event that this release cannot read";
    Problem::unprocessable("event_unreadable", detail)
        .naming("as_of", message)
        .because(ledger::error_chain(&error))
}

/// The account with everything written down that had lapsed by that moment.
pub(crate) fn settled(app: &App, mut state: AccountState, events: i64, at: DateTime<Utc>) -> Viewed {
    let refund_grace = TimeDelta::from_std(app.ledger.refund_grace()).unwrap_or(TimeDelta::MAX);
    for event in lapse(&state, Occasion { now: at, next_version: events + 1, refund_grace }) {
        state.apply(&event);
    }
    Viewed { state, at, events }
}
