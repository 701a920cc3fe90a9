//! What the login may do: neither less than its role needs nor much more.

use super::finding::Finding;
use crate::cli::DoctorRole;
use ledger::{Database, Role};
use tokio_postgres::Client;

const TOPIC: &str = "rights";

pub(super) async fn look(
    client: &Client,
    database: &Database,
    role: DoctorRole,
    seals: bool,
) -> Result<Vec<Finding>, tokio_postgres::Error> {
    let query = "
        select pg_has_role(current_user, relowner, 'usage'), (select rolsuper from pg_roles where rolname = current_user)
        from pg_class where oid = to_regclass('events')";
    let row = client.query_one(query, &[]).await?;
    let (is_owner, is_super): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    let mut findings = acting(database, role, seals).await;
    // Only the owner can mend what is missing, and only to the owner is it told in full.
    if is_owner {
        match migrations::missing_rights(client).await {
            Ok(missing) if missing.is_empty() => {}
            Ok(missing) => findings.extend(missing.iter().map(|missing| {
                Finding::fail(TOPIC, format!("missing: {missing}"), "run `cooly migrate`, which gives it")
            })),
            Err(error) => findings.push(Finding::fail(TOPIC, error.to_string(), "run `cooly migrate`")),
        }
    }
    if is_super || is_owner {
        let who = if is_super { "a superuser" } else { "the owner of the log" };
        findings.push(Finding::warn(
            TOPIC,
            format!("this login is {who}, so it could change what was written"),
            "let the services log in as others, who own nothing (docs/operations.md, \"The database\")",
        ));
    }
    Ok(findings)
}

/// Whether the login may act as each of the database roles that this role of the program uses.
async fn acting(database: &Database, role: DoctorRole, seals: bool) -> Vec<Finding> {
    let mut may = Vec::new();
    let mut findings = Vec::new();
    for (name, role) in needed(role, seals) {
        match database.connect(role).await {
            Ok(_) => may.push(name),
            Err(error) => findings.push(Finding::fail(
                TOPIC,
                format!("this login may not act as {name}: {}", ledger::error_chain(&error)),
                format!("as the owner: grant {name} to the login of DATABASE_URL"),
            )),
        }
    }
    if !may.is_empty() {
        findings.insert(0, Finding::ok(TOPIC, format!("this login may act as {}", may.join(", "))));
    }
    findings
}

fn needed(role: DoctorRole, seals: bool) -> Vec<(&'static str, Role)> {
    let all = [
        ("cooly_appender", Role::Appender, role.serves_requests() || role.runs_jobs()),
        ("cooly_reader", Role::Reader, true),
        ("cooly_operator", Role::Operator, role.serves_requests()),
        ("cooly_projector", Role::Projector, !matches!(role, DoctorRole::Api)),
        // A worker without a key seals nothing.
        ("cooly_sealer", Role::Sealer, role.runs_jobs() && seals),
    ];
    all.into_iter().filter(|(_, _, is_needed)| *is_needed).map(|(name, role, _)| (name, role)).collect()
}
