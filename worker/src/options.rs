//! What a worker needs to run, and how long things may take.

use crate::offer::Offer;
use crate::queue::QueueSettings;
use ledger::job::RetryPolicy;
use ledger::seal::{SealKey, SealOptions};
use ledger::{Credits, Database, Ledger, Position};
use object_store::ObjectStore;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Everything that a worker is given.
pub struct WorkerOptions {
    /// Where commands go.
    pub ledger: Ledger,
    /// Where the log, the pending tasks and the leases are read.
    pub database: Database,
    /// The newest position that is safe to read up to; the relay wakes with it.
    pub mark: watch::Receiver<Position>,
    /// The queue.
    pub queue: QueueSettings,
    /// The models and their providers, as they are now.
    pub offer: watch::Receiver<Arc<Offer>>,
    /// Where outputs are kept.
    pub outputs: Arc<dyn ObjectStore>,
    /// How long outputs are kept; `None` for ever.
    pub keep_outputs: Option<Duration>,
    /// Name of this worker, for the log; each process adds a suffix of its own.
    pub name: String,
    /// Most jobs that run here at once; at least 1.
    pub concurrency: usize,
    /// Most submitted tasks of one provider that are asked after at once; at least 1. As many more may be fetching
    /// what was made.
    pub poll_concurrency: usize,
    /// The budget of a run.
    pub policy: RetryPolicy,
    /// How customers are told what happens.
    pub hooks: Hooks,
    /// Seals the log, if it is given a key.
    pub sealing: Option<Sealing>,
    /// How long things may take.
    pub timings: Timings,
}

/// How long things may take. The defaults suit production; tests shorten them.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long a claim holds, at most: a job whose worker was not seen to be gone is taken over when it lapses. Longer
    /// than `attempt` and `store` together, so that an attempt ends before its claim does.
    pub lease: Duration,
    /// How often a worker says that it is here.
    pub here_every: Duration,
    /// A worker that was not heard of for so long is taken for gone, and its jobs are given to others. It sends nothing
    /// itself from half of that on. Several times `here_every`.
    pub silence: Duration,
    /// How often a worker looks whether what it has running still counts.
    pub look_every: Duration,
    /// How long a provider's answer is still heard after its attempt was cut off, so that what it accepted can be stopped.
    pub late_answer: Duration,
    /// How long a provider may take to make or accept something.
    pub attempt: Duration,
    /// How long what was made may take to be stored, further tries included.
    pub store: Duration,
    /// How long an attempt waits at least, after one of which nobody knows whether the provider took it: so long it may
    /// take the provider to know of the work itself.
    pub unknown_grace: Duration,
    /// How long a received message stays invisible without a heartbeat; a heartbeat comes at each third.
    pub visibility: Duration,
    /// How long one receive waits for messages.
    pub receive_wait: Duration,
    /// How long a message may wait to be sent, and again to be received, together with others while they come closely one
    /// after the other. After a quiet time none waits; zero lets none wait at all.
    pub queue_linger: Duration,
    /// How long a message that is to be shown again may wait for others, to be so together with them.
    pub linger: Duration,
    /// The same of one that is to be deleted, for which nobody waits. A sixth of `visibility` at most, so that it does
    /// not show itself again.
    pub delete_linger: Duration,
    /// The first back-off is drawn between nothing and this; each further one between nothing and twice that.
    pub backoff_base: Duration,
    /// How long a job waits at least when its provider's daily cap is reached; it may be raised.
    pub cap_again: Duration,
    /// No back-off is longer, unless the provider asks for it.
    pub backoff_cap: Duration,
    /// How long a message that cannot be processed rests between two deliveries on its way to the DLQ.
    pub poison_pause: Duration,
    /// How long a message that names no job rests in the DLQ before it is reported again.
    pub poison_report: Duration,
    /// How long a job may wait unclaimed, or a lapsed claim may stay, before its message is sent again.
    pub reconcile_after: Duration,
    /// How often that is looked at.
    pub reconcile_every: Duration,
    /// How often the pending tasks are read while none is due.
    pub poll_every: Duration,
    /// How long one question after a task may take. Fetching what was made may go on for as long as an attempt, outside
    /// the slots for questions.
    pub poll: Duration,
    /// How long a task is asked after past its deadline while nobody answers, before it is given up.
    pub expiry_grace: Duration,
    /// How often bulk actions are taken a step further.
    pub bulk_every: Duration,
    /// How often is looked for what customers are to be told, beside what is known to be new.
    pub hooks_every: Duration,
    /// How long sending one message to a customer may take.
    pub hook: Duration,
    /// The pauses between the attempts to send it; after the last attempt it is given up.
    pub hook_pauses: Vec<Duration>,
    /// How long an endpoint may take nothing before it is disabled.
    pub hook_patience: Duration,
    /// How long before credits expire customers are told so.
    pub foresight: Duration,
    /// How often is looked for such credits.
    pub foresee_every: Duration,
    /// How long is kept what customers were told.
    pub keep_deliveries: Duration,
    /// Shortest time between two looks for lots and holds that have lapsed.
    pub sweep_pause: Duration,
    /// Longest time between two such looks, while none is known to lapse sooner.
    pub sweep_every: Duration,
    /// Time between two looks for outputs that were kept for long enough.
    pub retention_every: Duration,
    /// How long a duty that runs in one process only keeps its lease without renewal.
    pub duty_lease: Duration,
    /// How long running jobs may go on after a shutdown before they are handed back.
    pub drain: Duration,
    /// How long the queue may be unreachable at the start.
    pub start_patience: Duration,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// As Standard Webhooks recommends: ten attempts within three days.
const HOOK_PAUSES: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

impl Default for Timings {
    fn default() -> Timings {
        Timings {
            lease: Duration::from_secs(120),
            here_every: Duration::from_secs(5),
            silence: Duration::from_secs(30),
            look_every: Duration::from_millis(500),
            late_answer: Duration::from_secs(5),
            attempt: Duration::from_secs(50),
            store: Duration::from_secs(50),
            unknown_grace: Duration::from_secs(15),
            visibility: Duration::from_secs(30),
            receive_wait: Duration::from_secs(20),
            queue_linger: Duration::ZERO,
            linger: Duration::from_millis(200),
            delete_linger: Duration::from_secs(1),
            backoff_base: Duration::from_secs(2),
            cap_again: Duration::from_secs(60),
            backoff_cap: Duration::from_secs(300),
            poison_pause: Duration::from_secs(2),
            poison_report: Duration::from_secs(900),
            reconcile_after: Duration::from_secs(60),
            reconcile_every: Duration::from_secs(10),
            poll_every: Duration::from_millis(500),
            poll: Duration::from_secs(10),
            expiry_grace: Duration::from_secs(600),
            bulk_every: Duration::from_millis(250),
            hooks_every: Duration::from_millis(500),
            hook: Duration::from_secs(10),
            hook_pauses: HOOK_PAUSES.map(Duration::from_secs).to_vec(),
            hook_patience: Duration::from_secs(5 * DAY),
            foresight: Duration::from_secs(7 * DAY),
            foresee_every: Duration::from_secs(HOUR),
            keep_deliveries: Duration::from_secs(30 * DAY),
            sweep_pause: Duration::from_secs(1),
            sweep_every: Duration::from_secs(60),
            retention_every: Duration::from_secs(3600),
            duty_lease: Duration::from_secs(5),
            drain: Duration::from_secs(20),
            start_patience: Duration::from_secs(30),
        }
    }
}

/// How customers are told what happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hooks {
    /// Whether messages may go to addresses that are not public, and without TLS. For development.
    pub may_be_private: bool,
    /// Below which a balance counts as low; else it is what the catalogue says.
    pub low_balance: Option<Credits>,
}

/// What a worker that seals is given.
#[derive(Debug, Clone)]
pub struct Sealing {
    /// Signs.
    pub key: Arc<SealKey>,
    /// How large a block is, and when one that is not full is sealed.
    pub options: SealOptions,
}
