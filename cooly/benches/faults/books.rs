//! What became of everything that was bought, and whether the books hold.

use crate::buyers::{Customer, Intent};
use crate::stage::{PROGRAM, Stage, connect};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest that everything accepted may take to end once nothing is wrong any more.
const PATIENCE: Duration = Duration::from_secs(300);

/// The figures of one row.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub acknowledged: usize,
    /// Acknowledged and not to be found.
    pub lost: usize,
    /// Generations that nobody asked for, and attempts that a provider was paid for more than once.
    pub doubled: usize,
    /// How many ended in each way.
    pub ends: BTreeMap<String, usize>,
    /// How often providers were paid, and for how many more than the attempts that were begun.
    pub paid: usize,
    pub overpaid: usize,
    /// What `cooly verify` complains about.
    pub breach: Option<String>,
}

impl Outcome {
    /// Whether nothing was lost, doubled or wrong.
    pub(crate) fn is_whole(&self) -> bool {
        self.lost + self.doubled + self.overpaid == 0 && self.breach.is_none()
    }
}

/// Waits until everything of these users has ended, and looks at it.
pub(crate) async fn close(stage: &Stage, bought: &[(Customer, Vec<Intent>)]) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for (customer, intents) in bought {
        outcome.acknowledged += intents.iter().filter(|intent| intent.is_acknowledged()).count();
        let ids: BTreeSet<String> = customer.settle(intents).await?.into_iter().collect();
        let listed = ended(customer, ids.len()).await?;
        let known: BTreeSet<&str> = listed.iter().filter_map(|one| one["id"].as_str()).collect();
        outcome.lost += ids.iter().filter(|id| !known.contains(id.as_str())).count();
        outcome.doubled += known.iter().filter(|id| !ids.contains(**id)).count() + listed.len() - known.len();
        for one in &listed {
            *outcome.ends.entry(end(one)).or_default() += 1;
        }
    }
    ensure!(outcome.acknowledged > 0, "nothing was acknowledged");
    let paid = stage.mocks.paid();
    outcome.paid = paid.values().sum();
    outcome.doubled += stage.mocks.paid_twice();
    let begun = begun(&stage.database_url).await?;
    let more =
        |(prompt, times): (&String, &usize)| times.saturating_sub(begun.get(prompt).copied().unwrap_or(0));
    outcome.overpaid = paid.iter().map(more).sum();
    let verified = stage.run(Path::new(PROGRAM), &["verify"]);
    outcome.breach = verified.err().map(|error| format!("{error:#}"));
    Ok(outcome)
}

/// The user's generations once all of them have ended and no fewer are listed than there must be.
async fn ended(customer: &Customer, at_least: usize) -> Result<Vec<Value>> {
    let until = Instant::now() + PATIENCE;
    loop {
        let listed = customer.generations().await?;
        let open: Vec<&Value> =
            listed.iter().filter(|one| ["queued", "running"].contains(&status(one))).collect();
        if open.is_empty() && listed.len() >= at_least {
            return Ok(listed);
        }
        if Instant::now() > until && open.is_empty() {
            return Ok(listed);
        }
        ensure!(Instant::now() < until, "{} of {} do not end: {}", open.len(), listed.len(), open[0]);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn status(generation: &Value) -> &str {
    generation["status"].as_str().unwrap_or("without a status")
}

/// How it ended; what waits for a person also with its reason.
fn end(generation: &Value) -> String {
    match (status(generation), generation["failure"]["code"].as_str()) {
        ("dead", Some(code)) => format!("dead ({code})"),
        (status, _) => status.to_owned(),
    }
}

/// How many attempts were begun for each prompt.
async fn begun(database_url: &str) -> Result<BTreeMap<String, usize>> {
    let begun = r"
        select queued.payload -> 'request' ->> 'prompt', count(started.version)
        from events queued
        left join events started on started.account_id = queued.account_id
            and started.stream_id = queued.stream_id and started.type = 'job.started'
        where queued.type = 'job.queued'
        group by 1";
    let rows = connect(database_url).await?.query(begun, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, usize::try_from(row.try_get::<_, i64>(1)?)?))).collect()
}
