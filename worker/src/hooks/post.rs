//! Sends one message. The address is somebody else's word: only public addresses are connected to, looked up each time; no redirect is
//! followed, no proxy of the surroundings used, and of the answer only the status counts.

use crate::public_names::{PublicNames, is_not_public};
use chrono::{DateTime, Utc};
use projections::hooks::Due;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect, retry};
use std::time::Duration;
use tokio::time::Instant;
use webhooks::{StandardSecret, destination};

const USER_AGENT: &str = concat!("cooly/", env!("CARGO_PKG_VERSION"));

/// How long a connection that nothing is sent over is kept.
const IDLE: Duration = Duration::from_secs(60);

/// So much of an answer is read, and for so long, to keep the connection; what says more loses it.
const READ_BYTES: usize = 16 * 1_024;
const READ_TIME: Duration = Duration::from_millis(500);

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// What was answered, if anything was.
    pub status: Option<u16>,
    /// Why it was not taken, if it was not.
    pub error: Option<&'static str>,
    /// How long it asks to be left alone.
    pub wait: Option<Duration>,
}

impl Answer {
    /// Nothing is known of what was answered.
    pub(super) fn lost() -> Answer {
        failed("connection_lost")
    }
}

/// See the module.
pub(super) struct Post {
    client: Client,
    may_be_private: bool,
    patience: Duration,
}

impl Post {
    /// `patience` is how long one message may take from looking up the name to the status.
    pub(super) fn new(may_be_private: bool, patience: Duration) -> reqwest::Result<Post> {
        let builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .https_only(!may_be_private)
            .connect_timeout(patience)
            .pool_idle_timeout(IDLE);
        let builder = if may_be_private { builder } else { builder.dns_resolver(PublicNames::default()) };
        Ok(Post { client: builder.build()?, may_be_private, patience })
    }

    /// Sends it, signed at this instant.
    pub(super) async fn send(&self, due: &Due, now: DateTime<Utc>) -> Answer {
        // Looked at again: it may have been written down by another release or under another setting.
        let Ok(url) = destination(&due.url, self.may_be_private) else { return failed("address_refused") };
        let Some(signatures) = signatures(due, now) else { return failed("secret_missing") };
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", due.message_id.to_string())
            .header("webhook-timestamp", now.timestamp().to_string())
            .header("webhook-signature", signatures)
            .body(due.payload.clone());
        let since = Instant::now();
        match tokio::time::timeout(self.patience, request.send()).await {
            Err(_) => failed("timeout"),
            Ok(Err(error)) => failed(cause(&error)),
            Ok(Ok(response)) => {
                let answer = judged(response.status(), response.headers(), now + since.elapsed());
                let _ = tokio::time::timeout(READ_TIME, read_away(response)).await;
                answer
            }
        }
    }
}

/// One for each secret; `None` if there is none that can be used.
fn signatures(due: &Due, now: DateTime<Utc>) -> Option<String> {
    let (id, body) = (due.message_id.to_string(), due.payload.as_bytes());
    let secrets = due.secrets.iter().filter_map(|secret| StandardSecret::parse(secret).ok());
    let signatures: Vec<String> = secrets.map(|secret| secret.sign(&id, now.timestamp(), body)).collect();
    Some(signatures.join(" ")).filter(|signatures| !signatures.is_empty())
}

fn judged(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Answer {
    let error = match status {
        _ if status.is_success() => None,
        _ if status.is_redirection() => Some("redirect"),
        _ => Some("status"),
    };
    Answer { status: Some(status.as_u16()), error, wait: error.and_then(|_| wait(headers, now)) }
}

/// How long it asks to be left alone, in seconds or until an instant.
fn wait(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    (until.to_utc() - now).to_std().ok()
}

/// A connection whose answer was not read to its end is of no more use.
async fn read_away(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > READ_BYTES {
            return;
        }
    }
}

fn failed(error: &'static str) -> Answer {
    Answer { status: None, error: Some(error), wait: None }
}

fn cause(error: &reqwest::Error) -> &'static str {
    match error {
        _ if is_not_public(error) => "address_not_public",
        _ if error.is_timeout() => "timeout",
        _ if error.is_connect() => "connection",
        _ => "connection_lost",
    }
}

#[cfg(test)]
mod tests {
    use super::{Post, judged, signatures};
    use chrono::{DateTime, Utc};
    use ledger::AccountId;
    use projections::hooks::Due;
    use std::time::Duration;
    use uuid::Uuid;

    fn due(url: &str) -> Due {
        Due {
            endpoint: Uuid::nil(),
            url: url.to_owned(),
            failing_since: None,
            message_id: Uuid::nil(),
            account_id: AccountId(Uuid::nil()),
            payload: "{}".to_owned(),
            attempts: 0,
            secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()],
        }
    }

    #[tokio::test]
    async fn nothing_is_sent_to_what_is_not_public_however_it_is_named() {
        let post = Post::new(false, Duration::from_secs(30)).unwrap();
        for url in ["https://127.0.0.1:1/", "https://localhost:1/", "http://example.com/", "https://[::1]:1/"]
        {
            assert_eq!(post.send(&due(url), Utc::now()).await.error, Some("address_refused"), "{url}");
        }
        // As if a name that looks public led here: what is looked up is refused.
        let looked_up = post.client.post("https://localhost:1/").send().await.unwrap_err();
        assert_eq!(super::cause(&looked_up), "address_not_public");
    }

    #[test]
    fn an_instant_until_which_it_asks_to_be_left_alone_is_one_of_the_clock_that_it_is_sent_by() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let headers = [(super::RETRY_AFTER, "Fri, 15 Jan 2027 08:01:30 GMT".parse().unwrap())];
        let answer = judged(reqwest::StatusCode::SERVICE_UNAVAILABLE, &headers.into_iter().collect(), now);
        assert_eq!(answer.wait, Some(Duration::from_secs(90)));
    }

    #[test]
    fn while_a_secret_is_exchanged_there_are_two_signatures_that_each_prove_it() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"];
        let due = Due { secrets: secrets.map(str::to_owned).to_vec(), ..due("https://example.com/") };
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let each = secrets.map(|secret| {
            let key = webhooks::StandardSecret::parse(secret).unwrap();
            key.sign(&due.message_id.to_string(), now.timestamp(), due.payload.as_bytes())
        });
        assert_ne!(each[0], each[1]);
        assert_eq!(signatures(&due, now), Some(each.join(" ")));
    }

    #[tokio::test]
    async fn without_a_secret_nothing_is_sent() {
        let post = Post::new(true, Duration::from_secs(30)).unwrap();
        let unsigned = Due { secrets: Vec::new(), ..due("http://127.0.0.1:1/") };
        assert_eq!(post.send(&unsigned, Utc::now()).await.error, Some("secret_missing"));
        assert_eq!(post.send(&due("http://127.0.0.1:1/"), Utc::now()).await.error, Some("connection"));
    }
}
