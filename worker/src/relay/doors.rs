//! Which models are held back: those that nobody could make, and those of which that is to be found out.
//!
//! A worker that could ask nobody says so in the log before the others can be asked. So the model's jobs wait a moment, and
//! not one after the other goes out and comes back meanwhile.

use super::sight::Closed;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a worker knows it has told by then.
const SETTLED: Duration = Duration::from_millis(300);

/// A model that was found open is not doubted again for so long.
const TRUSTED: Duration = Duration::from_secs(1);

/// Between two looks while nothing is in doubt, and while something is.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOK_SOON: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub(super) struct Doors {
    closed: BTreeMap<Arc<str>, Closed>,
    /// Since when it is in doubt whether they are closed.
    doubted: HashMap<Arc<str>, Instant>,
    /// When a doubt turned out to be unfounded.
    trusted: HashMap<Arc<str>, Instant>,
    /// When the next job may be sent to try.
    next_try: HashMap<Arc<str>, Instant>,
    /// When anything was last known.
    known_at: Option<Instant>,
    has_looked: bool,
}

impl Doors {
    /// A worker could ask nobody for a job of this model.
    pub(super) fn doubt(&mut self, model: Arc<str>, now: Instant) {
        let is_trusted = self.trusted.get(&model).is_some_and(|at| now < *at + TRUSTED);
        if !is_trusted && !self.closed.contains_key(&model) {
            self.doubted.entry(model).or_insert(now);
        }
    }

    /// A look that began at `begun` found these models closed. If it failed, what was known stays so for `patience`.
    pub(super) fn looked(
        &mut self,
        closed: Option<BTreeMap<Arc<str>, Closed>>,
        begun: Instant,
        patience: Duration,
    ) {
        self.has_looked = true;
        match closed {
            Some(closed) => {
                self.tell_changes(&closed);
                (self.closed, self.known_at) = (closed, Some(begun));
            }
            None if self.known_at.is_some_and(|known| begun < known + patience) => {}
            None => self.closed.clear(),
        }
        let Doors { closed, doubted, trusted, next_try, .. } = self;
        trusted.retain(|_, at| begun < *at + TRUSTED);
        next_try.retain(|model, _| closed.contains_key(model));
        doubted.retain(|model, since| {
            let is_settled = begun >= *since + SETTLED;
            if is_settled && !closed.contains_key(model) {
                trusted.insert(Arc::clone(model), begun);
            }
            !is_settled && !closed.contains_key(model)
        });
    }

    fn tell_changes(&self, closed: &BTreeMap<Arc<str>, Closed>) {
        for model in closed.keys().filter(|model| !self.closed.contains_key(*model)) {
            tracing::warn!(%model, "jobs of a model are held back: no worker can ask any provider for it now");
        }
        for model in self.closed.keys().filter(|model| !closed.contains_key(*model)) {
            tracing::info!(%model, "jobs of a model go out again");
        }
    }

    /// Whether something is known, or cannot be.
    pub(super) fn has_looked(&self) -> bool {
        self.has_looked
    }

    /// How long to wait with the next look.
    pub(super) fn look_again(&self) -> Duration {
        if self.doubted.is_empty() { LOOK_EVERY } else { LOOK_SOON }
    }

    /// The models whose jobs are held back.
    pub(super) fn held(&self) -> HashSet<Arc<str>> {
        self.closed.keys().chain(self.doubted.keys()).cloned().collect()
    }

    /// The models of which one job may be sent now to try.
    pub(super) fn to_be_tried(&self, now: Instant) -> Vec<Arc<str>> {
        let is_due = |model: &Arc<str>| self.next_try.get(model).is_none_or(|next| *next <= now);
        let tried =
            self.closed.iter().filter(|(model, closed)| **closed == Closed::ToBeTried && is_due(model));
        tried.map(|(model, _)| Arc::clone(model)).collect()
    }

    /// The next job to try this model is sent after this pause at the earliest.
    pub(super) fn try_again(&mut self, model: Arc<str>, at: Instant) {
        self.next_try.insert(model, at);
    }
}

#[cfg(test)]
mod tests {
    use super::{Closed, Doors, SETTLED, TRUSTED};
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    fn closed(how: Closed) -> Option<BTreeMap<Arc<str>, Closed>> {
        Some([(Arc::from("m"), how)].into())
    }

    fn holds(doors: &Doors) -> bool {
        doors.held().contains("m")
    }

    #[test]
    fn a_doubt_holds_a_model_back_until_its_worker_must_have_told() {
        let (mut doors, begun) = (Doors::default(), Instant::now());
        doors.doubt("m".into(), begun);
        assert!(holds(&doors) && doors.look_again() < SETTLED);
        doors.looked(Some(BTreeMap::new()), begun + SETTLED / 2, SECOND);
        assert!(holds(&doors), "it may not have told yet");
        doors.looked(Some(BTreeMap::new()), begun + SETTLED, SECOND);
        assert!(!holds(&doors));
        doors.doubt("m".into(), begun + SETTLED * 2);
        assert!(!holds(&doors), "it was just found open");
        doors.doubt("m".into(), begun + SETTLED + TRUSTED);
        assert!(holds(&doors));
    }

    #[test]
    fn a_model_that_may_be_tried_is_tried_once_in_a_while_and_then_let_out() {
        let (mut doors, begun) = (Doors::default(), Instant::now());
        doors.looked(closed(Closed::Shut), begun, SECOND);
        assert!(holds(&doors) && doors.to_be_tried(begun).is_empty());
        doors.looked(closed(Closed::ToBeTried), begun, SECOND);
        assert_eq!(doors.to_be_tried(begun).len(), 1);
        doors.try_again("m".into(), begun + SECOND);
        assert!(holds(&doors) && doors.to_be_tried(begun).is_empty());
        assert_eq!(doors.to_be_tried(begun + SECOND).len(), 1);
        doors.looked(Some(BTreeMap::new()), begun, SECOND);
        assert!(!holds(&doors));
    }

    #[test]
    fn what_was_known_is_forgotten_when_nothing_can_be_known_for_long() {
        let (mut doors, begun) = (Doors::default(), Instant::now());
        doors.looked(closed(Closed::Shut), begun, SECOND);
        doors.looked(None, begun + SECOND / 2, SECOND);
        assert!(holds(&doors));
        doors.looked(None, begun + SECOND, SECOND);
        assert!(!holds(&doors));
    }
}
