//! The cost of growth: the same load on logs of different lengths.
//!
//! Each log is a database of its own on the same server and is filled by the ledger itself, so that every row,
//! version and hash is a real one. Rounds go through all logs in turn. A log grows while it is measured; the
//! empty one is made anew for every round, and the table tells how many events the others began with.

use crate::case::{ACCOUNTS, Case, Place, System};
use crate::commands;
use crate::crowd::{self, Window};
use crate::figures::{Figure, Line};
use crate::ours::Buyer;
use crate::settings::Settings;
use crate::stage::Stage;
use anyhow::Result;
use ledger::{Database, Ledger, Role, UserId};
use measure::orders;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;
use tokio_postgres::Client;

const CALLERS: [usize; 2] = [64, 1_024];
/// As many as keep every lane's batches full.
const FILLERS: usize = 2_048;

/// One length of the log and one number of callers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GrowthLine {
    /// The length that was asked for, in events.
    pub(crate) asked: u64,
    /// The events in the log when its last round began.
    pub(crate) events: u64,
    /// How long filling took, in seconds.
    pub(crate) filled_seconds: f64,
    /// The figures.
    pub(crate) line: Line,
}

/// Fills all logs, then measures them in turn.
pub(crate) async fn measure(stage: &Stage, settings: &Settings) -> Result<Vec<GrowthLine>> {
    let mut logs = Vec::new();
    for asked in &settings.growth {
        logs.push(Log::filled(stage, *asked).await?);
    }
    for round in 1..=settings.rounds {
        for log in &mut logs {
            eprintln!("growth: round {round} of {}, log of {} events", settings.rounds, log.asked);
            log.round(stage, settings, round).await?;
        }
    }
    let mut lines = Vec::new();
    for log in logs {
        let name = log.name();
        lines.extend(log.close(stage.events_per_command).await);
        stage.drop_database(&name).await?;
    }
    Ok(lines)
}

struct Log {
    asked: u64,
    owner: Client,
    ledger: Ledger,
    events: u64,
    filled_seconds: f64,
    rounds: [Vec<Figure>; CALLERS.len()],
}

impl Log {
    async fn filled(stage: &Stage, asked: u64) -> Result<Log> {
        let begun = Instant::now();
        let (owner, ledger) = open(stage, asked).await?;
        let granted = count(&owner).await?;
        let missing = asked.saturating_sub(granted) / stage.events_per_command.max(1);
        fill(&ledger, &stage.users, missing).await?;
        owner.batch_execute("vacuum analyze").await?;
        let (events, seconds) = (count(&owner).await?, begun.elapsed().as_secs_f64());
        eprintln!("growth: {events} events after {seconds:.0} s");
        Ok(Log { asked, owner, ledger, events, filled_seconds: seconds, rounds: Default::default() })
    }

    fn name(&self) -> String {
        name(self.asked)
    }

    async fn round(&mut self, stage: &Stage, settings: &Settings, round: usize) -> Result<()> {
        if self.asked == 0 && round > 1 {
            self.ledger.close().await;
            (self.owner, self.ledger) = open(stage, self.asked).await?;
            self.owner.batch_execute("vacuum analyze").await?;
        }
        self.events = count(&self.owner).await?;
        for (callers, figures) in CALLERS.iter().zip(&mut self.rounds) {
            self.owner.batch_execute("checkpoint").await?;
            let callers = Buyer::crowd(&self.ledger, &stage.users, commands::purchase, *callers);
            let window = Window::from_now(settings.length);
            let load = crowd::run(callers, 0, Place::Spread.accounts(), window);
            let (tally, costs) = stage.meter.around(window, load).await?;
            figures.push(Figure::new(tally, costs, settings.length));
        }
        Ok(())
    }

    async fn close(self, events_per_command: u64) -> Vec<GrowthLine> {
        self.ledger.close().await;
        let lines = CALLERS.iter().zip(self.rounds).map(|(callers, rounds)| {
            let case = Case { system: System::Cooly, callers: *callers, place: Place::Spread };
            GrowthLine {
                asked: self.asked,
                events: self.events,
                filled_seconds: self.filled_seconds,
                line: Line::new(case, rounds, events_per_command),
            }
        });
        lines.collect()
    }
}

fn name(asked: u64) -> String {
    format!("growth_{asked}")
}

/// A log with nothing in it but the accounts.
async fn open(stage: &Stage, asked: u64) -> Result<(Client, Ledger)> {
    let database: Database = stage.fresh_database(&name(asked)).await?;
    let ledger = stage.ledger_on(&database).await?;
    orders::for_all(&ledger, &stage.users[..ACCOUNTS], orders::grant).await?;
    Ok((database.connect(Role::Owner).await?, ledger))
}

async fn fill(ledger: &Ledger, users: &Arc<[UserId]>, commands: u64) -> Result<()> {
    let left = Arc::new(AtomicI64::new(i64::try_from(commands)?));
    let tasks = (0..FILLERS).map(|_| {
        let (ledger, users, left) = (ledger.clone(), users.clone(), left.clone());
        tokio::spawn(async move {
            loop {
                let number = left.fetch_sub(1, Ordering::Relaxed);
                if number <= 0 {
                    return anyhow::Ok(());
                }
                ledger.execute(commands::purchase(&users[number as usize % ACCOUNTS])).await?;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(())
}

async fn count(owner: &Client) -> Result<u64> {
    let count: i64 = owner.query_one("select count(*) from events", &[]).await?.try_get(0)?;
    Ok(u64::try_from(count)?)
}
