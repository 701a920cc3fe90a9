//! Fetching files from where a provider left them.
//!
//! An address comes from an answer of somebody else's service, so it is trusted with nothing: only hosts that the
//! provider is known for, only over TLS, only in public, at every redirect; no more bytes than allowed, and nothing is
//! sent along that proves who we are. A provider that was declared private is spared the rules about TLS, ports and
//! public addresses. Proxies of the environment are not used: they would look names up for us.

mod admit;
mod body;
mod failed;
#[cfg(test)]
mod redirect_tests;

pub(super) use body::Body;

use crate::outputs::trouble::Trouble;
use crate::provider::{Origin, Remote};
use crate::public_names::PublicNames;
use reqwest::header::LOCATION;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url, redirect};
use std::time::Duration;
use tokio::sync::OnceCell;

const MOST_REDIRECTS: usize = 5;

const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Fetches files. Its clients are made when they are first needed: a worker of other providers needs no certificates.
pub(super) struct Fetcher {
    public: OnceCell<Client>,
    private: OnceCell<Client>,
    /// How long nothing at all may arrive.
    stall: Duration,
}

impl Fetcher {
    pub(super) fn new(stall: Duration) -> Fetcher {
        Fetcher { public: OnceCell::new(), private: OnceCell::new(), stall }
    }

    /// Asks for a file, until its first bytes.
    pub(super) async fn open(&self, remote: &Remote) -> Result<Body, Trouble> {
        let url = admit::admit(&remote.url, &remote.origin)?;
        self.follow(url, &remote.origin).await
    }

    async fn follow(&self, mut url: Url, origin: &Origin) -> Result<Body, Trouble> {
        let client = self.client(origin.is_private).await?;
        for _ in 0..=MOST_REDIRECTS {
            let response = client.get(url.clone()).send().await.map_err(failed::failed)?;
            match response.status() {
                StatusCode::OK => return Body::of(response, origin.max_bytes),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    url = admit::admit_next(&url, location(&response)?, origin)?;
                }
                status => return Err(unhelpful(status)),
            }
        }
        Err(Trouble::Refused("it is redirected too often"))
    }

    async fn client(&self, is_private: bool) -> Result<&Client, Trouble> {
        // Two, because one would use the other's open connections.
        let cell = if is_private { &self.private } else { &self.public };
        let made = cell.get_or_try_init(|| async {
            let builder = self.builder();
            if is_private { builder.build() } else { builder.dns_resolver(PublicNames::default()).build() }
        });
        made.await.map_err(failed::failed)
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .user_agent(concat!("cooly/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            // The bytes are kept as they are.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(CONNECT_PATIENCE)
            .read_timeout(self.stall)
    }
}

fn location(response: &Response) -> Result<&str, Trouble> {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    location.ok_or(Trouble::Refused("it is redirected to what is no address"))
}

/// Stores refuse addresses whose signature has lapsed with many statuses, 400 and 401 among them.
fn unhelpful(status: StatusCode) -> Trouble {
    let passes =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if status.is_client_error() && !passes {
        Trouble::Expired(status.as_u16())
    } else {
        Trouble::Passing(format!("the provider answered {}", status.as_u16()))
    }
}
