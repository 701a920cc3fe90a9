//! Customers' webhooks: making endpoints, changing them, and looking at what they were told. A worker sends; here none runs.

use crate::support::{Client, Reply, Server};
use projections::hooks::{self, Settled, Verdict};
use serde_json::{Value, json};

const PATH: &str = "/admin/webhooks";
const NOWHERE: &str = "/admin/webhooks/019ab000-0000-7000-8000-000000000000";

fn shop() -> Value {
    json!({ "url": "https://example.com/hooks", "events": ["credits.granted", "generation.failed"] })
}

async fn made(admin: &Client, body: Value) -> Reply {
    admin.post(PATH, body).await.expect(201)
}

fn at(made: &Reply) -> String {
    format!("{PATH}/{}", made.body["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_endpoint_is_made_with_its_secret_listed_and_taken_away() {
    let server = Server::start().await;
    let admin = server.admin();
    let body = json!({
        "url": "https://example.com/hooks?tenant=7", "events": ["generation.failed", "credits.low", "credits.low"],
        "user": "alice", "description": "the shop",
    });
    let first = made(&admin, body).await;
    let secret = first.body["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!(first.header("location"), Some(at(&first).as_str()));
    for (field, value) in [
        ("url", json!("https://example.com/hooks?tenant=7")),
        ("events", json!(["generation.failed", "credits.low"])),
        ("user", json!("alice")),
        ("description", json!("the shop")),
        ("created_by", json!("ops")),
        ("failing_since", json!(null)),
        ("disabled", json!(null)),
        ("replay", json!(null)),
    ] {
        assert_eq!(first.body[field], value, "{field}");
    }
    let second = made(&admin, shop()).await;
    let page = admin.get(&format!("{PATH}?limit=1")).await.expect(200);
    assert_eq!(page.items()[0]["id"], second.body["id"]);
    assert!(page.items()[0].get("secret").is_none());
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("{PATH}?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&rest.items()[0]["id"], &rest.body["next_cursor"]), (&first.body["id"], &json!(null)));

    let gone = admin.delete(&at(&first)).await.expect(200);
    assert_eq!(gone.body["id"], first.body["id"]);
    for path in [at(&first), format!("{}/secret", at(&first)), format!("{}/deliveries", at(&first))] {
        let _ = admin.get(&path).await.refused(404, "not_found");
    }
    let _ = admin.delete(&at(&first)).await.refused(404, "not_found");
    assert_eq!(admin.get(PATH).await.expect(200).items().len(), 1);
}

#[tokio::test]
async fn the_same_key_finds_the_same_endpoint() {
    let server = Server::start().await;
    let admin = server.admin();
    let keyed = admin.with("idempotency-key", "shop-1");
    let first = made(&keyed, shop()).await;
    let again = made(&keyed, shop()).await;
    assert_eq!((&again.body["id"], &again.body["secret"]), (&first.body["id"], &first.body["secret"]));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    let other = json!({ "url": "https://example.org/", "events": ["credits.low"] });
    let _ = keyed.post(PATH, other).await.refused(422, "idempotency_key_reused");
    assert_eq!(admin.get(PATH).await.expect(200).items().len(), 1);
    let _ = admin.delete(&at(&first)).await.expect(200);
    let _ = keyed.post(PATH, shop()).await.refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn what_is_wrong_with_an_endpoint_is_named_and_nothing_is_made() {
    let server = Server::start().await;
    let admin = server.admin();
    for url in [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f.1/",
        "https://printer.local/",
        "http://example.com/",
        "ftp://example.com/",
        "https://ada:word@example.com/",
        "example.com",
        "",
        "https://example.com/a b",
        "https://example.com/\u{0}",
    ] {
        let body = json!({ "url": url, "events": ["credits.low"] });
        let refused = admin.post(PATH, body).await.refused(422, "validation_failed");
        assert_eq!(refused.blamed(), ["url"], "{url}");
    }
    let body = json!({ "url": "", "events": ["credits.won"], "user": "", "description": "" });
    let refused = admin.post(PATH, body).await.refused(422, "validation_failed");
    assert_eq!(refused.blamed(), ["url", "events[0]", "user", "description"]);
    let body = json!({ "url": 7, "events": [], "secret": "mine" });
    let refused = admin.post(PATH, body).await.refused(400, "body_invalid");
    assert_eq!(refused.blamed(), ["url", "secret", "events"]);
    assert_eq!(admin.get(PATH).await.expect(200).items(), [json!(null); 0]);
    let _ = admin.get(&format!("{PATH}/7")).await.refused(400, "parameter_invalid");
    for path in ["", "/secret", "/deliveries", "/deliveries/019ab000-0000-7000-8000-000000000001"] {
        let _ = admin.get(&format!("{NOWHERE}{path}")).await.refused(404, "not_found");
    }
    for path in ["/test", "/secret", "/deliveries/019ab000-0000-7000-8000-000000000001/redeliver"] {
        let _ = admin.order(&format!("{NOWHERE}{path}")).await.refused(404, "not_found");
    }
    let _ = admin.post(NOWHERE, json!({ "enabled": true })).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_secret_is_exchanged_with_both_in_use_for_a_day_and_no_third() {
    let server = Server::start().await;
    let admin = server.admin();
    let made = made(&admin, shop()).await;
    let secret = format!("{}/secret", at(&made));
    let before = admin.get(&secret).await.expect(200);
    assert_eq!(
        (&before.body["secret"], &before.body["previous_until"]),
        (&made.body["secret"], &json!(null))
    );
    let rotated = admin.order(&secret).await.expect(200);
    assert_ne!(rotated.body["secret"], before.body["secret"]);
    assert!(rotated.body["previous_until"].is_string());
    assert_eq!(admin.get(&secret).await.expect(200).body, rotated.body);
    let _ = admin.order(&secret).await.refused(409, "secret_retiring");
    assert_eq!(admin.get(&secret).await.expect(200).body, rotated.body, "nobody's secret ends early");
    let over = "update webhook_secrets set retires_at = now() - interval '1 s' where retires_at is not null";
    server.pool.get().await.unwrap().execute(over, &[]).await.unwrap();
    let next = admin.order(&secret).await.expect(200);
    assert!(next.body["secret"] != rotated.body["secret"] && next.body["previous_until"].is_string());
    let kept = "select count(*) from webhook_secrets";
    let kept: i64 = server.pool.get().await.unwrap().query_one(kept, &[]).await.unwrap().get(0);
    assert_eq!(kept, 2, "no more than two");
    let _ = admin.delete(&at(&made)).await.expect(200);
    let left = "select count(*) from webhook_secrets";
    let left: i64 = server.pool.get().await.unwrap().query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0, "none is kept of what was taken away");
}

#[tokio::test]
async fn an_endpoint_is_changed_disabled_and_enabled() {
    let server = Server::start().await;
    let admin = server.admin();
    let path = at(&made(&admin, shop()).await);
    let change = json!({ "url": "https://example.org/", "events": ["credits.low"], "description": "new" });
    let changed = admin.post(&path, change).await.expect(200);
    assert_eq!(
        (&changed.body["url"], &changed.body["events"], &changed.body["description"]),
        (&json!("https://example.org/"), &json!(["credits.low"]), &json!("new"))
    );
    let refused = admin.post(&path, json!({ "url": "https://localhost/" })).await;
    assert_eq!(refused.refused(422, "validation_failed").blamed(), ["url"]);
    let _ = admin.post(&path, json!({})).await.refused(400, "body_invalid");

    let disabled = admin.post(&path, json!({ "enabled": false })).await.expect(200);
    assert_eq!(disabled.body["disabled"]["reason"], "asked");
    assert!(disabled.body["disabled"]["position"].is_i64() && disabled.body["disabled"]["at"].is_string());
    let again = admin.post(&path, json!({ "enabled": false })).await.expect(200);
    assert_eq!(again.body, disabled.body);
    let _ = admin.order(&format!("{path}/test")).await.refused(409, "webhook_disabled");
    let enabled = admin.post(&path, json!({ "enabled": true })).await.expect(200);
    assert_eq!(
        (&enabled.body["disabled"], &enabled.body["url"]),
        (&json!(null), &json!("https://example.org/"))
    );
}

#[tokio::test]
async fn a_test_is_a_delivery_that_can_be_looked_at_and_sent_again() {
    let server = Server::start().await;
    let admin = server.admin();
    let path = at(&made(&admin, shop()).await);
    let sent = admin.order(&format!("{path}/test")).await.expect(200);
    assert_eq!(
        (&sent.body["type"], &sent.body["outcome"], &sent.body["attempts"], &sent.body["position"]),
        (&json!("webhook.test"), &json!("waiting"), &json!(0), &json!(null))
    );
    let one = format!("{path}/deliveries/{}", sent.id());
    let story = admin.get(&one).await.expect(200);
    let payload: Value = serde_json::from_str(story.body["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["type"], "webhook.test");

    // What a worker does.
    let client = server.pool.get().await.unwrap();
    let id = |text: &Value| text.as_str().unwrap().parse().unwrap();
    let settled = Settled {
        endpoint: path.rsplit('/').next().unwrap().parse().unwrap(),
        url: "https://example.com/hooks".into(),
        message_id: id(&sent.body["id"]),
        account_id: ledger::AccountId(uuid::Uuid::nil()),
        verdict: Verdict::Delivered,
        status: Some(204),
        error: None,
    };
    hooks::settle(&**client, &[settled], chrono::Utc::now()).await.unwrap();
    let list = format!("{path}/deliveries");
    let delivered = admin.get(&format!("{list}?outcome=delivered")).await.expect(200);
    assert_eq!((delivered.items().len(), &delivered.items()[0]["status"]), (1, &json!(204)));
    assert!(delivered.items()[0].get("payload").is_none());
    assert_eq!(admin.get(&format!("{list}?outcome=given_up")).await.expect(200).items().len(), 0);
    let again = admin.order(&format!("{one}/redeliver")).await.expect(200);
    assert_eq!(
        (&again.body["id"], &again.body["outcome"], &again.body["attempts"]),
        (&sent.body["id"], &json!("waiting"), &json!(0))
    );
    let _ = admin
        .order(&format!("{path}/deliveries/019ab000-0000-7000-8000-000000000001/redeliver"))
        .await
        .refused(404, "not_found");
    let _ = admin.get(&format!("{list}?outcome=lost")).await.refused(400, "parameter_invalid");
}

#[tokio::test]
async fn a_part_of_the_log_is_told_again_one_at_a_time() {
    let server = Server::start().await;
    let admin = server.admin();
    server.rich_user("alice", 100).await;
    let made = made(&admin, shop()).await;
    let (path, newest) = (format!("{}/replay", at(&made)), made.body["after"].as_i64().unwrap());
    assert!(newest > 0, "it begins at the present");
    let replay = admin.post(&path, json!({ "after": 0 })).await.expect(200);
    assert_eq!(replay.body["replay"], json!({ "after": 0, "until": newest, "with_delivered": false }));
    let _ = admin.post(&path, json!({ "after": 0 })).await.refused(409, "replay_running");
    for body in [json!({ "after": newest }), json!({ "after": 5, "until": 3 })] {
        let refused = admin.post(&path, body).await.refused(422, "validation_failed");
        assert_eq!(refused.blamed(), ["after"]);
    }
    let refused = admin.post(&path, json!({ "after": -1, "with_delivered": "yes" })).await;
    assert_eq!(refused.refused(400, "body_invalid").blamed(), ["with_delivered", "after"]);
}

#[tokio::test]
async fn what_was_delivered_so_long_ago_that_nobody_knows_is_not_sent_again_unasked() {
    let server = Server::start().await;
    let admin = server.admin();
    server.rich_user("alice", 100).await;
    server.rich_user("bob", 100).await;
    let made = made(&admin, shop()).await;
    let (path, newest) = (format!("{}/replay", at(&made)), made.body["after"].as_i64().unwrap());
    // As a worker sweeps: what was delivered up to here was kept for long enough.
    let id: uuid::Uuid = made.body["id"].as_str().unwrap().parse().unwrap();
    let client = server.pool.get().await.unwrap();
    let delivered = "insert into webhook_deliveries (endpoint, message_id, position, account_id, type, payload, created_at,
            waits_since, outcome, settled_at)
        values ($1, gen_random_uuid(), $2, gen_random_uuid(), 'credits.granted', '{}', now(), now(), 'delivered', now())";
    client.execute(delivered, &[&id, &(newest - 1)]).await.unwrap();
    let later = chrono::Utc::now() + chrono::TimeDelta::days(1);
    assert_eq!(hooks::forget_settled(&**client, later, 100).await.unwrap(), 1);

    let refused = admin.post(&path, json!({ "after": 0 })).await.refused(422, "validation_failed");
    assert_eq!(refused.blamed(), ["after"]);
    let known = admin.post(&path, json!({ "after": newest - 1 })).await.expect(200);
    assert_eq!(known.body["replay"]["after"], newest - 1);
    client
        .execute(
            "update webhook_endpoints set replay_after = null, replay_until = null, replay_delivered = null",
            &[],
        )
        .await
        .unwrap();
    let _ = admin.post(&path, json!({ "after": 0, "with_delivered": true })).await.expect(200);
}

#[tokio::test]
async fn an_endpoint_begins_where_the_log_ends_and_not_where_this_process_is() {
    let server = Server::start().await;
    let admin = server.admin();
    for user in ["alice", "bob", "carol"] {
        server.rich_user(user, 100).await;
        let made = made(&admin, shop()).await;
        let end = "select max(position) from events";
        let end: i64 = server.pool.get().await.unwrap().query_one(end, &[]).await.unwrap().get(0);
        assert_eq!(made.body["after"], end, "{user}");
    }
    // Whoever is writing now may write something that lies before it.
    let mut writer = server.pool.get().await.unwrap();
    let writing = writer.transaction().await.unwrap();
    writing.execute("lock table events in row exclusive mode", &[]).await.unwrap();
    let _ = admin.post(PATH, shop()).await.refused(503, "log_unsettled");
    writing.rollback().await.unwrap();
    let _ = made(&admin, shop()).await;
}

#[tokio::test]
async fn its_page_is_there_for_browsers_and_the_list_for_clients() {
    let server = Server::start().await;
    let page = server.stranger().with("accept", "text/html").get(PATH).await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(server.admin().get(PATH).await.expect(200).items(), [json!(null); 0]);
}
