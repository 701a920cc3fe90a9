//! Works through an upload. The lines are read one after the other and executed many at a time, so that the ledger's
//! lanes fill their batches; what became of them is told in their order.
//!
//! The client may read the answer while it sends or only afterwards: what it has not read yet waits in memory, which the
//! number of lines bounds. Were it to hold the work up, a client that sends first would wait for us and we for it. A
//! client that goes away stops the reading; what was granted stays, and the same upload goes on from there.

use super::line::{GrantLine, Unusable};
use super::names::Names;
use super::source::{Next, Source};
use crate::app::App;
use crate::serve::auth::Validity;
use crate::serve::problem::Problem;
use bytes::Bytes;
use futures::Stream;
use futures::stream::{self, StreamExt};
use ledger::account::{AccountCommand, AccountEvent, LotId};
use ledger::{Action, Command, Context, Error, ExecuteError, Idempotency, Outcome};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::{OnceCell, OwnedSemaphorePermit};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;

/// Grants in work at once: enough to fill the lanes' batches, few enough to leave room for users.
const AT_ONCE: usize = 256;

/// Time between two progress lines.
const PROGRESS: Duration = Duration::from_secs(1);

/// Pauses before a grant is tried again that met an overload or another process.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(250), Duration::from_millis(1_000)];

/// Longest message of a line in the answer, in characters.
const MAX_MESSAGE_CHARS: usize = 300;

/// Lines of the answer that are sent together when they are there together.
const SENT_TOGETHER: usize = 512;

/// An upload that is to be worked through.
pub(crate) struct Run {
    pub app: App,
    pub context: Context,
    /// For how long the upload may go on.
    pub validity: Validity,
    /// Names the upload: its lines are granted once under it.
    pub key: String,
    pub dry_run: bool,
    /// Its place among the uploads in work.
    pub permit: OwnedSemaphorePermit,
}

/// What became of a line.
enum Fate {
    Granted {
        user: String,
        lot: Option<LotId>,
        replayed: bool,
    },
    Refused {
        user: Option<String>,
        why: Unusable,
    },
    /// The upload stopped here.
    Stopped(Unusable),
}

/// How far it has come.
#[derive(Default)]
struct Tally {
    granted: u64,
    replayed: u64,
    refused: u64,
    stopped: Option<Value>,
}

impl Run {
    /// Begins, and gives the answer as it grows.
    pub(crate) fn start(self, source: Source) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let (out, answer) = mpsc::unbounded_channel();
        tokio::spawn(self.run(source, out));
        UnboundedReceiverStream::new(answer)
            .ready_chunks(SENT_TOGETHER)
            .map(|lines: Vec<String>| Ok(Bytes::from(lines.concat())))
    }

    async fn run(self, source: Source, out: UnboundedSender<String>) {
        let Run { app, context, validity, key, dry_run, permit } = self;
        let held = app.clone();
        let mut over = std::pin::pin!(app.over(validity));
        let (read, failed, over_now) = (AtomicU64::new(0), OnceCell::new(), CancellationToken::new());
        let work = Arc::new(Work { app: held, context, dry_run, read, failed, over: over_now });
        let reader = Reader { source, names: Names::of_upload(key), work: work.clone() };
        let fates = stream::unfold(Some(reader), Reader::next);
        let executing = work.clone();
        let fates = fates.map(move |task| executing.clone().fate(task)).buffered(AT_ONCE);
        let mut fates = std::pin::pin!(fates);
        let mut tally = Tally::default();
        let mut progress = interval_at(Instant::now() + PROGRESS, PROGRESS);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let line = tokio::select! {
                biased;
                () = out.closed() => return,
                () = &mut over, if !work.over.is_cancelled() => {
                    work.over.cancel();
                    None
                }
                _ = progress.tick() => tally.progress(work.read.load(Ordering::Relaxed)),
                fate = fates.next() => match fate {
                    Some((line, fate)) => tally.count(line, fate),
                    None => break,
                },
            };
            let Some(line) = line else { continue };
            if out.send(line).is_err() {
                return;
            }
        }
        drop(permit);
        // A client that has gone does not need the sums.
        let _ = out.send(tally.done(work.dry_run));
    }
}

/// Something to do for a line, or to say about it.
enum Task {
    Grant(u64, GrantLine, Idempotency),
    Say(u64, Unusable),
    Stop(u64, Unusable),
}

/// Turns lines into tasks, one after the other.
struct Reader {
    source: Source,
    names: Names,
    work: Arc<Work>,
}

impl Reader {
    /// The next task and the reader after it; there is none after a stop.
    async fn next(reader: Option<Reader>) -> Option<(Task, Option<Reader>)> {
        let mut reader = reader?;
        if let Some(problem) = reader.work.failed.get() {
            let why = Unusable::new(problem.code, problem.detail.clone());
            return Some((Task::Stop(reader.source.reached(), why), None));
        }
        let (shutdown, over) = (reader.work.app.shutdown.clone(), reader.work.over.clone());
        let next = tokio::select! {
            biased;
            () = shutdown.cancelled() => {
                let why = Unusable::new("shutting_down", "this server is shutting down; send the same upload again");
                Next::Broken(reader.source.reached(), why)
            }
            () = over.cancelled() => {
                let why = Unusable::new(
                    "credentials_ended",
                    "the token or the API key ended or was revoked meanwhile; send the same upload again with another",
                );
                Next::Broken(reader.source.reached(), why)
            }
            next = reader.source.next() => next,
        };
        let task = match next {
            Next::End => return None,
            Next::Broken(line, why) => return Some((Task::Stop(line, why), None)),
            Next::Line(line, Err(why)) => Task::Say(line, why),
            Next::Line(line, Ok(grant)) => match reader.names.of_line(line, &grant) {
                Ok(idempotency) => Task::Grant(line, grant, idempotency),
                Err(why) => Task::Say(line, why),
            },
        };
        reader.work.read.fetch_add(1, Ordering::Relaxed);
        Some((task, Some(reader)))
    }
}

/// What the tasks share.
struct Work {
    app: App,
    context: Context,
    dry_run: bool,
    /// Lines read so far.
    read: AtomicU64,
    /// The first failure that was not the line's fault: nothing more is read after it.
    failed: OnceCell<Problem>,
    /// What the upload was sent with is good no more: nothing more is read either.
    over: CancellationToken,
}

impl Work {
    async fn fate(self: Arc<Work>, task: Task) -> (u64, Fate) {
        match task {
            Task::Say(line, why) => (line, Fate::Refused { user: None, why }),
            Task::Stop(line, why) => (line, Fate::Stopped(why)),
            Task::Grant(line, grant, idempotency) => {
                let user = grant.user().0.as_str().to_owned();
                let fate = match self.grant(grant, idempotency).await {
                    Ok(outcome) => Fate::Granted {
                        user,
                        lot: lot(&outcome).filter(|_| !self.dry_run),
                        replayed: outcome.replayed,
                    },
                    Err(problem) => {
                        let why = Unusable::new(problem.code, problem.detail.clone());
                        Fate::Refused { user: Some(user), why }
                    }
                };
                (line, fate)
            }
        }
    }

    /// Grants, or says what granting would lead to. What only met an overload is tried again: the key makes it safe.
    async fn grant(&self, grant: GrantLine, idempotency: Idempotency) -> Result<Outcome, Problem> {
        let command = Command {
            account: grant.user().0.account(),
            context: self.context.clone(),
            idempotency: Some(idempotency),
            action: Action::Account(AccountCommand::Grant(grant.into_grant())),
        };
        let mut pauses = PAUSES.into_iter();
        loop {
            let command = command.clone();
            let executed = match self.dry_run {
                true => self.app.ledger.preview(command).await,
                false => self.app.ledger.execute(command).await,
            };
            match executed {
                Ok(outcome) => return Ok(outcome),
                Err(ExecuteError::Refused(refusal)) => return Err(refusal.into()),
                Err(ExecuteError::Failed(error)) => match pauses.next().filter(|_| passes(&error)) {
                    Some(pause) => sleep(pause).await,
                    None => return Err(self.fail(error)),
                },
            }
        }
    }

    fn fail(&self, error: Error) -> Problem {
        let problem = Problem::from(error);
        tracing::warn!(code = problem.code, cause = problem.cause, "an upload of grants was stopped");
        // The first failure is the one that is told.
        let _ = self.failed.set(problem.clone());
        problem
    }
}

/// Whether it is likely gone in a moment.
fn passes(error: &Error) -> bool {
    match error {
        Error::Overloaded | Error::Contended | Error::OutcomeUnknown => true,
        Error::Postgres(_)
        | Error::Pool(_)
        | Error::Url(_)
        | Error::Unavailable
        | Error::ClockSkewed { .. }
        | Error::Closed
        | Error::Unreadable { .. } => false,
    }
}

fn lot(outcome: &Outcome) -> Option<LotId> {
    outcome.credits.iter().find_map(|event| match event {
        AccountEvent::Granted { lot, .. } => Some(*lot),
        AccountEvent::Debited { .. }
        | AccountEvent::Refunded { .. }
        | AccountEvent::Adjusted { .. }
        | AccountEvent::Held { .. }
        | AccountEvent::Captured { .. }
        | AccountEvent::Released { .. }
        | AccountEvent::Expired { .. }
        | AccountEvent::Voided { .. } => None,
    })
}

impl Tally {
    /// Counts a line, and gives what is to be said about it.
    fn count(&mut self, line: u64, fate: Fate) -> Option<String> {
        match fate {
            Fate::Granted { user, lot, replayed } => {
                let outcome = if replayed { "replayed" } else { "granted" };
                *(if replayed { &mut self.replayed } else { &mut self.granted }) += 1;
                let lot = lot.map(|lot| lot.0);
                Some(said(&json!({ "line": line, "user": user, "outcome": outcome, "lot": lot })))
            }
            Fate::Refused { user, why: Unusable { code, message } } => {
                self.refused += 1;
                let message: String = message.chars().take(MAX_MESSAGE_CHARS).collect();
                let mut told =
                    json!({ "line": line, "outcome": "refused", "code": code, "message": message });
                if let Some(user) = user {
                    told["user"] = user.into();
                }
                Some(said(&told))
            }
            Fate::Stopped(Unusable { code, message }) => {
                self.stopped = Some(json!({ "line": line, "code": code, "message": message }));
                None
            }
        }
    }

    fn progress(&self, read: u64) -> Option<String> {
        let Tally { granted, replayed, refused, .. } = self;
        Some(said(&json!({
            "progress": { "read": read, "granted": granted, "replayed": replayed, "refused": refused }
        })))
    }

    fn done(self, dry_run: bool) -> String {
        let Tally { granted, replayed, refused, stopped } = self;
        said(&json!({ "done": {
            "granted": granted, "replayed": replayed, "refused": refused, "dry_run": dry_run, "stopped": stopped,
        } }))
    }
}

fn said(value: &Value) -> String {
    format!("{value}\n")
}
