//! A provider that needs no service: it draws pictures from the prompt, and fails on demand by the model's name in the route.
//!
//! Nothing is kept that a restart would lose. An accepted clip's whole description is in its task id, so it can
//! be polled by any process at any time; whether an attempt fails follows from the attempt alone.

mod behaviour;
mod encode;
mod models;
mod scene;
mod ticket;

pub use models::{PROVIDER, models};

use super::{
    Artifact, Cancelled, Content, Facts, Found, Progress, Provider, ProviderFailure, Submission, Task,
};
use behaviour::Behaviour;
use bytes::Bytes;
use chrono::Utc;
use encode::Drawing;
use ledger::JobId;
use ledger::catalogue::Route;
use ledger::job::{Kind, Params};
use scene::Scene;
use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use ticket::Ticket;
use tokio::sync::Semaphore;

const IMAGE_SIDES: (u32, u32) = (512, 512);
const CLIP_SIDES: (u32, u32) = (320, 320);
const CLIP_SECONDS: u32 = 3;

/// Accepted submits that `find` remembers.
const MOST_REMEMBERED: usize = 1_000;

/// How long things take.
#[derive(Debug, Clone)]
pub struct SimulatedOptions {
    /// From asking for images to having them.
    pub image_delay: Duration,
    /// From submitting a clip to its being ready.
    pub video_delay: Duration,
    /// What the busy model asks to wait.
    pub busy_retry_after: Duration,
    /// Shortest time between two polls of a clip.
    pub poll_interval: Duration,
    /// How long a clip may take before it counts as failed.
    pub deadline: Duration,
}

impl Default for SimulatedOptions {
    fn default() -> SimulatedOptions {
        SimulatedOptions {
            image_delay: Duration::from_millis(1_500),
            video_delay: Duration::from_secs(4),
            busy_retry_after: Duration::from_secs(1),
            poll_interval: Duration::from_millis(500),
            deadline: Duration::from_secs(300),
        }
    }
}

/// The simulated provider.
pub struct Simulated {
    options: SimulatedOptions,
    /// Drawing is the only work here, and it stands in for somebody else's machine: it leaves a core to ours.
    brushes: Arc<Semaphore>,
    accepted: Mutex<VecDeque<(String, String)>>,
}

impl Simulated {
    /// A provider that takes this long.
    pub fn new(options: SimulatedOptions) -> Simulated {
        let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
        let brushes = Arc::new(Semaphore::new(cores.saturating_sub(1).max(1)));
        Simulated { options, brushes, accepted: Mutex::default() }
    }

    /// Whether the flaky model fails this attempt.
    pub fn flaky_attempt_fails(job: JobId, attempt: u32) -> bool {
        behaviour::flaky_fails(job, attempt)
    }

    async fn images(&self, task: &Task) -> Result<Submission, ProviderFailure> {
        tokio::time::sleep(self.options.image_delay).await;
        let (width, height) = sides(&task.request.params, IMAGE_SIDES);
        let mut artifacts = Vec::new();
        for scene in scenes(task) {
            let drawing = Drawing { scene, width, height, frames: 1, seconds: 0 };
            artifacts.push(self.draw(drawing).await?);
        }
        Ok(Submission::Done(artifacts))
    }

    fn clip(&self, task: &Task, behaviour: Behaviour) -> Submission {
        let (width, height) = sides(&task.request.params, CLIP_SIDES);
        let ready = Utc::now() + self.options.video_delay;
        let seconds = behaviour.seconds(task.request.params.seconds.unwrap_or(CLIP_SECONDS));
        // Services accept a clip first and fail later.
        let fails = behaviour == Behaviour::Down;
        let ticket = Ticket { ready, fails, width, height, seconds, scenes: scenes(task).collect() }.encode();
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.truncate(MOST_REMEMBERED - 1);
        accepted.push_front((task.reference(), ticket.clone()));
        Submission::Accepted(ticket)
    }

    async fn draw(&self, drawing: Drawing) -> Result<Artifact, ProviderFailure> {
        // The semaphore is never closed. The brush goes with the work: a caller that stops waiting does not end it.
        let brush = Arc::clone(&self.brushes).acquire_owned().await;
        let content_type = if drawing.frames > 1 { "image/apng" } else { "image/png" };
        let (width, height, duration_milliseconds) = (drawing.width, drawing.height, drawing.milliseconds());
        let drawn = tokio::task::spawn_blocking(move || {
            let _brush = brush;
            drawing.encode()
        });
        let drawn = drawn.await;
        let Ok(Some(bytes)) = drawn else { return Err(ProviderFailure::crashed()) };
        let facts = Some(Facts { content_type: content_type.to_owned(), width, height });
        Ok(Artifact { content: Content::Bytes(Bytes::from(bytes)), facts, duration_milliseconds })
    }
}

#[async_trait::async_trait]
impl Provider for Simulated {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure> {
        let behaviour = Behaviour::of(&route.model);
        match task.request.kind {
            Kind::Image => {
                behaviour.check(task, self.options.busy_retry_after)?;
                self.images(task).await
            }
            Kind::Video => Ok(self.clip(task, behaviour)),
        }
    }

    async fn find(&self, reference: &str) -> Result<Found, ProviderFailure> {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = accepted.iter().find(|(known, _)| known == reference).map(|(_, ticket)| ticket.clone());
        // Nothing is made or paid for before it is asked after: what is not remembered may be sent again.
        Ok(ticket.map_or(Found::NotAccepted, Found::Accepted))
    }

    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure> {
        let Some(ticket) = Ticket::decode(task_id) else {
            let unknown = ProviderFailure::permanent("task_unknown", "the provider does not know this task");
            return Ok(Progress::Failed(unknown));
        };
        if Utc::now() < ticket.ready {
            return Ok(Progress::Working);
        }
        if ticket.fails {
            return Ok(Progress::Failed(behaviour::down()));
        }
        let mut artifacts = Vec::new();
        for drawing in ticket.drawings() {
            artifacts.push(self.draw(drawing).await?);
        }
        Ok(Progress::Done(artifacts))
    }

    async fn cancel(&self, _task_id: &str) -> Result<Cancelled, ProviderFailure> {
        // A clip is drawn when it is fetched: until then there is no work that could be stopped.
        Ok(Cancelled::Stopped)
    }

    fn poll_interval(&self) -> Duration {
        self.options.poll_interval
    }

    fn deadline(&self) -> Duration {
        self.options.deadline
    }
}

/// What to draw. Without a seed each job gets its own, and its retries get the same.
fn scenes(task: &Task) -> impl Iterator<Item = Scene> + '_ {
    let seed = task.request.params.seed.unwrap_or_else(|| task.job_id.0.as_u64_pair().1 as u32);
    (0..task.request.count).map(move |index| Scene::imagine(&task.request.prompt, seed, index))
}

fn sides(params: &Params, usual: (u32, u32)) -> (u32, u32) {
    (params.width.unwrap_or(usual.0), params.height.unwrap_or(usual.1))
}

#[cfg(test)]
mod tests;
