//! A public provider whose redirects lead into this machine and its networks. Its first answer comes from here, because
//! a test has no public server; everything after it goes by the rules.

use super::Fetcher;
use crate::outputs::loopback::{Server, answer};
use crate::outputs::trouble::Trouble;
use crate::provider::Origin;
use reqwest::Url;
use std::time::Duration;

/// What following a redirect to this address leads to.
async fn followed(location: String, hosts: &[&str]) -> Result<(), Trouble> {
    let server =
        Server::start(move |_, _| answer(302, &format!("location: {location}\r\n"), b"over there")).await;
    let hosts = hosts.iter().map(ToString::to_string).collect();
    let origin = Origin { hosts, is_private: false, max_bytes: 1_000 };
    let first = Url::parse(&server.url("/a.png")).unwrap();
    let opened = Fetcher::new(Duration::from_secs(120)).follow(first, &origin).await;
    assert_eq!(server.requests(), 1, "it was asked once");
    opened.map(drop)
}

#[tokio::test]
async fn a_redirect_of_a_public_provider_into_private_networks_is_refused() {
    let inner = Server::start(|_, _| answer(200, "", b"a secret")).await;
    let port = inner.port;
    for host in ["127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "localhost"] {
        let bare = host.trim_matches(['[', ']']);
        for location in
            [format!("http://{host}:{port}/"), format!("https://{host}:{port}/"), format!("https://{host}/")]
        {
            // Even if somebody listed it among the provider's hosts.
            let refused = followed(location.clone(), &[bare, "::ffff:7f00:1"]).await;
            assert!(matches!(refused, Err(Trouble::Refused(_))), "{location}: {refused:?}");
        }
    }
    assert_eq!(inner.requests(), 0, "nobody asked there");
}
