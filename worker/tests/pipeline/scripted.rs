//! A provider that does what a test tells it, and counts what it is asked.

use bytes::Bytes;
use ledger::catalogue::Route;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use worker::provider::{
    Artifact, Cancelled, Content, Facts, Found, Progress, Provider, ProviderFailure, Remote, Submission, Task,
};

/// Cheap to clone; the clones are one provider.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub script: Arc<Script>,
}

pub(crate) struct Script {
    /// Images wait here; closed gates hold them until permits are added.
    pub gate: Semaphore,
    pub gated: AtomicBool,
    /// How long an image takes.
    pub image_delay: Mutex<Duration>,
    /// How long one poll takes.
    pub poll_delay: Mutex<Duration>,
    /// Whether polled tasks are ready.
    pub ready: AtomicBool,
    /// What submits are refused with.
    pub refusal: Mutex<Option<ProviderFailure>>,
    /// The only model, as routes call it, that it refuses; all of them if `None`.
    pub refused_model: Mutex<Option<String>>,
    /// Submits that were refused.
    pub refused: AtomicU32,
    /// Whether a submit is accepted and then never answered.
    pub loses_answers: AtomicBool,
    /// What became of lost submits cannot be told.
    pub cannot_tell: AtomicBool,
    /// Whether it reports what becomes of tasks, or would if a test did not do so for it.
    pub reports: AtomicBool,
    /// What asking after lost submits fails with.
    pub find_error: Mutex<Option<ProviderFailure>>,
    /// How long it takes to tell what became of lost submits.
    pub find_delay: Mutex<Duration>,
    /// How often that was asked.
    pub finds: AtomicU32,
    /// What polls fail with, which tells nothing about the task.
    pub poll_error: Mutex<Option<ProviderFailure>>,
    /// Whether polled tasks are not known any more.
    pub gone: AtomicBool,
    /// What polled tasks fail with.
    pub failure: Mutex<Option<ProviderFailure>>,
    /// How long clips are, as this provider tells it.
    pub clip_milliseconds: Mutex<Option<u64>>,
    /// Where what is made lies, if it is not handed out at once.
    pub remote: Mutex<Option<Remote>>,
    pub deadline: Mutex<Duration>,
    pub submits: AtomicU32,
    /// Submits that somebody waits for now.
    pub waiting: Arc<AtomicU32>,
    pub cancels: AtomicU32,
    /// What cancellations fail with.
    pub cancel_error: Mutex<Option<ProviderFailure>>,
    /// The tasks that were stopped, in order.
    pub stopped: Mutex<Vec<String>>,
    /// Polls that began.
    pub asked: AtomicU32,
    /// When each poll began and ended.
    pub polls: Mutex<Vec<(Instant, Instant)>>,
    accepted: Mutex<HashMap<String, String>>,
}

impl Default for Scripted {
    fn default() -> Scripted {
        let script = Script {
            gate: Semaphore::new(0),
            gated: AtomicBool::new(false),
            image_delay: Mutex::default(),
            poll_delay: Mutex::default(),
            ready: AtomicBool::new(true),
            refusal: Mutex::default(),
            refused_model: Mutex::default(),
            refused: AtomicU32::new(0),
            loses_answers: AtomicBool::new(false),
            cannot_tell: AtomicBool::new(false),
            reports: AtomicBool::new(false),
            find_error: Mutex::default(),
            find_delay: Mutex::default(),
            finds: AtomicU32::new(0),
            poll_error: Mutex::default(),
            gone: AtomicBool::new(false),
            failure: Mutex::default(),
            clip_milliseconds: Mutex::new(Some(2_000)),
            remote: Mutex::default(),
            deadline: Mutex::new(Duration::from_secs(60)),
            submits: AtomicU32::new(0),
            waiting: Arc::default(),
            cancels: AtomicU32::new(0),
            cancel_error: Mutex::default(),
            stopped: Mutex::default(),
            asked: AtomicU32::new(0),
            polls: Mutex::default(),
            accepted: Mutex::default(),
        };
        Scripted { script: Arc::new(script) }
    }
}

impl Scripted {
    pub(crate) fn submits(&self) -> u32 {
        self.script.submits.load(Ordering::SeqCst)
    }

    /// Refuses what is asked for of this model, as its route calls it, or of all models.
    pub(crate) fn refuse(&self, model: Option<&str>, failure: ProviderFailure) {
        *self.script.refused_model.lock().unwrap() = model.map(str::to_owned);
        *self.script.refusal.lock().unwrap() = Some(failure);
    }

    /// Takes everything again.
    pub(crate) fn recover(&self) {
        *self.script.refusal.lock().unwrap() = None;
    }

    /// How many submits were refused.
    pub(crate) fn refused(&self) -> u32 {
        self.script.refused.load(Ordering::SeqCst)
    }

    /// How many submits somebody waits for at this moment.
    pub(crate) fn waiting(&self) -> u32 {
        self.script.waiting.load(Ordering::SeqCst)
    }

    /// The tasks that were stopped, in order.
    pub(crate) fn stopped(&self) -> Vec<String> {
        self.script.stopped.lock().unwrap().clone()
    }

    pub(crate) fn cancels(&self) -> u32 {
        self.script.cancels.load(Ordering::SeqCst)
    }

    /// How many polls began.
    pub(crate) fn asked(&self) -> u32 {
        self.script.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn set_image_delay(&self, delay: Duration) {
        *self.script.image_delay.lock().unwrap() = delay;
    }

    /// Holds images until [`Scripted::open`].
    pub(crate) fn close(&self) {
        self.script.gated.store(true, Ordering::SeqCst);
    }

    fn artifact(&self, duration_milliseconds: Option<u64>) -> Artifact {
        let remote = self.script.remote.lock().unwrap().clone();
        Artifact {
            content: remote.map_or(Content::Bytes(Bytes::from_static(b"made")), Content::Remote),
            facts: Some(Facts { content_type: "image/png".into(), width: 1, height: 1 }),
            duration_milliseconds,
        }
    }

    async fn wait_at_gate(&self) {
        if self.script.gated.load(Ordering::SeqCst) {
            self.script.gate.acquire().await.unwrap().forget();
        }
    }

    pub(crate) fn open(&self) {
        self.script.gated.store(false, Ordering::SeqCst);
        self.script.gate.add_permits(10_000);
    }
}

/// Counts as waiting until it is dropped, be it because its worker died.
struct Waiting(Arc<AtomicU32>);

impl Waiting {
    fn begin(count: &Arc<AtomicU32>) -> Waiting {
        count.fetch_add(1, Ordering::SeqCst);
        Waiting(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Provider for Scripted {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure> {
        let script = &self.script;
        script.submits.fetch_add(1, Ordering::SeqCst);
        let is_refused =
            script.refused_model.lock().unwrap().as_ref().is_none_or(|model| *model == route.model);
        if let Some(refusal) = script.refusal.lock().unwrap().clone().filter(|_| is_refused) {
            script.refused.fetch_add(1, Ordering::SeqCst);
            return Err(refusal);
        }
        let _waiting = Waiting::begin(&script.waiting);
        if task.request.model.contains("video") {
            let id = format!("task-{}", task.reference());
            script.accepted.lock().unwrap().insert(task.reference(), id.clone());
            if script.loses_answers.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            self.wait_at_gate().await;
            return Ok(Submission::Accepted(id));
        }
        let delay = *script.image_delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        self.wait_at_gate().await;
        Ok(Submission::Done(vec![self.artifact(None)]))
    }

    async fn find(&self, reference: &str) -> Result<Found, ProviderFailure> {
        self.script.finds.fetch_add(1, Ordering::SeqCst);
        let delay = *self.script.find_delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        if let Some(error) = self.script.find_error.lock().unwrap().clone() {
            return Err(error);
        }
        if self.script.cannot_tell.load(Ordering::SeqCst) {
            return Ok(Found::CannotTell);
        }
        let accepted = self.script.accepted.lock().unwrap().get(reference).cloned();
        Ok(accepted.map_or(Found::NotAccepted, Found::Accepted))
    }

    async fn poll(&self, _task_id: &str) -> Result<Progress, ProviderFailure> {
        let begun = Instant::now();
        self.script.asked.fetch_add(1, Ordering::SeqCst);
        let delay = *self.script.poll_delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        self.script.polls.lock().unwrap().push((begun, Instant::now()));
        if let Some(error) = self.script.poll_error.lock().unwrap().clone() {
            return Err(error);
        }
        if self.script.gone.load(Ordering::SeqCst) {
            return Ok(Progress::Gone);
        }
        if !self.script.ready.load(Ordering::SeqCst) {
            return Ok(Progress::Working);
        }
        let clip = self.artifact(*self.script.clip_milliseconds.lock().unwrap());
        let failure = self.script.failure.lock().unwrap().clone();
        Ok(failure.map_or_else(|| Progress::Done(vec![clip]), Progress::Failed))
    }

    async fn cancel(&self, task_id: &str) -> Result<Cancelled, ProviderFailure> {
        self.script.cancels.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = self.script.cancel_error.lock().unwrap().clone() {
            return Err(error);
        }
        self.script.stopped.lock().unwrap().push(task_id.to_owned());
        Ok(Cancelled::Stopped)
    }

    fn reports(&self) -> bool {
        self.script.reports.load(Ordering::SeqCst)
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn deadline(&self) -> Duration {
        *self.script.deadline.lock().unwrap()
    }
}
