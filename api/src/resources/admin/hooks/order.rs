//! What is asked of endpoints.

use crate::app::App;
use crate::serve::body::{self, Items, body};
use crate::serve::problem::Problem;
use crate::words::hooks::{HookUrl, TopicName};
use crate::words::scalars::{LogPosition, Reason, UserName};
use ledger::Position;
use poem::http::StatusCode;
use projections::hooks::{Change, Endpoint, Replay, Topic};
use webhooks::{StandardSecret, destination};

/// More than there are types of messages.
const MAX_EVENTS: usize = 20;

/// Longest part of the log that is told again at once, in positions.
const MAX_REPLAY: i64 = 1_000_000;

body! {
    /// An endpoint to be made.
    pub(super) struct NewWebhook {
        /// Where messages go: `https://`, and out in public.
        pub url: HookUrl,
        /// What it is told.
        pub events: Items<TopicName, MAX_EVENTS>,
        /// Only about this user; about all if left out.
        pub user: Option<UserName>,
        /// A note for people.
        pub description: Option<Reason>,
    }
}

body! {
    /// What is changed of an endpoint; what is left out stays.
    pub(super) struct WebhookChange {
        /// Where messages go. What waits goes there too, at once.
        url: Option<HookUrl>,
        /// What it is told from now on.
        events: Option<Items<TopicName, MAX_EVENTS>>,
        /// A note for people.
        description: Option<Reason>,
        /// `false` sends nothing more; what happens meanwhile is not for it, what waits goes on waiting. `true` sends again, what waits
        /// at once.
        enabled: Option<bool>,
    }
    together something
}

body! {
    /// A part of the log that an endpoint is told again.
    pub(super) struct ReplayOrder {
        /// What comes after this position; `disabled.position` is where an endpoint was disabled.
        pub after: LogPosition,
        /// Up to this position; up to now if left out.
        pub until: Option<LogPosition>,
        /// Send also what was delivered.
        #[oai(default)]
        pub with_delivered: bool,
    }
}

/// A change that changes nothing is a mistake.
fn something(object: &mut body::Object<'_>) {
    if !["url", "events", "description", "enabled"].iter().any(|name| object.has(name)) {
        object.miss("enabled", "or something else that is to change is missing");
    }
}

impl WebhookChange {
    pub(super) fn change(self, app: &App) -> Result<Change, Problem> {
        Ok(Change {
            url: self.url.map(|url| reachable(app, url)).transpose()?,
            topics: self.events.map(topics),
            description: self.description.map(|description| description.0),
            is_enabled: self.enabled,
        })
    }
}

impl ReplayOrder {
    /// `end` is how far the log can be told now; what was delivered up to `swept` is not known any more.
    pub(super) fn replay(&self, end: Position, swept: Position) -> Result<Replay, Problem> {
        let LogPosition(after) = &self.after;
        let until = self.until.as_ref().map_or(end, |until| until.0.min(end));
        if *after >= until {
            return Err(Problem::value("after", format!("must lie before {until}, up to which it would be")));
        }
        if until.0 - after.0 > MAX_REPLAY {
            let message = format!(
                "must lie within {MAX_REPLAY} positions before {until}; tell the log in parts, with `until`"
            );
            return Err(Problem::value("after", message));
        }
        if *after < swept && !self.with_delivered {
            let message = format!(
                "must not lie before {swept}: what was delivered up to there is not known any more; `with_delivered` sends it again"
            );
            return Err(Problem::value("after", message));
        }
        Ok(Replay { after: *after, until, with_delivered: self.with_delivered })
    }
}

/// The address, if messages may go there.
pub(super) fn reachable(app: &App, url: HookUrl) -> Result<String, Problem> {
    match destination(&url.0, app.private_hooks) {
        Ok(_) => Ok(url.0),
        Err(error) => Err(Problem::value("url", error.to_string())),
    }
}

/// Each once, in the order of the document.
pub(super) fn topics(named: Items<TopicName, MAX_EVENTS>) -> Vec<Topic> {
    Topic::ALL.into_iter().filter(|topic| named.0.iter().any(|name| name.0 == *topic)).collect()
}

pub(super) fn new_secret() -> Result<String, Problem> {
    StandardSecret::generate().map_err(|error| Problem::internal(error.to_string()))
}

pub(super) fn unknown() -> Problem {
    Problem::not_found("there is no such endpoint; `GET /admin/webhooks` lists them")
}

/// Why nothing can be sent to an endpoint that is there.
pub(super) fn conflict(endpoint: &Endpoint) -> Problem {
    match (&endpoint.disabled, &endpoint.replay) {
        (Some(_), _) => Problem::new(
            StatusCode::CONFLICT,
            "webhook_disabled",
            "The endpoint is disabled",
            "nothing is sent to it; enable it first",
        ),
        (None, Some(replay)) => {
            let Position(until) = replay.until;
            let detail = format!("it is being told the log up to {until}; wait for that to end");
            Problem::new(StatusCode::CONFLICT, "replay_running", "A replay is under way", detail)
        }
        // It was so a moment ago.
        (None, None) => Problem::new(
            StatusCode::CONFLICT,
            "webhook_changed",
            "Somebody changed the endpoint",
            "it was disabled or told something again just now; try again",
        ),
    }
}
