//! How fast jobs go through the pipeline, how soon they start, and what that costs, beside simpler ways to do it.
//!
//! `cargo bench --workspace --bench pipeline -- [part…]` starts a private Postgres with fsync on and a private SQS, both
//! for this process alone, and lets one worker with all its duties run on them, with a provider that does nothing but
//! take the time that a part gives it. See `--help`, and `settings` for what can be set.

mod baselines;
mod costs;
mod feed;
mod maker;
mod parts;
mod report;
mod run;
mod sample;
mod settings;
mod shops;
mod site;
mod stage;

use anyhow::Result;
use settings::Task;

/// The allocator of `cooly`, so that what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    match Task::read()? {
        Task::Nothing => Ok(()),
        Task::Help => {
            println!("{}", settings::HELP);
            Ok(())
        }
        Task::Measure(settings) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(Box::pin(run::run(&settings)))
        }
        Task::Publish(files) => report::publish(&files),
    }
}
