//! What is under way, and what may be sent beside it.
//!
//! Of the messages of an account to an endpoint there is one under way at most, or they would not come in order. An endpoint has a few
//! places, one whose last attempt failed a single one. Whoever fails, or takes its time, shares some places with its like and leaves the
//! others alone: a message that is not answered soon gives its place back, and is waited for beside them. So whoever does not answer holds
//! up nobody but itself.
//!
//! What has landed keeps its place until it is noted, since until then it is still due.

use super::post::{Answer, Post};
use crate::station::Station;
use ledger::AccountId;
use projections::hooks::{Due, Room};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use uuid::Uuid;

/// Messages under way at once to endpoints that answer soon.
const PROMPT: usize = 512;

/// Of those to others, so many as still get company.
const DOUBTFUL: usize = 256;

/// In all, with those that turned out to take their time.
const IN_ALL: usize = 2 * PROMPT;

/// To one endpoint.
const TO_EACH: usize = 4;

/// What is answered after this did not come soon.
const SOON: Duration = Duration::from_millis(750);

/// How long it is remembered that an endpoint took its time, if nothing is sent to it meanwhile.
const GRUDGE: Duration = Duration::from_secs(60);

/// A message that was sent, with the answer.
pub(super) struct Landed {
    pub due: Due,
    pub answer: Answer,
}

struct Flight {
    due: Due,
    since: Instant,
}

/// What is under way to an endpoint.
#[derive(Default)]
struct Busy {
    accounts: HashSet<AccountId>,
    places: usize,
}

impl Busy {
    fn is_full(&self) -> bool {
        self.accounts.len() >= self.places
    }
}

/// Places that are taken.
#[derive(Clone, Copy)]
struct Taken {
    prompt: usize,
    doubtful: usize,
}

/// See the module. Messages are sent by tasks of their own: what is waited for here keeps none of them from going on.
pub(super) struct Flights {
    station: Arc<Station>,
    post: Arc<Post>,
    sending: JoinSet<(Answer, Duration)>,
    flying: HashMap<Id, Flight>,
    landed: Vec<Landed>,
    busy: HashMap<Uuid, Busy>,
    /// Endpoints that took their time, and when they last did.
    slow: HashMap<Uuid, Instant>,
}

impl Flights {
    pub(super) fn new(station: Arc<Station>, post: Post) -> Flights {
        Flights {
            station,
            post: Arc::new(post),
            sending: JoinSet::new(),
            flying: HashMap::new(),
            landed: Vec::new(),
            busy: HashMap::new(),
            slow: HashMap::new(),
        }
    }

    /// How much more may be sent. What is under way is still due, so room is asked for it too; [`Flights::start`] knows it.
    pub(super) fn room(&mut self) -> Room {
        let now = Instant::now();
        self.slow.retain(|_, since| now - *since < GRUDGE);
        let late = self.flying.values().filter(|flight| now - flight.since > SOON);
        self.slow.extend(late.map(|flight| (flight.due.endpoint, now)));
        let for_doubtful = self.taken(now).doubtful < DOUBTFUL;
        let full = self.busy.iter().filter(|(_, busy)| busy.is_full()).map(|(endpoint, _)| *endpoint);
        let slow = self.slow.keys().copied().filter(|_| !for_doubtful);
        Room {
            of_each: TO_EACH as i64,
            in_all: IN_ALL as i64,
            full: full.chain(slow).collect(),
            for_failing: for_doubtful,
        }
    }

    /// Sends what may be sent beside what is under way. Whether others should be asked for in place of those for whom there was no room.
    pub(super) fn start(&mut self, due: Vec<Due>) -> bool {
        let mut taken = self.taken(Instant::now());
        let mut is_crowded = false;
        for due in due {
            let is_doubtful = due.failing_since.is_some() || self.slow.contains_key(&due.endpoint);
            let (places, most) =
                if is_doubtful { (&mut taken.doubtful, DOUBTFUL) } else { (&mut taken.prompt, PROMPT) };
            if *places >= most || self.flying.len() >= IN_ALL {
                is_crowded |= is_doubtful;
            } else if self.take_place(&due) {
                *places += 1;
                self.launch(due);
            }
        }
        is_crowded && self.flying.len() < IN_ALL
    }

    /// Whether there was a place for it at its endpoint.
    fn take_place(&mut self, due: &Due) -> bool {
        let busy = self.busy.entry(due.endpoint).or_default();
        busy.places = if due.failing_since.is_some() { 1 } else { TO_EACH };
        !busy.is_full() && busy.accounts.insert(due.account_id)
    }

    fn launch(&mut self, due: Due) {
        let (station, post, sent) = (Arc::clone(&self.station), Arc::clone(&self.post), due.clone());
        let task = self.sending.spawn(async move {
            let since = Instant::now();
            (post.send(&sent, station.now()).await, since.elapsed())
        });
        self.flying.insert(task.id(), Flight { due, since: Instant::now() });
    }

    /// Waits until something has landed; never returns while nothing is under way. May be given up at any time.
    pub(super) async fn land(&mut self) {
        let Some(first) = self.sending.join_next_with_id().await else { return std::future::pending().await };
        self.touch_down(first);
        while let Some(next) = self.sending.try_join_next_with_id() {
            self.touch_down(next);
        }
    }

    fn touch_down(&mut self, ended: Result<(Id, (Answer, Duration)), JoinError>) {
        // Whatever went wrong in the task was printed; nobody knows whether it was taken.
        let (id, (answer, took)) =
            ended.unwrap_or_else(|error| (error.id(), (Answer::lost(), Duration::ZERO)));
        let Some(Flight { due, .. }) = self.flying.remove(&id) else { return };
        if took > SOON {
            self.slow.insert(due.endpoint, Instant::now());
        } else if answer.error.is_none() {
            self.slow.remove(&due.endpoint);
        }
        self.landed.push(Landed { due, answer });
    }

    /// What has landed and is not noted yet.
    pub(super) fn landed(&self) -> &[Landed] {
        &self.landed
    }

    /// All of it is noted: others may have its places.
    pub(super) fn noted(&mut self) {
        for Landed { due, .. } in self.landed.drain(..) {
            if let Some(busy) = self.busy.get_mut(&due.endpoint) {
                busy.accounts.remove(&due.account_id);
            }
        }
        self.busy.retain(|_, busy| !busy.accounts.is_empty());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// How long until something that is under way does not count as prompt any longer, and others may have its place.
    pub(super) fn until_late(&self) -> Option<Duration> {
        let ages = self.flying.values().map(|flight| flight.since.elapsed());
        ages.filter_map(|age| SOON.checked_sub(age)).min()
    }

    fn taken(&self, now: Instant) -> Taken {
        let is_doubtful = |flight: &&Flight| {
            let Flight { due, since } = flight;
            due.failing_since.is_some() || self.slow.contains_key(&due.endpoint) || now - *since > SOON
        };
        let doubtful = self.flying.values().filter(is_doubtful).count();
        Taken { prompt: self.flying.len() - doubtful, doubtful }
    }
}
