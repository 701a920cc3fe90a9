//! Which received messages are worked on, so that a provider that hangs does not take every slot.
//!
//! A provider that has some slots gets one more only while seven times the free ones are more than it has, and never the
//! last one. So one alone gets seven of eight, several share them, and some stay free whatever hangs. With a single
//! provider there is nothing to share; who comes in says whether there are others by now. A message that finds no seat waits here, hidden, without a slot: to give it back would
//! use up its deliveries. The relay lets out only so many messages of a provider, so few wait.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// A provider may have this many times the free slots.
const SHARE: usize = 7;

/// How many slots one provider gets at most, if no other has any.
pub(crate) fn most_of_one(slots: usize, is_shared: bool) -> usize {
    match is_shared {
        true => (slots * SHARE).div_ceil(SHARE + 1).min(slots.saturating_sub(1)).max(1),
        false => slots.max(1),
    }
}

/// The seats of a worker. Cheap to clone; the clones are one.
#[derive(Clone)]
pub(super) struct Seats {
    room: Arc<Mutex<Room>>,
}

struct Room {
    slots: usize,
    is_shared: bool,
    taken: usize,
    by_provider: HashMap<Arc<str>, usize>,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    provider: Arc<str>,
    seat: oneshot::Sender<Seat>,
}

/// The right to work on a message of one provider.
pub(super) struct Seat {
    seats: Seats,
    provider: Arc<str>,
}

/// A seat, or the place in the queue for one.
pub(super) enum Entrance {
    Seated(Seat),
    Queued(oneshot::Receiver<Seat>),
    /// So many wait already that this one had better go elsewhere.
    Crowded,
}

impl Seats {
    /// So many slots.
    pub(super) fn new(slots: usize) -> Seats {
        let (by_provider, waiting) = (HashMap::new(), VecDeque::new());
        let room = Room { slots, is_shared: false, taken: 0, by_provider, waiting };
        Seats { room: Arc::new(Mutex::new(room)) }
    }

    /// Asks for a seat. Who came before for the same provider gets one first. `most_waiting` may wait for it. From now on the slots
    /// are shared by several providers, or are for a single one.
    pub(super) fn enter(&self, provider: &Arc<str>, most_waiting: usize, is_shared: bool) -> Entrance {
        let mut room = self.lock();
        room.is_shared = is_shared;
        let before = room.waiting.iter().filter(|waiting| waiting.provider == *provider).count();
        if before == 0 && room.has_seat(provider) {
            return Entrance::Seated(room.seat(self, provider));
        }
        if before >= most_waiting {
            return Entrance::Crowded;
        }
        let (seat, waits) = oneshot::channel();
        room.waiting.push_back(Waiting { provider: Arc::clone(provider), seat });
        Entrance::Queued(waits)
    }

    fn release(&self, provider: &Arc<str>) {
        let mut room = self.lock();
        room.taken = room.taken.saturating_sub(1);
        if let Some(count) = room.by_provider.get_mut(provider) {
            *count = count.saturating_sub(1);
        }
        let seated = room.seat_waiting(self);
        drop(room);
        // Outside of the lock: who has gone gives its seat back at once.
        for (waiting, seat) in seated {
            let _gone = waiting.send(seat);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn has_seat(&self, provider: &Arc<str>) -> bool {
        if !self.is_shared {
            return true;
        }
        let free = self.slots.saturating_sub(self.taken);
        match self.by_provider.get(provider).copied().unwrap_or(0) {
            0 => free > 0,
            has => free > 1 && has < free * SHARE,
        }
    }

    fn seat(&mut self, seats: &Seats, provider: &Arc<str>) -> Seat {
        self.taken += 1;
        *self.by_provider.entry(Arc::clone(provider)).or_default() += 1;
        Seat { seats: seats.clone(), provider: Arc::clone(provider) }
    }

    /// Gives seats to those who can have one, who waits longest first.
    fn seat_waiting(&mut self, seats: &Seats) -> Vec<(oneshot::Sender<Seat>, Seat)> {
        let mut seated = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.seat.is_closed() {
                continue;
            }
            if self.has_seat(&waiting.provider) {
                seated.push((waiting.seat, self.seat(seats, &waiting.provider)));
            } else {
                self.waiting.push_back(waiting);
            }
        }
        seated
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.release(&self.provider);
    }
}

#[cfg(test)]
mod tests {
    use super::{Entrance, Seat, Seats, most_of_one};
    use std::sync::Arc;

    fn fill(seats: &Seats, provider: &Arc<str>) -> Vec<Seat> {
        fill_shared(seats, provider, true)
    }

    fn fill_shared(seats: &Seats, provider: &Arc<str>, is_shared: bool) -> Vec<Seat> {
        let seated = std::iter::from_fn(|| match seats.enter(provider, 0, is_shared) {
            Entrance::Seated(seat) => Some(seat),
            Entrance::Queued(_) | Entrance::Crowded => None,
        });
        seated.take(100).collect()
    }

    fn providers() -> [Arc<str>; 3] {
        ["one", "two", "three"].map(Arc::from)
    }

    #[test]
    fn one_provider_leaves_slots_to_others_and_all_together_leave_some() {
        let [one, two, three] = providers();
        for (slots, most) in [(1, 1), (2, 1), (4, 3), (16, 14), (30, 27), (64, 56)] {
            let seats = Seats::new(slots);
            let taken = fill(&seats, &one);
            assert_eq!((taken.len(), most_of_one(slots, true)), (most, most), "of {slots}");
            let others = fill(&seats, &two);
            assert_eq!(others.is_empty(), slots == 1, "of {slots}");
            drop(taken);
            assert!(!fill(&seats, &three).is_empty(), "of {slots}");
        }
    }

    #[test]
    fn a_single_provider_is_not_held_back() {
        let [one, _, _] = providers();
        assert_eq!(fill_shared(&Seats::new(2), &one, false).len(), 100, "the slots themselves are its bound");
    }

    #[test]
    fn seats_are_shared_from_the_moment_on_in_which_there_is_another_provider() {
        let [one, two, _] = providers();
        let seats = Seats::new(8);
        let mut alone: Vec<Seat> = fill_shared(&seats, &one, false).into_iter().take(8).collect();
        assert!(fill(&seats, &two).is_empty(), "all slots are taken");
        alone.truncate(6);
        assert!(fill(&seats, &one).len() == 1, "it gets seven of eight");
        assert!(!fill(&seats, &two).is_empty());
    }

    #[test]
    fn who_waits_is_seated_in_order_and_who_has_gone_is_passed_over() {
        let [one, _, _] = providers();
        let seats = Seats::new(2);
        let seat = fill(&seats, &one);
        let queue = || match seats.enter(&one, 3, true) {
            Entrance::Queued(waits) => waits,
            Entrance::Seated(_) | Entrance::Crowded => panic!("there is no seat, and room to wait"),
        };
        let (gone, mut first, mut second) = (queue(), queue(), queue());
        assert!(matches!(seats.enter(&one, 3, true), Entrance::Crowded));
        drop(gone);
        assert!(first.try_recv().is_err());
        drop(seat);
        let seated = first.try_recv().expect("it is its turn");
        assert!(second.try_recv().is_err(), "not yet");
        drop(seated);
        assert!(second.try_recv().is_ok());
    }
}
