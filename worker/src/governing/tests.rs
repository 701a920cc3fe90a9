//! What is told to be shut.

use super::{BreakerSettings, Governing, Limits, Rate};
use crate::provider::ProviderFailure;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

fn down() -> ProviderFailure {
    ProviderFailure::transient("provider_unavailable", "down")
}

#[tokio::test]
async fn a_model_that_is_down_is_told_at_once_and_no_longer_when_it_answers() {
    let governing = Governing::default();
    let breaker = BreakerSettings { failures: 1, pause: Duration::ZERO, longest_pause: Duration::ZERO };
    let gate = governing.gate("p", Limits { breaker: Some(breaker), ..Limits::default() });
    let admit = || gate.admit("m", Instant::now()).unwrap_or_else(|refused| panic!("{refused:?}"));
    governing.changed().await;
    assert!(governing.shut(Instant::now()).gates.is_empty());
    admit().tell(Err(&down()));
    governing.changed().await;
    let shut = governing.shut(Instant::now()).gates;
    assert_eq!((shut[0].provider.as_str(), shut[0].model.as_deref()), ("p", Some("m")));
    assert!(shut.len() == 1 && shut[0].is_tried && shut[0].until <= Instant::now(), "{shut:?}");
    let probe = admit();
    governing.changed().await;
    assert!(governing.shut(Instant::now()).gates[0].until > Instant::now(), "the probe tells for all");
    probe.tell(Ok(&crate::provider::Submission::Done(Vec::new())));
    governing.changed().await;
    assert!(governing.shut(Instant::now()).gates.is_empty());
}

#[test]
fn a_slow_rate_shuts_its_provider_until_the_next_call_and_a_fast_one_never() {
    for (per, is_slow) in [(MINUTE, true), (Duration::from_secs(9), false)] {
        let governing = Governing::default();
        let rate = Rate { count: NonZeroU32::MIN, per };
        let gate = governing.gate("p", Limits { rate: Some(rate), ..Limits::default() });
        let now = Instant::now();
        assert!(
            gate.admit("m", now).is_ok() && governing.shut(now).gates.is_empty(),
            "nobody was refused yet"
        );
        assert!(gate.admit("m", now).is_err());
        let shut = governing.shut(now).gates;
        assert_eq!(shut.len(), usize::from(is_slow));
        for gate in shut {
            assert!(gate.until > now + per / 2 && gate.until <= now + per, "{gate:?}");
            assert_eq!(gate.model, None);
        }
        assert!(governing.shut(now + per * 3).gates.is_empty(), "the bucket is full again");
    }
}

#[test]
fn of_what_was_too_dear_the_least_is_told() {
    let governing = Governing::default();
    for usd in ["0.5", "0.2", "0.9"] {
        governing.was_too_dear("p", "m", usd.parse().unwrap());
    }
    let refused = governing.shut(Instant::now()).refused;
    assert_eq!((refused.len(), refused[0].usd), (1, "0.2".parse().unwrap()));
}
