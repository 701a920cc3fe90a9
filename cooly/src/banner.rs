//! What a person sees when everything is up.

use crate::wiring::Trust;
use api::auth::Role;
use api::examples;
use ledger::UserId;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const TOKEN_LIFE: Duration = Duration::from_secs(12 * 3600);

/// What there is to tell.
pub(crate) struct Facts<'a> {
    pub address: SocketAddr,
    pub trust: &'a Trust,
    pub data_dir: &'a Path,
    pub private_database: bool,
    pub private_queue: bool,
}

/// Prints the addresses and, with the development key, a token for each role. To standard output, apart from
/// the logs.
pub(crate) fn print(facts: &Facts<'_>) -> anyhow::Result<()> {
    let address = facts.address;
    println!();
    println!("  Cooly is up.");
    println!();
    println!("    Studio       http://{address}/");
    println!("    Failed jobs  http://{address}/admin/dlq/messages");
    println!("    Audit        http://{address}/audit");
    println!("    API docs     http://{address}/docs");
    println!("    Metrics      http://{address}/metrics");
    println!();
    println!("    Database     {}", whose(facts.private_database, "private Postgres", "DATABASE_URL"));
    println!(
        "    Queue        {}",
        whose(facts.private_queue, "private SQS in this process", "SQS as configured")
    );
    println!("    Data         {}", facts.data_dir.display());
    println!();
    if facts.trust.is_dev {
        println!("  Tokens of the development key, valid for 12 hours (more with `cooly token`):");
        println!();
        for (role, sub) in [(Role::User, examples::USER), (Role::Admin, "admin"), (Role::Auditor, "auditor")]
        {
            let token = facts.trust.keys.issue(role, &sub.parse::<UserId>()?, TOKEN_LIFE)?;
            println!("    {:<8} {token}", role.as_str());
        }
        println!();
    }
    println!("  Ctrl-C stops it; the data stays.");
    println!();
    Ok(())
}

fn whose(private: bool, ours: &'static str, theirs: &'static str) -> &'static str {
    if private { ours } else { theirs }
}
