//! How fast durable commands are, beside what others do, on one Postgres in one run.
//!
//! `cargo bench -p ledger` starts a private server with fsync on and goes, round after round, through every
//! case: the ledger with 1 to 4,096 callers, spread over 10,000 accounts and on one; two processes of it; and
//! three baselines on the same server, see [`baselines`]. Then it prints one table of medians. Parts can be
//! asked for by name (`cargo bench -p ledger -- spread hot keyed baselines processes memory growth`; the last two
//! only then), `--json FILE` keeps the figures, and `publish FILE…` draws and writes them into the documentation.
//!
//! `BENCH_SECONDS` (3) is the length of one measurement, `BENCH_ROUNDS` (3) how many there are, `BENCH_LANES` (2)
//! how many lanes a ledger has, `BENCH_GROWTH` (0,1000000,10000000) the lengths of the logs of `growth`,
//! `BENCH_MEMORY_SECONDS` (120), `BENCH_MEMORY_RATE` (5000) and `BENCH_ACCOUNTS` (100000) how long, at how many
//! commands each second and over how many accounts `memory` goes.

mod baselines;
mod case;
mod child;
mod commands;
mod crowd;
mod disk;
mod figures;
mod growth;
mod memory;
mod meter;
mod ours;
mod report;
mod run;
mod settings;
mod sharing;
mod stage;

use anyhow::Result;
use child::Role;
use settings::Task;

/// The allocator of `cooly`, so that what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(role) = child::role()? {
        return runtime.block_on(play(role));
    }
    match Task::read()? {
        Task::Nothing => Ok(()),
        Task::Measure(settings) => runtime.block_on(run::run(&settings)),
        Task::Publish(files) => report::publish(&files),
    }
}

/// Plays the role until whoever gave it hangs up.
async fn play(role: Role) -> Result<()> {
    let (url, lanes) = child::place()?;
    match role {
        Role::Share => sharing::play(&url, lanes).await,
        Role::Memory => memory::play(&url, lanes).await,
    }
}
