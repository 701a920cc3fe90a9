//! Killing processes in the middle of their work: each dies when it comes by a point for the time that the dice say, and is
//! started again without one.

use crate::buyers::Customer;
use crate::process::{Process, Role};
use crate::sites::{Occasion, Site};
use crate::stage::Stage;
use crate::users::admin;
use anyhow::{Result, ensure};
use chrono::{TimeDelta, Utc};
use embedded::providers::{Fate, Fault, Refusal, Step, Trouble};
use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Longest that it may take until a process has come by.
const PATIENCE: Duration = Duration::from_secs(180);

const OFTEN: Duration = Duration::from_millis(250);

/// How long credits are good that expire: longer than a grant takes on a busy machine.
const GOOD_FOR_SECONDS: i64 = 10;

/// How long a worker that is to die has time to begin something.
const AT_WORK: Duration = Duration::from_secs(3);

/// Starts every process of the role again, now with the point.
pub(crate) async fn arm(stage: &mut Stage, site: &Site, dice: &mut StdRng) -> Result<()> {
    // What happens seldom is not waited for several times.
    let passing = if site.occasion == Occasion::Buying { dice.random_range(1..=4) } else { 1 };
    for process in of(stage, site.role) {
        process.stop().await?;
        process.die_at(Some(format!("{}=kill@{passing}", site.point)));
        process.start_again().await?;
    }
    Ok(())
}

/// Has them come by until one has died, and starts all again that have, now without the point.
pub(crate) async fn kill_at(
    stage: &mut Stage,
    site: &Site,
    customer: &Customer,
    dice: &mut StdRng,
) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    let mut is_ordered = false;
    begin(stage, site.occasion, dice).await?;
    while revive(stage, site.role).await? == 0 {
        ensure!(Instant::now() < until, "nobody came by {}", site.point);
        go_on(stage, site.occasion, customer, &mut is_ordered).await?;
        sleep(OFTEN).await;
    }
    stage.mocks.heal();
    for process in of(stage, site.role) {
        if process.is_to_die() {
            process.kill()?;
            process.die_at(None);
            process.start_again().await?;
        }
    }
    Ok(())
}

fn of(stage: &mut Stage, role: Role) -> impl Iterator<Item = &mut Process> {
    stage.processes.iter_mut().filter(move |process| process.role() == role)
}

/// Starts again what has died at its point; returns how many.
async fn revive(stage: &mut Stage, role: Role) -> Result<usize> {
    let mut died = 0;
    for process in of(stage, role) {
        if process.has_died()? {
            process.die_at(None);
            process.start_again().await?;
            died += 1;
        }
    }
    Ok(died)
}

async fn begin(stage: &mut Stage, occasion: Occasion, dice: &mut StdRng) -> Result<()> {
    let down = Fault::Instead(Step::Submit, Trouble::Refusal(Refusal::Down(503)));
    match occasion {
        Occasion::Buying | Occasion::Expiring => {}
        Occasion::Failing | Occasion::Ordering => stage.mocks.always(&down),
        Occasion::Cancelling => stage.mocks.always(&Fault::Fate(Fate::Late(Duration::from_secs(8)))),
        Occasion::Dying => {
            stage.mocks.always(&Fault::After(Step::Submit, Trouble::Silence));
            sleep(AT_WORK).await;
            let process = stage.any(Role::Worker, dice)?;
            process.kill()?;
            process.start_again().await?;
            stage.mocks.heal();
        }
    }
    Ok(())
}

async fn go_on(stage: &Stage, occasion: Occasion, customer: &Customer, is_ordered: &mut bool) -> Result<()> {
    match occasion {
        Occasion::Buying | Occasion::Failing | Occasion::Dying => {}
        Occasion::Cancelling => {
            for one in customer.generations().await?.iter().filter(|one| one["status"] == "running") {
                let id = one["id"].as_str().unwrap_or_default();
                // It may have ended meanwhile.
                let _ = customer.ask(Method::POST, &format!("/v1/generations/{id}/cancel"), None).await;
            }
        }
        Occasion::Expiring => {
            let expires_at = (Utc::now() + TimeDelta::seconds(GOOD_FOR_SECONDS)).to_rfc3339();
            let grant = json!({ "amount": "1", "reason": "to expire", "expires_at": expires_at });
            admin(stage)?.ask(Method::POST, "/admin/accounts/idle/grants", Some(grant)).await?;
        }
        Occasion::Ordering if !*is_ordered => {
            let admin = admin(stage)?;
            let dead = admin.get("/admin/dlq/messages?limit=1").await?;
            if dead["total"].as_u64().unwrap_or_default() > 0 {
                stage.mocks.heal();
                let order = json!({ "action": "retry", "filter": {}, "reason": "providers are back" });
                admin.order_later("/admin/dlq/bulk-actions", order).await?;
                *is_ordered = true;
            }
        }
        Occasion::Ordering => {}
    }
    Ok(())
}
