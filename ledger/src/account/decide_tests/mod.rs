//! Every refusal of an account, in order of precedence, and what an accepted command does to lots and holds.

mod answers;
mod holds;
mod lots;

use crate::account::{
    AccountCommand, AccountEvent, AccountState, Charge, ForRun, Grant, Occasion, Priority, decide,
    decide_charge, lapse,
};
use crate::credits::{Change, Credits};
use crate::decision::Decision;
use crate::ids::{JobId, UserId};
use crate::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn change(text: &str) -> Change {
    text.parse().unwrap()
}

fn user() -> UserId {
    "alice".parse().unwrap()
}

/// That many seconds after the story began.
fn second(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn grant(amount: &str) -> Grant {
    Grant::new(user(), credits(amount), "r")
}

fn adjust(by: &str, clamp: bool) -> AccountCommand {
    AccountCommand::Adjust { user: user(), change: change(by), reason: "r".into(), clamp }
}

fn hold(amount: &str, until: Option<i64>) -> AccountCommand {
    let expires_at = until.map(second);
    AccountCommand::Hold { amount: credits(amount), reason: "r".into(), expires_at }
}

fn run() -> ForRun {
    ForRun { job_id: JobId(uuid::Uuid::from_u128(1)), run: 1, job_version: 1 }
}

/// An account driven through commands. Its version counts its events, as in the log.
struct Story {
    state: AccountState,
    version: i64,
    now: i64,
    grace: i64,
}

impl Story {
    fn new() -> Story {
        Story { state: AccountState::default(), version: 0, now: 0, grace: 100 }
    }

    fn occasion(&self) -> Occasion {
        Occasion {
            now: second(self.now),
            next_version: self.version + 1,
            refund_grace: TimeDelta::seconds(self.grace),
        }
    }

    fn apply(&mut self, events: &[AccountEvent]) {
        for event in events {
            self.state.apply(event);
            self.version += 1;
        }
    }

    fn lapse(&mut self) -> Vec<AccountEvent> {
        let events = lapse(&self.state, self.occasion());
        self.apply(&events);
        events
    }

    fn ask(&mut self, command: &AccountCommand) -> Result<Vec<AccountEvent>, Refusal> {
        let Decision::Events(events) = decide(&self.state, command, self.occasion())? else {
            return Ok(Vec::new());
        };
        self.apply(&events);
        Ok(events)
    }

    fn charge(&mut self, charge: &Charge) -> Result<Vec<AccountEvent>, Refusal> {
        let events = decide_charge(&self.state, charge, run(), self.occasion())?;
        self.apply(&events);
        Ok(events)
    }

    fn granted(mut self, grant: Grant) -> Story {
        self.ask(&AccountCommand::Grant(grant)).unwrap();
        self
    }

    /// A lot that burns with this priority and is gone at that second.
    fn with_lot(self, amount: &str, priority: u8, expires_at: Option<i64>) -> Story {
        let expires_at = expires_at.map(second);
        let priority = Priority::try_from(priority).unwrap();
        self.granted(Grant { priority, expires_at, ..grant(amount) })
    }

    fn at(mut self, seconds: i64) -> Story {
        self.now = seconds;
        self
    }

    /// Lots in burn order as `id:amount`.
    fn lots(&self) -> String {
        self.state.lots.iter().map(|lot| format!("{}:{}", lot.lot, lot.amount)).collect::<Vec<_>>().join(" ")
    }
}

fn lots_of(event: &AccountEvent) -> String {
    let lots = match event {
        AccountEvent::Debited { from, .. } | AccountEvent::Held { from, .. } => from,
        AccountEvent::Captured { from, .. } | AccountEvent::Adjusted { from, .. } => from,
        AccountEvent::Refunded { to, .. } | AccountEvent::Released { to, .. } => to,
        other => panic!("{other:?} has no lots"),
    };
    lots.iter().map(|lot| format!("{}:{}", lot.lot, lot.amount)).collect::<Vec<_>>().join(" ")
}
