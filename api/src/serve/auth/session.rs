//! Sessions: the token of a person whom a browser keeps signed in, in a cookie that no script can read.
//!
//! A browser sends a cookie along with whatever any page makes it send here. So a cookie counts for nothing by itself: the request
//! must say in `Cooly-Session` that it means the session, which a page of somebody else cannot add without asking first, and never
//! is allowed to; and the browser must say that a page of this server sent it.

use super::claims::Role;
use super::on_behalf::decoded;
use chrono::{DateTime, Utc};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use ledger::UserId;
use poem::http::{HeaderMap, header};

/// By which a request says that it comes with a session, and with which: the name of a role, and mostly whom the page shows,
/// percent-encoded: `user; sub=alice`. If somebody else has signed in since, in another tab, nothing is done as that person.
pub(crate) const HEADER: &str = "Cooly-Session";

/// Longest token that a browser is asked to keep, in bytes: with its name and attributes a cookie may have 4,096 (RFC 6265, 6.1).
pub(crate) const MAX_TOKEN_BYTES: usize = 3_800;

/// A session, as a request means it.
pub(super) struct Meant {
    pub token: String,
    /// Whose it is meant to be.
    user: Option<String>,
}

impl Meant {
    /// What the request says that it comes with, if it may.
    pub(super) fn of(headers: &HeaderMap) -> Option<Meant> {
        let said = only(headers, HEADER)?;
        let (role, user) = match said.split_once(';') {
            Some((role, rest)) => (role, Some(decoded(rest.trim().strip_prefix("sub=")?)?)),
            None => (said, None),
        };
        let role = role.trim().parse().ok()?;
        let token = if is_own_page(headers) { kept(headers, role) } else { None }?;
        Some(Meant { token, user })
    }

    /// Whether it is still whose it was meant to be.
    pub(super) fn is_of(&self, user: &UserId) -> bool {
        self.user.as_deref().is_none_or(|meant| meant == user.as_str())
    }
}

/// The token that the browser keeps for a role.
pub(crate) fn kept(headers: &HeaderMap, role: Role) -> Option<String> {
    let name = name(role);
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let cookies = sent.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let mut tokens = cookies.filter(|cookie| cookie.name() == name);
    let (one, another) = (tokens.next()?, tokens.next());
    another.is_none().then(|| one.value().to_owned())
}

/// Whether a browser says that a page of this server sent the request. Programs are no browsers: they have tokens.
pub(crate) fn is_own_page(headers: &HeaderMap) -> bool {
    match only(headers, "Sec-Fetch-Site") {
        Some(site) => site == "same-origin",
        // A browser that does not say so names at least where a write comes from. Behind a proxy the scheme may be another here.
        None => match (only(headers, "Origin"), only(headers, "Host")) {
            (Some(origin), Some(host)) => {
                origin.split_once("://").is_some_and(|(_, authority)| authority == host)
            }
            _ => false,
        },
    }
}

/// What makes a browser keep a token until it ends, for this server alone and away from scripts.
pub(crate) fn keep(role: Role, token: &str, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (expires_at - now).num_seconds().max(0);
    cookie(role, token.to_owned(), Duration::seconds(seconds))
}

/// What makes a browser forget it.
pub(crate) fn forget(role: Role) -> String {
    cookie(role, String::new(), Duration::ZERO)
}

fn cookie(role: Role, token: String, max_age: Duration) -> String {
    let cookie = Cookie::build((name(role), token)).path("/").secure(true).http_only(true);
    cookie.same_site(SameSite::Strict).max_age(max_age).to_string()
}

/// One for each role, so that somebody who has several can have several pages open. Browsers take the prefix as a promise that
/// no other host and no insecure page has set it.
fn name(role: Role) -> String {
    format!("__Host-cooly-{role}")
}

/// The one header of this name. Two of them, or one that is no text, are like none.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let (one, another) = (values.next()?, values.next());
    if another.is_none() { one.to_str().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Meant, forget, is_own_page, keep, kept};
    use crate::serve::auth::Role;
    use chrono::{TimeDelta, Utc};
    use poem::http::{HeaderMap, HeaderName};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_counts_only_beside_the_header_on_a_page_of_this_server() {
        let cookie = ("cookie", "a=b; __Host-cooly-admin=t1; __Host-cooly-user=t2");
        let (own, admin) = (("sec-fetch-site", "same-origin"), ("cooly-session", "admin"));
        for (pairs, expected) in [
            (&[cookie, own, admin][..], Some("t1")),
            (&[cookie, own, ("cooly-session", "user")], Some("t2")),
            (&[cookie, own, ("cooly-session", "auditor")], None),
            (&[cookie, own, ("cooly-session", "root")], None),
            (&[cookie, own], None),
            (&[cookie, admin], None),
            (&[cookie, admin, ("sec-fetch-site", "same-site")], None),
            (&[cookie, admin, ("sec-fetch-site", "cross-site")], None),
            (&[cookie, admin, ("sec-fetch-site", "none")], None),
            (&[cookie, own, own, admin], None),
            (&[cookie, own, admin, admin], None),
            (&[own, admin], None),
            (&[cookie, own, ("cooly-session", "admin;sub")], None),
            (&[cookie, own, ("cooly-session", "admin; sub=%zz")], None),
        ] {
            let token = Meant::of(&headers(pairs)).map(|meant| meant.token);
            assert_eq!(token.as_deref(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn an_older_browser_is_believed_where_a_write_comes_from() {
        for (pairs, expected) in [
            (&[("origin", "https://cooly.example"), ("host", "cooly.example")][..], true),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], true),
            (&[("origin", "http://127.0.0.1:9090"), ("host", "127.0.0.1:8080")], false),
            (&[("origin", "https://evil.example"), ("host", "cooly.example")], false),
            (&[("origin", "null"), ("host", "null")], false),
            (&[("host", "cooly.example")], false),
            (&[("origin", "https://cooly.example")], false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://cooly.example"),
                    ("host", "cooly.example"),
                ],
                false,
            ),
        ] {
            assert_eq!(is_own_page(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn whose_session_it_is_can_be_said_and_must_be_true() {
        let cookies = [("cookie", "__Host-cooly-user=t"), ("sec-fetch-site", "same-origin")];
        for (said, expected) in [
            ("user", true),
            ("user; sub=jos%C3%A9", true),
            ("user;sub=jos%C3%A9", true),
            ("user; sub=jose", false),
            ("user; sub=", false),
        ] {
            let meant = Meant::of(&headers(&[cookies[0], cookies[1], ("cooly-session", said)])).unwrap();
            assert_eq!(meant.is_of(&"josé".parse().unwrap()), expected, "{said}");
        }
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let twice = headers(&[("cookie", "__Host-cooly-user=a"), ("cookie", "__Host-cooly-user=b")]);
        assert_eq!(kept(&twice, Role::User), None);
    }

    #[test]
    fn what_is_set_is_for_this_server_alone_and_no_script_can_read_it() {
        let now = Utc::now();
        let set = keep(Role::Admin, "t", now + TimeDelta::seconds(90), now);
        let expected = "__Host-cooly-admin=t; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=90";
        assert_eq!(set, expected);
        assert!(forget(Role::Admin).starts_with("__Host-cooly-admin=; "));
        assert!(forget(Role::Admin).ends_with("; Max-Age=0"));
        let over = keep(Role::Admin, "t", now - TimeDelta::seconds(90), now);
        assert!(over.ends_with("; Max-Age=0"), "{over}");
    }
}
