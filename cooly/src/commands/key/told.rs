//! How a key is told at a terminal.

use apikeys::{Key, State};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The names are those of the API.
pub(super) fn as_json(key: &Key, now: DateTime<Utc>) -> Value {
    let revoked = key.revoked.as_ref();
    json!({
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "environment": key.environment.as_str(),
        "scope": key.scope.as_str(),
        "owner": key.owner.as_ref().map(|owner| owner.as_str()),
        "state": key.state(now).as_str(),
        "created_by": key.created_by,
        "created_at": written(key.created_at),
        "expires_at": key.expires_at.map(written),
        "last_used_at": key.last_used_at.map(written),
        "revoked_at": revoked.map(|revoked| written(revoked.at)),
        "revoked_by": revoked.map(|revoked| revoked.by.as_str()),
        "revoke_reason": revoked.and_then(|revoked| revoked.reason.as_deref()),
    })
}

/// One line for people.
pub(super) fn as_line(key: &Key, now: DateTime<Utc>) -> String {
    let whom = match &key.owner {
        Some(owner) => format!("{} as {owner}", key.scope),
        None => format!("{} as any user", key.scope),
    };
    let used = key.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", written(at)));
    let end = match (key.state(now), key.expires_at) {
        (State::Active, Some(end)) => format!("active until {}", written(end)),
        (state, _) => state.to_string(),
    };
    format!("{}  {}  {whom}  {end}  {used}  {}", key.id, key.hint, key.name)
}
