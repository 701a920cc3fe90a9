//! API keys as they are made, told once, listed and revoked.

use crate::support::{Client, Reply, Server};
use api::auth::Role;
use apikeys::{Created, Environment, NewKey, Scope};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const PATH: &str = "/admin/keys";
const UNKNOWN: &str = "019ab000-0000-7000-8000-000000000000";

/// Makes a key as an admin, who is its owner if the key is an admin's, and returns the whole answer.
pub(crate) async fn made(server: &Server, scope: &str, owner: Option<&str>) -> Reply {
    let order = json!({ "name": format!("for {scope}"), "scope": scope, "owner": owner });
    let maker = owner.filter(|_| scope == "admin").unwrap_or("ops");
    server.client(Role::Admin, maker).post(PATH, order).await.expect(201)
}

/// Makes a key for an auditor, as `cooly key` does, and returns its secret.
pub(crate) async fn of_auditor(server: &Server, owner: &str) -> String {
    let new = NewKey {
        id: Uuid::now_v7(),
        name: "for auditor".into(),
        environment: Environment::Test,
        scope: Scope::Auditor,
        owner: Some(owner.parse().unwrap()),
        expires_at: None,
        created_by: "system:cooly key".into(),
        request_id: "cooly-key-1".into(),
        idempotency: None,
    };
    let mut client = server.pool.get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let Created::Made(_, secret) = apikeys::create(&transaction, &new, Utc::now()).await.unwrap() else {
        panic!("it was not made")
    };
    transaction.commit().await.unwrap();
    secret.expose().to_owned()
}

pub(crate) fn secret(made: &Reply) -> &str {
    made.body["secret"].as_str().expect("a key that was just made is told")
}

pub(crate) async fn revoked(client: &Client, id: &str) -> Reply {
    client.post(&format!("{PATH}/{id}/revoke"), json!({ "reason": "it leaked" })).await.expect(200)
}

async fn row_count(server: &Server) -> i64 {
    let client = server.pool.get().await.unwrap();
    client.query_one("select count(*) from api_keys", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_key_is_told_once_and_only_its_hash_is_kept() {
    let server = Server::start().await;
    let reply = made(&server, "user", Some("alice")).await;
    let secret = secret(&reply);
    assert!(secret.starts_with("ck_test_") && secret.len() == 57, "{secret}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    for (field, value) in [
        ("name", json!("for user")),
        ("scope", json!("user")),
        ("owner", json!("alice")),
        ("environment", json!("test")),
        ("state", json!("active")),
        ("created_by", json!("admin:ops")),
        ("expires_at", json!(null)),
        ("last_used_at", json!(null)),
        ("revoked_at", json!(null)),
    ] {
        assert_eq!(reply.body[field], value, "{field}");
    }
    let hint = reply.body["hint"].as_str().unwrap();
    let (begin, end) = hint.split_once('…').unwrap();
    assert!(secret.starts_with(begin) && secret.ends_with(end) && hint.chars().count() == 17, "{hint}");
    let path = format!("{PATH}/{}", reply.id());
    let seen = server.admin().get(&path).await.expect(200);
    let listed = server.admin().with("accept", "application/json").get(PATH).await.expect(200);
    for answer in [&seen, &listed] {
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(!text.contains(&secret[12..50]) && text.contains(hint), "{text}");
    }
    let client = server.pool.get().await.unwrap();
    let row: String = client.query_one("select api_keys::text from api_keys", &[]).await.unwrap().get(0);
    assert!(!row.contains(&secret[12..50]), "{row}");
}

#[tokio::test]
async fn revoking_is_harmless_to_repeat_and_remembers_who_was_first() {
    let server = Server::start().await;
    let key = made(&server, "admin", Some("bo")).await;
    let first = revoked(&server.admin(), key.id()).await;
    assert_eq!(
        (&first.body["state"], &first.body["revoked_by"], &first.body["revoke_reason"]),
        (&json!("revoked"), &json!("admin:ops"), &json!("it leaked"))
    );
    let path = format!("{PATH}/{}/revoke", key.id());
    // Another admin, for another reason.
    let again =
        server.client(Role::Admin, "cy").post(&path, json!({ "reason": "for fun" })).await.expect(200);
    assert_eq!(again.body, first.body);
    let unknown = format!("{PATH}/{UNKNOWN}/revoke");
    server.admin().post(&unknown, json!({})).await.refused(404, "not_found");
    server.admin().get(&format!("{PATH}/{UNKNOWN}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_key_makes_no_keys_but_lists_and_revokes_them() {
    let server = Server::start().await;
    let admin = server.with_key(secret(&made(&server, "admin", Some("ops")).await));
    let user = server.with_key(secret(&made(&server, "user", Some("alice")).await));
    let before = row_count(&server).await;
    let order = json!({ "name": "another", "scope": "user", "owner": "alice" });
    admin.post(PATH, order).await.refused(403, "key_not_enough");
    user.post("/v1/keys", json!({ "name": "another" })).await.refused(403, "key_not_enough");
    assert_eq!(row_count(&server).await, before);
    // Looking and revoking is what one wants a program for that finds a key where it should not be.
    admin.with("accept", "application/json").get(PATH).await.expect(200);
    let id = made(&server, "user", Some("bob")).await;
    revoked(&admin, id.id()).await;
}

#[tokio::test]
async fn a_repeat_makes_no_second_key_and_tells_no_secret() {
    let server = Server::start().await;
    let admin = server.admin().with("idempotency-key", "the-shop");
    let order = json!({ "name": "the shop", "scope": "backend" });
    let first = admin.post(PATH, order.clone()).await.expect(201);
    assert!(first.body["secret"].is_string() && first.header("idempotent-replayed").is_none());
    let again = admin.post(PATH, order).await.expect(201);
    assert_eq!((again.id(), &again.body["secret"]), (first.id(), &Value::Null));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = json!({ "name": "another shop", "scope": "backend" });
    admin.post(PATH, other.clone()).await.refused(422, "idempotency_key_reused");
    // Keys of idempotency are each maker's own.
    let bo = server.client(Role::Admin, "bo").with("idempotency-key", "the-shop");
    assert_ne!(bo.post(PATH, other).await.expect(201).id(), first.id());
    assert_eq!(row_count(&server).await, 2);
}

#[tokio::test]
async fn a_repeat_is_answered_when_the_key_has_ended() {
    let server = Server::start().await;
    let admin = server.admin().with("idempotency-key", "short");
    let end = Utc::now() + TimeDelta::milliseconds(1_500);
    let order = json!({ "name": "short", "scope": "backend", "expires_at": end });
    let first = admin.post(PATH, order.clone()).await.expect(201);
    let path = format!("{PATH}/{}", first.id());
    while server.admin().get(&path).await.expect(200).body["state"] != "expired" {
        assert!(Utc::now() < end + TimeDelta::seconds(10), "it never expires");
    }
    let again = admin.post(PATH, order.clone()).await.expect(201);
    assert_eq!((again.id(), again.header("idempotent-replayed")), (first.id(), Some("true")));
    // What is no repeat comes too late.
    let late = server.admin().with("idempotency-key", "late").post(PATH, order).await;
    assert_eq!(late.refused(422, "validation_failed").blamed(), ["expires_at"]);
}

#[tokio::test]
async fn a_token_of_an_admin_makes_nothing_that_speaks_for_other_staff() {
    let server = Server::start().await;
    for owner in [Some("bo"), Some("ops"), None] {
        let order = json!({ "name": "x", "scope": "auditor", "owner": owner });
        server.admin().post(PATH, order).await.refused(403, "forbidden");
    }
    let colleague = json!({ "name": "x", "scope": "admin", "owner": "bo" });
    let refused = server.admin().post(PATH, colleague).await.refused(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("cooly key create"), "{}", refused.body);
    assert_eq!(row_count(&server).await, 0);
    for order in
        [json!({ "name": "x", "scope": "admin", "owner": "ops" }), json!({ "name": "x", "scope": "admin" })]
    {
        let made = server.admin().post(PATH, order).await.expect(201);
        assert_eq!(made.body["owner"], "ops");
        server.with_key(secret(&made)).get("/admin/accounts").await.expect(200);
    }
}

#[tokio::test]
async fn many_who_make_the_same_key_at_once_make_one() {
    let server = Server::start().await;
    let admin = server.admin().with("idempotency-key", "once");
    let order = json!({ "name": "the shop", "scope": "backend" });
    let replies = futures::future::join_all((0..8).map(|_| admin.post(PATH, order.clone()))).await;
    let told = replies.iter().filter(|reply| reply.body["secret"].is_string()).count();
    let ids: std::collections::BTreeSet<_> = replies.iter().map(Reply::id).collect();
    assert_eq!((told, ids.len(), row_count(&server).await), (1, 1, 1));
}

#[tokio::test]
async fn bad_orders_are_refused_by_name() {
    let server = Server::start().await;
    let admin = server.admin();
    for (order, status, field) in [
        (json!({ "scope": "user", "owner": "alice" }), 400, "name"),
        (json!({ "name": "", "scope": "user", "owner": "alice" }), 422, "name"),
        (json!({ "name": " \u{200b}", "scope": "user", "owner": "alice" }), 422, "name"),
        (json!({ "name": "x", "scope": "root", "owner": "alice" }), 422, "scope"),
        (json!({ "name": "x", "scope": "user" }), 422, "owner"),
        (json!({ "name": "x", "scope": "backend", "owner": "alice" }), 422, "owner"),
        (json!({ "name": "x", "scope": "user", "owner": ".." }), 422, "owner"),
        (json!({ "name": "x", "scope": "user", "owner": "a\u{202e}b" }), 422, "owner"),
        (json!({ "name": "x", "scope": "backend", "expires_at": "tomorrow" }), 422, "expires_at"),
        (json!({ "name": "x", "scope": "backend", "secret": "ck_test_mine" }), 400, "secret"),
    ] {
        let reply = admin.post(PATH, order.clone()).await.expect(status);
        assert_eq!(reply.blamed(), [field], "{order}");
    }
    for query in ["?state=lost", "?scope=root", "?owner=", "?limit=0", "?cursor=x"] {
        let reply = admin.with("accept", "application/json").get(&format!("{PATH}{query}")).await;
        reply.refused(400, "parameter_invalid");
    }
    assert_eq!(row_count(&server).await, 0);
}

#[tokio::test]
async fn lists_are_narrowed_and_paged_newest_first() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for (scope, owner) in
        [("user", Some("alice")), ("user", Some("bob")), ("admin", Some("alice")), ("backend", None)]
    {
        ids.push(made(&server, scope, owner).await.id().to_owned());
    }
    revoked(&server.admin(), &ids[1]).await;
    let admin = server.admin().with("accept", "application/json");
    for (query, wanted) in [
        ("", vec![3, 2, 1, 0]),
        ("?owner=alice", vec![2, 0]),
        ("?owner=nobody", vec![]),
        ("?scope=backend", vec![3]),
        ("?scope=user&state=active", vec![0]),
        ("?state=revoked", vec![1]),
        ("?state=expired", vec![]),
        ("?state=active&owner=alice&scope=admin", vec![2]),
    ] {
        let page = admin.get(&format!("{PATH}{query}")).await.expect(200);
        let found: Vec<_> = page.items().iter().map(|key| key["id"].as_str().unwrap()).collect();
        let wanted: Vec<_> = wanted.iter().map(|at: &usize| ids[*at].as_str()).collect();
        assert_eq!(found, wanted, "{query}");
    }
    let first = admin.get(&format!("{PATH}?limit=3")).await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let last = admin.get(&format!("{PATH}?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!((last.items().len(), &last.items()[0]["id"]), (1, &json!(ids[0])));
    admin.get(&format!("{PATH}?owner=alice&cursor={cursor}")).await.refused(400, "parameter_invalid");
}

#[tokio::test]
async fn an_owner_has_so_many_and_no_more_even_at_once() {
    let server = Server::start().await;
    let fill =
        "insert into api_keys (id, hash, hint, name, environment, scope, owner, created_by, request_id)
        select gen_random_uuid(), sha256(int8send(n)), '', 'x', 'test', 'user', 'alice', 'admin:ops', 'r'
        from generate_series(1::bigint, 97) n";
    server.pool.get().await.unwrap().execute(fill, &[]).await.unwrap();
    let alice = server.user("alice");
    let orders = (0..8).map(|number| alice.post("/v1/keys", json!({ "name": format!("number {number}") })));
    let replies = futures::future::join_all(orders).await;
    let codes: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(codes.iter().filter(|code| **code == 201).count(), 3, "{codes:?}");
    assert_eq!(row_count(&server).await, 100);
    // Revoking makes no room at once, or the table could be filled by doing both over and over.
    let id = replies.iter().find(|reply| reply.status == 201).unwrap().id().to_owned();
    alice.order(&format!("/v1/keys/{id}/revoke")).await.expect(200);
    alice.post("/v1/keys", json!({ "name": "one more" })).await.refused(409, "keys_too_many");
    server.user("bob").post("/v1/keys", json!({ "name": "of another" })).await.expect(201);
    let old = "update api_keys set created_at = now() - interval '25 hours' where owner = 'alice'";
    server.pool.get().await.unwrap().execute(old, &[]).await.unwrap();
    alice.post("/v1/keys", json!({ "name": "one more" })).await.expect(201);
}
