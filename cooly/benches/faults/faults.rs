//! What goes wrong, and how. Chances are drawn from the seed, so the same seed strikes at the same moments;
//! what the machine is doing then differs from run to run.

use crate::buyers::Customer;
use crate::killing;
use crate::line::Trouble as LineTrouble;
use crate::process::Role;
use crate::shelf::Mood;
use crate::sites::{Occasion, Site};
use crate::stage::{Ground, Stage};
use anyhow::{Context as _, Result};
use embedded::providers::Fault;
use rand::RngExt;
use rand::rngs::StdRng;
use std::process::Command;
use std::time::Duration;
use tokio::time::sleep;

/// How long users buy under each seed.
pub(crate) const SPAN: Duration = Duration::from_secs(3);

/// How long the queue is away, and how long a frozen worker is: longer than its claims hold.
const AWAY: Duration = Duration::from_secs(30);
const FROZEN: Duration = Duration::from_secs(12);

/// What strikes while users buy.
#[derive(Debug, Clone)]
pub(crate) enum Strike {
    /// A process of the role is killed with SIGKILL and started again.
    Kill(Role),
    /// A process is killed where it passes a point in the middle of its work.
    KillAt(&'static Site),
    /// The database server is killed and comes back by itself.
    KillPostgres,
    /// A worker is stopped for longer than its claims hold, and goes on.
    Freeze,
    /// One process after the other is replaced, so often.
    Restarts(u32),
    /// The queue's line is disturbed.
    Line(LineTrouble),
    /// The queue is gone for a while.
    QueueAway,
    /// The queue forgets all messages.
    Purge,
    /// Providers are disturbed.
    Providers(Fault),
    /// The folder of outputs is gone.
    Storage,
    /// The store of outputs is like this.
    Shelf(Mood),
}

impl Strike {
    /// How long it must not strike again: SQS purges a queue once a minute.
    pub(crate) fn rest(&self) -> Duration {
        if matches!(self, Strike::Purge) { Duration::from_secs(61) } else { Duration::ZERO }
    }

    /// What processes are told otherwise than under other faults.
    pub(crate) fn settings(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            // What a dead worker had is to be taken from it before its claims end.
            Strike::KillAt(Site { occasion: Occasion::Dying, .. }) => &[("COOLY_LEASE", "2m")],
            Strike::KillAt(Site { occasion: Occasion::Ordering, .. }) => &[("COOLY_MAX_ATTEMPTS", "1")],
            _ => &[],
        }
    }

    /// Whether users go on buying until it is over.
    pub(crate) fn is_under_load(&self) -> bool {
        matches!(self, Strike::Restarts(_) | Strike::KillAt(_))
    }

    /// Prepares the stage before anybody runs on it.
    pub(crate) async fn prepare(&self, stage: &mut Stage) -> Result<()> {
        match self {
            Strike::Shelf(_) => stage.put_up_shelf().await,
            _ => Ok(()),
        }
    }

    /// Prepares what runs, before users buy.
    pub(crate) async fn arm(&self, stage: &mut Stage, dice: &mut StdRng) -> Result<()> {
        match self {
            Strike::KillAt(site) => killing::arm(stage, site, dice).await,
            _ => Ok(()),
        }
    }

    /// Strikes once, at a moment and for a time that the dice say; returns when it is over.
    pub(crate) async fn strike(
        &self,
        stage: &mut Stage,
        (ground, customer): (&Ground, &Customer),
        dice: &mut StdRng,
    ) -> Result<()> {
        sleep(Duration::from_millis(dice.random_range(200..1_500))).await;
        let span = Duration::from_millis(dice.random_range(800..1_500));
        match self {
            Strike::Kill(role) => {
                let process = stage.any(*role, dice)?;
                process.kill()?;
                sleep(span / 2).await;
                process.start_again().await
            }
            Strike::KillAt(site) => killing::kill_at(stage, site, customer, dice).await,
            Strike::KillPostgres => kill_postgres(ground),
            Strike::Freeze => {
                let process = stage.any(Role::Worker, dice)?;
                process.freeze()?;
                sleep(FROZEN).await;
                process.wake()
            }
            Strike::Restarts(times) => restart(stage, *times, dice).await,
            Strike::Line(trouble) => {
                disturb(stage, *trouble, span, dice).await;
                Ok(())
            }
            Strike::QueueAway => {
                disturb(stage, LineTrouble::Away, AWAY, dice).await;
                Ok(())
            }
            Strike::Purge => Ok(stage.sqs.purge().await?),
            Strike::Providers(fault) => {
                stage.mocks.always(fault);
                sleep(span).await;
                stage.mocks.heal();
                Ok(())
            }
            Strike::Storage => without_storage(stage, span).await,
            Strike::Shelf(mood) => {
                let shelf = stage.shelf.as_ref().context("there is a shelf")?;
                shelf.be(*mood);
                sleep(span).await;
                shelf.be(Mood::Open);
                Ok(())
            }
        }
    }
}

async fn disturb(stage: &Stage, trouble: LineTrouble, span: Duration, dice: &mut StdRng) {
    stage.line.suffer(trouble, dice.random());
    sleep(span).await;
    stage.line.suffer(LineTrouble::Nothing, 0);
}

fn kill_postgres(ground: &Ground) -> Result<()> {
    if let Some(pid) = ground.postgres.pid() {
        Command::new("kill").args(["-KILL", &pid.to_string()]).status()?;
    }
    Ok(())
}

/// Stops and starts one process after the other, as an upgrade does.
async fn restart(stage: &mut Stage, times: u32, dice: &mut StdRng) -> Result<()> {
    for _ in 0..times {
        let role = [Role::Api, Role::Worker, Role::Projector][dice.random_range(0..3)];
        let process = stage.any(role, dice)?;
        process.stop().await?;
        process.start_again().await?;
    }
    Ok(())
}

/// A file stands where the folder was: root could write into a folder that forbids it.
async fn without_storage(stage: &Stage, span: Duration) -> Result<()> {
    let (folder, aside) = (stage.folder().join("outputs"), stage.folder().join("outputs-aside"));
    std::fs::rename(&folder, &aside)?;
    std::fs::write(&folder, "no folder")?;
    sleep(span).await;
    std::fs::remove_file(&folder)?;
    Ok(std::fs::rename(&aside, &folder)?)
}
