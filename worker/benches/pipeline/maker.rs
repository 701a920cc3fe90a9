//! A provider that takes as long as it is told and makes nothing, and notes when it was asked.

use bytes::Bytes;
use ledger::JobId;
use ledger::catalogue::Route;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use worker::provider::{
    Artifact, Cancelled, Content, Facts, Found, Progress, Provider, ProviderFailure, Submission, Task,
};

/// The model of images.
pub(crate) const IMAGE: &str = "bench-image";
/// The model of clips.
pub(crate) const VIDEO: &str = "bench-video";

/// How long things take.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    /// An image.
    pub(crate) image: Duration,
    /// The answer to a question after a clip.
    pub(crate) question: Duration,
    /// The pause that it wants between two questions after one clip.
    pub(crate) interval: Duration,
}

/// Cheap to clone; the clones are one provider. Clips are never ready.
#[derive(Clone)]
pub(crate) struct Maker(Arc<Inner>);

struct Inner {
    times: Times,
    /// Grows by one with each image that is begun.
    begun: Semaphore,
    making: AtomicUsize,
    starts: Mutex<Vec<(JobId, Instant)>>,
    checks: Mutex<Checks>,
}

/// The questions after clips.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checks {
    /// How much later than it was due each question came, in milliseconds.
    pub(crate) late: Vec<f64>,
    /// When each clip was asked after last.
    asked: HashMap<String, Instant>,
}

impl Maker {
    /// One that takes these times.
    pub(crate) fn new(times: Times) -> Maker {
        Maker(Arc::new(Inner {
            times,
            begun: Semaphore::new(0),
            making: AtomicUsize::new(0),
            starts: Mutex::default(),
            checks: Mutex::default(),
        }))
    }

    /// Lets so many more be bought than were begun.
    pub(crate) fn let_wait(&self, jobs: usize) {
        self.0.begun.add_permits(jobs);
    }

    /// Waits until one more may be bought.
    pub(crate) async fn room(&self) {
        if let Ok(permit) = self.0.begun.acquire().await {
            permit.forget();
        }
    }

    /// The images that it is making.
    pub(crate) fn making(&self) -> usize {
        self.0.making.load(Ordering::Relaxed)
    }

    /// When each image was begun.
    pub(crate) fn starts(&self) -> Vec<(JobId, Instant)> {
        lock(&self.0.starts).clone()
    }

    /// How many images were begun.
    pub(crate) fn started(&self) -> usize {
        lock(&self.0.starts).len()
    }

    /// The questions since this was last asked.
    pub(crate) fn take_checks(&self) -> Checks {
        let mut checks = lock(&self.0.checks);
        Checks { late: std::mem::take(&mut checks.late), asked: checks.asked.clone() }
    }

    fn note_check(&self, task: &str) {
        let now = Instant::now();
        let mut checks = lock(&self.0.checks);
        if let Some(last) = checks.asked.insert(task.to_owned(), now) {
            let late = now.saturating_duration_since(last + self.0.times.interval);
            checks.late.push(late.as_secs_f64() * 1e3);
        }
    }
}

impl Checks {
    /// How many clips were asked after.
    pub(crate) fn clips(&self) -> usize {
        self.asked.len()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait::async_trait]
impl Provider for Maker {
    async fn submit(&self, task: &Task, _route: &Route) -> Result<Submission, ProviderFailure> {
        lock(&self.0.starts).push((task.job_id, Instant::now()));
        self.0.begun.add_permits(1);
        if task.request.model == VIDEO {
            return Ok(Submission::Accepted(task.reference()));
        }
        self.0.making.fetch_add(1, Ordering::Relaxed);
        sleep(self.0.times.image).await;
        self.0.making.fetch_sub(1, Ordering::Relaxed);
        // Of a kind of which no small copy is made: what drawing costs is not the pipeline's.
        let facts = Some(Facts { content_type: "image/gif".into(), width: 1, height: 1 });
        let content = Content::Bytes(Bytes::from_static(b"made"));
        Ok(Submission::Done(vec![Artifact { content, facts, duration_milliseconds: None }]))
    }

    async fn find(&self, _reference: &str) -> Result<Found, ProviderFailure> {
        Ok(Found::NotAccepted)
    }

    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure> {
        self.note_check(task_id);
        sleep(self.0.times.question).await;
        Ok(Progress::Working)
    }

    async fn cancel(&self, _task_id: &str) -> Result<Cancelled, ProviderFailure> {
        Ok(Cancelled::Stopped)
    }

    fn poll_interval(&self) -> Duration {
        self.0.times.interval
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(3_600)
    }
}
