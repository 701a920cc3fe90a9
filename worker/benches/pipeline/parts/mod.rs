//! What is measured. Each part is measured once a round and tells the lines that it found.

pub(crate) mod calls;
pub(crate) mod held;
pub(crate) mod hooks;
pub(crate) mod latency;
pub(crate) mod throughput;
pub(crate) mod videos;

use crate::sample::Sample;
use crate::settings::{Part, Settings};
use crate::site::Site;
use crate::stage::Stage;
use anyhow::{Context as _, Result};
use std::sync::Arc;

/// Measures a part once.
pub(crate) async fn measure(part: Part, stage: &Stage, settings: &Settings) -> Result<Vec<Sample>> {
    match part {
        Part::Throughput => throughput::measure(stage, settings).await,
        Part::Latency => latency::measure(stage, settings).await,
        Part::Held => held::measure(stage).await,
        Part::Hooks => hooks::measure(stage, settings).await,
        Part::Videos => videos::measure(stage, settings).await,
        Part::Calls => calls::measure(stage, settings).await,
    }
}

/// Ends a site that others have had a part in.
async fn close(site: Arc<Site>, stage: &Stage) -> Result<()> {
    let site = Arc::into_inner(site).context("whoever bought has ended")?;
    site.close(stage).await
}
