//! One event of an account as a line of its statement, in plain words.

use super::about::Subjects;
use crate::serve::problem::Problem;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use ledger::account::{AccountEvent, RefundReason, ReleaseReason, Source};
use ledger::{Change, Credits, Event, JobId, RecordedEvent};

/// A line of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Place of the event in the account's stream.
    pub version: i64,
    pub at: DateTime<Utc>,
    /// The name of the event's type.
    pub kind: &'static str,
    /// What happened, for people.
    pub description: String,
    /// The generation that it is about.
    pub job_id: Option<JobId>,
    /// The model that makes it.
    pub model: Option<String>,
    /// What was asked for, on one line and shortened.
    pub prompt: Option<String>,
    /// By how much the balance changed.
    pub amount: Change,
    /// By how much the held credits changed.
    pub held: Change,
    /// What was spent, where something was.
    pub spent: Option<Credits>,
    pub balance_after: Credits,
    pub held_after: Credits,
}

impl Entry {
    /// The line of an event that the log says an account has. Days in it are those of the zone.
    pub(super) fn of(recorded: &RecordedEvent, subjects: &Subjects, zone: Tz) -> Result<Entry, Problem> {
        let (Event::Account(event), Some(state)) = (&recorded.event, &recorded.state) else {
            return Err(Problem::internal(format!("event {} is not one of an account", recorded.position)));
        };
        Ok(Entry {
            version: recorded.version,
            at: recorded.occurred_at,
            kind: event.name(),
            description: words(event, subjects.kept(event), zone),
            job_id: event.job_id(),
            model: subjects.model(event),
            prompt: subjects.prompt(event),
            amount: event.change(),
            held: held(event)?,
            spent: spent(event),
            balance_after: state.balance,
            held_after: state.held,
        })
    }
}

fn held(event: &AccountEvent) -> Result<Change, Problem> {
    match event {
        AccountEvent::Held { amount, .. } => Ok(Change::up(*amount)),
        AccountEvent::Released { amount, .. } => Ok(Change::down(*amount)),
        AccountEvent::Captured { amount, released, .. } => {
            let whole = amount.checked_add(*released);
            whole.map(Change::down).ok_or_else(|| Problem::internal("a capture passes the largest amount"))
        }
        AccountEvent::Granted { .. }
        | AccountEvent::Debited { .. }
        | AccountEvent::Refunded { .. }
        | AccountEvent::Adjusted { .. }
        | AccountEvent::Expired { .. }
        | AccountEvent::Voided { .. } => Ok(Change::up(Credits::ZERO)),
    }
}

fn spent(event: &AccountEvent) -> Option<Credits> {
    match event {
        AccountEvent::Debited { amount, .. } | AccountEvent::Captured { amount, .. } => Some(*amount),
        AccountEvent::Granted { .. }
        | AccountEvent::Refunded { .. }
        | AccountEvent::Adjusted { .. }
        | AccountEvent::Held { .. }
        | AccountEvent::Released { .. }
        | AccountEvent::Expired { .. }
        | AccountEvent::Voided { .. } => None,
    }
}

fn words(event: &AccountEvent, kept: Option<Credits>, zone: Tz) -> String {
    match event {
        AccountEvent::Granted { reason, effective_at, expires_at, source, .. } => {
            let mut words = format!("{}: {reason}", given(*source));
            if let Some(start) = effective_at {
                words.push_str(&format!(", can be spent from {}", day(*start, zone)));
            }
            if let Some(end) = expires_at {
                words.push_str(&format!(", expires {}", day(*end, zone)));
            }
            words
        }
        AccountEvent::Debited { run: 1, .. } => "Generation".into(),
        AccountEvent::Debited { run, .. } => format!("Generation, run {run}"),
        AccountEvent::Refunded { reason, .. } => {
            let words = format!("Refund: {}", why_refunded(*reason));
            kept.map_or_else(|| words.clone(), |kept| format!("{words} late, {kept} stay charged"))
        }
        AccountEvent::Adjusted { reason, asked: None, .. } => format!("Correction: {reason}"),
        AccountEvent::Adjusted { reason, asked: Some(asked), .. } => {
            format!("Correction: {reason} ({asked} was asked, and no more was there)")
        }
        AccountEvent::Held { job_id: Some(_), .. } => "Set aside for a generation".into(),
        AccountEvent::Held { reason, .. } if reason.is_empty() => "Set aside".into(),
        AccountEvent::Held { reason, .. } => format!("Set aside: {reason}"),
        AccountEvent::Captured { amount, released, job_id, .. } => {
            let what = if job_id.is_some() { "Generation" } else { "Charged from what was set aside" };
            match released.is_zero() {
                true => format!("{what}: {amount} spent"),
                false => format!("{what}: {amount} spent, {released} came back"),
            }
        }
        AccountEvent::Released { reason, .. } => format!("Came back: {}", why_released(*reason)),
        AccountEvent::Expired { .. } => "Expired".into(),
        AccountEvent::Voided { reason, .. } => format!("Taken back: {reason}"),
    }
}

fn given(source: Source) -> &'static str {
    match source {
        Source::Plan => "Plan",
        Source::Purchase => "Purchase",
        Source::Promo => "Promotion",
        Source::Goodwill => "Goodwill",
        Source::Adjustment => "Correction",
        Source::Other => "Credits added",
    }
}

fn why_refunded(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::Failed => "the generation failed",
        RefundReason::Cancelled => "the generation was cancelled",
        RefundReason::Discarded => "the generation was given up",
        RefundReason::Goodwill => "goodwill",
    }
}

fn why_released(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::Requested => "not needed any more",
        ReleaseReason::Expired => "set aside for long enough",
        ReleaseReason::Failed => "the generation failed",
        ReleaseReason::Cancelled => "the generation was cancelled",
        ReleaseReason::Discarded => "the generation was given up",
    }
}

fn day(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::{AccountEvent, Credits, Tz, held, spent, words};
    use ledger::account::HoldId;

    fn amount(text: &str) -> Credits {
        text.parse().unwrap()
    }

    #[test]
    fn a_capture_tells_what_was_spent_and_what_came_back() {
        let captured = AccountEvent::Captured {
            hold: HoldId(3),
            amount: amount("15"),
            released: amount("5"),
            job_id: None,
            run: None,
            from: Vec::new(),
            to: Vec::new(),
        };
        assert_eq!(captured.change().to_string(), "5");
        assert_eq!(held(&captured).unwrap().to_string(), "-20");
        assert_eq!(spent(&captured), Some(amount("15")));
        assert_eq!(words(&captured, None, Tz::UTC), "Charged from what was set aside: 15 spent, 5 came back");
    }
}
