//! `cooly token`: prints a bare token.

use crate::cli::{Role, TokenOptions};
use crate::home::Home;
use crate::wiring;
use anyhow::Context;
use ledger::UserId;
use std::process::ExitCode;

pub(crate) fn run(options: TokenOptions) -> anyhow::Result<ExitCode> {
    let sub: UserId = options.sub.parse().context("--sub cannot be used")?;
    let trust = wiring::trust(&options.auth, &Home::open(&options.home.data_dir)?)?;
    let token = trust.keys.issue(options.role.into(), &sub, options.ttl)?;
    println!("{token}");
    Ok(ExitCode::SUCCESS)
}

impl From<Role> for api::auth::Role {
    fn from(role: Role) -> api::auth::Role {
        match role {
            Role::User => api::auth::Role::User,
            Role::Admin => api::auth::Role::Admin,
            Role::Auditor => api::auth::Role::Auditor,
        }
    }
}
