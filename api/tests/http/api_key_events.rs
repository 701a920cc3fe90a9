//! What a key did: every event that a request with it led to names it, and the log stays as it is for all who read it.

use crate::support::{Client, Server};
use serde_json::{Value, json};

/// A key, by its id, and a client with it.
async fn key(server: &Server, order: Value) -> (String, Client) {
    let made = server.admin().post("/admin/keys", order).await.expect(201);
    (made.id().to_owned(), server.with_key(made.body["secret"].as_str().unwrap()))
}

#[tokio::test]
async fn every_event_names_the_key_and_the_actor_stays_who_it_was() {
    let server = Server::start().await;
    let admins = json!({ "name": "nightly", "scope": "admin", "owner": "ops" });
    let (admin_id, admin) = key(&server, admins).await;
    let (shop_id, shop) = key(&server, json!({ "name": "the shop", "scope": "backend" })).await;
    let grant = json!({ "amount": "100", "reason": "plan" });
    admin.post("/admin/accounts/alice/grants", grant).await.expect(201);
    let alice = shop.with("cooly-user", "alice");
    let bought = alice.buy("a fox").await;
    alice.order(&format!("/v1/generations/{}/cancel", bought.id())).await.expect(200);
    server.user("alice").buy("with a token").await;
    let log = server.auditor().get("/audit/events?user=alice").await.expect(200);
    let told: Vec<_> =
        log.items().iter().map(|event| (&event["actor"], event["causation_id"].as_str())).collect();
    let (by_admin, by_alice) = (json!("admin:ops"), json!("user:alice"));
    let mut wanted = vec![(&by_admin, Some(admin_id.as_str()))];
    wanted.extend([(&by_alice, Some(shop_id.as_str())); 4]);
    wanted.extend([(&by_alice, None); 2]);
    assert_eq!(told, wanted, "{}", log.body);
    for (id, events) in [(&admin_id, 1), (&shop_id, 4)] {
        let found = server.auditor().get(&format!("/audit/events?user=alice&cause={id}")).await.expect(200);
        assert_eq!(found.items().len(), events);
    }
    for query in ["cause=x&user=alice".to_owned(), format!("cause={shop_id}")] {
        let refused = server.auditor().get(&format!("/audit/events?{query}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["cause"], "{query}");
    }
    assert_eq!(by_documented_sql(&server).await, ["nightly", "the shop", "the shop", "the shop", "the shop"]);
    server.verified(&["alice"]).await;
    server.caught_up().await;
    let accounts = server.admin().get("/admin/accounts").await.expect(200);
    assert_eq!(accounts.items()[0]["user"], "alice", "whose account it is is read from its actors");
}

/// The names of keys beside the events that they led to, as `docs/audit.md` finds them.
async fn by_documented_sql(server: &Server) -> Vec<String> {
    let page = include_str!("../../../docs/audit.md");
    let section = page.split_once("### Which key did it").unwrap().1;
    let statement = section.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let client = server.pool.get().await.unwrap();
    client.batch_execute("set role cooly_reader").await.unwrap();
    let rows = client.query(statement, &[]).await.unwrap();
    client.batch_execute("reset role").await.unwrap();
    rows.iter().map(|row| row.get("name")).collect()
}

#[tokio::test]
async fn orders_that_are_kept_beside_the_log_name_the_key_too() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    server.dead("alice").await;
    server.caught_up().await;
    let (id, admin) = key(&server, json!({ "name": "nightly", "scope": "admin", "owner": "ops" })).await;
    let incidents = admin.get("/admin/dlq/incidents").await.expect(200);
    let incident = incidents.items()[0]["id"].as_str().unwrap();
    let path = format!("/admin/dlq/incidents/{incident}/resolve");
    let resolved = admin.post(&path, json!({ "expected_revision": 0 })).await.expect(200);
    assert_eq!(resolved.body["last_change"]["key_id"], id);
    let order = json!({ "action": "retry", "filter": {}, "reason": "the provider is back" });
    let later = admin.with("prefer", "respond-async");
    let ordered = later.post("/admin/dlq/bulk-actions", order).await.expect(202);
    assert_eq!(ordered.body["key_id"], id);
    // What is done with a token names none.
    let reopen = path.replace("/resolve", "/reopen");
    let reopened = server.admin().post(&reopen, json!({ "expected_revision": 1 })).await.expect(200);
    assert_eq!(reopened.body["last_change"]["key_id"], json!(null));
    let client = server.pool.get().await.unwrap();
    for table in ["bulk_actions", "incident_changes"] {
        let query = format!("select key_id::text, actor from {table} where key_id is not null");
        let row = client.query_one(&query, &[]).await.unwrap();
        assert_eq!((row.get(0), row.get(1)), (Some(id.clone()), "admin:ops".to_owned()), "{table}");
    }
}
