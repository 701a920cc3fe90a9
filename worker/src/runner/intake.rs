//! One queue as this worker takes from it: its slots, who sits in them, and the messages that are held.
//!
//! Nothing of it is shared with another queue: jobs of a class that take long take only slots of that class, and a receipt is
//! good only at the queue that gave it.

use super::held::Held;
use super::seats::Seats;
use crate::queue::Queue;
use crate::station::Station;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// See the module.
pub(super) struct Intake {
    pub queue: Arc<Queue>,
    pub slots: Arc<Semaphore>,
    pub seats: Seats,
    pub held: Held,
}

impl Intake {
    pub(super) fn new(station: &Station, queue: Arc<Queue>) -> Intake {
        let slots = station.slots_of(queue.class());
        let seats = Seats::new(slots);
        Intake { queue, slots: Arc::new(Semaphore::new(slots)), seats, held: Held::default() }
    }
}
