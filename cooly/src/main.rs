//! Cooly: an event-sourced credit ledger and generation pipeline, in one binary.
//!
//! `cooly up` brings everything up on this machine, and `cooly` alone does so with examples to look at. The roles `api`, `worker` and
//! `projector` run one part each; `migrate`, `verify`, `export`, `rebuild`, `token`, `key`, `seal-key`, `proof`, `catalog`,
//! `mock-provider`, `doctor`, `completions` and `manual` are the tools.

mod banner;
mod catalog;
mod cli;
mod commands;
mod demo;
mod descriptors;
mod home;
mod outside;
mod parts;
mod progress;
mod settings;
mod shutdown;
mod telemetry;
mod top_up;
mod wiring;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

/// A purchase makes and drops dozens of small things on several threads; this allocator is
/// much quicker at it than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = Cli::parse().command();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(command)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cooly: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(options) => commands::up::run(*options).await,
        Command::Api(options) => commands::roles::api(options).await,
        Command::Worker(options) => commands::roles::worker(options).await,
        Command::Projector(options) => commands::roles::projector(options).await,
        Command::Migrate(options) => commands::migrate::run(options).await,
        Command::Verify(options) => commands::verify::run(options).await,
        Command::Export(options) => commands::export::run(options).await,
        Command::Rebuild(options) => commands::rebuild::run(options).await,
        Command::Token(options) => commands::token::run(options),
        Command::Key(command) => commands::key::run(command).await,
        Command::SealKey(options) => commands::seal_key::run(options),
        Command::Proof(command) => commands::proof::run(command).await,
        Command::MockProvider(options) => commands::mock_provider::run(options).await,
        Command::Catalog(command) => commands::catalog::run(command),
        Command::Doctor(options) => commands::doctor::run(*options).await,
        Command::Completions(options) => commands::completions::run(options),
        Command::Manual(options) => commands::manual::run(options),
    }
}
