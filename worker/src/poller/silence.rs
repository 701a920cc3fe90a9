//! How long a provider has not answered for a task, and how long it is left alone because of that.

use crate::backoff::{doubled, jitter};
use std::time::Duration;
use tokio::time::Instant;

/// No pause is longer, unless the provider asks for it or is never asked more often.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Pauses grow from this at least, however often the provider may be asked.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Questions in a row that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Silence {
    questions: u32,
    since: Option<Instant>,
}

impl Silence {
    /// With one more question that got none.
    pub(super) fn longer(self, now: Instant) -> Silence {
        Silence { questions: self.questions.saturating_add(1), since: self.since.or(Some(now)) }
    }

    /// How long it has lasted.
    pub(super) fn lasts(self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now - since)
    }

    /// How long to wait before the next question: the provider's interval, doubled with each further silence. Half
    /// of it is drawn, so that tasks that failed together do not come back together.
    pub(super) fn pause(self, interval: Duration, asked_for: Option<Duration>) -> Duration {
        let ceiling = doubled(interval.max(SHORTEST_PAUSE), self.questions, LONGEST_PAUSE);
        (ceiling / 2 + jitter(ceiling / 2)).max(interval).max(asked_for.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Silence;
    use std::time::Duration;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(questions: u32) -> Silence {
        (0..questions).fold(Silence::default(), |silence, _| silence.longer(Instant::now()))
    }

    #[test]
    fn pauses_double_until_the_longest() {
        let least: [u64; 8] = [1, 2, 4, 8, 16, 30, 30, 30];
        for (silence, least) in (1..).map(after).zip(least) {
            for _ in 0..100 {
                let pause = silence.pause(SECOND, None).as_secs_f64();
                assert!(pause >= least as f64 && pause <= 2.0 * least as f64, "{silence:?}: {pause}");
            }
        }
    }

    #[test]
    fn a_silence_lasts_from_its_first_question() {
        let now = Instant::now();
        assert_eq!(Silence::default().lasts(now), Duration::ZERO);
        let silence = Silence::default().longer(now).longer(now + SECOND);
        assert_eq!(silence.lasts(now + 2 * SECOND), 2 * SECOND);
    }

    #[test]
    fn a_provider_is_never_asked_sooner_than_it_wants() {
        let hour = Duration::from_secs(3_600);
        assert_eq!(after(1).pause(hour, None), hour);
        assert_eq!(after(1).pause(SECOND, Some(hour)), hour);
    }

    #[test]
    fn a_provider_without_an_interval_is_left_alone_all_the_same() {
        assert!(after(20).pause(Duration::ZERO, Some(Duration::ZERO)) >= 30 * SECOND);
    }
}
