//! `/audit/seals`: the signed blocks over the log, and the proof that an event is in one.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AuditorOnly, Caller};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, ReadList, ReadOne, ReadSealed};
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, export_rows, listed, split};
use crate::serve::parameter::{Path, Query};
use crate::serve::problem::Problem;
use crate::words::scalars::{Instant, Limit, LogPosition, SealNumber, Term, page_size};
use ledger::seal::{self, KeyUse, Leaf, Leaves, Proof, Seal};
use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use std::time::Duration;

/// When to ask again for the proof of an event that is not sealed yet. By default a block is sealed when its
/// oldest event is a minute old.
const SEALED_SOON: Duration = Duration::from_secs(30);

/// A signed block. All bytes are in hexadecimal.
#[derive(Debug, Object)]
#[oai(rename = "Seal")]
struct SealHead {
    /// 1, 2, 3, … without gaps.
    number: i64,
    /// Position of the block's first event.
    first_position: LogPosition,
    /// Position of its last.
    last_position: LogPosition,
    /// How many events are in it.
    events: u32,
    /// Merkle root over them, as in RFC 6962.
    root: String,
    /// Hash of the seal before it; zeros for the first.
    prev_hash: String,
    /// SHA-256 of all of the above.
    hash: String,
    /// Who signed.
    public_key: String,
    /// Ed25519 signature of `hash`.
    signature: String,
    /// The database's clock; not signed.
    sealed_at: Instant,
}

/// A page of seals, oldest first.
#[derive(Debug, Object)]
struct SealPage {
    items: Vec<SealHead>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// An event of a block.
#[derive(Debug, Object)]
struct SealedEvent {
    /// Its place in the log.
    position: LogPosition,
    /// Its hash, in hexadecimal.
    hash: String,
}

/// A seal with the events under it.
#[derive(Debug, Object)]
struct WholeSeal {
    /// The seal.
    seal: SealHead,
    /// The leaves of its tree, in order.
    leaves: Vec<SealedEvent>,
}

/// A key that signed seals.
#[derive(Debug, Object)]
struct SealKeyUse {
    /// The key, in hexadecimal.
    public_key: String,
    /// The first seal that it signed.
    first_seal: i64,
    /// The last.
    last_seal: i64,
    /// How many it signed.
    seals: i64,
}

/// The keys that signed seals, oldest first.
#[derive(Debug, Object)]
struct SealKeys {
    items: Vec<SealKeyUse>,
}

/// All seals.
struct AllSeals;

impl Walk for AllSeals {
    type Item = SealHead;
    type Place = i64;

    async fn page(&self, app: &App, after: Option<i64>, limit: i64) -> Result<Part<SealHead, i64>, Problem> {
        let rows = seal::page(&**app.reader().await?, after.unwrap_or(0), limit + 1).await?;
        let (shown, next) = split(&rows, limit, |last| last.number);
        Ok(Part::new(shown.iter().map(SealHead::from).collect(), next))
    }
}

/// See the module.
pub(crate) struct Seals;

#[OpenApi(tag = "Tag::Audit")]
impl Seals {
    /// List the seals
    #[oai(path = "/audit/seals", method = "get", operation_id = "listSeals")]
    async fn list(
        &self,
        caller: Caller<AuditorOnly>,
        app: Data<&App>,
        asking: Asking,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
    ) -> Answer<Listed<SealPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let list = List::new("seals", &());
        let after = list.place(cursor.0.as_ref())?;
        let page = |items, next_cursor| SealPage { items, next_cursor };
        let place = (&list, after, page_size(limit.0));
        Ok(listed((&app, &caller), ("seals", form), AllSeals, place, page).await?)
    }

    /// List the keys that signed seals
    ///
    /// For comparison with the keys that you know: a key that the database names proves nothing by itself.
    #[oai(path = "/audit/seals/keys", method = "get", operation_id = "listSealKeys")]
    async fn keys(
        &self,
        caller: Caller<AuditorOnly>,
        app: Data<&App>,
        asking: Asking,
        /// The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
    ) -> Answer<Listed<SealKeys>, ReadList> {
        let form = asking.file_of_one_page(format.0)?;
        let keys = seal::keys(&**app.reader().await?).await?;
        let items: Vec<SealKeyUse> = keys.iter().map(SealKeyUse::from).collect();
        if let Some(form) = form {
            return Ok(Listed::File(export_rows(&app, &caller, "seal-keys", form, items, false)?));
        }
        Ok(Listed::Page(SealKeys { items }))
    }

    /// Read a seal and what is under it
    #[oai(path = "/audit/seals/:number", method = "get", operation_id = "getSeal")]
    async fn one(
        &self,
        _caller: Caller<AuditorOnly>,
        app: Data<&App>,
        /// Its number.
        number: Path<SealNumber>,
    ) -> Answer<Json<WholeSeal>, ReadOne> {
        let found = seal::seal(&**app.reader().await?, number.0.0).await?;
        let (seal, leaves) = found
            .ok_or_else(|| Problem::not_found("there is no such seal; `GET /audit/seals` lists them"))?;
        Ok(Json(WholeSeal { seal: SealHead::from(&seal), leaves: sealed_events(&leaves) }))
    }

    /// Prove an event
    ///
    /// Answers a document of the form `cooly-proof/1`: the event, its path in the tree of its block, and the seal.
    /// `cooly proof verify` checks it without a database. The position of an event is in `GET /audit/events`.
    #[oai(path = "/audit/events/:position/proof", method = "get", operation_id = "proveEvent")]
    async fn prove(
        &self,
        _caller: Caller<AuditorOnly>,
        app: Data<&App>,
        /// Its place in the log.
        position: Path<LogPosition>,
    ) -> Answer<Json<Any<Value>>, ReadSealed> {
        match seal::prove(&**app.reader().await?, position.0.0).await? {
            Proof::Document(document) => {
                let document = serde_json::to_value(document);
                Ok(Json(Any(document.map_err(|error| Problem::internal(error.to_string()))?)))
            }
            Proof::Unknown => Err(Problem::not_found(
                "there is no event at this position; `GET /audit/events` tells the positions",
            )
            .into()),
            Proof::NotSealedYet => Err(not_sealed_yet().into()),
            Proof::Contradicted(step) => {
                let detail = format!(
                    "the event is not what was sealed: the log was changed; {step}. Run `cooly verify`"
                );
                Err(conflict("seal_contradicted", detail).into())
            }
        }
    }
}

fn not_sealed_yet() -> Problem {
    let detail =
        "the event is newer than the newest seal; ask again, and see that a worker runs with a seal key";
    conflict("not_sealed_yet", detail).retrying(SEALED_SOON)
}

fn conflict(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, "There is no proof of it now", detail)
}

fn sealed_events(leaves: &Leaves) -> Vec<SealedEvent> {
    let event =
        |leaf: Leaf| SealedEvent { position: LogPosition(leaf.position), hash: hex::encode(leaf.event_hash) };
    leaves.iter().map(event).collect()
}

impl From<&Seal> for SealHead {
    fn from(seal: &Seal) -> SealHead {
        SealHead {
            number: seal.number,
            first_position: LogPosition(seal.first_position),
            last_position: LogPosition(seal.last_position),
            events: seal.events,
            root: hex::encode(seal.root),
            prev_hash: hex::encode(seal.prev_hash),
            hash: hex::encode(seal.hash),
            public_key: seal.public_key.to_string(),
            signature: hex::encode(seal.signature),
            sealed_at: Instant(seal.sealed_at),
        }
    }
}

impl From<&KeyUse> for SealKeyUse {
    fn from(used: &KeyUse) -> SealKeyUse {
        SealKeyUse {
            public_key: used.public_key.to_string(),
            first_seal: used.first,
            last_seal: used.last,
            seals: used.seals,
        }
    }
}
