//! How a lane lives with other processes that write to the same accounts. Alone, it decides on the heads that it
//! remembers. After a lost race it reads them anew for every batch, which is enough while the others seldom write to
//! the same account at the same moment. If it still loses too often, it takes turns with them (`store::turn`).
//!
//! Nothing here is needed for correctness: the unique key on (account, stream, version) decides who has won.

use std::time::Duration;
use tokio::time::Instant;

/// How long others are expected to be there after a lost race, and how long turns are taken before the lane tries
/// to do without.
const EXPECTED: Duration = Duration::from_secs(10);

/// The share of lost batches from which turns are cheaper: a turn keeps the other processes idle.
const TOO_MANY: f64 = 0.35;

/// What one batch counts in that share: it is that of the last hundred or so, so that an unlucky few do not matter.
const WEIGHT: f64 = 0.02;

/// A batch that lost so often in a row has met somebody on a busy account.
const IN_A_ROW: u32 = 6;

/// See the module.
#[derive(Default)]
pub(super) struct Sharing {
    expected_until: Option<Instant>,
    turns_until: Option<Instant>,
    lost: f64,
}

impl Sharing {
    /// Whether remembered heads are worth little.
    pub(super) fn reads_anew(&self) -> bool {
        is_ahead(self.expected_until) || self.takes_turns()
    }

    /// Whether heads are read and written in turns.
    pub(super) fn takes_turns(&self) -> bool {
        is_ahead(self.turns_until)
    }

    /// Takes note of a batch that was written.
    pub(super) fn note_written(&mut self) {
        self.lost -= WEIGHT * self.lost;
    }

    /// Takes note of a batch that another process forestalled, `in_a_row` times by now.
    pub(super) fn note_race(&mut self, in_a_row: u32) {
        let now = Instant::now();
        self.lost += WEIGHT * (1.0 - self.lost);
        self.expected_until = Some(now + EXPECTED);
        if self.lost > TOO_MANY || in_a_row >= IN_A_ROW {
            self.turns_until = Some(now + EXPECTED);
            // Whoever takes turns loses none. When they end it is counted from the start.
            self.lost = 0.0;
            self.expected_until = Some(now + 2 * EXPECTED);
        }
    }
}

fn is_ahead(moment: Option<Instant>) -> bool {
    moment.is_some_and(|moment| Instant::now() < moment)
}

#[cfg(test)]
mod tests {
    use super::{EXPECTED, Sharing};

    fn after(batches: &[bool]) -> Sharing {
        let mut sharing = Sharing::default();
        for lost in batches {
            if *lost { sharing.note_race(1) } else { sharing.note_written() }
        }
        sharing
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_race_is_remembered_for_a_while() {
        let sharing = after(&[true]);
        assert!(sharing.reads_anew() && !sharing.takes_turns());
        tokio::time::advance(EXPECTED).await;
        assert!(!sharing.reads_anew());
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_lost_races_are_cheaper_than_turns() {
        let one_in_seven: Vec<bool> = (0..7_000).map(|batch| batch % 7 == 0).collect();
        assert!(!after(&one_in_seven).takes_turns());
    }

    #[tokio::test(start_paused = true)]
    async fn many_lost_races_end_in_turns_which_end_by_themselves() {
        let sharing = after(&[true; 30]);
        assert!(sharing.takes_turns());
        tokio::time::advance(EXPECTED).await;
        assert!(!sharing.takes_turns() && sharing.reads_anew());
        tokio::time::advance(EXPECTED).await;
        assert!(!sharing.reads_anew());
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_account_is_taken_in_turns_at_once() {
        let mut sharing = Sharing::default();
        (1..=6).for_each(|in_a_row| sharing.note_race(in_a_row));
        assert!(sharing.takes_turns());
    }
}
