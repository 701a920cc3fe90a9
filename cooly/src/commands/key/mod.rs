//! `cooly key`: makes, lists and revokes API keys, straight in the database, so that the first one needs no token.

mod create;
mod list;
mod revoke;
mod told;

use super::database::{Opened, require_schema};
use crate::cli::KeyCommand;
use crate::settings::{HomeSettings, OwnDatabase};
use anyhow::Context;
use ledger::{Actor, Role};
use std::process::ExitCode;
use tokio_postgres::Client;

pub(crate) async fn run(command: KeyCommand) -> anyhow::Result<ExitCode> {
    let (configured, home) = match &command {
        KeyCommand::Create(options) => (&options.database, &options.home),
        KeyCommand::List(options) => (&options.database, &options.home),
        KeyCommand::Revoke(options) => (&options.database, &options.home),
    };
    let (opened, client) = open(configured, home).await?;
    let done = match client {
        Ok(client) => perform(&command, client).await,
        Err(error) => Err(error),
    };
    opened.stop().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn perform(command: &KeyCommand, mut client: Client) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create(options) => create::run(options, &mut client).await,
        KeyCommand::List(options) => list::run(options, &client).await,
        KeyCommand::Revoke(options) => revoke::run(options, &client).await,
    }
}

/// The database, which must be stopped whatever comes, and a connection that may make and revoke keys.
async fn open(
    configured: &OwnDatabase,
    home: &HomeSettings,
) -> anyhow::Result<(Opened, anyhow::Result<Client>)> {
    let opened = Opened::for_tool(configured, home).await?;
    let connected = async {
        require_schema(&opened.database).await?;
        opened
            .database
            .connect(Role::Operator)
            .await
            .context("the database login may not act as cooly_operator")
    };
    let client = connected.await;
    Ok((opened, client))
}

/// Whoever may write to the database needs no other name.
fn actor() -> String {
    Actor::System("cooly key").to_string()
}
