//! Who has a place among the open connections, and who gives it up when none is left.
//!
//! A place costs a file descriptor, and those are few. Whoever is slow to send a request holds one without using
//! it, on purpose or not: when somebody new comes and all places are taken, the slowest of them has to go, first of the
//! address that holds the most; after them, whoever rests between two requests, and at last whoever takes nothing of an
//! answer for long. A request in work whose client takes its answer is never cut off for want of a place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Nobody is sent away who has been sending for less: a crowd that comes at once is not slow.
const PATIENCE: Duration = Duration::from_secs(1);

/// Nor who has taken nothing of an answer for less: a slow network is not a client that holds a place.
const STALLED_PATIENCE: Duration = Duration::from_secs(10);

/// How often somebody who waits for a place looks for another who has become slow.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// See the module.
pub(super) struct Hall {
    places: Arc<Semaphore>,
    most_of_address: usize,
    taken: Mutex<Taken>,
    opened: Instant,
}

#[derive(Default)]
struct Taken {
    seats: HashMap<u64, Arc<Seat>>,
    of_address: HashMap<IpAddr, usize>,
    next: u64,
}

/// The place of one connection, as those see it who serve it.
pub(crate) struct Seat {
    address: IpAddr,
    opened: Instant,
    /// Since when its client has had something to send or to take, in milliseconds after `opened`; [`IN_WORK`] while we
    /// have something to do.
    sending_since: AtomicU64,
    answer: AtomicU8,
    /// Whether it rests after an answer, with nothing sent since.
    rests: AtomicBool,
    /// Whether something waits for its client that it does not take.
    stalls: AtomicBool,
    sent_away: CancellationToken,
}

const IN_WORK: u64 = u64::MAX;

/// What became of the request: there is none, it is being answered, its answer is complete but may not be sent yet.
const NO_REQUEST: u8 = 0;
const BEING_ANSWERED: u8 = 1;
const ANSWERED: u8 = 2;

/// The right to a place. It is free again when this is dropped.
pub(super) struct Seated {
    pub(super) seat: Arc<Seat>,
    number: u64,
    hall: Arc<Hall>,
    _place: OwnedSemaphorePermit,
}

impl Hall {
    pub(super) fn new(places: usize, most_of_address: usize) -> Arc<Hall> {
        Arc::new(Hall {
            places: Arc::new(Semaphore::new(places)),
            most_of_address: most_of_address.max(1),
            taken: Mutex::default(),
            opened: Instant::now(),
        })
    }

    /// Gives a place to a connection from this address, once there is one; `None` if the address has as many as it
    /// may have and all of them are in use.
    pub(super) async fn seat(self: &Arc<Hall>, address: IpAddr) -> Option<Seated> {
        let has = self.taken().of_address.get(&address).copied().unwrap_or(0);
        if has >= self.most_of_address && !self.send_one_away(Some(address)) {
            metrics::counter!("http_connections_refused_total").increment(1);
            return None;
        }
        loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return Some(self.take(address, place));
            }
            self.send_one_away(None);
            if let Ok(Ok(place)) = timeout(LOOK_AGAIN, Arc::clone(&self.places).acquire_owned()).await {
                return Some(self.take(address, place));
            }
        }
    }

    fn take(self: &Arc<Hall>, address: IpAddr, place: OwnedSemaphorePermit) -> Seated {
        let seat = Arc::new(Seat {
            address,
            opened: self.opened,
            sending_since: AtomicU64::new(IN_WORK),
            answer: AtomicU8::new(NO_REQUEST),
            rests: AtomicBool::new(false),
            stalls: AtomicBool::new(false),
            sent_away: CancellationToken::new(),
        });
        seat.awaits();
        let mut taken = self.taken();
        let number = taken.next;
        taken.next += 1;
        taken.seats.insert(number, Arc::clone(&seat));
        *taken.of_address.entry(address).or_default() += 1;
        metrics::gauge!("http_connections").set(taken.seats.len() as f64);
        Seated { seat, number, hall: Arc::clone(self), _place: place }
    }

    /// Sends away whoever has been sending for longest: of this address, however short that is, or of the one that has
    /// the most places; `false` if there is nobody.
    fn send_one_away(&self, of: Option<IpAddr>) -> bool {
        let patience = if of.is_some() { Duration::ZERO } else { PATIENCE };
        let taken = self.taken();
        let slowest = taken
            .seats
            .values()
            .filter(|seat| of.is_none_or(|address| address == seat.address) && !seat.sent_away.is_cancelled())
            .filter_map(|seat| {
                let of = seat.slowness();
                let patience = if of == Slowness::Taking { STALLED_PATIENCE } else { patience };
                Some((seat.sending_for().filter(|sending| *sending >= patience)?, of, seat))
            })
            .max_by_key(|(sending, of, seat)| (*of, taken.of_address.get(&seat.address).copied(), *sending));
        let Some((sending, _, seat)) = slowest else { return false };
        tracing::debug!(?sending, address = %seat.address, "a slow connection gives up its place");
        metrics::counter!("http_connections_dropped_total").increment(1);
        seat.sent_away.cancel();
        true
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client is slow at, the one that goes first last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slowness {
    /// To take an answer: that would be cut off.
    Taking,
    /// It rests between two requests.
    Resting,
    /// To send a request.
    Sending,
}

impl Seat {
    fn slowness(&self) -> Slowness {
        match (self.stalls.load(Ordering::Relaxed), self.rests.load(Ordering::Relaxed)) {
            (true, _) => Slowness::Taking,
            (false, true) => Slowness::Resting,
            (false, false) => Slowness::Sending,
        }
    }

    /// The head of a request is here.
    pub(super) fn asked(&self) {
        self.answer.store(BEING_ANSWERED, Ordering::Relaxed);
    }

    /// The answer is complete.
    pub(super) fn answered(&self) {
        self.answer.store(ANSWERED, Ordering::Relaxed);
        self.rests.store(true, Ordering::Relaxed);
        self.awaits();
    }

    /// Some bytes came.
    pub(super) fn stirred(&self) {
        self.rests.store(false, Ordering::Relaxed);
    }

    /// Something waits for the client, and it takes nothing.
    pub(super) fn stalled(&self) {
        if !self.stalls.swap(true, Ordering::Relaxed) {
            self.awaits();
        }
    }

    /// The client takes something.
    pub(super) fn took(&self) {
        if self.stalls.swap(false, Ordering::Relaxed) {
            let is_in_work = self.answer.load(Ordering::Relaxed) == BEING_ANSWERED;
            if is_in_work { self.received() } else { self.awaits() }
        }
    }

    /// Everything was sent.
    pub(super) fn flushed(&self) {
        let _ = self.answer.compare_exchange(ANSWERED, NO_REQUEST, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether what is sent now answers no request.
    pub(super) fn is_unasked(&self) -> bool {
        self.answer.load(Ordering::Relaxed) == NO_REQUEST
    }

    /// It is the client's turn to send.
    fn awaits(&self) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(0);
        self.sending_since.store(since, Ordering::Relaxed);
    }

    /// A request is here as a whole and in work.
    pub(crate) fn received(&self) {
        self.sending_since.store(IN_WORK, Ordering::Relaxed);
    }

    fn sending_for(&self) -> Option<Duration> {
        match self.sending_since.load(Ordering::Relaxed) {
            IN_WORK => None,
            since => Some(self.opened.elapsed().saturating_sub(Duration::from_millis(since))),
        }
    }

    /// Comes back when its place is needed.
    pub(super) async fn sent_away(&self) {
        self.sent_away.cancelled().await;
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        let mut taken = self.hall.taken();
        taken.seats.remove(&self.number);
        let address = self.seat.address;
        if let Some(has) = taken.of_address.get_mut(&address) {
            *has -= 1;
            if *has == 0 {
                taken.of_address.remove(&address);
            }
        }
        metrics::gauge!("http_connections").set(taken.seats.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::{Hall, LOOK_AGAIN, Seated};
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;
    use tokio::time::timeout;

    /// A hall that has been open for a minute.
    fn hall(places: usize, most_of_address: usize) -> Arc<Hall> {
        let mut hall = Arc::into_inner(Hall::new(places, most_of_address)).unwrap();
        hall.opened -= Duration::from_secs(60);
        Arc::new(hall)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// Takes a place, and has been sending for so many seconds.
    async fn sending(hall: &Arc<Hall>, from: u8, seconds: u64) -> Seated {
        let seated = hall.seat(address(from)).await.unwrap();
        seated.seat.sending_since.store(60_000 - seconds * 1_000, Ordering::Relaxed);
        seated
    }

    fn was_sent_away(seated: &Seated) -> bool {
        seated.seat.sent_away.is_cancelled()
    }

    #[tokio::test]
    async fn the_slowest_of_the_greediest_address_goes_first() {
        let hall = hall(4, 4);
        let single = sending(&hall, 1, 50).await;
        let mut crowd =
            vec![sending(&hall, 2, 30).await, sending(&hall, 2, 20).await, sending(&hall, 2, 10).await];
        crowd[0].seat.received();
        let mut coming = Box::pin(hall.seat(address(3)));
        assert!(timeout(Duration::ZERO, &mut coming).await.is_err(), "its place is not free yet");
        let told: Vec<bool> = crowd.iter().map(was_sent_away).collect();
        assert_eq!(told, [false, true, false], "the first is in work, the second has taken longest");
        assert!(!was_sent_away(&single), "it is slower, but alone");
        drop(crowd.remove(1));
        assert!(coming.await.is_some());
    }

    #[tokio::test]
    async fn whoever_rests_after_an_answer_goes_after_the_slow() {
        let hall = hall(2, 2);
        let (resting, slow) = (sending(&hall, 1, 50).await, sending(&hall, 1, 5).await);
        resting.seat.answered();
        resting.seat.sending_since.store(0, Ordering::Relaxed);
        let mut coming = Box::pin(hall.seat(address(2)));
        assert!(timeout(Duration::ZERO, &mut coming).await.is_err());
        assert!(was_sent_away(&slow) && !was_sent_away(&resting));
        resting.seat.stirred();
        assert!(timeout(LOOK_AGAIN * 10, &mut coming).await.is_err());
        assert!(was_sent_away(&resting), "it has begun to send and does not get on");
    }

    #[tokio::test]
    async fn whoever_does_not_take_its_answer_gives_way() {
        let hall = hall(1, 1);
        let slow = sending(&hall, 1, 0).await;
        slow.seat.asked();
        slow.seat.received();
        let mut coming = Box::pin(hall.seat(address(2)));
        assert!(timeout(LOOK_AGAIN, &mut coming).await.is_err());
        slow.seat.stalled();
        slow.seat.sending_since.store(0, Ordering::Relaxed);
        slow.seat.took();
        assert!(timeout(LOOK_AGAIN * 2, &mut coming).await.is_err());
        assert!(!was_sent_away(&slow), "it takes what there is");
        slow.seat.stalled();
        slow.seat.sending_since.store(0, Ordering::Relaxed);
        assert!(timeout(LOOK_AGAIN * 10, &mut coming).await.is_err());
        assert!(was_sent_away(&slow));
        drop(slow);
        assert!(coming.await.is_some());
    }

    #[tokio::test]
    async fn whoever_is_in_work_or_has_just_come_stays_and_the_next_waits() {
        let hall = hall(2, 2);
        let busy = sending(&hall, 1, 50).await;
        busy.seat.received();
        let other = hall.seat(address(1)).await.unwrap();
        let mut coming = Box::pin(hall.seat(address(2)));
        assert!(timeout(Duration::ZERO, &mut coming).await.is_err());
        assert!(!was_sent_away(&other), "it has just come");
        other.seat.sending_since.store(0, Ordering::Relaxed);
        assert!(timeout(LOOK_AGAIN * 10, &mut coming).await.is_err());
        assert!(was_sent_away(&other) && !was_sent_away(&busy));
        drop(other);
        assert!(coming.await.is_some());
    }

    #[tokio::test]
    async fn an_address_that_has_its_share_in_work_gets_no_more() {
        let hall = hall(10, 2);
        let (first, second) = (sending(&hall, 1, 50).await, sending(&hall, 1, 50).await);
        first.seat.received();
        second.seat.received();
        assert!(hall.seat(address(1)).await.is_none());
        assert!(hall.seat(address(2)).await.is_some());
        second.seat.sending_since.store(0, Ordering::Relaxed);
        assert!(hall.seat(address(1)).await.is_some(), "a slow one of its own gives way");
        assert!(was_sent_away(&second));
        drop((first, second));
        assert!(hall.seat(address(1)).await.is_some());
    }
}
