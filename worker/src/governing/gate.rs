//! The gate of one provider.

use super::Limits;
use super::breaker::{Breaker, BreakerSettings};
use super::window::Window;
use crate::provider::{ProviderFailure, Submission};
use governor::clock::{Clock, MonotonicClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use ledger::job::{Billed, FailureClass};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

type Bucket = RateLimiter<NotKeyed, InMemoryState, MonotonicClock>;

/// Those who find no room look again after this.
const NO_ROOM: Duration = Duration::from_secs(1);

/// No wish of a provider to be left alone is kept for longer without a new question.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Decides who may ask one provider for work.
pub(crate) struct Gate {
    name: String,
    limits: Limits,
    state: Mutex<State>,
    bucket: Option<Bucket>,
}

struct State {
    window: Window,
    /// The whole account: a wrong key, or a quota that is used up, fails every model.
    account: Option<Breaker>,
    /// A model that is down says nothing about the others.
    models: HashMap<String, Breaker>,
    /// Until when the provider wants no requests.
    quiet_until: Option<Instant>,
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
    pub(crate) fn new(name: &str, limits: Limits) -> Gate {
        let state = State {
            window: Window::new(limits.concurrency),
            account: limits.breaker.map(Breaker::new),
            models: HashMap::new(),
            quiet_until: None,
        };
        let bucket = limits.rate.and_then(|rate| {
            let quota = Quota::with_period(rate.per / rate.count.get())?.allow_burst(rate.count);
            Some(RateLimiter::direct_with_clock(quota, MonotonicClock))
        });
        Gate { name: name.to_owned(), limits, state: Mutex::new(state), bucket }
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
        let State { account, models, quiet_until, window } = &mut *state;
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
        if let Some(bucket) = &self.bucket {
            let not_until = bucket.check();
            not_until.map_err(|until| {
                let wait = until.wait_time_from(MonotonicClock.now());
                Refused { reason: Reason::Rate, wait }
            })?;
        }
        breakers.iter_mut().for_each(|breaker| breaker.sent(now));
        window.enter();
        Ok(())
    }

    fn tell(&self, model: &str, told: &Told, now: Instant) {
        let mut state = self.state();
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

impl State {
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

#[cfg(test)]
mod tests {
    use super::{Gate, Reason};
    use crate::governing::{BreakerSettings, Governing, Limits, Rate};
    use crate::provider::{ProviderFailure, Submission};
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::Instant;

    const MINUTE: Duration = Duration::from_secs(60);
    const BREAKER: BreakerSettings = BreakerSettings { failures: 2, pause: MINUTE, longest_pause: MINUTE };

    fn gate(limits: Limits) -> Arc<Gate> {
        Arc::new(Gate::new("p", limits))
    }

    fn broken() -> Limits {
        Limits { breaker: Some(BREAKER), ..Limits::default() }
    }

    fn refusal(gate: &Arc<Gate>, model: &str) -> Option<Reason> {
        gate.admit(model, Instant::now()).err().map(|refused| refused.reason)
    }

    fn answer(gate: &Arc<Gate>, model: &str, failure: &ProviderFailure) {
        gate.admit(model, Instant::now()).unwrap_or_else(|refused| panic!("{refused:?}")).tell(Err(failure));
    }

    #[test]
    fn what_was_said_to_one_key_says_nothing_about_the_next() {
        let governing = Governing::default();
        let gate = |key| governing.gate("p", Limits { key_tag: Some(key), ..broken() });
        answer(&gate(1), "a", &ProviderFailure::throttled("provider_auth", "the key is wrong", None));
        assert_eq!(refusal(&gate(1), "a"), Some(Reason::Broken));
        assert_eq!(refusal(&gate(2), "a"), None);
    }

    #[test]
    fn a_model_that_is_down_is_left_alone_and_the_others_go_on() {
        let gate = gate(broken());
        let down = ProviderFailure::transient("provider_unavailable", "down");
        answer(&gate, "a", &down);
        assert_eq!(refusal(&gate, "a"), None);
        answer(&gate, "a", &down);
        assert_eq!(refusal(&gate, "a"), Some(Reason::Broken));
        assert_eq!(refusal(&gate, "b"), None);
    }

    #[test]
    fn a_key_that_is_refused_stops_every_model_at_once() {
        let gate = gate(broken());
        answer(&gate, "a", &ProviderFailure::throttled("provider_auth", "no", None));
        assert_eq!(refusal(&gate, "a"), Some(Reason::Broken));
        assert_eq!(refusal(&gate, "b"), Some(Reason::Broken));
    }

    #[test]
    fn refused_prompts_say_nothing_against_a_provider() {
        let gate = gate(broken());
        for _ in 0..10 {
            answer(&gate, "a", &ProviderFailure::permanent("content_refused", "not this one"));
        }
        assert_eq!(refusal(&gate, "a"), None);
    }

    #[test]
    fn a_wish_for_a_pause_is_kept() {
        let gate = gate(Limits::default());
        answer(&gate, "a", &ProviderFailure::throttled("provider_busy", "slower", Some(MINUTE)));
        assert_eq!(refusal(&gate, "b"), Some(Reason::Quiet));
        let later = Instant::now() + MINUTE;
        assert!(gate.admit("b", later).is_ok());
    }

    #[test]
    fn no_more_calls_are_under_way_than_may_be_and_a_wish_for_fewer_halves_them() {
        let gate = gate(Limits { concurrency: NonZeroU32::new(4), ..Limits::default() });
        let admit = || gate.admit("a", Instant::now());
        let mut permits: Vec<_> =
            (0..4).map(|_| admit().unwrap_or_else(|_| panic!("there is room"))).collect();
        assert_eq!(refusal(&gate, "a"), Some(Reason::Full));
        let busy = ProviderFailure::throttled("provider_busy", "slower", None);
        permits.pop().unwrap().tell(Err(&busy));
        assert_eq!(refusal(&gate, "a"), Some(Reason::Full), "two may be, three are");
        drop(permits);
        let done = Submission::Done(Vec::new());
        let first = admit().unwrap_or_else(|_| panic!("there is room"));
        let _second = admit().unwrap_or_else(|_| panic!("there is room"));
        assert_eq!(refusal(&gate, "a"), Some(Reason::Full));
        first.tell(Ok(&done));
        assert_eq!(refusal(&gate, "a"), None);
    }

    #[test]
    fn no_more_calls_are_made_in_a_time_than_may_be() {
        let rate = Rate { count: NonZeroU32::new(3).unwrap(), per: MINUTE };
        let gate = gate(Limits { rate: Some(rate), ..Limits::default() });
        for _ in 0..3 {
            assert_eq!(refusal(&gate, "a"), None);
        }
        let refused = gate.admit("a", Instant::now()).err().unwrap();
        assert_eq!(refused.reason, Reason::Rate);
        assert!(refused.wait <= MINUTE / 3 && refused.wait > MINUTE / 6, "{refused:?}");
    }
}
