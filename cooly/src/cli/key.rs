//! `cooly key`.

use crate::settings::{EnvironmentSettings, HomeSettings, OwnDatabase};
use apikeys::{Scope, State};
use clap::{Args, Subcommand};
use ledger::UserId;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make an API key and print it, this once
    ///
    /// Standard output gets the key alone, so that it can be piped to where it is kept; what else there is to know goes to standard
    /// error. Nobody can show the key again: if it is lost, revoke it and make another.
    #[command(after_help = CREATE_HELP)]
    Create(KeyCreateOptions),
    /// List API keys, newest first; never the keys themselves
    List(KeyListOptions),
    /// Revoke an API key
    ///
    /// From the end of this command on, every server refuses it. It cannot be taken back, and is harmless to repeat.
    Revoke(KeyRevokeOptions),
}

const CREATE_HELP: &str = "\
Examples:
  cooly key create --name \"the shop\" --scope backend           acts for any user, named by each request in Cooly-User
  cooly key create --name nightly --scope admin --owner ops --expires-in 90d
  cooly key create --name ci --scope user --owner alice | vault kv put secret/cooly key=-

Send it as `Authorization: Bearer ck_…`.";

/// Shorter, and it may be over before anybody has it.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);

/// Longer would only be a typing error.
const LONGEST_LIFE: Duration = Duration::from_secs(100 * 366 * 24 * 3_600);

fn life(text: &str) -> Result<Duration, String> {
    let life = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let fits = (SHORTEST_LIFE..=LONGEST_LIFE).contains(&life);
    if fits { Ok(life) } else { Err("must be a second to 100 years".into()) }
}

#[derive(Debug, Args)]
pub(crate) struct KeyCreateOptions {
    /// What it is called, for whoever reads the list later
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// What it may do: user, admin or auditor, as its owner; or backend, as any user whom a request names
    #[arg(long, value_name = "SCOPE")]
    pub scope: Scope,
    /// The user as whom it acts; needed, but for a backend
    #[arg(long, value_name = "USER")]
    pub owner: Option<UserId>,
    /// How long it is taken, such as 12h or 90d [default: until it is revoked]
    #[arg(long, value_parser = life, value_name = "DURATION")]
    pub expires_in: Option<Duration>,
    /// Print everything about it as one JSON object, with the key as `secret`
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub environment: EnvironmentSettings,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
}

#[derive(Debug, Args)]
pub(crate) struct KeyListOptions {
    /// Only those that act as this user
    #[arg(long, value_name = "USER")]
    pub owner: Option<UserId>,
    /// Only those that may do this: user, admin, auditor or backend
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<Scope>,
    /// Only those that stand so: active, expired or revoked
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
}

#[derive(Debug, Args)]
pub(crate) struct KeyRevokeOptions {
    /// Its id, as `cooly key list` shows it; or the key itself, where somebody has found it
    #[arg(value_name = "ID|KEY")]
    pub key: String,
    /// Why, for whoever reads the list later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Print what became of it as one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
}
