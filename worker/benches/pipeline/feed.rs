//! Buyers: as many as keep the pipeline full, or so many purchases a second.

use crate::maker::IMAGE;
use crate::site::Site;
use anyhow::Result;
use ledger::JobId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Jobs that were bought and have not begun: more than the windows of the relay let out.
const WAITING: usize = 1_000;
/// Purchases on their way at once.
const BUYERS: usize = 64;

/// Buys until it is dropped, so that there is always something that waits.
pub(crate) struct Feed {
    buyers: JoinSet<Result<()>>,
}

impl Feed {
    /// Begins.
    pub(crate) fn start(site: &Arc<Site>) -> Feed {
        site.maker.let_wait(WAITING);
        let turns = Arc::new(AtomicUsize::new(0));
        let mut buyers = JoinSet::new();
        for _ in 0..BUYERS {
            let (site, turns) = (Arc::clone(site), Arc::clone(&turns));
            buyers.spawn(async move {
                loop {
                    site.maker.room().await;
                    site.buy(turns.fetch_add(1, Ordering::Relaxed), IMAGE).await?;
                }
            });
        }
        Feed { buyers }
    }

    /// Ends; fails if a purchase has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.buyers.abort_all();
        while let Some(ended) = self.buyers.join_next().await {
            if let Ok(failed) = ended {
                failed?;
            }
        }
        Ok(())
    }
}

/// Buys so many a second for this long, whatever the answers take: each job, and when its purchase was answered.
pub(crate) async fn steadily(
    site: &Arc<Site>,
    per_second: u32,
    length: Duration,
) -> Result<Vec<(JobId, Instant)>> {
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut purchases = JoinSet::new();
    for turn in 0..(length.as_secs_f64() * f64::from(per_second)) as usize {
        ticks.tick().await;
        purchases.spawn(purchase(Arc::clone(site), turn));
    }
    purchases.join_all().await.into_iter().collect()
}

/// Buys so many at once.
pub(crate) async fn at_once(site: &Arc<Site>, jobs: usize, model: &'static str) -> Result<()> {
    let purchases = (0..jobs).map(|turn| site.buy(turn, model));
    futures::future::try_join_all(purchases).await.map(drop)
}

async fn purchase(site: Arc<Site>, turn: usize) -> Result<(JobId, Instant)> {
    let job_id = site.buy(turn, IMAGE).await?;
    Ok((job_id, Instant::now()))
}
