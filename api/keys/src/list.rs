//! Keys of a list, newest first.

use crate::key::{Key, Scope, State, key_columns, reader_columns};
use chrono::{DateTime, Utc};
use ledger::{Error, UserId};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Which keys are asked for. Everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this owner.
    pub owner: Option<UserId>,
    /// That may do this.
    pub scope: Option<Scope>,
    /// That stand so.
    pub state: Option<State>,
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The keys that match, newest first, at most `limit`; those that were made before `after`. Only an operator may ask.
pub async fn list(
    client: &impl GenericClient,
    filter: &Filter,
    now: DateTime<Utc>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Key>, Error> {
    listed(client, key_columns!(), filter, now, after, limit).await
}

/// The same for a reader, who is not told why a key was revoked.
pub async fn list_told(
    client: &impl GenericClient,
    filter: &Filter,
    now: DateTime<Utc>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Key>, Error> {
    listed(client, reader_columns!(), filter, now, after, limit).await
}

async fn listed(
    client: &impl GenericClient,
    columns: &str,
    filter: &Filter,
    now: DateTime<Utc>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Key>, Error> {
    let (owner, scope) = (filter.owner.as_ref().map(UserId::as_str), filter.scope.map(Scope::as_str));
    let (sql, parameters) = filtered(columns, filter, (&owner, &scope, &now, &after, &limit));
    client.query_typed(&sql, &parameters).await?.iter().map(Key::of).collect()
}

/// The statement for a filter. Only the conditions that are set are in it, so that each filter walks an index of its own.
fn filtered<'a>(
    columns: &str,
    filter: &Filter,
    (owner, scope, now, after, limit): (
        &'a Option<&'a str>,
        &'a Option<&'static str>,
        &'a DateTime<Utc>,
        &'a Option<Uuid>,
        &'a i64,
    ),
) -> (String, Vec<Parameter<'a>>) {
    let mut sql = format!("select {columns} from api_keys where true");
    let mut parameters: Vec<Parameter<'a>> = vec![(limit, Type::INT8)];
    let mut and = |condition: &str, value: &'a (dyn ToSql + Sync), kind: Type| {
        parameters.push((value, kind));
        sql.push_str(&condition.replace('?', &format!("${}", parameters.len())));
    };
    if after.is_some() {
        and(" and id < ?", after, Type::UUID);
    }
    if owner.is_some() {
        and(" and coalesce(owner, '') = ?", owner, Type::TEXT);
    }
    if scope.is_some() {
        and(" and scope = ?", scope, Type::TEXT);
    }
    match filter.state {
        Some(State::Active) => {
            and(" and revoked_at is null and (expires_at is null or expires_at > ?)", now, Type::TIMESTAMPTZ);
        }
        Some(State::Expired) => and(" and revoked_at is null and expires_at <= ?", now, Type::TIMESTAMPTZ),
        Some(State::Revoked) => sql.push_str(" and revoked_at is not null"),
        None => {}
    }
    sql.push_str(" order by id desc limit $1");
    (sql, parameters)
}

#[cfg(test)]
mod tests {
    use super::{Filter, Scope, State, filtered};
    use chrono::Utc;

    #[test]
    fn only_what_is_asked_for_is_a_condition() {
        let (now, limit) = (Utc::now(), 10);
        let sql =
            |filter: &Filter, owner, scope| filtered("id", filter, (&owner, &scope, &now, &None, &limit)).0;
        let plain = sql(&Filter::default(), None, None);
        assert!(plain.ends_with("where true order by id desc limit $1"), "{plain}");
        let filter = Filter { owner: None, scope: Some(Scope::Admin), state: Some(State::Active) };
        let narrow = sql(&filter, Some("ops"), Some("admin"));
        let wanted = "coalesce(owner, '') = $2 and scope = $3 and revoked_at is null and (expires_at is null or expires_at > $4)";
        assert!(narrow.contains(wanted), "{narrow}");
    }
}
