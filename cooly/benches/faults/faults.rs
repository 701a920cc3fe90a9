//! What goes wrong, one row of the table each. Chances are drawn from the seed, so the same seed strikes at the same moments;
//! what the machine is doing then differs from run to run.

use crate::line::Trouble as LineTrouble;
use crate::process::Role;
use crate::settings::Settings;
use crate::stage::{Ground, Stage};
use anyhow::{Result, bail};
use embedded::providers::{Fate, Fault, FileFault, Refusal, RetryAfter, Step, Trouble};
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

/// Where no request of ours may ever go.
const FORBIDDEN: &str = "http://169.254.169.254/latest/meta-data/";

/// What strikes while users buy.
#[derive(Debug, Clone)]
pub(crate) enum Strike {
    /// A process of the role is killed with SIGKILL and started again.
    Kill(Role),
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
    /// Outputs cannot be stored.
    Storage,
}

/// A row: its name on the command line, what it is in words, and what strikes.
pub(crate) struct Row {
    pub name: &'static str,
    pub words: &'static str,
    pub strike: Strike,
}

/// The rows that are asked for, all of them if none is named.
pub(crate) fn named(settings: &Settings) -> Result<Vec<Row>> {
    let rows = rows(settings.restarts);
    let known: Vec<&str> = rows.iter().map(|row| row.name).collect();
    if let Some(unknown) = settings.names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no fault `{unknown}`; there are {}", known.join(", "));
    }
    let wanted = |row: &Row| settings.names.is_empty() || settings.names.iter().any(|name| name == row.name);
    Ok(rows.into_iter().filter(wanted).collect())
}

/// All rows, in the order of the table. `restarts` is how often a process is replaced in each seed of that row.
fn rows(restarts: u32) -> Vec<Row> {
    let row = |name, words, strike| Row { name, words, strike };
    let providers = |name, words, fault| Row { name, words, strike: Strike::Providers(fault) };
    let submit = |trouble: Trouble| Fault::Instead(Step::Submit, trouble);
    let after = |trouble: Trouble| Fault::After(Step::Submit, trouble);
    let status = |trouble: Trouble| Fault::Instead(Step::Status, trouble);
    let busy = Trouble::Refusal(Refusal::Busy(RetryAfter::Seconds(1)));
    vec![
        row("kill-api", "kill −9 of the API", Strike::Kill(Role::Api)),
        row("kill-projector", "kill −9 of the projector", Strike::Kill(Role::Projector)),
        row("kill-worker", "kill −9 of a worker", Strike::Kill(Role::Worker)),
        row("kill-postgres", "kill −9 of Postgres", Strike::KillPostgres),
        row("freeze-worker", "a worker frozen past its claims", Strike::Freeze),
        row("restarts", "rolling restarts", Strike::Restarts(restarts)),
        row("queue-doubles", "every message sent twice", Strike::Line(LineTrouble::Doubles)),
        row(
            "queue-overtakes",
            "requests to the queue overtake each other",
            Strike::Line(LineTrouble::Overtakes),
        ),
        row("queue-loses", "two of three answers of the queue lost", Strike::Line(LineTrouble::LosesAnswers)),
        row("queue-away", "the queue away for 30 s", Strike::QueueAway),
        row("queue-purged", "the queue purged", Strike::Purge),
        providers("busy", "providers answer 429", submit(busy)),
        providers("down", "providers answer 503", submit(Trouble::Refusal(Refusal::Down(503)))),
        providers("error", "providers answer 500", submit(Trouble::Refusal(Refusal::Down(500)))),
        providers(
            "redirect",
            "providers redirect into a private network",
            submit(Trouble::Redirect(FORBIDDEN.into())),
        ),
        providers("garbage", "accepted, then garbage", after(Trouble::Garbage)),
        providers("endless", "accepted, then an endless body", after(Trouble::Endless)),
        providers("hang-up", "accepted, then hung up", after(Trouble::HangUp)),
        providers("silence", "accepted, then silence", after(Trouble::Silence)),
        providers("polls", "garbage for questions after tasks", status(Trouble::Garbage)),
        providers("late", "tasks end 8 s late", Fault::Fate(Fate::Late(Duration::from_secs(8)))),
        providers("gone", "tasks are forgotten", Fault::Fate(Fate::Gone)),
        providers("failed", "tasks fail", Fault::Fate(Fate::Failed)),
        providers("files-cut", "files are cut off", Fault::File(FileFault::Cut)),
        providers(
            "files-elsewhere",
            "files lead into a private network",
            Fault::File(FileFault::Elsewhere(FORBIDDEN.into())),
        ),
        row("storage", "outputs cannot be stored", Strike::Storage),
    ]
}

impl Strike {
    /// How long it must not strike again: SQS purges a queue once a minute.
    pub(crate) fn rest(&self) -> Duration {
        if matches!(self, Strike::Purge) { Duration::from_secs(61) } else { Duration::ZERO }
    }

    /// Strikes once, at a moment and for a time that the dice say; returns when it is over.
    pub(crate) async fn strike(&self, stage: &mut Stage, ground: &Ground, dice: &mut StdRng) -> Result<()> {
        sleep(Duration::from_millis(dice.random_range(200..1_500))).await;
        let span = Duration::from_millis(dice.random_range(800..1_500));
        match self {
            Strike::Kill(role) => {
                let process = stage.any(*role, dice)?;
                process.kill()?;
                sleep(span / 2).await;
                process.start_again().await
            }
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
