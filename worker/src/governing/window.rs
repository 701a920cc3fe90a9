//! How many calls may be under way at once: one more after as many that went well, half as many when the provider wants
//! fewer (additive increase, multiplicative decrease). Time is a parameter.

use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// Calls that were under way together are refused together: they halve the window once.
const ONE_CUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Window {
    size: f64,
    most: f64,
    running: u32,
    cut_at: Option<Instant>,
}

impl Window {
    pub(super) fn new(most: Option<NonZeroU32>) -> Window {
        let most = most.map_or(f64::INFINITY, |most| f64::from(most.get()));
        Window { size: most, most, running: 0, cut_at: None }
    }

    /// Whether one more call has room.
    pub(super) fn has_room(&self) -> bool {
        f64::from(self.running) + 1.0 <= self.size
    }

    pub(super) fn enter(&mut self) {
        self.running += 1;
    }

    pub(super) fn leave(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    pub(super) fn grow(&mut self) {
        self.size = (self.size + 1.0 / self.size).min(self.most);
    }

    pub(super) fn cut(&mut self, now: Instant) {
        if self.cut_at.is_none_or(|last| now >= last + ONE_CUT) {
            self.cut_at = Some(now);
            // Of a window without bound, half of what was under way.
            let size = self.size.min(f64::from(self.running.max(1)));
            self.size = (size / 2.0).max(1.0);
        }
    }

    /// How many calls may be under way.
    pub(super) fn size(&self) -> f64 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::{ONE_CUT, Window};
    use std::num::NonZeroU32;
    use tokio::time::Instant;

    fn fill(window: &mut Window) -> u32 {
        let mut entered = 0;
        while window.has_room() && entered < 1_000 {
            window.enter();
            entered += 1;
        }
        entered
    }

    #[test]
    fn it_is_halved_once_by_refusals_that_come_together_and_never_closes() {
        let (mut window, now) = (Window::new(NonZeroU32::new(8)), Instant::now());
        assert_eq!(fill(&mut window), 8);
        (0..8).for_each(|_| window.cut(now));
        (0..8).for_each(|_| window.leave());
        assert_eq!(fill(&mut window), 4);
        (1..10).for_each(|times| window.cut(now + ONE_CUT * times));
        (0..4).for_each(|_| window.leave());
        assert_eq!(fill(&mut window), 1);
    }

    #[test]
    fn it_grows_by_about_one_after_a_full_window_and_stays_within_its_bound() {
        let (mut window, now) = (Window::new(NonZeroU32::new(8)), Instant::now());
        fill(&mut window);
        window.cut(now);
        (0..5).for_each(|_| window.grow());
        assert!((5.0..5.5).contains(&window.size()), "{}", window.size());
        (0..1_000).for_each(|_| window.grow());
        assert_eq!(window.size(), 8.0);
    }

    #[test]
    fn one_without_bound_gets_a_bound_from_what_was_refused() {
        let mut window = Window::new(None);
        assert_eq!(fill(&mut window), 1_000);
        window.cut(Instant::now());
        assert_eq!(window.size(), 500.0);
        window.grow();
        assert!(window.size() > 500.0);
    }
}
