//! The database: whether it answers, is the right one, keeps what it was given, and agrees about the time.

use super::finding::Finding;
use super::rights;
use crate::cli::DoctorOptions;
use crate::commands::database::Opened;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::{Database, MAX_SKEW, Role};
use std::time::Instant;
use tokio_postgres::Client;

const TOPIC: &str = "database";
const CLOCK: &str = "clock";

const OLDEST: i32 = 150_000;

/// From here on a clock is worth a look, though everything still works.
const NOTICED: TimeDelta = TimeDelta::milliseconds(500);

/// An API, a worker and a projector open up to so many connections.
const CONNECTIONS: i64 = 45;

pub(super) async fn look(options: &DoctorOptions) -> Vec<Finding> {
    let unreachable = |error: String| {
        vec![Finding::fail(
            TOPIC,
            error,
            "check DATABASE_URL, and that the server takes connections from here",
        )]
    };
    if options.database.database_url.is_none() && !options.home.data_dir.join("postgres").exists() {
        return vec![Finding::warn(
            TOPIC,
            "none is configured; `cooly up` would start a private one",
            "set DATABASE_URL for everything else",
        )];
    }
    let opened = match Opened::for_tool(&options.database, &options.home).await {
        Ok(opened) => opened,
        Err(error) => return unreachable(format!("{error:#}")),
    };
    let begun = Instant::now();
    let findings = match opened.database.connect(Role::Owner).await {
        Ok(client) => {
            let mut findings =
                vec![Finding::ok(TOPIC, format!("it answers within {} ms", begun.elapsed().as_millis()))];
            match about(&client, &opened.database, options).await {
                Ok(more) => findings.extend(more),
                Err(error) => findings.extend(unreachable(ledger::error_chain(&error).to_string())),
            }
            findings
        }
        Err(error) => unreachable(ledger::error_chain(&error).to_string()),
    };
    opened.stop().await;
    findings
}

async fn about(
    client: &Client,
    database: &Database,
    options: &DoctorOptions,
) -> Result<Vec<Finding>, tokio_postgres::Error> {
    let mut findings = server(client).await?;
    findings.push(clock(client).await?);
    match migrations::check(client).await {
        Ok(()) => {
            let version = migrations::current(client).await.unwrap_or_default();
            findings.push(Finding::ok("schema", format!("version {version} has what this program needs")));
            findings.extend(
                rights::look(client, database, options.role, options.seals.seal_key.is_some()).await?,
            );
        }
        Err(error) => findings.push(Finding::fail(
            "schema",
            error.to_string(),
            "run `cooly migrate` as the owner of the tables",
        )),
    }
    Ok(findings)
}

async fn server(client: &Client) -> Result<Vec<Finding>, tokio_postgres::Error> {
    let query = "
        select current_setting('server_version_num')::int, current_setting('server_version'), pg_is_in_recovery(),
            current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on',
            current_setting('synchronous_commit') <> 'off',
            coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false),
            coalesce(inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1', true),
            current_setting('max_connections')::bigint - (select count(*) from pg_stat_activity)";
    let row = client.query_one(query, &[]).await?;
    let (version, name): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    let mut findings = vec![if version >= OLDEST {
        Finding::ok(TOPIC, format!("Postgres {name}"))
    } else {
        Finding::fail(TOPIC, format!("Postgres {name} is too old"), "use 15 or newer")
    }];
    if row.try_get(2)? {
        let remedy = "point DATABASE_URL at the primary; target_session_attrs=read-write finds it";
        findings.push(Finding::fail(TOPIC, "this is a standby, which cannot be written to", remedy));
    }
    for (place, setting) in [(3, "fsync"), (4, "full_page_writes"), (5, "synchronous_commit")] {
        if !row.try_get::<_, bool>(place)? {
            let found = format!("{setting} is off: a crash may lose purchases that were answered");
            findings.push(Finding::fail(TOPIC, found, format!("set {setting} = on")));
        }
    }
    let (encrypted, near): (bool, bool) = (row.try_get(6)?, row.try_get(7)?);
    if !encrypted && !near {
        let found = "the connection is not encrypted and leaves this machine";
        findings.push(Finding::warn(TOPIC, found, "add sslmode=require to DATABASE_URL"));
    }
    let left: i64 = row.try_get(8)?;
    if left < CONNECTIONS {
        let found = format!("{left} more connections fit");
        let remedy =
            format!("an API, a worker and a projector open up to {CONNECTIONS}: raise max_connections");
        findings.push(Finding::warn(TOPIC, found, remedy));
    }
    Ok(findings)
}

async fn clock(client: &Client) -> Result<Finding, tokio_postgres::Error> {
    let statement = client.prepare("select clock_timestamp()").await?;
    let before = Utc::now();
    let database: DateTime<Utc> = client.query_one(&statement, &[]).await?.try_get(0)?;
    let after = Utc::now();
    // Certain is only what lies outside the time that the question took.
    let ahead = if database < before {
        before - database
    } else if database > after {
        after - database
    } else {
        TimeDelta::zero()
    };
    let seconds = ahead.num_milliseconds() as f64 / 1_000.0;
    let way = if seconds > 0.0 { "ahead of" } else { "behind" };
    let found = format!("this machine's clock is {:.1} s {way} the database's", seconds.abs());
    let remedy = "synchronise both machines with a time service";
    Ok(match ahead.abs() {
        ahead if ahead > MAX_SKEW => {
            Finding::fail(CLOCK, format!("{found}: nothing would be written"), remedy)
        }
        ahead if ahead > NOTICED => Finding::warn(CLOCK, found, remedy),
        _ => Finding::ok(CLOCK, "this machine and the database agree about the time"),
    })
}
