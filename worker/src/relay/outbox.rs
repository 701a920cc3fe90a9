//! Messages between the board and SQS: what goes into the next request, what is tried again and when, and what SQS
//! refuses for good.
//!
//! A refusal counts only while its queue takes other messages. One that refuses everything is set up wrongly, and that must
//! not kill every job there is. A request that is not full may wait for more messages; the linger says how long.

use super::board::{Ask, Board};
use crate::linger::Linger;
use crate::queue::{Fault, Letter, MOST_ENTRIES};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const MOST_DOUBLINGS: u32 = 7;

/// So often a message may be refused for good before it is set aside.
const MOST_REFUSALS: u32 = 5;

/// A message that is being sent.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub ask: Ask,
    /// Goes in a request of its own: one with others was refused as a whole.
    is_alone: bool,
    tries: u32,
    refusals: u32,
    /// When it was first refused for good.
    refused_at: Option<Instant>,
    /// With which code it was refused.
    pub code: String,
}

impl Parcel {
    pub(super) fn new(ask: Ask) -> Parcel {
        Parcel { ask, is_alone: false, tries: 0, refusals: 0, refused_at: None, code: String::new() }
    }

    pub(super) fn letter(&self) -> Letter {
        self.ask.letter()
    }
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    ready: VecDeque<Parcel>,
    /// What is tried again later; the number tells apart what rests until the same moment.
    resting: BTreeMap<(Instant, u64), Parcel>,
    rested: u64,
    /// When the queue of each class last took a message.
    taken_at: HashMap<String, Instant>,
    linger: Linger,
}

impl Outbox {
    pub(super) fn new(linger: Duration) -> Outbox {
        Outbox { linger: Linger::new(linger), ..Outbox::default() }
    }

    /// Puts in what is to be sent beside what the board has.
    pub(super) fn add(&mut self, ask: Ask) {
        self.ready.push_back(Parcel::new(ask));
    }

    /// What the next request is to hold; nothing if there is nothing to send now. What waits for others has its place
    /// already, and the checkpoint stays before its event: whoever leads next sends it.
    pub(super) fn next_request(&mut self, board: &mut Board, now: Instant) -> Vec<Parcel> {
        while let Some(entry) = self.resting.first_entry().filter(|entry| entry.key().0 <= now) {
            self.ready.push_back(entry.remove());
        }
        // Claimed or cancelled in the meantime.
        self.ready.retain(|parcel| board.is_out(&parcel.ask));
        if let Some(alone) = self.ready.pop_front_if(|first| first.is_alone) {
            return vec![alone];
        }
        let room = MOST_ENTRIES.saturating_sub(self.ready.len());
        self.ready.extend(board.take(room).into_iter().map(Parcel::new));
        let together = self.ready.iter().take(MOST_ENTRIES).take_while(|parcel| !parcel.is_alone).count();
        // What goes alone comes next, so nothing can join those before it.
        let is_full = together == MOST_ENTRIES || together < self.ready.len();
        if together == 0 || !(is_full || self.linger.is_over(now)) {
            return Vec::new();
        }
        self.linger.left(now);
        self.ready.drain(..together).collect()
    }

    /// When something is to be sent that waits: for others, or to be tried again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        let lingers = self.linger.until().filter(|_| !self.ready.is_empty());
        let rests = self.resting.first_key_value().map(|((at, _), _)| *at);
        [lingers, rests].into_iter().flatten().min()
    }

    /// Takes in the answer of the queue of a class to a request, and gives back what is to be set aside.
    pub(super) fn answered(
        &mut self,
        board: &mut Board,
        class: &str,
        answers: Vec<(Parcel, Result<(), Fault>)>,
        now: Instant,
    ) -> Vec<Parcel> {
        if answers.iter().any(|(_, answer)| answer.is_ok()) {
            self.taken_at.insert(class.to_owned(), now);
        }
        let mut aside = Vec::new();
        for (mut parcel, answer) in answers {
            match answer {
                Ok(()) => {
                    board.acknowledge(&parcel.ask, now);
                    continue;
                }
                Err(Fault::Passing) => {}
                Err(Fault::Crowd(_)) => parcel.is_alone = true,
                Err(Fault::Refused(code)) => {
                    parcel.refusals += 1;
                    parcel.refused_at.get_or_insert(now);
                    parcel.code = code;
                }
            }
            if self.is_hopeless(&parcel, class) && board.is_out(&parcel.ask) {
                aside.push(parcel)
            } else {
                self.rest(parcel, now)
            }
        }
        aside
    }

    /// Refused again and again, while others were taken.
    fn is_hopeless(&self, parcel: &Parcel, class: &str) -> bool {
        let taken_at = self.taken_at.get(class).copied();
        parcel.refusals >= MOST_REFUSALS && parcel.refused_at.is_some_and(|first| taken_at > Some(first))
    }

    /// Tries this again after a pause, twice as long each time.
    pub(super) fn rest(&mut self, mut parcel: Parcel, now: Instant) {
        metrics::counter!("cooly_relay_resent_total").increment(1);
        let pause = (FIRST_PAUSE * (1 << parcel.tries.min(MOST_DOUBLINGS))).min(LONGEST_PAUSE);
        parcel.tries += 1;
        self.rested += 1;
        self.resting.insert((now + pause, self.rested), parcel);
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, Board, MOST_ENTRIES, Outbox};
    use crate::relay::board::{Limits, Window};
    use chrono::{DateTime, Utc};
    use ledger::{AccountId, JobId, Position};
    use std::collections::BTreeMap;
    use std::time::Duration;
    use tokio::time::Instant;
    use uuid::Uuid;

    const LINGER: Duration = Duration::from_millis(100);

    /// A board that is asked for the messages of these positions.
    fn ask(board: &mut Board, positions: std::ops::Range<i64>) {
        for position in positions {
            let job = JobId(Uuid::from_u128(position.unsigned_abs().into()));
            let ask = Ask {
                key: (AccountId(Uuid::from_u128(1)), job),
                run: 1,
                model: "model".into(),
                via: "p".into(),
                may_be_made: false,
                due: None,
                position: Position(position),
                since: DateTime::UNIX_EPOCH,
            };
            board.ask(ask, Utc::now());
        }
    }

    fn board() -> Board {
        let usual = Window { of_lane: 1_000, of_provider: 1_000 };
        Board::new(Limits { usual, windows: BTreeMap::new(), kept: 1_000 }, Position(0))
    }

    #[test]
    fn a_lone_message_leaves_at_once_and_those_after_it_together() {
        let (mut board, mut outbox, now) = (board(), Outbox::new(LINGER), Instant::now());
        ask(&mut board, 1..2);
        assert_eq!(outbox.next_request(&mut board, now).len(), 1, "it was quiet");
        assert_eq!(outbox.next_try(), None);
        ask(&mut board, 2..5);
        assert!(outbox.next_request(&mut board, now + LINGER / 4).is_empty());
        assert_eq!(outbox.next_try(), Some(now + LINGER));
        assert_eq!(board.safe_until(Position(9)), Position(0), "what waits is not passed by the checkpoint");
        ask(&mut board, 5..8);
        assert_eq!(outbox.next_request(&mut board, now + LINGER).len(), 6);
        ask(&mut board, 8..20);
        let next = now + LINGER + LINGER / 4;
        assert_eq!(outbox.next_request(&mut board, next).len(), MOST_ENTRIES, "a full one waits for nothing");
        assert!(outbox.next_request(&mut board, next).is_empty());
        assert_eq!(outbox.next_request(&mut board, next + LINGER).len(), 2);
    }

    #[test]
    fn without_a_linger_nothing_waits() {
        let (mut board, mut outbox, now) = (board(), Outbox::new(Duration::ZERO), Instant::now());
        for position in 1..4 {
            ask(&mut board, position..position + 1);
            assert_eq!(outbox.next_request(&mut board, now).len(), 1);
        }
    }

    #[test]
    fn what_is_settled_while_it_waits_is_not_sent() {
        let (mut board, mut outbox, now) = (board(), Outbox::new(LINGER), Instant::now());
        ask(&mut board, 1..2);
        assert_eq!(outbox.next_request(&mut board, now).len(), 1);
        ask(&mut board, 2..4);
        assert!(outbox.next_request(&mut board, now).is_empty());
        board.settle((AccountId(Uuid::from_u128(1)), JobId(Uuid::from_u128(2))), Position(9), false);
        let request = outbox.next_request(&mut board, now + LINGER);
        assert_eq!(request.iter().map(|parcel| parcel.ask.position.0).collect::<Vec<_>>(), [3]);
    }
}
