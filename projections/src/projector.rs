//! Keeps all read models up to date with the log.
//!
//! One process at a time does it, under a lease. Each round reads one page of the log and applies it, in one
//! transaction, to every read model that stands at its beginning; one that lags (after an operator moved its
//! checkpoint) catches up first and then goes on with the others. While a batch is written the next page is
//! read on a second connection.
//!
//! The transaction locks the checkpoints, which refuses an older fencing number and waits for a rebuild's
//! switch. A crash at any point leaves rows and checkpoints as they were, and the page is read again.

use crate::alive::Alive;
use crate::apply::apply;
use crate::batch::{Batch, Misfit};
use crate::checkpoint;
use crate::error::Error;
use crate::feed::Feed;
use crate::incidents;
use crate::lease::run_while_held;
use crate::read_model::ReadModel;
use deadpool_postgres::{Object, Pool};
use ledger::read::Side;
use ledger::{Database, Position, Role, failpoint};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Name of the projector's lease.
pub const LEASE: &str = "projector";

/// Most events of one batch. A job whose whole life is in one is written once, so long ones catch up faster; a
/// projector that keeps up never sees one.
pub const DEFAULT_BATCH: usize = 20_000;

const LEASE_TTL: Duration = Duration::from_secs(5);
const IDLE_POLL: Duration = Duration::from_secs(5);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(2);

/// One connection each for the lease, for reading pages, for writing, and for what goes on beside.
const CONNECTIONS: usize = 4;

/// How a projector works.
#[derive(Clone)]
pub struct ProjectorOptions {
    /// Where the log and the read models are.
    pub database: Database,
    /// The safe mark: nothing beyond it is read.
    pub mark: watch::Receiver<Position>,
    /// This process's name, for the lease.
    pub owner: String,
    /// Most events of one batch; [`DEFAULT_BATCH`] suits.
    pub batch: usize,
}

/// Applies the log to all read models until `shutdown`, whenever this process holds the lease; what [`incidents`](crate::incidents)
/// need beside that goes on whoever holds it.
///
/// Fails only if the database's URL cannot be used; a database that cannot be reached is tried again.
pub async fn run(options: ProjectorOptions, shutdown: CancellationToken) -> Result<(), Error> {
    let pool = options.database.pool(Role::Projector, CONNECTIONS)?;
    let alive = Alive::new(&options.database)?;
    let beside = incidents::keep(&pool, shutdown.clone());
    let projecting =
        run_while_held(&pool, &alive, LEASE, &options.owner, LEASE_TTL, shutdown, |fencing, held| {
            follow(pool.clone(), options.mark.clone(), options.batch, fencing, held)
        });
    tokio::join!(projecting, beside);
    Ok(())
}

/// Follows the log while the lease is held, starting over after a failure.
async fn follow(
    pool: Pool,
    mark: watch::Receiver<Position>,
    batch: usize,
    fencing: i64,
    held: CancellationToken,
) {
    let mut pause = FIRST_RETRY;
    while !held.is_cancelled() {
        let begun = Instant::now();
        let ended = Box::pin(session(&pool, mark.clone(), batch, fencing, &held)).await;
        match ended {
            Ok(()) => return,
            Err(Error::Fenced) => {
                tracing::warn!(fencing, "another projector has taken over");
                return;
            }
            Err(error) => {
                metrics::counter!("projector_failures_total").increment(1);
                tracing::warn!(error = %ledger::error_chain(&error), "the projector starts over");
            }
        }
        // A session that lived long was fine; its end says nothing about the next.
        pause =
            if begun.elapsed() > LONGEST_RETRY * 5 { FIRST_RETRY } else { (pause * 2).min(LONGEST_RETRY) };
        tokio::select! {
            () = held.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Follows the log on one pair of connections until something fails or the lease goes.
async fn session(
    pool: &Pool,
    mut mark: watch::Receiver<Position>,
    batch: usize,
    fencing: i64,
    held: &CancellationToken,
) -> Result<(), Error> {
    let reader = pool.get().await?;
    let mut writer = Writer::open(pool, fencing).await?;
    let mut feed = Feed::new(batch);
    let mut ahead: Option<Batch> = None;
    while !held.is_cancelled() {
        let safe = *mark.borrow_and_update();
        let Some(round) = writer.next_round(safe) else {
            tokio::select! {
                () = held.cancelled() => {}
                () = tokio::time::sleep(IDLE_POLL) => {}
                changed = mark.changed() => if changed.is_err() { held.cancelled().await },
            }
            continue;
        };
        let batch = match ahead.take().filter(|ahead| round.fits(ahead)) {
            Some(batch) => batch,
            None => feed.read(&**reader, round.side(), round.after, round.until).await?,
        };
        let read_ahead = async {
            if batch.full {
                Some(feed.read(&**reader, round.side(), batch.end, round.until).await).transpose()
            } else {
                Ok(None)
            }
        };
        let (written, next) = tokio::join!(writer.write(&round.models, &batch), read_ahead);
        match written {
            Ok(()) => {
                feed.written();
                ahead = next?;
            }
            Err(error) if error.is_about_data() => {
                if feed.refused(&batch) {
                    writer.write_one_by_one(&round.models, &batch).await?;
                }
            }
            Err(error) => return Err(error),
        }
        writer.tell_lag(safe);
    }
    Ok(())
}

/// What to read next, and for whom.
struct Round {
    models: Vec<ReadModel>,
    after: Position,
    until: Position,
}

impl Round {
    /// The side of the log that its read models are made of.
    fn side(&self) -> Side {
        ReadModel::side(&self.models)
    }

    /// Whether a batch that was read ahead is what this round begins with.
    fn fits(&self, ahead: &Batch) -> bool {
        ahead.side == self.side() && ahead.after == self.after && ahead.end <= self.until
    }
}

/// The connection that writes, and where the read models stand after its last commit.
struct Writer {
    client: Object,
    fencing: i64,
    positions: BTreeMap<ReadModel, Position>,
}

impl Writer {
    async fn open(pool: &Pool, fencing: i64) -> Result<Writer, Error> {
        let client = pool.get().await?;
        // Rows and checkpoints move together, so a crash that loses the last commits loses both, and the
        // log still has the events: waiting for the disk at every batch would buy nothing.
        client.batch_execute("set synchronous_commit = off").await?;
        checkpoint::claim(&**client, fencing).await?;
        let positions = checkpoint::positions(&**client).await?;
        Ok(Writer { client, fencing, positions })
    }

    /// The read models that stand furthest back and how far they may go together; `None` if all is applied.
    fn next_round(&self, safe: Position) -> Option<Round> {
        let after = self.positions.values().min().copied()?;
        let next = self.positions.values().filter(|position| **position > after).min();
        let until = next.map_or(safe, |next| safe.min(*next));
        let standing = self.positions.iter().filter(|(_, position)| **position == after);
        (after < until).then(|| Round { models: standing.map(|(model, _)| *model).collect(), after, until })
    }

    async fn write(&mut self, models: &[ReadModel], batch: &Batch) -> Result<(), Error> {
        let begun = Instant::now();
        let transaction = self.client.transaction().await?;
        let stand = checkpoint::lock(&transaction, models, self.fencing).await?;
        if stand.iter().any(|position| *position != batch.after) {
            return Err(Error::CheckpointMoved);
        }
        let parked = apply(&transaction, models, batch).await?;
        checkpoint::move_to(&transaction, models, batch.end).await?;
        failpoint::pass("projector.commit.before");
        transaction.commit().await?;
        failpoint::pass("projector.commit.after");
        for model in models {
            self.positions.insert(*model, batch.end);
        }
        checkpoint::announce();
        parked.iter().for_each(raise_alarm);
        metrics::counter!("projector_events_total").increment(batch.events as u64);
        metrics::histogram!("projector_batch_seconds").record(begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Writes a batch of one event to each read model by itself, and parks its stream in those that refuse it.
    async fn write_one_by_one(&mut self, models: &[ReadModel], batch: &Batch) -> Result<(), Error> {
        for model in models {
            match self.write(&[*model], batch).await {
                Err(error) if error.is_about_data() => {
                    let refused = batch.refused(&ledger::error_chain(&error));
                    self.write(&[*model], &refused).await?;
                }
                result => result?,
            }
        }
        Ok(())
    }

    fn tell_lag(&self, safe: Position) {
        for (model, position) in &self.positions {
            let lag = (safe.0 - position.0).max(0);
            metrics::gauge!("projector_lag_positions", "read_model" => model.name()).set(lag as f64);
        }
    }
}

fn raise_alarm(misfit: &Misfit) {
    metrics::counter!("projector_parked_streams_total").increment(1);
    let (account, stream) = misfit.key;
    tracing::error!(
        %account, %stream, position = misfit.position.0, version = misfit.version, expected = misfit.expected,
        reason = misfit.reason,
        "stream parked: its read models stay as they were until `cooly rebuild`"
    );
}
