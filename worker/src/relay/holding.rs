//! What the leading relay does about models that nobody could make: looks, holds their jobs back, tries.

use super::leader::Leader;
use super::news;
use super::sight::Sight;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Between two searches for a job to try a model with, of which none waited.
const NONE_TO_TRY: Duration = Duration::from_secs(1);

impl Leader {
    pub(super) fn measure_held(&mut self) {
        let held = self.board.held();
        let now_told: BTreeSet<String> = held.keys().map(|model| self.station.label(model)).collect();
        self.told_held.difference(&now_told).for_each(|model| tell_held(model, 0));
        held.iter().for_each(|(model, jobs)| tell_held(&self.station.label(model), *jobs));
        self.told_held = now_told;
    }

    pub(super) fn look(&mut self, now: Instant) {
        if self.looking.is_due(now) {
            (self.looking.is_running, self.looked_at) = (true, now);
            self.work.push(news::look(Arc::clone(&self.station)));
        }
    }

    /// Sends one job of each model that is to be tried. By the next time the worker that got it has told what it knows now.
    pub(super) fn probe(&mut self, now: Instant) {
        for model in self.doors.to_be_tried(now) {
            let probe = self.board.take_probe(&model);
            let pause = if probe.is_some() { self.station.timings.here_every } else { NONE_TO_TRY };
            self.doors.try_again(model, now + pause);
            probe.into_iter().for_each(|ask| self.outbox.add(ask));
        }
    }

    pub(super) fn see(&mut self, sight: Option<Sight>) {
        let closed = sight.map(|sight| sight.closed(&self.station.offer()));
        self.doors.looked(closed, self.looked_at, self.station.timings.silence);
        self.board.hold(self.doors.held());
        self.looking.ended(self.doors.look_again());
    }

    /// Workers could ask nobody for jobs of these models. Whether that goes for all workers is found out first.
    pub(super) fn doubt(&mut self, models: Vec<Arc<str>>) {
        if models.is_empty() {
            return;
        }
        models.into_iter().for_each(|model| self.doors.doubt(model, Instant::now()));
        self.board.hold(self.doors.held());
        self.looking.not_after(self.doors.look_again());
    }

    /// Tells that this process holds nothing back any more.
    pub(super) fn forget_held(&mut self) {
        std::mem::take(&mut self.told_held).iter().for_each(|model| tell_held(model, 0));
    }
}

fn tell_held(model: &str, jobs: usize) {
    metrics::gauge!("cooly_relay_held_jobs", "model" => model.to_owned()).set(jobs as f64);
}
