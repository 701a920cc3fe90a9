//! API keys of requests: taken until they end, and refused by every server from the answer to their revocation on.

use crate::api_keys::{PATH, made, of_auditor, revoked, secret};
use crate::support::{Background, Reply, Server, Setup, Wire};
use api::auth::Environment;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// A server, and another on the same database whose statements are counted and that does nothing by itself.
async fn wired() -> (Server, Server, Wire) {
    wired_as(api::Limits::default()).await
}

/// The same, with the other server's limits.
async fn wired_as(limits: api::Limits) -> (Server, Server, Wire) {
    let probe = Server::start_as(Setup { background: Background::Absent, ..Setup::default() }).await;
    let wire = Wire::to(probe.database_address()).await;
    let background = Background::Absent;
    let server =
        probe.beside(Setup { wire: Some(wire.address), background, limits, ..Setup::default() }).await;
    (probe, server, wire)
}

#[tokio::test]
async fn each_scope_opens_its_own_doors_and_no_other() {
    let server = Server::start().await;
    server.rich_user("alice", 7).await;
    let user = secret(&made(&server, "user", Some("alice")).await).to_owned();
    let admin = secret(&made(&server, "admin", Some("ops")).await).to_owned();
    let auditor = of_auditor(&server, "eve").await;
    for (scope, key, open) in [
        ("user", user, "/v1/credits"),
        ("admin", admin, "/admin/accounts"),
        ("auditor", auditor, "/audit/events"),
    ] {
        let client = server.with_key(&key);
        for path in ["/v1/credits", "/admin/accounts", "/audit/events"] {
            let reply = client.get(path).await;
            if path == open {
                reply.expect(200);
            } else {
                let detail = reply.refused(403, "forbidden").body["detail"].to_string();
                assert!(detail.contains(&format!("scope `{scope}`")), "{detail}");
            }
        }
    }
    let alice = made(&server, "user", Some("alice")).await;
    let credits = server.with_key(secret(&alice)).get("/v1/credits").await.expect(200);
    assert_eq!(credits.body["available"], "7");
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_every_server_from_the_answer_on() {
    let one = Server::start().await;
    let other = one.beside(Setup { background: Background::Absent, ..Setup::default() }).await;
    for _ in 0..20 {
        let key = made(&one, "user", Some("alice")).await;
        let (here, there) = (one.with_key(secret(&key)), other.with_key(secret(&key)));
        // Both have seen it, so whatever they may remember of it is there.
        here.get("/v1/credits").await.expect(200);
        there.get("/v1/credits").await.expect(200);
        revoked(&one.admin(), key.id()).await;
        there.get("/v1/credits").await.refused(401, "key_revoked");
        here.get("/v1/credits").await.refused(401, "key_revoked");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_was_to() {
    let server = Server::start().await;
    let end = Utc::now() + TimeDelta::milliseconds(1_500);
    let order = json!({ "name": "short", "scope": "user", "owner": "alice", "expires_at": end });
    let key = server.admin().post(PATH, order).await.expect(201);
    let client = server.with_key(secret(&key));
    client.get("/v1/credits").await.expect(200);
    loop {
        let reply = client.get("/v1/credits").await;
        if reply.status == 401 {
            reply.refused(401, "key_expired");
            break;
        }
        assert!(Utc::now() < end + TimeDelta::seconds(5), "it is taken for ever");
    }
    assert!(Utc::now() >= end - TimeDelta::milliseconds(100), "it ended too soon");
    let path = format!("{PATH}/{}", key.id());
    assert_eq!(server.admin().get(&path).await.expect(200).body["state"], "expired");
    let past =
        json!({ "name": "late", "scope": "user", "owner": "alice", "expires_at": "2020-01-01T00:00:00Z" });
    let refused = server.admin().post(PATH, past).await.refused(422, "validation_failed");
    assert_eq!(refused.blamed(), ["expires_at"]);
}

#[tokio::test]
async fn what_is_no_key_here_is_told_apart() {
    let server = Server::start().await;
    let other = server.beside(Setup { environment: Environment::Live, ..Setup::default() }).await;
    let key = made(&server, "user", Some("alice")).await;
    let good = secret(&key);
    other.with_key(good).get("/v1/credits").await.refused(401, "key_environment");
    let live = made(&other, "user", Some("alice")).await;
    assert!(secret(&live).starts_with("ck_live_"));
    other.with_key(secret(&live)).get("/v1/credits").await.expect(200);
    let reply = server.with_key(secret(&live)).get("/v1/credits").await.refused(401, "key_environment");
    assert!(reply.body["detail"].as_str().unwrap().contains("`ck_test_`"), "{}", reply.body);
    let mut wrong = good.to_owned().into_bytes();
    wrong[20] = if wrong[20] == b'x' { b'y' } else { b'x' };
    let wrong = String::from_utf8(wrong).unwrap();
    for text in [
        &wrong,
        &good[..56],
        "ck_",
        "ck_live_",
        "ck_test_secret",
        &good.to_uppercase().replace("CK_TEST", "ck_test"),
    ] {
        server.with_key(text).get("/v1/credits").await.refused(401, "key_malformed");
    }
    server.pool.get().await.unwrap().execute("delete from api_keys", &[]).await.unwrap();
    server.with_key(good).get("/v1/credits").await.refused(401, "key_unknown");
}

#[tokio::test]
async fn the_last_use_is_shown_and_written_once_a_minute() {
    let server = Server::start().await;
    let (first, second) =
        (made(&server, "user", Some("alice")).await, made(&server, "user", Some("bob")).await);
    server.with_key(secret(&first)).get("/v1/models").await.expect(200);
    let at = used(&server, &first).await;
    for _ in 0..20 {
        server.with_key(secret(&first)).get("/v1/models").await.expect(200);
    }
    // What is used later is written later, so these had their chance.
    server.with_key(secret(&second)).get("/v1/models").await.expect(200);
    assert!(used(&server, &second).await > at);
    assert_eq!(used(&server, &first).await, at);
}

/// When a key was last used, as soon as that is told.
async fn used(server: &Server, made: &Reply) -> DateTime<Utc> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let seen = server.admin().get(&format!("{PATH}/{}", made.id())).await.expect(200);
        if let Some(used) = seen.body["last_used_at"].as_str() {
            return used.parse().unwrap();
        }
        assert!(Instant::now() < end, "it was never written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_no_reason_to_refuse_a_key() {
    let server = Server::start().await;
    let key = made(&server, "user", Some("alice")).await;
    let other = made(&server, "user", Some("bob")).await;
    let (known, unseen) = (server.with_key(secret(&key)), server.with_key(secret(&other)));
    known.get("/v1/models").await.expect(200);
    let owner = server.pool.get().await.unwrap();
    let away = "update pg_database set datallowconn = false where datname = current_database();
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    owner.batch_execute(away).await.unwrap();
    for client in [&known, &unseen] {
        client.get("/v1/models").await.refused(503, "unavailable");
    }
    let back = "update pg_database set datallowconn = true where datname = current_database()";
    owner.batch_execute(back).await.unwrap();
    for client in [&known, &unseen] {
        client.get("/v1/models").await.expect(200);
    }
}

#[tokio::test]
async fn a_key_counts_into_the_rate_of_whom_it_acts_for() {
    let limits = api::Limits { requests_per_second: 1, burst: 3, ..api::Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let key = made(&server, "user", Some("alice")).await;
    let client = server.with_key(secret(&key));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(client.get("/v1/credits").await.status.as_u16());
    }
    assert!(statuses[0] == 200 && statuses.contains(&429), "{statuses:?}");
    server.user("alice").get("/v1/credits").await.refused(429, "rate_limited");
    // The key's own rate is wider, and no use to whom the user's stops.
    let other = made(&server, "user", Some("bob")).await;
    let told = server.with_key(secret(&other)).get("/v1/credits").await.expect(200);
    assert_eq!(told.header("ratelimit-policy"), Some(r#""user";q=3;w=3"#));
    assert!(told.header("ratelimit").unwrap().starts_with(r#""user";r=2;"#), "{told:?}");
}

#[tokio::test]
async fn a_key_that_is_dead_or_used_where_it_may_not_does_not_keep_readers_busy() {
    let limits = api::Limits { requests_per_second: 1, burst: 1, ..api::Limits::default() };
    let (probe, server, wire) = wired_as(limits).await;
    let made_dead = made(&probe, "user", Some("alice")).await;
    let dead = secret(&made_dead).to_owned();
    let misused = secret(&made(&probe, "backend", None).await).to_owned();
    server.with_key(&dead).get("/v1/models").await.expect(200);
    revoked(&probe.admin(), made_dead.id()).await;
    for (key, path, code) in [(&dead, "/v1/models", 401), (&misused, "/admin/accounts", 403)] {
        let (mut refused, mut slowed) = (0, 0);
        let before = wire.executed();
        for _ in 0..200 {
            match server.with_key(key).get(path).await.status.as_u16() {
                429 => slowed += 1,
                status => {
                    assert_eq!(status, code);
                    refused += 1;
                }
            }
        }
        assert!(refused >= 9 && slowed > 0, "{refused} were looked up, {slowed} were not");
        // The pool asks whether its connection lives, and the key is read; now and then its use is written down.
        assert!(wire.executed() - before <= 2 * refused + 10, "{refused}");
    }
}

#[tokio::test]
async fn a_token_and_a_mistyped_key_ask_no_database() {
    let (probe, server, wire) = wired().await;
    let secret = secret(&made(&probe, "user", Some("alice")).await).to_owned();
    // The first request opens a connection.
    server.with_key(&secret).get("/v1/models").await.expect(200);
    let before = wire.executed();
    server.with_key(&secret[..56]).get("/v1/models").await.refused(401, "key_malformed");
    server.with_key(&secret.replace("ck_test_", "ck_live_")).get("/v1/models").await.expect(401);
    server.user("alice").get("/v1/models").await.expect(200);
    assert_eq!(wire.executed(), before);
    for number in 1..=3 {
        server.with_key(&secret).get("/v1/models").await.expect(200);
        // The pool asks whether its connection lives, and the key is read: no more, and no less the second time.
        assert_eq!(wire.executed(), before + 2 * number);
    }
}
