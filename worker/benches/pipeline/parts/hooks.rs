//! How soon a thousand customers' endpoints are told what happened, while all of them answer, and while one never does and one takes its
//! time: from the answer to a grant until the message has come.

use crate::maker::{Maker, Times};
use crate::sample::{Column, MOST, Sample};
use crate::settings::Settings;
use crate::shops::{DEAD, SLOW, Shops, WELL};
use crate::site::{Site, Wanted, until};
use crate::stage::Stage;
use anyhow::Result;
use measure::orders;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

const ENDPOINTS: usize = 1_000;

/// Time between two grants: each is told to all endpoints.
const EVERY: Duration = Duration::from_secs(1);

/// The first grants are left out: connections are made then.
const WARM_UP: usize = 3;

const MESSAGES: Column = Column::of("messages", "", 0);
const OTHERS: Column = Column::of("to the dead and the slow", "", 0);

/// Lines of this part.
pub(crate) const LINE_WELL: &str = "1,000 endpoints, all answer at once";
pub(crate) const LINE_ILL: &str = "1,000 endpoints, one never answers, one after 9 s";

/// By the longest of which the others were delayed.
pub(crate) const LONGEST: Column = MOST;

pub(super) async fn measure(stage: &Stage, settings: &Settings) -> Result<Vec<Sample>> {
    let grants = WARM_UP + (settings.length.as_secs() as usize * 4).max(20);
    let well = vec![WELL; ENDPOINTS];
    let mut ill = well.clone();
    (ill[0], ill[1]) = (DEAD, SLOW);
    Ok(vec![told(stage, LINE_WELL, &well, grants).await?, told(stage, LINE_ILL, &ill, grants).await?])
}

async fn told(stage: &Stage, line: &str, endpoints: &[&str], grants: usize) -> Result<Sample> {
    let shops = Shops::open().await?;
    let wanted = Wanted { accounts: 0, slots: 1, checks: 1, linger: Duration::ZERO };
    let mut site = Site::open(stage, wanted, Maker::new(Times::default())).await?;
    for (number, path) in endpoints.iter().enumerate() {
        site.endpoint(format!("{}{path}/{number}", shops.url)).await?;
    }
    site.start_worker()?;
    let site = Arc::new(site);
    let mut answered = HashMap::new();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0..grants {
        ticks.tick().await;
        let user = orders::user(number)?;
        site.ledger.execute(orders::grant(&user)).await?;
        answered.insert(user.to_string(), (number, Instant::now()));
    }
    let well = endpoints.iter().filter(|path| **path == WELL).count();
    until("all are told", async || Ok(shops.came() >= well * grants)).await?;
    let (came, others) = shops.take();
    // A worker may be quicker than the answer is read.
    let waited = came.iter().filter_map(|arrival| {
        let (number, answered) = answered.get(&arrival.user)?;
        let waited = arrival.at.saturating_duration_since(*answered).as_secs_f64() * 1e3;
        (*number >= WARM_UP).then_some(waited)
    });
    let waited: Vec<f64> = waited.collect();
    let sample = Sample::new(line).with(MESSAGES, waited.len() as f64).with_times(waited);
    let sample = sample.with(OTHERS, others as f64);
    super::close(site, stage).await?;
    Ok(sample)
}
