//! Who is admitted and who is not.

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
    Arc::new(Gate::new("p", limits, Arc::default()))
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
    let mut permits: Vec<_> = (0..4).map(|_| admit().unwrap_or_else(|_| panic!("there is room"))).collect();
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

#[test]
fn a_call_that_was_not_made_is_left_for_the_next_one() {
    let rate = Rate { count: NonZeroU32::MIN, per: MINUTE };
    let gate = gate(Limits { rate: Some(rate), ..Limits::default() });
    gate.admit("a", Instant::now()).unwrap_or_else(|refused| panic!("{refused:?}")).give_back();
    assert_eq!(refusal(&gate, "a"), None);
    assert_eq!(refusal(&gate, "a"), Some(Reason::Rate), "one call was given back, not two");
}
