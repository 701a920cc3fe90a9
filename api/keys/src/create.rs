//! Making a key.

use crate::key::{Environment, Key, Scope, key_columns};
use crate::secret::Secret;
use chrono::{DateTime, Utc};
use ledger::{Error, Idempotency, UserId};
use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Most keys of one owner that are active or were made within a day. Keys for back ends have no owner, and are counted together.
pub const MOST_KEYS: i64 = 100;

/// Whoever makes keys for one owner waits for the others, so that two of them do not both make the last one.
pub(crate) const TURN: &str = "select pg_advisory_xact_lock(hashtextextended('api_keys ' || $1::text, 0))";

/// Those that were made and revoked today count too: nobody fills the table by doing both over and over.
pub(crate) const COUNT: &str = r"
select count(*) from api_keys
where coalesce(owner, '') = $1::text
  and (created_at > now() - interval '1 day'
       or (revoked_at is null and (expires_at is null or expires_at > now())))";

pub(crate) const ADD: &str = concat!(
    "insert into api_keys (id, hash, hint, name, environment, scope, owner, created_by, request_id, expires_at, idempotency_key,
        request_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (created_by, idempotency_key) where idempotency_key is not null do nothing returning ",
    key_columns!()
);

pub(crate) const REPEATED: &str = concat!(
    "select request_hash, ",
    key_columns!(),
    " from api_keys where created_by = $1 and idempotency_key = $2"
);

/// A key as somebody wants it.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Where it is of use.
    pub environment: Environment,
    /// What it may do.
    pub scope: Scope,
    /// As whom; `None` if and only if it acts for any user.
    pub owner: Option<UserId>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Who makes it, as the log writes it.
    pub created_by: String,
    /// Through which request.
    pub request_id: String,
    /// Makes a repeat harmless.
    pub idempotency: Option<Idempotency>,
}

/// What became of it.
#[derive(Debug)]
#[must_use]
pub enum Created {
    /// It is there, and this is the only time that its secret is to be had.
    Made(Key, Secret),
    /// It was made before, under the same idempotency key. Its secret was told then.
    Repeated(Key),
    /// The idempotency key stands for another request.
    KeyReused,
    /// It would have ended before it began.
    Late,
    /// The owner has [`MOST_KEYS`] already.
    TooMany,
}

/// Makes a key. Nothing is there until `transaction` is committed.
pub async fn create(
    transaction: &Transaction<'_>,
    new: &NewKey,
    now: DateTime<Utc>,
) -> Result<Created, Error> {
    let owner = new.owner.as_ref().map_or("", UserId::as_str);
    transaction.query_typed(TURN, &[(&owner, Type::TEXT)]).await?;
    // Before they are counted: the repeat of the last one that could be made is no further one.
    if let Some(before) = repeated(transaction, new).await? {
        return Ok(before);
    }
    // After it as well: an answer can be repeated when the key has ended.
    if new.expires_at.is_some_and(|end| end <= now) {
        return Ok(Created::Late);
    }
    let rows = transaction.query_typed(COUNT, &[(&owner, Type::TEXT)]).await?;
    if rows[0].try_get::<_, i64>(0)? >= MOST_KEYS {
        return Ok(Created::TooMany);
    }
    let secret = Secret::generate(new.environment);
    match add(transaction, new, &secret).await? {
        Some(key) => Ok(Created::Made(key, secret)),
        // Of another owner, at this very moment: only this one's turn was waited for.
        None => Ok(repeated(transaction, new).await?.unwrap_or(Created::KeyReused)),
    }
}

/// The key; `None` if its maker's idempotency key is taken.
async fn add(transaction: &Transaction<'_>, new: &NewKey, secret: &Secret) -> Result<Option<Key>, Error> {
    let owner = new.owner.as_ref().map(UserId::as_str);
    let key = new.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
    let hash = new.idempotency.as_ref().map(|idempotency| &idempotency.request_hash[..]);
    let parameters: [(&(dyn ToSql + Sync), Type); 12] = [
        (&new.id, Type::UUID),
        (&&secret.hash()[..], Type::BYTEA),
        (&secret.hint(), Type::TEXT),
        (&new.name, Type::TEXT),
        (&new.environment.as_str(), Type::TEXT),
        (&new.scope.as_str(), Type::TEXT),
        (&owner, Type::TEXT),
        (&new.created_by, Type::TEXT),
        (&new.request_id, Type::TEXT),
        (&new.expires_at, Type::TIMESTAMPTZ),
        (&key, Type::TEXT),
        (&hash, Type::BYTEA),
    ];
    let rows = transaction.query_typed(ADD, &parameters).await?;
    rows.first().map(Key::of).transpose()
}

/// What was answered to the same request before; `None` if there was none under this idempotency key.
async fn repeated(transaction: &Transaction<'_>, new: &NewKey) -> Result<Option<Created>, Error> {
    let Some(Idempotency { key, request_hash }) = &new.idempotency else { return Ok(None) };
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&new.created_by, Type::TEXT), (&key.as_str(), Type::TEXT)];
    let rows = transaction.query_typed(REPEATED, &parameters).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let is_same = row.try_get::<_, &[u8]>("request_hash")? == request_hash;
    Ok(Some(if is_same { Created::Repeated(Key::of(row)?) } else { Created::KeyReused }))
}
