//! `POST /dev/token`: a token for trying things out. Only where the server was started with a key of its own on a
//! loopback address; it answers pages of this server and local programs, and no page of anybody else.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::body::{Strict, body};
use crate::serve::declared::{Answer, OpenOrder};
use crate::serve::problem::Problem;
use crate::words::role::RoleName;
use crate::words::scalars::{Instant, UserName};
use chrono::{TimeDelta, Utc};
use poem::http::{HeaderMap, Uri};
use poem::web::{Data, LocalAddr};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use std::net::SocketAddr;
use std::time::Duration;

const TTL: Duration = Duration::from_secs(12 * 3_600);

body! {
    /// The token that is wanted.
    struct NewToken {
        /// What it may do.
        role: RoleName,
        /// Whom it speaks for; `demo`, `admin` or `auditor` if left out.
        sub: Option<UserName>,
    }
}

/// Whom a token speaks for if the request does not say.
fn usual_sub(role: RoleName) -> &'static str {
    match role {
        RoleName::User => "demo",
        RoleName::Admin => "admin",
        RoleName::Auditor => "auditor",
    }
}

/// A token.
#[derive(Debug, Object)]
struct IssuedToken {
    /// Send it as `Authorization: Bearer …`.
    token: String,
    /// Whom it speaks for.
    sub: UserName,
    /// What it may do.
    role: RoleName,
    /// When it ends.
    expires_at: Instant,
}

/// See the module.
pub(crate) struct DevTokens;

#[OpenApi(tag = "Tag::Operations")]
impl DevTokens {
    /// A token for trying things out
    ///
    /// Only on a server that was started for development; everywhere else there is nothing at this address.
    #[oai(path = "/dev/token", method = "post", operation_id = "issueDevToken")]
    #[expect(clippy::unused_async, reason = "operations are async by declaration")]
    async fn issue(
        &self,
        app: Data<&App>,
        headers: &HeaderMap,
        uri: &Uri,
        local: &LocalAddr,
        body: Strict<NewToken>,
    ) -> Answer<Json<IssuedToken>, OpenOrder> {
        if !app.dev_tokens {
            return Err(Problem::not_found("this server hands out no tokens").into());
        }
        let port = local.as_socket_addr().map(SocketAddr::port);
        if !port.is_some_and(|port| is_local(headers, uri, port)) {
            let detail = "tokens are only for pages of this server and for programs on this machine, under the port that \
                          it listens on";
            return Err(Problem::forbidden(detail).into());
        }
        let role = body.0.role;
        let sub = match body.0.sub {
            Some(sub) => sub.0,
            None => usual_sub(role).parse().map_err(|_| Problem::internal("a usual name is not valid"))?,
        };
        let issued = app.keys.issue(role.role(), &sub, TTL);
        let token = issued.map_err(|error| Problem::internal(error.to_string()))?;
        let expires_at = Instant(Utc::now() + TimeDelta::from_std(TTL).unwrap_or_default());
        Ok(Json(IssuedToken { token, sub: UserName(sub), role, expires_at }))
    }
}

/// The port of an address without one.
const HTTP_PORT: u16 = 80;

/// Whether the request was addressed to this server by a name of this machine and its own port, and not sent by a foreign
/// page. A foreign page can make a browser send here, by a name of its own that leads here, or through another server of
/// this machine; it cannot forge these headers.
fn is_local(headers: &HeaderMap, target: &Uri, own_port: u16) -> bool {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let Some(host) = header("Host") else { return false };
    // A proxy or a cache would go by the target, and by either of two hosts.
    let is_only_host = headers.get_all("Host").iter().count() == 1;
    if !is_only_host || target.authority().is_some_and(|authority| authority.as_str() != host) {
        return false;
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
        Some(_) | None => (host, Some(HTTP_PORT)),
    };
    let is_loopback = matches!(name, "localhost" | "127.0.0.1" | "[::1]") && port == Some(own_port);
    let is_own_page = header("Origin").is_none_or(|origin| origin == format!("http://{host}"));
    let is_same_site = header("Sec-Fetch-Site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    is_loopback && is_own_page && is_same_site
}

#[cfg(test)]
mod tests {
    use super::is_local;
    use poem::http::{HeaderMap, HeaderName, Uri};

    #[test]
    fn only_this_machine_and_its_own_pages_are_local() {
        for (headers, expected) in [
            (&[("host", "127.0.0.1:8080")][..], true),
            (&[("host", "localhost:8080"), ("origin", "http://localhost:8080")], true),
            (&[("host", "[::1]:8080")], true),
            (&[("host", "localhost:8080"), ("sec-fetch-site", "same-origin")], true),
            (&[], false),
            (&[("host", "localhost")], false),
            (&[("host", "[::1]")], false),
            (&[("host", "127.0.0.1:9090")], false),
            (&[("host", "127.0.0.1:")], false),
            (&[("host", "127.0.0.1:08080x")], false),
            (&[("host", "127.0.0.1:9090"), ("origin", "http://127.0.0.1:9090")], false),
            (&[("host", "evil.example:8080")], false),
            (&[("host", "localhost.evil.example")], false),
            (&[("host", "127.0.0.1:8080"), ("origin", "http://evil.example")], false),
            (&[("host", "127.0.0.1:8080"), ("origin", "null")], false),
            (&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:9090")], false),
            (&[("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(HeaderName::from_static(name), value.parse().unwrap());
            }
            assert_eq!(is_local(&map, &Uri::from_static("/dev/token"), 8080), expected, "{headers:?}");
        }
    }

    #[test]
    fn an_address_without_a_port_is_that_of_port_80() {
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost".parse().unwrap());
        assert!(is_local(&headers, &Uri::from_static("/dev/token"), 80));
    }

    #[test]
    fn the_target_and_every_host_must_be_this_machine() {
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:8080".parse().unwrap());
        let local = |headers: &HeaderMap, target| is_local(headers, &Uri::from_static(target), 8080);
        assert!(local(&headers, "http://127.0.0.1:8080/dev/token"));
        assert!(!local(&headers, "http://evil.example/dev/token"));
        headers.append("host", "evil.example".parse().unwrap());
        assert!(!local(&headers, "/dev/token"));
    }
}
