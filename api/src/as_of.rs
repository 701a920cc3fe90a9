//! `as_of=`: an account as it was at an instant or right after a position of the log, judged by the rules of that
//! moment: what had lapsed by then is gone, even where it was written down later.

use crate::app::App;
use crate::problem::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::account::{AccountState, Occasion, lapse};
use ledger::read::{self, AccountAt, AsOf};
use ledger::{AccountId, Position};
use std::borrow::Cow;

/// A moment in the past, as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PastMoment {
    /// An instant.
    At(DateTime<Utc>),
    /// Right after the event at this position.
    After(Position),
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

/// Reads what a client wrote: digits are a position, anything else must be an instant.
pub(crate) fn parse(text: &str) -> Result<PastMoment, Cow<'static, str>> {
    let is_position = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let moment = if is_position {
        text.parse().ok().map(|position| PastMoment::After(Position(position)))
    } else {
        crate::scalars::instant(text).ok().map(PastMoment::At)
    };
    moment.ok_or("must be an instant such as 2026-01-31T12:00:00Z, or a position of the log".into())
}

/// The account at that moment, or now. One to which nothing had happened by then is empty and has no events.
pub(crate) async fn view(
    app: &App,
    account: AccountId,
    moment: Option<PastMoment>,
) -> Result<Viewed, Problem> {
    let now = Utc::now();
    let client = app.reader().await?;
    let (as_of, at) = match moment {
        None => {
            let current = read::account(&**client, account).await?;
            let (state, events) = current.unwrap_or_default();
            return Ok(settled(app, state, events, now));
        }
        Some(PastMoment::At(instant)) if instant > now => {
            return Err(Problem::value("as_of", "must not be in the future"));
        }
        Some(PastMoment::At(instant)) => (AsOf::Instant(instant), instant),
        Some(PastMoment::After(position)) => {
            let before = Position(position.0.saturating_sub(1));
            let events = read::page(&**client, read::Side::Both, before, position, 1).await?;
            let event = events.first().ok_or_else(|| {
                Problem::value("as_of", "is not the position of an event; take one from `Ledger-Position`")
            })?;
            (AsOf::Position(position), event.occurred_at)
        }
    };
    let found = read::account_at(&**client, account, as_of).await?;
    let (state, events) = found.map(|AccountAt { state, version, .. }| (state, version)).unwrap_or_default();
    Ok(settled(app, state, events, at))
}

/// The account with everything written down that had lapsed by that moment.
pub(crate) fn settled(app: &App, mut state: AccountState, events: i64, at: DateTime<Utc>) -> Viewed {
    let refund_grace = TimeDelta::from_std(app.ledger.refund_grace()).unwrap_or(TimeDelta::MAX);
    for event in lapse(&state, Occasion { now: at, next_version: events + 1, refund_grace }) {
        state.apply(&event);
    }
    Viewed { state, at, events }
}

#[cfg(test)]
mod tests {
    use super::{PastMoment, Position, parse};

    #[test]
    fn digits_are_a_position_and_the_rest_is_an_instant() {
        assert_eq!(parse("42"), Ok(PastMoment::After(Position(42))));
        assert!(matches!(parse("2026-01-31T12:00:00Z"), Ok(PastMoment::At(_))));
        for text in ["", "now", "-1", "4.2", "2026-01-31", "99999999999999999999", "2026-13-01T00:00:00Z"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
