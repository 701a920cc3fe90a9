//! Duties that one process at a time performs: the projector, and the worker's single loops.
//!
//! A lease has an end, told by the database's clock, and a fencing number that grows with every change of
//! hands. Holding a lease is never proof of holding it now: a process may sleep past its end. Whoever writes
//! under a lease shows the fencing number in the same transaction, and the higher number wins.

use crate::alive::Alive;
use crate::error::Error;
use deadpool_postgres::Pool;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::types::{ToSql, Type};
use tokio_util::sync::CancellationToken;

/// Takes the lease if it is new or lapsed, or if its owner said how to see that it lives and does not (`alive`).
pub(crate) const ACQUIRE: &str = r"
insert into leases as lease (name, owner, fencing, until)
values ($1, $2, 1, statement_timestamp() + make_interval(secs => $3))
on conflict (name) do update
    set owner = excluded.owner, fencing = lease.fencing + 1, until = excluded.until
    where lease.until <= statement_timestamp()
        or lease.owner ~ '/alive:[0-9]+$' and not exists (
            select from pg_locks
            where locktype = 'advisory' and objsubid = 1 and granted
                and database = (select oid from pg_database where datname = current_database())
                and (classid::bigint << 32) | objid::bigint
                    = substring(lease.owner from '/alive:([0-9]+)$')::bigint
        )
returning fencing";

/// Prolongs the lease, even after its end if nobody has taken it since.
pub(crate) const RENEW: &str = "update leases set until = statement_timestamp() + make_interval(secs => $3) \
     where name = $1 and fencing = $2 returning fencing";

/// Ends the lease now, so that the next holder need not wait.
pub(crate) const RELEASE: &str =
    "update leases set until = statement_timestamp() where name = $1 and fencing = $2 returning fencing";

/// A lease that was taken.
#[derive(Debug)]
pub struct Lease {
    pool: Pool,
    name: String,
    fencing: i64,
    ttl: Duration,
}

impl Lease {
    /// Takes the lease `name` for `ttl`, unless somebody holds it. The pool must be a projector's.
    pub async fn acquire(
        pool: &Pool,
        name: &str,
        owner: &str,
        ttl: Duration,
    ) -> Result<Option<Lease>, Error> {
        let seconds = ttl.as_secs_f64();
        let parameters: [(&(dyn ToSql + Sync), Type); 3] =
            [(&name, Type::TEXT), (&owner, Type::TEXT), (&seconds, Type::FLOAT8)];
        let rows = pool.get().await?.query_typed(ACQUIRE, &parameters).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Lease { pool: pool.clone(), name: name.to_owned(), fencing: row.try_get(0)?, ttl }))
    }

    /// Prolongs it; `false` if another process has it now.
    pub async fn renew(&self) -> Result<bool, Error> {
        let seconds = self.ttl.as_secs_f64();
        let parameters: [(&(dyn ToSql + Sync), Type); 3] =
            [(&self.name, Type::TEXT), (&self.fencing, Type::INT8), (&seconds, Type::FLOAT8)];
        Ok(!self.pool.get().await?.query_typed(RENEW, &parameters).await?.is_empty())
    }

    /// Gives it up, so that the next holder need not wait for its end.
    pub async fn release(self) -> Result<(), Error> {
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&self.name, Type::TEXT), (&self.fencing, Type::INT8)];
        self.pool.get().await?.query_typed(RELEASE, &parameters).await?;
        Ok(())
    }

    /// The number to show with every write under this lease.
    pub fn fencing(&self) -> i64 {
        self.fencing
    }
}

/// Performs a duty whenever this process holds its lease, until `shutdown`.
///
/// `work` is given the fencing number and a token that is cancelled when the lease is lost or at shutdown;
/// it must then return soon. If it returns by itself, the lease is given up and asked for again later. `alive` lets
/// others take the lease over at once when this process is killed.
pub async fn run_while_held<Work, Running>(
    pool: &Pool,
    alive: &Alive,
    name: &str,
    owner: &str,
    ttl: Duration,
    shutdown: CancellationToken,
    mut work: Work,
) where
    Work: FnMut(i64, CancellationToken) -> Running,
    Running: Future<Output = ()>,
{
    let owner = alive.owner(owner);
    while !shutdown.is_cancelled() {
        let asked = Instant::now();
        let acquired = async {
            alive.show().await?;
            Lease::acquire(pool, name, &owner, ttl).await
        };
        match acquired.await {
            Ok(Some(lease)) => {
                tracing::info!(lease = name, fencing = lease.fencing, "lease taken");
                let held = shutdown.child_token();
                let running = work(lease.fencing, held.clone());
                hold(lease, alive, asked, held, running).await;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(lease = name, error = %ledger::error_chain(&error), "lease cannot be asked for");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(LOOK_AGAIN.min(ttl / 3)) => {}
        }
    }
}

/// How soon a lease is asked for again that somebody else has: so long a duty rests when its holder is killed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Runs the work and keeps the lease meanwhile.
async fn hold(
    lease: Lease,
    alive: &Alive,
    asked: Instant,
    held: CancellationToken,
    running: impl Future<Output = ()>,
) {
    let renewing = async {
        keep(&lease, alive, asked, &held).await;
        held.cancel();
    };
    let working = async {
        running.await;
        held.cancel();
    };
    tokio::join!(renewing, working);
    let name = lease.name.clone();
    if let Err(error) = lease.release().await {
        tracing::debug!(lease = name, error = %ledger::error_chain(&error), "the lease was left to lapse");
    }
}

/// Renews the lease until it is lost, or until nothing is held any more.
async fn keep(lease: &Lease, alive: &Alive, asked: Instant, held: &CancellationToken) {
    // Counted from before the question was sent, so that this end is never later than the database's.
    let mut end = asked + lease.ttl;
    loop {
        tokio::select! {
            () = held.cancelled() => return,
            () = tokio::time::sleep(lease.ttl / 3) => {}
        }
        let asked = Instant::now();
        let renewed = async {
            if let Err(error) = alive.show().await {
                tracing::debug!(error = %ledger::error_chain(&error), "others cannot see that this process lives");
            }
            lease.renew().await
        };
        match tokio::time::timeout_at(end, renewed).await {
            Ok(Ok(true)) => end = asked + lease.ttl,
            Ok(Ok(false)) => {
                tracing::warn!(lease = lease.name, "the lease has passed to another process");
                return;
            }
            Ok(Err(error)) => {
                tracing::warn!(lease = lease.name, error = %ledger::error_chain(&error), "the lease was not renewed");
            }
            Err(_) => {}
        }
        if Instant::now() >= end {
            tracing::warn!(lease = lease.name, "the lease has lapsed");
            return;
        }
    }
}
