//! Who may do what in the database, as this release needs it, and how to bring it about.
//!
//! The steps give these rights once. Roles belong to the server, though, and not to the database: a dump of one
//! database restored into another server has none of them, and the grants that named them are lost. So every
//! [`apply`](crate::apply) compares, and gives what is not there.

use crate::error::Error;
use std::fmt;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

const ROLES: [&str; 5] =
    ["cooly_appender", "cooly_projector", "cooly_reader", "cooly_sealer", "cooly_operator"];

/// What each role may do: the role, the privileges, what they are on.
const GRANTS: [(&str, &[&str], On); 41] = [
    ("cooly_appender", &["usage"], On::Schema),
    ("cooly_appender", &["select", "insert"], On::Tables(&["events"])),
    ("cooly_appender", &["select"], On::Sequence("events_position_seq")),
    ("cooly_appender", &["insert"], On::Tables(&["provider_signals"])),
    ("cooly_projector", &["usage"], On::Schema),
    ("cooly_projector", &["select"], On::Tables(&["events"])),
    ("cooly_projector", &["select"], On::Sequence("events_position_seq")),
    (
        "cooly_projector",
        &["select", "insert", "update"],
        On::Tables(&["leases", "relay_checkpoints", "provider_spend"]),
    ),
    ("cooly_projector", &["select", "insert", "update", "delete"], On::Tables(&READ_MODELS)),
    ("cooly_projector", &["select", "update", "delete"], On::Tables(&["provider_signals"])),
    ("cooly_projector", &["select", "insert", "update", "delete"], On::Tables(&["recalls", "workers"])),
    ("cooly_sealer", &["usage"], On::Schema),
    ("cooly_sealer", &["select", "insert"], On::Tables(&["seals"])),
    ("cooly_sealer", &["select"], On::Tables(&["events"])),
    ("cooly_sealer", &["select"], On::Sequence("events_position_seq")),
    ("cooly_reader", &["usage"], On::Schema),
    ("cooly_reader", &["select"], On::Tables(&["events", "seals", "leases", "relay_checkpoints"])),
    ("cooly_reader", &["select"], On::Tables(&READ_MODELS)),
    ("cooly_reader", &["select"], On::Tables(&["recalls", "provider_signals", "workers", "provider_spend"])),
    ("cooly_reader", &["select"], On::Sequence("events_position_seq")),
    ("cooly_operator", &["usage"], On::Schema),
    ("cooly_operator", &["select"], On::Tables(&["dead_letters"])),
    ("cooly_operator", &["select", "insert", "update"], On::Tables(&["bulk_actions"])),
    ("cooly_operator", &["select", "insert"], On::Tables(&["bulk_items"])),
    ("cooly_projector", &["select", "update"], On::Tables(&["bulk_actions", "bulk_items"])),
    ("cooly_reader", &["select"], On::Tables(&["bulk_actions", "bulk_items"])),
    ("cooly_operator", &["select", "insert"], On::Tables(&["incident_changes"])),
    ("cooly_projector", &["select", "insert"], On::Tables(&["incident_changes"])),
    ("cooly_reader", &["select"], On::Tables(&["incident_changes"])),
    ("cooly_operator", &["select", "insert"], On::Tables(&["api_keys"])),
    ("cooly_operator", &["update"], On::Columns("api_keys", &CHANGING)),
    ("cooly_reader", &["select"], On::Columns("api_keys", &TOLD)),
    ("cooly_reader", &["execute"], On::Function("api_key_with_hash(bytea)")),
    ("cooly_operator", &["execute"], On::Function("api_key_with_hash(bytea)")),
    (
        "cooly_operator",
        &["select", "insert", "update"],
        On::Tables(&["webhook_endpoints", "webhook_deliveries"]),
    ),
    ("cooly_operator", &["select", "insert", "update", "delete"], On::Tables(&["webhook_secrets"])),
    ("cooly_operator", &["select"], On::Tables(&["relay_checkpoints"])),
    ("cooly_projector", &["select", "update", "delete"], On::Tables(&["webhook_endpoints"])),
    ("cooly_projector", &["select"], On::Tables(&["webhook_secrets"])),
    ("cooly_projector", &["select", "insert", "update", "delete"], On::Tables(&["webhook_deliveries"])),
    ("cooly_reader", &["select"], On::Tables(&["webhook_endpoints", "webhook_deliveries"])),
];

/// What changes of an API key; whose it is and what it may do never does.
const CHANGING: [&str; 4] = ["revoked_at", "revoked_by", "revoke_reason", "last_used_at"];

/// What readers are told of an API key: neither its hash, nor what was asked, nor what people wrote about its revocation.
const TOLD: [&str; 12] = [
    "id",
    "hint",
    "name",
    "environment",
    "scope",
    "owner",
    "created_by",
    "created_at",
    "expires_at",
    "revoked_at",
    "revoked_by",
    "last_used_at",
];

const READ_MODELS: [&str; 9] = [
    "projection_checkpoints",
    "parked_streams",
    "account_balances",
    "credit_history",
    "generations",
    "pending_tasks",
    "dead_letters",
    "usage_daily",
    "overview_totals",
];

/// The triggers that refuse to change what was written.
const GUARDS: [Guard; 5] = [
    Guard::of_log("events", "events_append_only", "before update or delete on events for each row"),
    Guard::of_log("events", "events_no_truncate", "before truncate on events for each statement"),
    Guard::of_log("seals", "seals_append_only", "before update or delete on seals for each row"),
    Guard::of_log("seals", "seals_no_truncate", "before truncate on seals for each statement"),
    Guard {
        table: "api_keys",
        name: "api_keys_stay_revoked",
        fires: "before update on api_keys for each row \
            when (old.revoked_at is not null and (new.revoked_at, new.revoked_by, new.revoke_reason) \
            is distinct from (old.revoked_at, old.revoked_by, old.revoke_reason))",
        refuses: "api_keys_refuse_change",
        keeps: "what is revoked in",
    },
];

#[derive(Clone, Copy)]
struct Guard {
    table: &'static str,
    name: &'static str,
    fires: &'static str,
    /// The function that it calls.
    refuses: &'static str,
    /// Of what in the table it takes care, for people.
    keeps: &'static str,
}

impl Guard {
    const fn of_log(table: &'static str, name: &'static str, fires: &'static str) -> Guard {
        Guard { table, name, fires, refuses: "events_refuse_change", keeps: "" }
    }

    fn what(self) -> String {
        let Guard { table, name, keeps, .. } = self;
        match keeps {
            "" => format!("the guard {name}, which keeps {table} append-only"),
            keeps => format!("the guard {name}, which keeps {keeps} {table} as it is"),
        }
    }
}

#[derive(Clone, Copy)]
enum On {
    Schema,
    Tables(&'static [&'static str]),
    /// Single columns of one table.
    Columns(&'static str, &'static [&'static str]),
    Sequence(&'static str),
    /// With its parameters.
    Function(&'static str),
}

/// Something that this release needs in the database and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    what: String,
    mend: String,
}

impl Missing {
    /// The SQL statement that brings it about.
    pub fn mend(&self) -> &str {
        &self.mend
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

/// What is missing, in the order in which it can be mended; nothing changes. The schema must be at
/// [`LATEST`](crate::LATEST).
pub async fn missing_rights(client: &impl GenericClient) -> Result<Vec<Missing>, Error> {
    let mut missing = missing_roles(client).await?;
    missing.extend(missing_grants(client).await?);
    missing.extend(missing_guards(client).await?);
    Ok(missing)
}

/// Gives what is missing, all or nothing, and returns what it was.
pub(crate) async fn mend(client: &mut Client) -> Result<Vec<Missing>, Error> {
    let missing = missing_rights(client).await?;
    if missing.is_empty() {
        return Ok(missing);
    }
    let refused = || {
        let statements: Vec<&str> = missing.iter().map(Missing::mend).collect();
        Error::RightsRefused { statements: statements.join("; ") }
    };
    let transaction = client.transaction().await?;
    for Missing { mend, .. } in &missing {
        // Of the roles, another database of this server may be making the same.
        let statement = format!(
            "do $mend$ begin {mend}; exception when duplicate_object or unique_violation then null; end $mend$"
        );
        transaction.batch_execute(&statement).await.map_err(|error| match error.code() {
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => refused(),
            _ => Error::Postgres(error),
        })?;
    }
    // A grant by somebody who may not give it can end with no more than a warning.
    if !missing_rights(&transaction).await?.is_empty() {
        return Err(refused());
    }
    transaction.commit().await?;
    for what in &missing {
        tracing::warn!("mended what was missing in the database: {what}");
    }
    Ok(missing)
}

/// Roles that the server does not have, or that the login may not act as.
async fn missing_roles(client: &impl GenericClient) -> Result<Vec<Missing>, Error> {
    let query = "
        select wanted.name, role.oid is not null
        from unnest($1::text[]) with ordinality as wanted(name, place)
        left join pg_roles role on role.rolname = wanted.name
        -- Not 'member': since Postgres 16 whoever creates a role is a member that may not yet act as it.
        where not coalesce(pg_has_role(current_user, role.oid, 'usage'), false)
        order by wanted.place";
    let mut missing = Vec::new();
    for row in client.query(query, &[&ROLES.as_slice()]).await? {
        let (role, exists): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
        if !exists {
            missing.push(Missing {
                what: format!("the role {role}"),
                mend: format!("create role {role} nologin"),
            });
        }
        missing.push(Missing {
            what: format!("the right of the login that migrates to act as {role}"),
            mend: format!("grant {role} to current_user"),
        });
    }
    Ok(missing)
}

async fn missing_grants(client: &impl GenericClient) -> Result<Vec<Missing>, Error> {
    let wanted = GRANTS
        .into_iter()
        .flat_map(|(role, privileges, on)| on.targets().map(move |target| (role, privileges, target)));
    let may = "
        select coalesce(case $2
            when 'schema' then has_schema_privilege(role.oid, $3, wanted.privilege)
            when 'sequence' then has_sequence_privilege(role.oid, $3, wanted.privilege)
            when 'function' then has_function_privilege(role.oid, $3, wanted.privilege)
            when 'column' then has_column_privilege(role.oid, $5, $3, wanted.privilege)
            else has_table_privilege(role.oid, $3, wanted.privilege)
        end, false)
        from unnest($4::text[]) with ordinality as wanted(privilege, place)
        left join pg_roles role on role.rolname = $1
        order by wanted.place";
    let may = client.prepare(may).await?;
    let mut missing = Vec::new();
    for (role, privileges, target) in wanted {
        let Target { kind, name, table } = target;
        let rows = client.query(&may, &[&role, &kind, &name, &privileges, &table]).await?;
        let mut lacking = Vec::new();
        for (row, privilege) in rows.iter().zip(privileges) {
            if !row.try_get::<_, bool>(0)? {
                lacking.push(*privilege);
            }
        }
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            missing.push(target.missing(role, &lacking));
        }
    }
    Ok(missing)
}

/// Triggers that are not there, or do not fire.
async fn missing_guards(client: &impl GenericClient) -> Result<Vec<Missing>, Error> {
    let query =
        "select tgenabled in ('O', 'A') from pg_trigger where tgrelid = to_regclass($1) and tgname = $2";
    let query = client.prepare(query).await?;
    let mut missing = Vec::new();
    for guard in GUARDS {
        let Guard { table, name, fires, refuses, .. } = guard;
        let mend = match client.query_opt(&query, &[&table, &name]).await? {
            Some(row) if row.try_get(0)? => continue,
            Some(_) => format!("alter table {table} enable trigger {name}"),
            None => format!("create trigger {name} {fires} execute function {refuses}()"),
        };
        missing.push(Missing { what: guard.what(), mend });
    }
    Ok(missing)
}

struct Target {
    kind: &'static str,
    name: &'static str,
    /// Of a column, the table that it is in.
    table: Option<&'static str>,
}

impl Target {
    fn missing(&self, role: &str, privileges: &str) -> Missing {
        let Target { kind, name, table } = self;
        match table {
            Some(table) => Missing {
                what: format!("{privileges} on the column {name} of {table} for {role}"),
                mend: format!("grant {privileges} ({name}) on table {table} to {role}"),
            },
            None => Missing {
                what: format!("{privileges} on the {kind} {name} for {role}"),
                mend: format!("grant {privileges} on {kind} {name} to {role}"),
            },
        }
    }
}

impl On {
    fn targets(self) -> impl Iterator<Item = Target> {
        let (kind, table, names): (_, _, Vec<&'static str>) = match self {
            On::Schema => ("schema", None, vec!["public"]),
            On::Tables(names) => ("table", None, names.to_vec()),
            On::Columns(table, names) => ("column", Some(table), names.to_vec()),
            On::Sequence(name) => ("sequence", None, vec![name]),
            On::Function(name) => ("function", None, vec![name]),
        };
        names.into_iter().map(move |name| Target { kind, name, table })
    }
}
