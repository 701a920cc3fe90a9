//! `cooly completions`: a script with which a shell completes commands and settings.

use crate::cli::{Cli, CompletionsOptions};
use clap::CommandFactory;
use std::io::Write;
use std::process::ExitCode;

pub(crate) fn run(options: CompletionsOptions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut <Cli as CommandFactory>::command(), "cooly", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
