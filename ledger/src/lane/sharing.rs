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
    pub(super) fn reads_anew(&self, now: Instant) -> bool {
        is_ahead(self.expected_until, now) || self.takes_turns(now)
    }

    /// Whether heads are read and written in turns.
    pub(super) fn takes_turns(&self, now: Instant) -> bool {
        is_ahead(self.turns_until, now)
    }

    /// Takes note of a batch that was written.
    pub(super) fn note_written(&mut self) {
        self.lost -= WEIGHT * self.lost;
    }

    /// Takes note of a batch that another process forestalled, `in_a_row` times by now.
    pub(super) fn note_race(&mut self, in_a_row: u32, now: Instant) {
        self.lost += WEIGHT * (1.0 - self.lost);
        self.expected_until = self.expected_until.max(Some(now + EXPECTED));
        if self.lost > TOO_MANY || in_a_row >= IN_A_ROW {
            self.turns_until = Some(now + EXPECTED);
            // Whoever takes turns loses none. When they end it is counted from the start.
            self.lost = 0.0;
            self.expected_until = Some(now + 2 * EXPECTED);
        }
    }
}

fn is_ahead(moment: Option<Instant>, now: Instant) -> bool {
    moment.is_some_and(|moment| now < moment)
}

#[cfg(test)]
mod tests {
    use super::{EXPECTED, IN_A_ROW, Sharing};
    use tokio::time::Instant;

    fn after(batches: impl IntoIterator<Item = bool>, now: Instant) -> Sharing {
        let mut sharing = Sharing::default();
        for lost in batches {
            if lost { sharing.note_race(1, now) } else { sharing.note_written() }
        }
        sharing
    }

    #[test]
    fn a_lost_race_is_remembered_for_a_while() {
        let now = Instant::now();
        let sharing = after([true], now);
        assert!(sharing.reads_anew(now) && !sharing.takes_turns(now));
        assert!(!sharing.reads_anew(now + EXPECTED));
    }

    #[test]
    fn a_few_lost_races_are_cheaper_than_turns() {
        let now = Instant::now();
        let one_in_seven = (0..7_000).map(|batch| batch % 7 == 0);
        assert!(!after(one_in_seven, now).takes_turns(now));
    }

    #[test]
    fn many_lost_races_end_in_turns_which_end_by_themselves() {
        let now = Instant::now();
        let sharing = after([true; 30], now);
        assert!(sharing.takes_turns(now) && sharing.reads_anew(now));
        let then = now + EXPECTED;
        assert!(!sharing.takes_turns(then) && sharing.reads_anew(then));
        assert!(!sharing.reads_anew(then + EXPECTED));
    }

    #[test]
    fn a_busy_account_is_taken_in_turns_at_once() {
        let now = Instant::now();
        let mut sharing = Sharing::default();
        (1..=IN_A_ROW).for_each(|in_a_row| sharing.note_race(in_a_row, now));
        assert!(sharing.takes_turns(now));
    }
}
