//! Every answer of every command in every status, and the rules of attempts, leases and refunds.

mod answers;
mod attempts;
mod late_cancel;
mod price;

use crate::account::{Charge, Lot, RefundReason};
use crate::credits::Credits;
use crate::decision::Decision;
use crate::job::command::JobCommand;
use crate::job::decide::decide;
use crate::job::event::JobEvent;
use crate::job::failure::{Failure, FailureClass};
use crate::job::give_back::Charged;
use crate::job::late_cancel::LateCancel;
use crate::job::policy::RetryPolicy;
use crate::job::price::Price;
use crate::job::request::{JobRequest, Kind, Params};
use crate::job::state::{JobState, Status};
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::sync::Arc;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "code".into(), message: "message".into(), billed: None }
}

fn request() -> Arc<JobRequest> {
    Arc::new(JobRequest {
        kind: Kind::Image,
        model: "m".into(),
        prompt: "p".into(),
        count: 1,
        params: Params::default(),
    })
}

/// Queues a job of which a late cancel keeps nothing.
fn queue(price: Price) -> JobCommand {
    JobCommand::Queue { request: request(), price, late_cancel: LateCancel::REFUND }
}

const POLICY: RetryPolicy = RetryPolicy { max_attempts: 3, give_up_after_seconds: 3_600 };

fn start() -> JobCommand {
    JobCommand::Start { worker: "w".into(), lease_seconds: 60, policy: POLICY, catalogue: Arc::default() }
}

fn fail(fencing: i64, class: FailureClass) -> JobCommand {
    JobCommand::FailAttempt {
        fencing,
        failure: failure(class),
        backoff_milliseconds: 5_000,
        policy: POLICY,
        gives_up: false,
        provider: None,
    }
}

/// Credits of these lots.
fn lots(lots: &[(i64, &str)]) -> Vec<Lot> {
    let lot = |(id, amount): &(i64, &str)| {
        serde_json::from_value(serde_json::json!({ "lot": id, "amount": amount })).unwrap()
    };
    lots.iter().map(lot).collect()
}

/// What a job of 4 credits gives back: the lots in the order in which they come back.
fn refund(reason: RefundReason, run: u32) -> Option<(Charge, u32)> {
    Some((Charge::Refund { from: lots(&[(2, "3"), (1, "1")]), reason }, run))
}

/// A job driven through commands, each one second after the other; every one must be accepted.
struct Story {
    state: Option<JobState>,
    version: i64,
    now: i64,
}

impl Story {
    fn queued() -> Story {
        Story { state: None, version: 0, now: 0 }.then(&queue(Price::Fixed(credits("4"))))
    }

    fn then(mut self, command: &JobCommand) -> Story {
        self.now += 1;
        let (decision, charge) = decide(self.state.as_ref(), command, at(self.now)).unwrap();
        let Decision::Events(events) = decision else { panic!("{command:?} changed nothing") };
        let paid = match charge {
            Some((Charge::Debit { amount } | Charge::Hold { amount } | Charge::Capture { amount }, _)) => {
                lots(&[(1, "1"), (2, &(amount.get() - Decimal::ONE).to_string())])
            }
            _ => Vec::new(),
        };
        for event in events.into_iter().map(|event| event.paid(&paid)) {
            self.version += 1;
            self.state = JobState::apply(self.state, &event, self.version, at(self.now));
        }
        self
    }

    fn wait(mut self, seconds: i64) -> Story {
        self.now += seconds;
        self
    }

    fn started() -> Story {
        Story::queued().then(&start())
    }

    fn fencing(&self) -> i64 {
        self.state.as_ref().unwrap().attempt.as_ref().unwrap().fencing
    }

    fn failed(self, class: FailureClass) -> Story {
        let command = fail(self.fencing(), class);
        self.then(&command)
    }

    fn dead() -> Story {
        let mut story = Story::queued();
        for _ in 0..3 {
            story = story.wait(10).then(&start()).failed(FailureClass::Transient);
        }
        story
    }

    fn succeeded() -> Story {
        let story = Story::started();
        let command = JobCommand::Succeed { fencing: story.fencing(), outputs: Vec::new(), provider: None };
        story.then(&command)
    }

    fn decide(&self, command: &JobCommand) -> Result<(Vec<JobEvent>, Charged), Refusal> {
        decide(self.state.as_ref(), command, at(self.now + 1)).map(|(decision, charge)| match decision {
            Decision::Events(events) => (events, charge),
            Decision::AlreadyApplied => (Vec::new(), charge),
        })
    }

    fn state(&self) -> &JobState {
        self.state.as_ref().unwrap()
    }
}

fn in_status(status: Status) -> Story {
    match status {
        Status::Queued => Story::queued(),
        Status::Running => Story::started(),
        Status::Succeeded => Story::succeeded(),
        Status::Failed => Story::started().failed(FailureClass::Permanent),
        Status::Dead => Story::dead(),
        Status::Cancelled => Story::queued().then(&JobCommand::Cancel),
        Status::Discarded => Story::dead().then(&JobCommand::Discard { run: None, reason: None }),
    }
}

const ALL: [Status; 7] = [
    Status::Queued,
    Status::Running,
    Status::Succeeded,
    Status::Failed,
    Status::Dead,
    Status::Cancelled,
    Status::Discarded,
];

/// What a command leads to: the event's name, nothing (`already`), or the refusal's code.
fn answer(story: &Story, command: &JobCommand) -> &'static str {
    match story.decide(command) {
        Ok((events, _)) => events.first().map_or("already", JobEvent::name),
        Err(refusal) => refusal.code(),
    }
}
