//! The keys that an identity provider publishes under a URL, as they are now.
//!
//! They are fetched before the first token is checked, every few minutes after that, and when a token names a key that is not among
//! them; but however many such tokens strangers make up, no more often than every few seconds. While the URL is away, or answers
//! nonsense, what was fetched last stays good for a day. A document replaces the one before whole: a key that is no longer
//! published signs nothing any more.

use super::bearer::Bearer;
use super::checking::{CheckingKey, is_too_long};
use super::jwk;
use crate::serve::problem::Problem;
use chrono::{DateTime, Utc};
use reqwest::{Client, Url, redirect};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// After this the document is fetched again.
const FRESH: Duration = Duration::from_secs(300);

/// No key is believed for longer without seeing it again.
const BELIEVED: Duration = Duration::from_secs(24 * 3_600);

/// Strangers make us fetch no more often.
const PAUSE: Duration = Duration::from_secs(5);

/// The same while there are no keys at all, which keeps everybody out.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// How long the document may take.
const PATIENCE: Duration = Duration::from_secs(5);

const MOST_BYTES: usize = 256 * 1024;

/// Requests at once that wait for a key to be fetched; more are answered 503, so that they do not take all places.
const MOST_WAITING: usize = 64;

/// A URL under which keys cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be https:// and a host, or http:// and a host of this machine such as 127.0.0.1, without a user"
)]
pub struct AddressError;

/// Makes sure that what comes from this URL can be believed. What is wrong is not repeated: it may hold a password.
pub fn check_address(url: &str) -> Result<(), AddressError> {
    let url = Url::parse(url).map_err(|_| AddressError)?;
    let host = url.host_str().ok_or(AddressError)?;
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    let is_plain = url.username().is_empty() && url.password().is_none();
    if is_safe && is_plain { Ok(()) } else { Err(AddressError) }
}

/// See the module.
pub(super) struct KeySet {
    url: String,
    client: Client,
    issuer: String,
    audience: String,
    kept: RwLock<Arc<Kept>>,
    /// When the document was last asked for; whoever holds it is asking.
    asked: Mutex<Option<Instant>>,
    waiting: Arc<Semaphore>,
}

/// What was fetched last, and what went wrong since.
#[derive(Default, Clone)]
struct Kept {
    keys: Arc<Vec<jwk::Named>>,
    fetched: Option<Instant>,
    problem: Option<String>,
}

impl KeySet {
    pub(super) fn at(url: &str, issuer: &str, audience: &str) -> Result<KeySet, reqwest::Error> {
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE);
        // Only this machine is asked without TLS, and no proxy stands between.
        let client = if url.starts_with("http://") { client.no_proxy() } else { client }.build()?;
        let waiting = Arc::new(Semaphore::new(MOST_WAITING));
        let (url, issuer, audience) = (url.to_owned(), issuer.to_owned(), audience.to_owned());
        Ok(KeySet {
            url,
            client,
            issuer,
            audience,
            kept: RwLock::default(),
            asked: Mutex::default(),
            waiting,
        })
    }

    /// Who the token speaks for; `None` if it is not valid at `now`. An error if there are no keys to tell by.
    pub(super) async fn check(
        self: &Arc<Self>,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Bearer>, Problem> {
        if is_too_long(token) {
            return Ok(None);
        }
        let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
        let name = header.kid.as_deref();
        let mut kept = self.kept();
        if kept.key(name).is_none() {
            self.look_again(kept.fetched).await?;
            kept = self.kept();
        }
        kept.good().map_err(away)?;
        match (kept.key(name), &kept.problem) {
            (Some(key), _) => Ok(key.check(token, now)),
            // It may be among those that could not be fetched.
            (None, Some(problem)) if name.is_some() => Err(away(problem.clone())),
            (None, _) => Ok(None),
        }
    }

    /// Why no token can be checked, for people.
    pub(super) fn ready(&self) -> Result<(), String> {
        let kept = self.kept();
        // Once they were there, API keys work whatever the provider does: that is a warning and no reason to be left alone.
        if kept.fetched.is_some() { Ok(()) } else { kept.good() }
    }

    /// What is amiss while tokens can be checked all the same.
    pub(super) fn warning(&self) -> Option<String> {
        let problem = self.kept().problem.clone()?;
        Some(format!(
            "the keys that tokens are checked with cannot be fetched anew: {problem}; those from before are used"
        ))
    }

    /// Fetches the document, and again every few minutes, until shutdown.
    pub(super) async fn follow(&self, shutdown: CancellationToken) {
        loop {
            self.refresh(&mut *self.asked.lock().await).await;
            let is_well = self.kept().problem.is_none();
            let pause = if is_well { FRESH } else { self.pause() };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Fetches the document for a key that was not there at `seen`, unless that was just tried. In a task of its own: a client
    /// that hangs up must not take the fetch with it.
    async fn look_again(self: &Arc<Self>, seen: Option<Instant>) -> Result<(), Problem> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        let place =
            place.map_err(|_| Problem::unavailable("overloaded", "too many keys are being asked for"))?;
        let set = Arc::clone(self);
        let fetched = tokio::spawn(async move {
            let mut asked = set.asked.lock().await;
            let is_done = set.kept().fetched != seen;
            if !is_done && asked.is_none_or(|asked| asked.elapsed() >= set.pause()) {
                set.refresh(&mut asked).await;
            }
            drop(place);
        });
        fetched.await.map_err(|error| Problem::internal(error.to_string()))
    }

    async fn refresh(&self, asked: &mut Option<Instant>) {
        *asked = Some(Instant::now());
        let before = self.kept();
        let after = match self.fetch().await {
            Ok(keys) => Kept { keys: Arc::new(keys), fetched: Some(Instant::now()), problem: None },
            Err(problem) => {
                tracing::warn!(problem, "the keys that tokens are checked with cannot be fetched");
                Kept { problem: Some(problem), ..before.as_ref().clone() }
            }
        };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        // Counted from the end: an answer that takes long must not be asked for without a pause.
        *asked = Some(Instant::now());
    }

    async fn fetch(&self) -> Result<Vec<jwk::Named>, String> {
        let told = |error: reqwest::Error| ledger::error_chain(&error.without_url());
        let mut response = self.client.get(&self.url).send().await.map_err(told)?;
        if !response.status().is_success() {
            return Err(format!("the answer is {}", response.status()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(told)? {
            if document.len() + chunk.len() > MOST_BYTES {
                return Err("the document is too large".to_owned());
            }
            document.extend_from_slice(&chunk);
        }
        jwk::keys(&document, &self.issuer, &self.audience).map_err(str::to_owned)
    }

    fn kept(&self) -> Arc<Kept> {
        Arc::clone(&self.kept.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn pause(&self) -> Duration {
        if self.kept().good().is_ok() { PAUSE } else { SHORT_PAUSE }
    }
}

impl Kept {
    /// The key under this name. A token may leave it out where there is no choice.
    fn key(&self, name: Option<&str>) -> Option<&CheckingKey> {
        match (name, self.keys.as_slice()) {
            (None, [(_, only)]) => Some(only),
            (None, _) => None,
            (Some(name), keys) => {
                keys.iter().find(|(kid, _)| kid.as_deref() == Some(name)).map(|(_, key)| key)
            }
        }
    }

    /// Whether what was fetched is there and young enough to be believed.
    fn good(&self) -> Result<(), String> {
        match self.fetched {
            Some(fetched) if fetched.elapsed() < BELIEVED => Ok(()),
            _ => {
                let problem = self.problem.as_deref().unwrap_or("they are being fetched");
                Err(format!("the keys that tokens are checked with are not there: {problem}"))
            }
        }
    }
}

fn away(problem: String) -> Problem {
    let detail = "the keys that tokens are checked with cannot be had right now; try again shortly";
    Problem::unavailable("unavailable", detail).because(problem)
}

#[cfg(test)]
mod tests {
    use super::check_address;

    #[test]
    fn keys_come_from_https_or_from_this_machine() {
        for (url, is_right) in [
            ("https://login.example/.well-known/jwks.json", true),
            ("https://login.example/keys?tenant=7", true),
            ("http://127.0.0.1:9000/jwks", true),
            ("http://localhost/jwks", true),
            ("http://[::1]:9000/jwks", true),
            ("http://login.example/jwks", false),
            ("http://127.0.0.1.login.example/jwks", false),
            ("http://localhost@login.example/jwks", false),
            ("https://user:password@login.example/jwks", false),
            ("ftp://127.0.0.1/jwks", false),
            ("file:///etc/passwd", false),
            ("login.example/jwks", false),
            ("", false),
        ] {
            assert_eq!(check_address(url).is_ok(), is_right, "{url}");
        }
    }
}
