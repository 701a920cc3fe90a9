//! `cooly doctor`.

use crate::settings::{
    AuthSettings, CatalogSettings, HomeSettings, OutputSettings, OwnDatabase, QueueSettings, SealKeySettings,
    WebhookSettings,
};
use clap::{Args, ValueEnum};

pub(super) const DOCTOR_HELP: &str = "\
Examples:
  cooly doctor                                  the data folder of `cooly up`, and this machine
  DATABASE_URL=postgres://… cooly doctor --for worker
  cooly doctor --json | jq '.[] | select(.verdict == \"fail\")'

Run it where the role is to run, with the environment that it is to have.";

#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    /// Which role is to run here
    #[arg(long = "for", value_enum, default_value = "all", value_name = "ROLE")]
    pub role: DoctorRole,
    /// Print the findings as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
    #[command(flatten)]
    pub queue: QueueSettings,
    /// Attempts of a job before it goes to the dead letters
    #[arg(long, env = "COOLY_MAX_ATTEMPTS", default_value_t = 3, value_name = "N", help_heading = "Queue")]
    pub max_attempts: u32,
    #[command(flatten)]
    pub auth: AuthSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    #[command(flatten)]
    pub outputs: OutputSettings,
    #[command(flatten)]
    pub seals: SealKeySettings,
}

/// What is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorRole {
    /// Every role
    All,
    /// The HTTP API
    Api,
    /// A worker
    Worker,
    /// A projector
    Projector,
}

impl DoctorRole {
    /// Whether it has tokens to check.
    pub(crate) fn serves_requests(self) -> bool {
        matches!(self, DoctorRole::All | DoctorRole::Api)
    }

    /// Whether it has a queue and providers.
    pub(crate) fn runs_jobs(self) -> bool {
        matches!(self, DoctorRole::All | DoctorRole::Worker)
    }

    /// Whether it reads or writes outputs.
    pub(crate) fn has_outputs(self) -> bool {
        self != DoctorRole::Projector
    }
}
