//! Receives messages, claims the jobs that they name and runs them.
//!
//! Phases of a delivery: receive, claim (`job.started`, which fences out everyone else), run at the provider,
//! record the end, delete the message. A crash before the claim leaves the message, which comes again; a
//! crash after it leaves a lease, which lapses; a crash before the deletion leaves a message whose job needs
//! nothing more. While a delivery is worked on, the heartbeat keeps its message hidden.

mod attempt;
mod batches;
mod claim;
mod heartbeat;
mod held;
mod intake;
mod late;
mod lost_submit;
mod receives;
mod reported;
mod returns;
mod routes;
mod seats;
mod under_way;
mod work;

pub(crate) use seats::most_of_one;

use crate::duty::supervise;
use crate::error::Error;
use crate::provider::Task;
use crate::queue::{JobMessage, Queue, Received};
use crate::sharing::most_out;
use crate::station::Station;
use claim::{Claim, Claimed};
use intake::Intake;
use late::Late;
use ledger::{AccountId, JobId};
use seats::{Entrance, Seat};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use under_way::UnderWay;
use work::Work;

/// A seat if one is needed, and a slot if there was one.
type Seated = (Option<Seat>, Option<OwnedSemaphorePermit>);

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Its message has done its duty: delete it.
    Done,
    /// Show it again after this long.
    Later(Duration),
    /// Leave it hidden as it is; it comes again by itself.
    Leave,
}

/// A message that finds a crowd is given back for so long, unless it was given back before.
const CROWDED: Duration = Duration::from_secs(5);
const MOST_CROWDED: u32 = 2;

struct Runner {
    station: Arc<Station>,
    /// One for each queue.
    intakes: Mutex<Vec<Arc<Intake>>>,
    /// What is being run in this process.
    running: Mutex<HashSet<(AccountId, JobId)>>,
    /// The attempts that go on in this process.
    under_way: UnderWay,
    /// Calls that are heard out.
    late: Late,
    /// Tokens of claims that were used here and whose end could not be recorded.
    used: Mutex<HashSet<(JobId, i64)>>,
    /// Nothing new is begun.
    stopping: CancellationToken,
    /// What still runs is handed back.
    abandon: CancellationToken,
}

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    let runner = Arc::new(Runner {
        intakes: Mutex::default(),
        running: Mutex::default(),
        under_way: UnderWay::default(),
        late: Late::default(),
        used: Mutex::default(),
        stopping: shutdown.clone(),
        abandon: CancellationToken::new(),
        station,
    });
    let ended = CancellationToken::new();
    let _ends_with_us = ended.clone().drop_guard();
    let heartbeat = start_heartbeat(&runner, ended.clone());
    let looks = start_looks(&runner, ended.clone());
    let mut work = Work::new(&runner);
    work.go_on(&shutdown).await;
    // The last senders go with the work, so giving back ends when all is given back.
    let (by, mut returning) = work.drain().await;
    if timeout_at(by, async { while returning.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!("messages that are done with come again, because SQS does not answer");
        returning.abort_all();
    }
    runner.late.finish(by).await;
    ended.cancel();
    let _ = heartbeat.await;
    let _ = looks.await;
    Ok(())
}

/// It must not end before the work does: every message that is held would come back.
fn start_heartbeat(runner: &Arc<Runner>, ended: CancellationToken) -> JoinHandle<()> {
    let station = Arc::clone(&runner.station);
    let runner = Arc::clone(runner);
    tokio::spawn(supervise("heartbeat", ended, station, move |_, ended| {
        heartbeat::run(Arc::clone(&runner), ended)
    }))
}

fn start_looks(runner: &Arc<Runner>, ended: CancellationToken) -> JoinHandle<()> {
    let station = Arc::clone(&runner.station);
    let runner = Arc::clone(runner);
    tokio::spawn(supervise("looks", ended, station, move |_, ended| {
        under_way::look(Arc::clone(&runner), ended)
    }))
}

impl Runner {
    /// Begins to take messages from a queue.
    fn take_from(&self, queue: Arc<Queue>) -> Arc<Intake> {
        let intake = Arc::new(Intake::new(&self.station, queue));
        self.intakes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&intake));
        intake
    }

    fn intakes(&self) -> Vec<Arc<Intake>> {
        self.intakes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A seat at the provider of a message's job, or what becomes of the message without one. While it waits for one, its
    /// slot is free for messages of other providers.
    async fn seat(
        &self,
        intake: &Intake,
        delivery: &Received,
        slot: OwnedSemaphorePermit,
    ) -> Result<Seated, Fate> {
        let class = intake.queue.class();
        let Some(provider) = self.provider_of(class, delivery).await else { return Ok((None, slot.into())) };
        let is_worn = delivery.receive_count > MOST_CROWDED;
        let most_waiting = if is_worn { usize::MAX } else { most_out(self.station.slots_of(class)) };
        let waits = match intake.seats.enter(&provider, most_waiting, self.station.is_shared(class)) {
            Entrance::Seated(seat) => return Ok((Some(seat), slot.into())),
            Entrance::Crowded => return Err(Fate::Later(CROWDED)),
            Entrance::Queued(waits) => waits,
        };
        let slots = Arc::clone(slot.semaphore());
        drop(slot);
        match self.stopping.run_until_cancelled(waits).await {
            // Without a slot one more message may be received than can be worked on; it will wait.
            Some(Ok(seat)) => Ok((Some(seat), slots.try_acquire_owned().ok())),
            Some(Err(_)) | None => Err(Fate::Later(Duration::ZERO)),
        }
    }

    /// Whose seats it takes; `None` if it names no job that can be run, or it cannot be told without need.
    async fn provider_of(&self, class: Option<&str>, delivery: &Received) -> Option<Arc<str>> {
        let message = JobMessage::decode(&delivery.body).ok()?;
        let model = match JobMessage::model_of(&delivery.body) {
            Some(model) => model,
            // There is nothing to share.
            None if !self.station.is_shared(class) => return None,
            // An earlier release sent it. The claim waits for the log if it is away; this does not.
            None => {
                let job = self.station.job(message.account_id, message.job_id).await.ok()??;
                job.request.model.clone()
            }
        };
        Some(self.station.seats_of(&model))
    }

    async fn process(&self, delivery: &Received) -> Fate {
        let message = match JobMessage::decode(&delivery.body) {
            Ok(message) => message,
            Err(reason) => return self.poison(delivery, reason.code()),
        };
        if self.stopping.is_cancelled() {
            return Fate::Later(Duration::ZERO);
        }
        let span = tracing::info_span!("job", job_id = %message.job_id, account_id = %message.account_id);
        self.run(&message, delivery).instrument(span).await
    }

    async fn run(&self, message: &JobMessage, delivery: &Received) -> Fate {
        let Some(_turn) = self.turn(message) else { return self.while_running(message).await };
        match self.claim(message, delivery).await {
            Claim::Won(claimed) => self.attempt(&claimed).await,
            Claim::Refused(fate) => fate,
        }
    }

    /// A message that no version of the code here can use. It goes to the DLQ by SQS's own count, where an
    /// operator sees it; a short rest keeps it from turning in circles until then.
    fn poison(&self, delivery: &Received, reason: &'static str) -> Fate {
        tracing::warn!(message_id = %delivery.id, reason, deliveries = delivery.receive_count,
            "a message cannot be used and goes to the dead letters of the queue");
        metrics::counter!("cooly_messages_refused_total", "reason" => reason).increment(1);
        Fate::Later(self.station.timings.poison_pause)
    }

    /// Notes that a claim was used, although the log does not tell.
    fn never_again(&self, task: &Task) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert((task.job_id, task.fencing));
    }

    fn is_used(&self, job_id: JobId, fencing: i64) -> bool {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).contains(&(job_id, fencing))
    }

    /// The right to be the only one in this process that works on the job.
    fn turn(&self, message: &JobMessage) -> Option<Turn<'_>> {
        let key = (message.account_id, message.job_id);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Built only when it is ours: dropping one ends the turn of whoever has it.
        running.insert(key).then(|| Turn { runner: self, key })
    }
}

struct Turn<'a> {
    runner: &'a Runner,
    key: (AccountId, JobId),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.runner.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
