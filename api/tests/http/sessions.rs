//! Sessions of the pages: a token in a cookie, which counts only where a page of this server means it.

use crate::support::{Client, SECRET, Server, Setup, account};
use api::auth::Role;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::json;

/// What a browser keeps of an answer.
fn cookie_of(set: &str) -> &str {
    set.split(';').next().unwrap()
}

/// Signs in with this client's token.
async fn cookie(client: &Client) -> String {
    let signed = client.send(Method::POST, "/session", None).await.expect(200);
    cookie_of(signed.header("set-cookie").unwrap()).to_owned()
}

/// A browser with these cookies, on a page of this server.
fn page(server: &Server, cookie: &str) -> Client {
    server.stranger().with("cookie", cookie).with("sec-fetch-site", "same-origin")
}

#[tokio::test]
async fn a_token_is_exchanged_for_a_cookie_that_is_as_good() {
    let server = Server::start().await;
    let signed = server.client(Role::Admin, "ada").send(Method::POST, "/session", None).await.expect(200);
    assert_eq!((&signed.body["role"], &signed.body["sub"]), (&json!("admin"), &json!("ada")));
    let set = signed.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-cooly-admin="), "{set}");
    for attribute in ["; HttpOnly", "; Secure", "; SameSite=Strict", "; Path=/", "; Max-Age="] {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let ends: DateTime<Utc> = signed.body["expires_at"].as_str().unwrap().parse().unwrap();
    let seconds: i64 = set.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    let gap = (ends - Utc::now()) - TimeDelta::seconds(seconds);
    assert!(gap.abs() < TimeDelta::seconds(30), "the cookie lasts as long as the token, but for {gap}");

    let console = page(&server, cookie_of(set)).with("cooly-session", "admin; sub=ada");
    let granted =
        console.post("/admin/accounts/zoe/grants", json!({ "amount": "5", "reason": "a test" })).await;
    granted.expect(201);
    let events = server.auditor().get("/audit/events?user=zoe&type=credits.granted").await.expect(200);
    assert_eq!(events.items()[0]["actor"], "admin:ada");
    let here = page(&server, cookie_of(set)).get("/session").await.expect(200);
    assert_eq!(here.body["sessions"], json!([signed.body]));
    assert_eq!(here.body["hands_out_tokens"], false);
}

#[tokio::test]
async fn a_cookie_counts_for_nothing_where_no_page_of_this_server_means_it() {
    let server = Server::start().await;
    let cookie = cookie(&server.client(Role::Admin, "ada")).await;
    let order = json!({ "amount": "5", "reason": "a forgery" });
    let grants = "/admin/accounts/zoe/grants";
    let browser = |site: &str| server.stranger().with("cookie", &cookie).with("sec-fetch-site", site);
    for (what, client) in [
        ("no header that means it", browser("same-origin")),
        ("another site", browser("cross-site").with("cooly-session", "admin")),
        ("another host of this site", browser("same-site").with("cooly-session", "admin")),
        ("typed into the address bar", browser("none").with("cooly-session", "admin")),
        ("no browser", server.stranger().with("cookie", &cookie).with("cooly-session", "admin")),
        (
            "an older browser on another page",
            server
                .stranger()
                .with("cookie", &cookie)
                .with("origin", "https://evil.example")
                .with("cooly-session", "admin"),
        ),
        ("another role", browser("same-origin").with("cooly-session", "user")),
        ("somebody else's page", browser("same-origin").with("cooly-session", "admin; sub=bert")),
        ("no role", browser("same-origin").with("cooly-session", "root")),
    ] {
        let refused = client.post(grants, order.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "unauthenticated"), "{what}");
    }
    // A token that is wrong does not fall back to whoever is signed in.
    let wrong =
        browser("same-origin").with("cooly-session", "admin").with("authorization", "Bearer no.token.this");
    wrong.post(grants, order.clone()).await.refused(401, "unauthenticated");
    // The cookie of a user under the name of another role.
    let token = self::cookie(&server.user("mallory")).await;
    let renamed = token.replace("cooly-user", "cooly-admin");
    let dressed = page(&server, &renamed).with("cooly-session", "admin");
    dressed.post(grants, order).await.refused(403, "forbidden");
    assert!(
        page(&server, &renamed).get("/session").await.expect(200).body["sessions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let log = server.auditor().get(&format!("/audit/events?account={}", account("zoe").0)).await.expect(200);
    assert!(log.items().is_empty(), "nothing was granted: {}", log.body);
    // Nor is a stranger told who is signed in.
    let told =
        server.stranger().with("cookie", &cookie).with("sec-fetch-site", "cross-site").get("/session").await;
    assert_eq!(told.expect(200).body["sessions"], json!([]));
}

#[tokio::test]
async fn who_signs_out_is_forgotten_by_the_browser_and_nobody_else_can_sign_one_out() {
    let server = Server::start().await;
    let cookie = cookie(&server.user("alice")).await;
    let own = page(&server, &cookie).with("cooly-session", "user");
    own.get("/v1/credits").await.expect(200);
    let out = own.delete("/session").await.expect(204);
    let set = out.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-cooly-user=; ") && set.ends_with("Max-Age=0"), "{set}");
    let foreign = server.stranger().with("cooly-session", "user").with("sec-fetch-site", "cross-site");
    foreign.delete("/session").await.refused(403, "forbidden");
    page(&server, &cookie).delete("/session").await.refused(400, "parameter_invalid");
}

#[tokio::test]
async fn only_a_token_of_the_right_role_signs_in() {
    let server = Server::start_as(Setup { dev_tokens: true, ..Setup::default() }).await;
    server.stranger().send(Method::POST, "/session", None).await.refused(401, "unauthenticated");
    let wrong = server.user("alice").with("cooly-session", "admin");
    wrong.send(Method::POST, "/session", None).await.refused(403, "forbidden");
    let key = server
        .admin()
        .post("/admin/keys", json!({ "name": "shop", "scope": "user", "owner": "alice" }))
        .await;
    let key = server.with_key(key.expect(201).body["secret"].as_str().unwrap());
    key.send(Method::POST, "/session", None).await.refused(403, "key_not_enough");
    // Nor does a session make another one: it would have no end.
    let own = page(&server, &cookie(&server.user("alice")).await).with("cooly-session", "user");
    own.send(Method::POST, "/session", None).await.refused(401, "unauthenticated");
    let here = server.stranger().get("/session").await.expect(200);
    assert_eq!(here.body, json!({ "sessions": [], "hands_out_tokens": true }));
}

#[tokio::test]
async fn a_token_that_no_cookie_can_hold_is_refused_by_name() {
    let server = Server::start().await;
    let now = Utc::now().timestamp();
    for (padding, status) in [(2_400, 200), (2_900, 422)] {
        let claims = json!({ "sub": "alice", "role": "user", "iss": "cooly", "aud": "cooly", "exp": now + 60,
            "groups": "x".repeat(padding) });
        let key = EncodingKey::from_secret(SECRET);
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        let client = Client::new(server.address, Some(token));
        client.get("/v1/credits").await.expect(200);
        let signed = client.send(Method::POST, "/session", None).await.expect(status);
        assert_eq!(signed.header("set-cookie").is_some(), status == 200);
        // What browsers keep of a cookie at least (RFC 6265, 6.1).
        assert!(signed.header("set-cookie").is_none_or(|set| set.len() <= 4_096));
        assert_eq!(signed.body["code"] == "token_too_long", status == 422, "{}", signed.body);
    }
}
