//! Real processes under faults: what is acknowledged, what becomes of it, and whether the books hold.
//!
//! `cargo bench -p cooly --bench faults -- --seeds 3` (or `loadtest/run faults`) goes through every fault of [`rows`].
//! For each it sets a stage (a database on a Postgres that waits for the disk, a private SQS behind a line, servers that
//! speak the protocols of three providers), starts two processes of each role, and lets users buy while the fault strikes,
//! once for each seed. Then everything must end, nothing may be lost or doubled, no provider may be paid more often than
//! attempts were begun, and `cooly verify` must hold. It prints a table and fails if one of it does not.
//!
//! `upgrade` runs the last release and this build on one stage, see [`upgrade`]; `record` keeps what the last release leaves
//! behind, see [`record`].

mod books;
mod buyers;
mod faults;
mod killing;
mod line;
mod mocks;
mod process;
mod record;
mod rows;
mod run;
mod settings;
mod shelf;
mod sites;
mod stage;
mod table;
mod upgrade;
mod users;

use anyhow::Result;
use settings::Task;
use std::process::ExitCode;

fn main() -> ExitCode {
    match perform() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match Task::read()? {
        Task::Nothing => Ok(()),
        Task::Faults(settings) => runtime.block_on(run::faults(&settings, rows::named(&settings)?)),
        Task::Upgrade { last_release } => runtime.block_on(upgrade::upgrade(&last_release)),
        Task::Record { last_release, into } => runtime.block_on(record::record(&last_release, &into)),
    }
}
