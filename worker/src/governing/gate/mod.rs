//! The gate of one provider.

#[cfg(test)]
mod tests;

use super::breaker::{Breaker, BreakerSettings};
use super::shut::ShutGate;
use super::window::Window;
use super::{Limits, Rate};
use crate::provider::{ProviderFailure, Submission};
use governor::clock::{Clock, MonotonicClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use ledger::job::{Billed, FailureClass};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

type Bucket = RateLimiter<NotKeyed, InMemoryState, MonotonicClock>;

/// Those who find no room look again after this.
const NO_ROOM: Duration = Duration::from_secs(1);

/// No wish of a provider to be left alone is kept for longer without a new question.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// A bucket that is empty for so long shuts the gate: who is refused a call of a faster one is soon admitted.
const SLOW: Duration = Duration::from_secs(10);

/// Decides who may ask one provider for work.
pub(crate) struct Gate {
    name: String,
    limits: Limits,
    state: Mutex<State>,
    bucket: Option<Bucket>,
    /// Told whenever something may have shut or opened.
    changed: Arc<Notify>,
}

struct State {
    window: Window,
    /// The whole account: a wrong key, or a quota that is used up, fails every model.
    account: Option<Breaker>,
    /// A model that is down says nothing about the others.
    models: HashMap<String, Breaker>,
    /// Until when the provider wants no requests.
    quiet_until: Option<Instant>,
    /// Until when a slow bucket holds no call.
    empty_until: Option<Instant>,
    /// When calls were given back that had been taken out of the bucket.
    given_back: Vec<Instant>,
}

/// Why nothing may be sent now, and after which time it is worth asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub reason: Reason,
    pub wait: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It failed again and again.
    Broken,
    /// It asked for a pause.
    Quiet,
    /// As many calls as may be are under way.
    Full,
    /// As many calls as may be were made lately.
    Rate,
}

impl Reason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Reason::Broken => "broken",
            Reason::Quiet => "quiet",
            Reason::Full => "full",
            Reason::Rate => "rate",
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gate").field("name", &self.name).field("limits", &self.limits).finish()
    }
}

impl Gate {
    pub(super) fn new(name: &str, limits: Limits, changed: Arc<Notify>) -> Gate {
        let state = State {
            window: Window::new(limits.concurrency),
            account: limits.breaker.map(Breaker::new),
            models: HashMap::new(),
            quiet_until: None,
            empty_until: None,
            given_back: Vec::new(),
        };
        let bucket = limits.rate.and_then(|rate| {
            let quota = Quota::with_period(period(rate))?.allow_burst(rate.count);
            Some(RateLimiter::direct_with_clock(quota, MonotonicClock))
        });
        Gate { name: name.to_owned(), limits, state: Mutex::new(state), bucket, changed }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// A permit to ask for work on this model of the provider now.
    pub(crate) fn admit(self: &Arc<Gate>, model: &str, now: Instant) -> Result<Permit, Refused> {
        let admitted = self.enter(model, now);
        if let Err(refused) = admitted {
            let labels = [("provider", self.name.clone()), ("reason", refused.reason.as_str().to_owned())];
            metrics::counter!("cooly_provider_refusals_total", &labels).increment(1);
            return Err(refused);
        }
        Ok(Permit { gate: Arc::clone(self), model: model.to_owned(), is_told: false })
    }

    fn enter(&self, model: &str, now: Instant) -> Result<(), Refused> {
        let mut state = self.state();
        let State { account, models, quiet_until, window, empty_until, given_back } = &mut *state;
        if let Some(until) = quiet_until.filter(|until| *until > now) {
            return Err(Refused { reason: Reason::Quiet, wait: until - now });
        }
        let mut breakers: Vec<&mut Breaker> = account.iter_mut().chain(models.get_mut(model)).collect();
        for breaker in &breakers {
            breaker.check(now).map_err(|wait| Refused { reason: Reason::Broken, wait })?;
        }
        if !window.has_room() {
            return Err(Refused { reason: Reason::Full, wait: NO_ROOM });
        }
        if let (Some(bucket), Some(rate)) = (&self.bucket, self.limits.rate) {
            given_back.retain(|at| now < *at + rate.per);
            if given_back.pop().is_none()
                && let Err(wait) = take_from(bucket)
            {
                if wait >= SLOW {
                    *empty_until = Some(now + wait);
                    self.changed.notify_one();
                }
                return Err(Refused { reason: Reason::Rate, wait });
            }
            // What it held was taken with this one.
            *empty_until = empty_until.filter(|until| now < *until + rate.per).map(|_| now + period(rate));
        }
        if empty_until.is_some() || breakers.iter().any(|breaker| breaker.is_open()) {
            self.changed.notify_one();
        }
        breakers.iter_mut().for_each(|breaker| breaker.sent(now));
        window.enter();
        Ok(())
    }

    /// What is left alone now.
    pub(super) fn shut(&self, now: Instant) -> Vec<ShutGate> {
        let state = self.state();
        let shut = |model: Option<&String>, until, is_tried| ShutGate {
            provider: self.name.clone(),
            model: model.cloned(),
            until,
            is_tried,
        };
        let refills = self.limits.rate.map_or(Duration::ZERO, |rate| rate.per);
        let quiet = state.quiet_until.filter(|until| *until > now);
        let empty = state.empty_until.filter(|until| now < *until + refills);
        let account = state.account.as_ref().and_then(Breaker::shut_until);
        let whole = [(quiet, false), (empty, true), (account, true)];
        let whole = whole.into_iter().filter_map(|(until, is_tried)| Some(shut(None, until?, is_tried)));
        let models = state.models.iter();
        let models =
            models.filter_map(|(model, breaker)| Some(shut(Some(model), breaker.shut_until()?, true)));
        whole.chain(models).collect()
    }

    fn tell(&self, model: &str, told: &Told, now: Instant) {
        let mut state = self.state();
        let was_shut = state.is_shut(now);
        let breaker = self.limits.breaker;
        match told {
            Told::Served => {
                state.window.grow();
                state.each_breaker(model).for_each(Breaker::succeeded);
            }
            Told::TooMany(pause) => {
                state.window.cut(now);
                state.quiet_until = pause.map(|pause| now + pause.min(LONGEST_PAUSE)).max(state.quiet_until);
                // It answers.
                state.each_breaker(model).for_each(Breaker::succeeded);
            }
            Told::Locked => {
                if let Some(account) = &mut state.account {
                    account.open(now);
                }
            }
            Told::Failed => {
                if let Some(account) = &mut state.account {
                    // It let us in.
                    account.succeeded();
                }
                if let Some(settings) = breaker {
                    state.breaker_of(model, settings).failed(now);
                }
            }
            Told::Nothing => state.each_breaker(model).for_each(|breaker| breaker.told_nothing(now)),
        }
        self.measure(&state);
        if was_shut || state.is_shut(now) {
            self.changed.notify_one();
        }
    }

    fn measure(&self, state: &State) {
        let open = state.account.iter().chain(state.models.values()).filter(|breaker| breaker.is_open());
        metrics::gauge!("cooly_provider_breakers_open", "provider" => self.name.clone())
            .set(open.count() as f64);
        if state.window.size().is_finite() {
            metrics::gauge!("cooly_provider_window", "provider" => self.name.clone())
                .set(state.window.size());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call out of the bucket, or how long it holds none.
fn take_from(bucket: &Bucket) -> Result<(), Duration> {
    bucket.check().map_err(|until| until.wait_time_from(MonotonicClock.now()))
}

/// After which time a bucket holds one call more.
fn period(rate: Rate) -> Duration {
    rate.per / rate.count.get()
}

impl State {
    fn is_shut(&self, now: Instant) -> bool {
        let mut breakers = self.account.iter().chain(self.models.values());
        breakers.any(Breaker::is_open) || self.quiet_until.is_some_and(|until| until > now)
    }

    fn each_breaker(&mut self, model: &str) -> impl Iterator<Item = &mut Breaker> {
        self.account.iter_mut().chain(self.models.get_mut(model))
    }

    fn breaker_of(&mut self, model: &str, settings: BreakerSettings) -> &mut Breaker {
        self.models.entry(model.to_owned()).or_insert_with(|| Breaker::new(settings))
    }
}

/// The right to ask for work once. Without a word about how it went, it tells nothing.
#[must_use = "what is admitted is sent"]
pub(crate) struct Permit {
    gate: Arc<Gate>,
    model: String,
    is_told: bool,
}

impl Permit {
    /// Tells how it went.
    pub(crate) fn tell(mut self, answer: Result<&Submission, &ProviderFailure>) {
        self.is_told = true;
        self.gate.tell(&self.model, &Told::of(answer), Instant::now());
    }

    /// Nothing was sent: the next one may have all of it.
    pub(crate) fn give_back(self) {
        if self.gate.bucket.is_none() {
            return;
        }
        let now = Instant::now();
        let mut state = self.gate.state();
        state.given_back.push(now);
        // There is a call again, to be tried at once.
        state.empty_until = state.empty_until.map(|until| until.min(now));
        drop(state);
        self.gate.changed.notify_one();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_told {
            self.gate.tell(&self.model, &Told::Nothing, Instant::now());
        }
        self.gate.state().window.leave();
    }
}

/// What an answer says about the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It works. Refusing a request for what it asks is work too.
    Served,
    /// It wants fewer requests, and none for so long.
    TooMany(Option<Duration>),
    /// It lets nobody in with our key, or wants to be paid first.
    Locked,
    /// It, or this model, is down.
    Failed,
    /// Nothing.
    Nothing,
}

impl Told {
    fn of(answer: Result<&Submission, &ProviderFailure>) -> Told {
        let Err(failure) = answer else { return Told::Served };
        match failure.failure.class {
            _ if failure.is_about_our_account() => Told::Locked,
            FailureClass::Permanent => Told::Served,
            // Asking after earlier work went unanswered: nothing was sent.
            FailureClass::Throttled if failure.failure.billed == Some(Billed::Unknown) => Told::Nothing,
            FailureClass::Throttled => Told::TooMany(failure.retry_after),
            FailureClass::Transient => Told::Failed,
        }
    }
}
