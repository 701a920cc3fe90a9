//! What a measurement costs besides time.

use crate::sample::{OWN_CPU, SERVER_CPU, Sample};
use crate::stage::Stage;
use anyhow::Result;
use measure::processes;
use std::time::Duration;

/// CPU time so far: of this process (worker, projector, private SQS, buyers), and of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Costs {
    own: Duration,
    server: Duration,
}

impl Costs {
    /// Reads them.
    pub(crate) fn read(stage: &Stage) -> Result<Costs> {
        let postmaster = stage.server.postmaster()?;
        Ok(Costs { own: processes::callers_cpu(postmaster)?, server: processes::server_cpu(postmaster)? })
    }

    /// Adds what came since to a line about so many jobs, for each of them.
    pub(crate) fn since(self, stage: &Stage, jobs: f64, sample: Sample) -> Result<Sample> {
        let now = Costs::read(stage)?;
        let each =
            |now: Duration, before: Duration| now.saturating_sub(before).as_secs_f64() * 1e6 / jobs.max(1.0);
        Ok(sample.with(OWN_CPU, each(now.own, self.own)).with(SERVER_CPU, each(now.server, self.server)))
    }
}
