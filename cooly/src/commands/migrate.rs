//! `cooly migrate`: the schema, up or back.

use super::database::open;
use crate::cli::MigrateOptions;
use anyhow::Context;
use ledger::Role;
use std::process::ExitCode;

pub(crate) async fn run(options: MigrateOptions) -> anyhow::Result<ExitCode> {
    let database = open(&options.database.database_url)?;
    let mut client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    if let Some(version) = options.undo_to {
        let undone = migrations::undo_to(&mut client, version).await?;
        println!("{} steps undone; the schema is at version {version}", undone.len());
        return Ok(ExitCode::SUCCESS);
    }
    let applied = migrations::apply(&mut client).await?;
    for step in &applied.steps {
        println!("applied {step}");
    }
    for missing in &applied.mended {
        println!("mended {missing}");
    }
    println!("the schema is at version {}", applied.version);
    Ok(ExitCode::SUCCESS)
}
