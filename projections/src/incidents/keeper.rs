//! What goes on beside the projector, in every process that may be one: rows of an older program get their fingerprints, and what
//! came of decisions by itself is noted. Both are harmless to do twice, so they need no lease.

use super::naming::{self, BATCH};
use crate::error::Error;
use deadpool_postgres::Pool;
use std::time::Duration;
use tokio_postgres::GenericClient;
use tokio_util::sync::CancellationToken;

const PAUSE: Duration = Duration::from_secs(1);

/// A job died of what was resolved. Noted, since that job may be run again and succeed before anybody looks.
pub(super) const NOTE_REGRESSIONS: &str = r"
insert into incident_changes (incident, revision, change, actor, request_id, changed_at, kind, provider, model, class, code, message)
select last.incident, last.revision + 1, 'regressed', 'system', '', statement_timestamp(),
    died.kind, died.provider, died.model, died.class, died.code, died.message
from incident_changes last
cross join lateral (
    select kind, provider, model, class, code, message from dead_letters
    where incident = last.incident and died_at > last.changed_at order by died_at desc, job_id desc limit 1
) died
where last.change = 'resolved' and not exists (
    select from incident_changes later where later.incident = last.incident and later.revision > last.revision
)
on conflict (incident, revision) do nothing";

/// The terms of what was ignored are over. Those that count are, once so many wait that died since.
pub(super) const NOTE_OVER: &str = r"
insert into incident_changes (incident, revision, change, actor, request_id, changed_at, kind, provider, model, class, code, message)
select last.incident, last.revision + 1, 'ignore_over', 'system', '', statement_timestamp(),
    last.kind, last.provider, last.model, last.class, last.code, last.message
from incident_changes last
where last.change = 'ignored' and not exists (
    select from incident_changes later where later.incident = last.incident and later.revision > last.revision
) and (last.until <= statement_timestamp() or last.more <= (
    select count(*) from (
        select from dead_letters where incident = last.incident and died_at > last.changed_at
        order by died_at limit last.more
    ) as died
))
on conflict (incident, revision) do nothing";

/// Does both, again and again, until `shutdown`.
pub(crate) async fn keep(pool: &Pool, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let is_behind = match once(pool).await {
            Ok(named) => named as i64 == BATCH,
            Err(error) => {
                tracing::warn!(error = %ledger::error_chain(&error), "incidents could not be kept; tried again");
                false
            }
        };
        if !is_behind {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

async fn once(pool: &Pool) -> Result<usize, Error> {
    let client = pool.get().await?;
    let named = naming::name_some(&**client).await?;
    note(&**client).await?;
    Ok(named)
}

async fn note(client: &impl GenericClient) -> Result<(), Error> {
    client.query_typed(NOTE_REGRESSIONS, &[]).await?;
    client.query_typed(NOTE_OVER, &[]).await?;
    Ok(())
}
