//! The schema as numbered SQL, each step with its tested undo, and the functions that apply and undo it.
//!
//! refinery runs the steps and remembers them with their checksums in `refinery_schema_history`; it takes no
//! lock, so everything here happens under a session advisory lock: of two nodes that migrate at once, the
//! second waits and finds nothing left to do. This crate knows the schema's steps and none of its meaning.

mod error;
mod later;
mod lock;
mod rights;
mod step;

pub use error::Error;
pub use rights::{Missing, missing_rights};
pub use step::{LATEST, undo_script};

use lock::with_lock;
use refinery::Runner;
use tokio_postgres::Client;

/// What [`apply`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The steps that were new to this database, such as `V2__read_models`, in order.
    pub steps: Vec<String>,
    /// Roles, rights and guards that were missing and are there again, such as after a restore of this database
    /// alone into another server.
    pub mended: Vec<Missing>,
    /// The schema version now.
    pub version: i32,
}

/// Brings the database to this version's schema, all missing steps or, if one fails, none; then gives the roles,
/// rights and guards that this version needs and that are missing. A database of a later release whose steps leave this one
/// able to work stays as it is, but for rights.
///
/// `client` must be a login that may create roles and tables, on a connection used for nothing else now.
pub async fn apply(client: &mut Client) -> Result<Applied, Error> {
    with_lock(client, async |client| {
        if let Some(version) = later::newer(client).await? {
            let mended = rights::mend(client).await?;
            return Ok(Applied { steps: Vec::new(), mended, version });
        }
        let steps = step::all()?;
        let runner = Runner::new(&steps).set_grouped(true).set_abort_divergent(true).set_abort_missing(true);
        let report = runner.run_async(client).await?;
        let steps: Vec<String> = report.applied_migrations().iter().map(ToString::to_string).collect();
        if !steps.is_empty() {
            tracing::info!(steps = steps.join(", "), "schema migrated");
        }
        let mended = rights::mend(client).await?;
        Ok(Applied { steps, mended, version: LATEST })
    })
    .await
}

/// The version that the database's schema has now; 0 for an empty database.
pub async fn current(client: &Client) -> Result<i32, Error> {
    let known = client.query_one("select to_regclass('refinery_schema_history') is not null", &[]).await?;
    if !known.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let newest =
        client.query_one("select coalesce(max(version), 0) from refinery_schema_history", &[]).await?;
    Ok(newest.try_get(0)?)
}

/// Makes sure that this program can work on the database as it is.
///
/// # Errors
/// When the schema is older than this program needs, or a later release changed it so that this one cannot work on it.
pub async fn check(client: &Client) -> Result<(), Error> {
    let found = current(client).await?;
    if found < LATEST {
        return Err(Error::SchemaOlder { found, needed: LATEST });
    }
    later::newer(client).await.map(drop)
}

/// Undoes every step above `version`, newest first, all or none, and returns those undone.
///
/// Undoing the first step drops the log itself.
pub async fn undo_to(client: &mut Client, version: i32) -> Result<Vec<i32>, Error> {
    with_lock(client, async |client| {
        let newest = current(client).await?;
        if newest > LATEST {
            return Err(Error::SchemaNewer { found: newest, known: LATEST });
        }
        let undone = if newest > version.max(0) { above(client, version.max(0)).await? } else { Vec::new() };
        let transaction = client.transaction().await?;
        for &step in &undone {
            let script = undo_script(step).ok_or(Error::NoUndo { version: step })?;
            transaction.batch_execute(script).await?;
            let forgotten = "delete from refinery_schema_history where version = $1";
            transaction.execute(forgotten, &[&step]).await?;
        }
        transaction.commit().await?;
        if !undone.is_empty() {
            tracing::warn!(?undone, "schema steps undone");
        }
        Ok(undone)
    })
    .await
}

/// The steps above `version` that the database has, newest first.
async fn above(client: &Client, version: i32) -> Result<Vec<i32>, Error> {
    let above = "select version from refinery_schema_history where version > $1 order by version desc";
    let rows = client.query(above, &[&version]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
