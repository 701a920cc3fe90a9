//! `GET /audit/verify`: proves the whole log, and tells how far it is while it does.
//!
//! Every hash, state, balance and seal is computed again, which takes the longer the longer the log is. So the answer is made
//! while it is sent, like an export, and takes one of the places of exports. The last line is the outcome; an answer
//! without it broke off and proves nothing.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AuditorOnly, Caller};
use crate::serve::declared::{Answer, ReadFile};
use crate::serve::download::{Sender, download};
use crate::serve::problem::Problem;
use crate::words::moments::written;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ledger::seal::{SealReport, Trust, verify_seals};
use ledger::verify::log_breaches;
use ledger::{Error, Role};
use poem::Body;
use poem::http::{HeaderMap, StatusCode, Version};
use poem::web::Data;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_postgres::Client;

/// How often progress is told.
const BEAT: Duration = Duration::from_millis(400);

/// When to ask again while too much is read.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Breaches that are told one by one; the rest is counted.
const MOST_TOLD: usize = 100;

/// With more breaches than that nobody needs to read on: all of them are kept in memory.
const ENOUGH: usize = 10_000;

/// The lines, as they are made.
#[derive(ApiResponse)]
enum Lines {
    /// A line of JSON every moment with how far it is, `{"progress":{"of":"log","done":…,"total":…}}`, of the log in events
    /// and then of the seals. As soon as the log is known to be broken `{"found":{…}}` with its `breaches` and `breaches_in_all`. At the end
    /// `{"result":{…}}`: `valid`, `begun_at`, `ended_at`, `events`, `seals` (`seals`, `events`, `unsealed`, `newest`, `keys`),
    /// `breaches` (at most 100, each with `invariant`, `account`, `stream`, `version`, `position`, `block` where they are known,
    /// and `detail`), `breaches_in_all`, and `stopped_early` if that were so many that the rest was not read. Without that line it broke off
    #[oai(status = 200, content_type = "application/x-ndjson")]
    Told(Binary<Body>),
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
struct Progress {
    of: &'static str,
    done: u64,
    total: u64,
}

/// See the module.
pub(crate) struct WholeLog;

#[OpenApi(tag = "Tag::Audit")]
impl WholeLog {
    /// Prove the whole log
    ///
    /// What `cooly verify --log-only` proves, but for rights and keys: every hash, stored state, balance, lot and job of every
    /// account, and then every seal with its signature. Read models are not looked at. Whose keys signed is told and not judged:
    /// compare them with those that you know. The answer is streamed.
    #[oai(path = "/audit/verify", method = "get", operation_id = "verifyLog")]
    async fn verify(
        &self,
        _caller: Caller<AuditorOnly>,
        app: Data<&App>,
        version: Version,
    ) -> Answer<Lines, ReadFile> {
        if version < Version::HTTP_11 {
            let detail =
                "this needs HTTP/1.1 or newer, since over an older one an answer that broke off looks whole";
            let status = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
            let title = "The version of HTTP is too old";
            return Err(Problem::new(status, "http_version_unsupported", title, detail).into());
        }
        let permit = app.exports.clone().try_acquire_owned().map_err(|_| {
            let detail = "this server reads the whole log for others already; ask again when that has ended";
            Problem::too_many("too_many_exports", detail).retrying(RETRY_AFTER)
        })?;
        let client = app.database.connect(Role::Exporter).await?;
        let (sender, body) = download();
        let check = Check { client, permit, app: App::clone(&app) };
        tokio::spawn(check.run(sender, app.limits.export));
        Ok(Lines::Told(Binary(body)))
    }
}

/// One verification in work.
struct Check {
    client: Client,
    /// Held until the connection is closed.
    permit: OwnedSemaphorePermit,
    app: App,
}

impl Check {
    async fn run(mut self, sender: Sender, within: Duration) {
        let told = sender.filled(within, self.tell(&sender)).await;
        let ended = match told {
            Ok(()) => sender.finish(HeaderMap::new()).await.map_err(|gone| gone.to_string()),
            // The sender ends with this, and so does the connection, without looking whole.
            Err(cause) => Err(cause),
        };
        if let Err(cause) = ended {
            tracing::warn!(cause, "a verification of the log broke off");
        }
        drop(self.client);
        drop(self.permit);
    }

    /// Verifies the log and then the seals, and tells how far it is from beat to beat.
    async fn tell(&mut self, sender: &Sender) -> Result<(), String> {
        let begun_at = self.app.now();
        let (told, progress) = watch::channel(Progress { of: "log", done: 0, total: 0 });
        let tell = |of| {
            let told = &told;
            move |done, total| {
                told.send_replace(Progress { of, done, total });
            }
        };
        let log = watched(sender, &progress, log_breaches(&mut self.client, ENOUGH, tell("log"))).await?;
        let events = progress.borrow().done;
        let mut found = Found { events, in_all: log.len(), ..Found::default() };
        found.breaches.extend(log.iter().take(MOST_TOLD).map(|breach| json!(breach)));
        if found.in_all > 0 {
            let line = json!({ "breaches": found.breaches, "breaches_in_all": found.in_all });
            send(sender, &json!({ "found": line })).await?;
        }
        found.stopped_early = log.len() > ENOUGH;
        if !found.stopped_early {
            let trust = Trust::default();
            let work = verify_seals(&mut self.client, &trust, ENOUGH, tell("seals"));
            found.seals = watched(sender, &progress, work).await?;
            found.stopped_early = found.seals.stopped_early;
            let of_seals = &found.seals.breaches;
            found.in_all += of_seals.len();
            let room = MOST_TOLD.saturating_sub(found.breaches.len());
            found.breaches.extend(of_seals.iter().take(room).map(|breach| json!(breach)));
        }
        send(sender, &json!({ "result": found.told(begun_at, self.app.now()) })).await
    }
}

/// Does the work, and tells how far it is from beat to beat.
async fn watched<T>(
    sender: &Sender,
    progress: &watch::Receiver<Progress>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, String> {
    let mut beat = tokio::time::interval(BEAT);
    tokio::pin!(work);
    loop {
        tokio::select! {
            found = &mut work => break found.map_err(|error| ledger::error_chain(&error)),
            _ = beat.tick() => {
                let Progress { of, done, total } = *progress.borrow();
                send(sender, &json!({ "progress": { "of": of, "done": done, "total": total } })).await?;
            }
        }
    }
}

/// What a verification found.
#[derive(Default)]
struct Found {
    events: u64,
    /// Of the log, and then of the seals.
    breaches: Vec<Value>,
    in_all: usize,
    /// Whether that was so much that the rest was not read.
    stopped_early: bool,
    seals: SealReport,
}

impl Found {
    fn told(&self, begun_at: DateTime<Utc>, ended_at: DateTime<Utc>) -> Value {
        let seals = &self.seals;
        json!({
            "valid": self.in_all == 0,
            "begun_at": written(&begun_at),
            "ended_at": written(&ended_at),
            "events": self.events,
            "seals": {
                "seals": seals.seals,
                "events": seals.events,
                "unsealed": seals.unsealed,
                "newest": seals.newest.map(|newest| newest.to_string()),
                "keys": seals.keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
            },
            "breaches": self.breaches,
            "breaches_in_all": self.in_all,
            "stopped_early": self.stopped_early,
        })
    }
}

async fn send(sender: &Sender, line: &Value) -> Result<(), String> {
    sender.send(Bytes::from(format!("{line}\n"))).await.map_err(|gone| gone.to_string())
}
