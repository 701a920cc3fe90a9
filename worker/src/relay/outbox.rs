//! Messages between the board and SQS: what goes into the next request, what is tried again and when, and what SQS
//! refuses for good.
//!
//! A refusal counts only while its queue takes other messages. One that refuses everything is set up wrongly, and that must
//! not kill every job there is.

use super::board::{Ask, Board};
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
}

impl Outbox {
    /// Puts in what is to be sent beside what the board has.
    pub(super) fn add(&mut self, ask: Ask) {
        self.ready.push_back(Parcel::new(ask));
    }

    /// What the next request is to hold; nothing if there is nothing to send now.
    pub(super) fn next_request(&mut self, board: &mut Board, now: Instant) -> Vec<Parcel> {
        while let Some(entry) = self.resting.first_entry().filter(|entry| entry.key().0 <= now) {
            self.ready.push_back(entry.remove());
        }
        // Claimed or cancelled in the meantime.
        self.ready.retain(|parcel| board.is_out(&parcel.ask));
        if let Some(alone) = self.ready.pop_front_if(|first| first.is_alone) {
            return vec![alone];
        }
        let mut request = Vec::new();
        while let Some(parcel) =
            self.ready.pop_front_if(|next| !next.is_alone && request.len() < MOST_ENTRIES)
        {
            request.push(parcel);
        }
        let room = MOST_ENTRIES - request.len();
        request.extend(board.take(room).into_iter().map(Parcel::new));
        request
    }

    /// When something is to be tried again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.resting.first_key_value().map(|((at, _), _)| *at)
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
