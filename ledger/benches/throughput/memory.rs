//! Memory of a process that has a ledger and nothing else, over many accounts and over time.
//!
//! Runs in a process of its own, whose memory no other part of the benchmark has grown. First every account
//! is opened, each touched once; then 64 callers buy for as long as was asked, together at the rate that was asked:
//! an hour as fast as they can would fill a disk.

use crate::case::ACCOUNTS;
use crate::child::{Child, Parent, Role};
use crate::commands;
use crate::ours;
use anyhow::{Result, bail, ensure};
use ledger::{Database, ExecuteError, Ledger, LedgerOptions};
use measure::{orders, processes};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CALLERS: usize = 64;
/// How many points each of the two phases has.
const POINTS: usize = 10;

#[derive(Debug, Serialize, Deserialize)]
struct Wish {
    accounts: usize,
    length: Duration,
    /// Commands each second, of all callers together.
    rate: u32,
}

/// The memory of the process at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Point {
    /// Seconds since the ledger was opened.
    pub(crate) seconds: f64,
    /// Accounts that this process has seen.
    pub(crate) accounts: usize,
    /// Commands that it has executed.
    pub(crate) commands: u64,
    /// Its memory in RAM, in MiB.
    pub(crate) resident_mib: f64,
}

/// Watches a process through both phases.
pub(crate) async fn measure(
    url: &str,
    lanes: usize,
    accounts: usize,
    length: Duration,
    rate: u32,
) -> Result<Vec<Point>> {
    let mut child = Child::start(Role::Memory, url, lanes)?;
    child.tell(&Wish { accounts, length, rate }).await?;
    let mut points = Vec::new();
    while let Some(point) = child.hear::<Point>().await? {
        eprintln!(
            "memory: {:.0} s, {} accounts, {} commands, {:.1} MiB",
            point.seconds, point.accounts, point.commands, point.resident_mib
        );
        points.push(point);
    }
    child.finish().await?;
    Ok(points)
}

/// The process that is watched.
pub(crate) async fn play(url: &str, lanes: usize) -> Result<()> {
    let mut parent = Parent::new();
    let Some(wish) = parent.hear::<Wish>().await? else { return Ok(()) };
    let database = Database::new(url)?;
    let ledger = Ledger::open(&database, LedgerOptions { lanes, ..LedgerOptions::default() }).await?;
    let watch = Watch { parent, begun: Instant::now(), commands: AtomicU64::new(0) };
    watch.tell(0)?;
    let step = wish.accounts.div_ceil(POINTS).max(1);
    for first in (0..wish.accounts).step_by(step) {
        let end = wish.accounts.min(first + step);
        watch.open_accounts(&ledger, first, end).await?;
        watch.tell(end)?;
    }
    let watch = Arc::new(watch);
    let buying = watch.clone().buy(ledger.clone(), wish.length, wish.rate);
    let telling = async {
        for _ in 0..POINTS {
            tokio::time::sleep(wish.length / POINTS as u32).await;
            watch.tell(wish.accounts)?;
        }
        Ok(())
    };
    tokio::try_join!(buying, telling)?;
    ledger.close().await;
    Ok(())
}

struct Watch {
    parent: Parent,
    begun: Instant,
    commands: AtomicU64,
}

impl Watch {
    fn tell(&self, accounts: usize) -> Result<()> {
        self.parent.tell(&Point {
            seconds: self.begun.elapsed().as_secs_f64(),
            accounts,
            commands: self.commands.load(Ordering::Relaxed),
            resident_mib: processes::resident_mib()?,
        })
    }

    /// Touches each account once. Users are made when needed, so that what grows is the ledger's.
    async fn open_accounts(&self, ledger: &Ledger, first: usize, end: usize) -> Result<()> {
        for chunk in (first..end).step_by(1_000) {
            let users: Vec<_> = (chunk..end.min(chunk + 1_000)).map(orders::user).collect::<Result<_>>()?;
            orders::for_all(ledger, &users, orders::grant).await?;
            self.commands.fetch_add(users.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Buys on the first accounts, keeping no times: they would be what grows.
    async fn buy(self: Arc<Watch>, ledger: Ledger, length: Duration, rate: u32) -> Result<()> {
        let pause = Duration::from_secs(1) * CALLERS as u32 / rate;
        let users = ours::users(ACCOUNTS)?;
        let end = Instant::now() + length;
        let tasks = (0..CALLERS).map(|caller| {
            let (watch, ledger, users) = (self.clone(), ledger.clone(), users.clone());
            tokio::spawn(async move {
                let mut turn = caller;
                let mut pace = tokio::time::interval(pause);
                while Instant::now() < end {
                    pace.tick().await;
                    match ledger.execute(commands::purchase(&users[turn % ACCOUNTS])).await {
                        Ok(_) => _ = watch.commands.fetch_add(1, Ordering::Relaxed),
                        // In an hour a disk may stall; what is watched is the memory, that of a stall included.
                        Err(ExecuteError::Failed(error)) => eprintln!("memory: not answered: {error}"),
                        Err(ExecuteError::Refused(refusal)) => bail!(refusal),
                    }
                    turn += CALLERS;
                }
                anyhow::Ok(())
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await??;
        }
        Ok(())
    }
}

/// The accounts of this part must include those that are bought on.
pub(crate) fn check(accounts: usize) -> Result<()> {
    ensure!(accounts >= ACCOUNTS, "BENCH_ACCOUNTS must be at least {ACCOUNTS}");
    Ok(())
}
