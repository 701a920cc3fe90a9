//! The last release and this build on one database and queue, under load, in turns: old alone, both, new alone, the upgrade
//! taken back, both again, new alone. Everything accepted must end, and nothing may be dead but what always dies.
//!
//! At the end the read model of generations is rebuilt, as operators are told to: a projector of the last release leaves out
//! what it does not know of what this one writes.

use crate::books::close;
use crate::buyers::{Customer, Intent};
use crate::process::Role;
use crate::stage::{Ground, PROGRAM, Stage};
use crate::users::{admin, customer};
use anyhow::{Context as _, Result, ensure};
use futures::future::join;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The schema of the last release, which does not start on a later one.
const LAST_SCHEMA: &str = "6";

/// The models that are bought: some that work, one that is refused for good, some that die.
const MODELS: [&str; 7] = [
    "sim-image",
    "sim-image-flaky",
    "sim-video-short",
    "sim-video-metered",
    "sim-image-strict",
    "sim-image-down",
    "sim-image",
];

/// Those that may die: one always does, one now and then.
const DOOMED: [&str; 2] = ["sim-image-down", "sim-image-flaky"];

const SETTINGS: [(&str, &str); 5] = [
    ("COOLY_LEASE", "20s"),
    ("COOLY_RECONCILE_AFTER", "5s"),
    ("COOLY_MAX_ATTEMPTS", "4"),
    ("COOLY_SIM_IMAGE_DELAY", "200ms"),
    ("COOLY_SIM_VIDEO_DELAY", "2s"),
];

const CAST: [Role; 4] = [Role::Api, Role::Projector, Role::Worker, Role::Worker];

/// How long users buy in each turn.
const TURN: Duration = Duration::from_secs(8);

/// Runs the turns and the audit; fails if anything accepted is lost, doubled, stuck or dead without a reason.
pub(crate) async fn upgrade(old: &Path) -> Result<()> {
    let mut ground = Ground::prepare().await?;
    let played = play(&ground, old).await;
    if played.is_err() {
        println!("logs are kept in {}", ground.keep().display());
    }
    played
}

async fn play(ground: &Ground, old: &Path) -> Result<()> {
    let new = Path::new(PROGRAM);
    let mut stage = Stage::set(ground, "upgrade", &SETTINGS).await?;
    stage.run(old, &["migrate"])?;
    let mut turns = Turns { bought: Vec::new() };

    stage.start(old, &CAST).await?;
    turns.play(&mut stage, "the last release alone").await?;
    stage.run(new, &["migrate"])?;
    let refused = stage.try_start(old, Role::Worker).await;
    println!("started on the newer schema, the last release says: {}", told(refused));
    stage.start(new, &CAST).await?;
    turns.play(&mut stage, "both").await?;
    stage.stop_all_of(old).await?;
    turns.play(&mut stage, "this build alone").await?;
    stage.stop_all_of(new).await?;
    stage.run(new, &["migrate", "--undo-to", LAST_SCHEMA, "--yes"])?;
    stage.start(old, &CAST).await?;
    turns.play(&mut stage, "taken back: the last release alone").await?;
    stage.run(new, &["migrate"])?;
    stage.start(new, &CAST).await?;
    turns.play(&mut stage, "both again").await?;
    stage.stop_all_of(old).await?;
    turns.audit(&stage).await?;
    stage.stop_all_of(new).await
}

fn told(outcome: Result<()>) -> String {
    outcome.map_or_else(|error| format!("{error:#}"), |()| "nothing, it starts".to_owned())
}

struct Turns {
    bought: Vec<(Customer, Vec<Intent>)>,
}

impl Turns {
    /// Users buy and cancel while nothing or something changes.
    async fn play(&mut self, stage: &mut Stage, words: &str) -> Result<()> {
        let turn = self.bought.len() as u64;
        let user = customer(stage, &format!("user-{turn}")).await?;
        let (intents, cancelled) = join(user.buy(&MODELS, turn, TURN), cancel(&user, turn)).await;
        let intents = intents?;
        let accepted = intents.iter().filter(|intent| intent.is_acknowledged()).count();
        println!("{words}: {} sent, {accepted} accepted, {} cancelled", intents.len(), cancelled?);
        self.bought.push((user, intents));
        Ok(())
    }

    /// Retries what died, once, and then looks at everything.
    async fn audit(&self, stage: &Stage) -> Result<()> {
        let before = close(stage, &self.bought).await?;
        println!("at first: {:?}; differs from the log: {}", before.ends, before.breach.is_some());
        stage.run(Path::new(PROGRAM), &["rebuild", "generations"])?;
        let retried = retry(stage, &self.bought).await?;
        let outcome = close(stage, &self.bought).await?;
        println!("after {retried} retries: {:?}, {} acknowledged", outcome.ends, outcome.acknowledged);
        let unprovoked = dead(&self.bought)
            .await?
            .into_iter()
            .filter(|dead| !DOOMED.iter().any(|model| dead["model"] == *model));
        let unprovoked: Vec<Value> = unprovoked.collect();
        println!(
            "lost {}, doubled {}, dead without a reason {}",
            outcome.lost,
            outcome.doubled,
            unprovoked.len()
        );
        ensure!(unprovoked.is_empty(), "dead without a reason: {}", Value::from(unprovoked));
        ensure!(outcome.is_whole(), "{outcome:?}");
        println!("`cooly verify` holds");
        Ok(())
    }
}

/// Cancels some of what is open now and then; returns how many.
async fn cancel(user: &Customer, seed: u64) -> Result<usize> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut cancelled = 0;
    for _ in 0..5 {
        tokio::time::sleep(TURN / 6).await;
        let open = user.generations().await?.into_iter();
        let open = open.filter(|one| one["status"] == "running" || one["status"] == "queued");
        for one in open.filter(|_| dice.random_range(0..8) == 0) {
            let id = one["id"].as_str().context("it has an id")?;
            // It may have ended meanwhile.
            let answer = user.ask(Method::POST, &format!("/v1/generations/{id}/cancel"), None).await;
            cancelled += usize::from(answer.is_ok());
        }
    }
    Ok(cancelled)
}

async fn dead(bought: &[(Customer, Vec<Intent>)]) -> Result<Vec<Value>> {
    let mut dead = Vec::new();
    for (user, _) in bought {
        dead.extend(user.generations().await?.into_iter().filter(|one| one["status"] == "dead"));
    }
    Ok(dead)
}

/// Retries every third of the dead letters, and waits until that shows; returns how many.
async fn retry(stage: &Stage, bought: &[(Customer, Vec<Intent>)]) -> Result<usize> {
    let admin = admin(stage)?;
    let letters: Vec<Value> = dead(bought).await?.into_iter().step_by(3).collect();
    for letter in &letters {
        let id = letter["id"].as_str().context("it has an id")?;
        admin.ask(Method::POST, &format!("/admin/dlq/messages/{id}/retry"), None).await?;
    }
    // The same generation dead at the same moment is the run before.
    while dead(bought).await?.iter().any(|one| letters.iter().any(|letter| letter == one)) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(letters.len())
}
