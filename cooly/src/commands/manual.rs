//! `cooly manual`: pages for `man`, one for each command.

use crate::cli::{Cli, ManualOptions};
use anyhow::Context;
use clap::CommandFactory;
use std::process::ExitCode;

pub(crate) fn run(options: ManualOptions) -> anyhow::Result<ExitCode> {
    let folder = &options.out;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    // Each command has a page named after the whole of it, such as cooly-catalog-check.1; `help` needs none.
    clap_mangen::generate_to(<Cli as CommandFactory>::command().disable_help_subcommand(true), folder)
        .with_context(|| format!("the pages cannot be written to {}", folder.display()))?;
    println!("The pages are in {0}; read one with: man {0}/cooly.1", folder.display());
    Ok(ExitCode::SUCCESS)
}
