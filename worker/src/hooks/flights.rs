//! What is under way, and what may be sent beside it.
//!
//! Of the messages of an account to an endpoint there is one under way at most, or they would not come in order. An endpoint has a few
//! places, one whose last attempt failed a single one, and all of those together no more than half: so whoever does not answer holds up
//! nobody but itself.

use super::post::{Answer, Post};
use crate::station::Station;
use futures::stream::{FuturesUnordered, StreamExt};
use ledger::AccountId;
use projections::hooks::{Due, Room};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;

/// Messages under way at once.
const IN_ALL: usize = 512;

/// Of them to endpoints whose last attempt failed.
const TO_FAILING: usize = IN_ALL / 2;

/// Of them to one endpoint.
const TO_EACH: usize = 4;

/// A message that was sent, with the answer.
pub(super) struct Landed {
    pub due: Due,
    pub answer: Answer,
}

/// What is under way to an endpoint.
struct Busy {
    accounts: HashSet<AccountId>,
    places: usize,
}

impl Busy {
    fn is_full(&self) -> bool {
        self.accounts.len() >= self.places
    }
}

type Flying<'a> = Pin<Box<dyn Future<Output = Landed> + Send + 'a>>;

/// See the module.
pub(super) struct Flights<'a> {
    station: &'a Station,
    post: &'a Post,
    flying: FuturesUnordered<Flying<'a>>,
    busy: HashMap<Uuid, Busy>,
    to_failing: usize,
}

impl<'a> Flights<'a> {
    pub(super) fn new(station: &'a Station, post: &'a Post) -> Flights<'a> {
        Flights { station, post, flying: FuturesUnordered::new(), busy: HashMap::new(), to_failing: 0 }
    }

    /// How much more may be sent. What is under way is still due, so room is asked for it too; [`Flights::start`] knows it.
    pub(super) fn room(&self) -> Room {
        let full = self.busy.iter().filter(|(_, busy)| busy.is_full());
        Room {
            of_each: TO_EACH as i64,
            in_all: IN_ALL as i64,
            full: full.map(|(endpoint, _)| *endpoint).collect(),
            for_failing: self.to_failing < TO_FAILING,
        }
    }

    /// Sends it, if it may be sent beside what is under way.
    pub(super) fn start(&mut self, due: Due) {
        let places = if due.is_failing { 1 } else { TO_EACH };
        let none = Busy { accounts: HashSet::new(), places };
        let busy = self.busy.entry(due.endpoint).or_insert(none);
        let is_busy = busy.is_full() || busy.accounts.contains(&due.account_id);
        let is_full = self.flying.len() >= IN_ALL || (due.is_failing && self.to_failing >= TO_FAILING);
        if is_busy || is_full {
            return;
        }
        busy.accounts.insert(due.account_id);
        self.to_failing += usize::from(due.is_failing);
        let (station, post) = (self.station, self.post);
        self.flying.push(Box::pin(async move {
            let answer = post.send(&due, station.now()).await;
            Landed { due, answer }
        }));
    }

    /// Those that have landed, as soon as there is one; never while nothing is under way.
    pub(super) async fn landed(&mut self) -> Vec<Landed> {
        let Some(first) = self.flying.next().await else { return std::future::pending().await };
        let mut landed = vec![first];
        while let Some(Some(next)) = futures::FutureExt::now_or_never(self.flying.next()) {
            landed.push(next);
        }
        for Landed { due, .. } in &landed {
            self.to_failing -= usize::from(due.is_failing);
            if let Some(busy) = self.busy.get_mut(&due.endpoint) {
                busy.accounts.remove(&due.account_id);
            }
        }
        self.busy.retain(|_, busy| !busy.accounts.is_empty());
        landed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }
}
