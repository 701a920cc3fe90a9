//! Actions on many dead letters that a worker performs. None runs here: what it does is tested where it is.

use crate::support::{Background, Client, Reply, Server, Setup};
use serde_json::{Value, json};

const PATH: &str = "/admin/dlq/bulk-actions";

/// A client that would rather not wait.
fn hasty(server: &Server) -> Client {
    server.admin().with("prefer", "respond-async")
}

fn retry_all() -> Value {
    json!({ "action": "retry", "filter": {}, "reason": "the provider is back" })
}

/// A server on which a user has dead letters.
async fn with_dead(count: usize) -> (Server, Vec<Reply>) {
    let server = Server::start().await;
    server.rich_user("alice", 1_000).await;
    let mut dead = Vec::new();
    for _ in 0..count {
        dead.push(server.dead("alice").await);
    }
    server.caught_up().await;
    (server, dead)
}

async fn actions(server: &Server) -> i64 {
    let client = server.pool.get().await.unwrap();
    client.query_one("select count(*) from bulk_actions", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_action_is_written_down_with_what_it_is_about_and_answered_at_once() {
    let (server, dead) = with_dead(3).await;
    let (admin, before) = (hasty(&server), server.log_length().await);
    let body = json!({
        "action": "retry", "filter": { "user": "alice" }, "reason": "the provider is back",
        "rate": 2, "canary": 1, "pause_above_percent": 20,
    });
    let ordered = admin.post(PATH, body).await.expect(202);
    let location = ordered.header("location").unwrap().to_owned();
    assert_eq!(location, format!("{PATH}/{}", ordered.id()));
    assert_eq!(ordered.header("preference-applied"), Some("respond-async"));
    assert_eq!(ordered.header("idempotent-replayed"), None);
    let seen = server.admin().get(&location).await.expect(200);
    for (field, value) in [
        ("action", json!("retry")),
        ("state", json!("canary")),
        ("cause", json!(null)),
        ("reason", json!("the provider is back")),
        ("ordered_by", json!("ops")),
        ("key_id", json!(null)),
        ("filter", json!({ "user": "alice" })),
        ("rate", json!(2)),
        ("canary", json!(1)),
        ("pause_above_percent", json!(20)),
        ("ended_at", json!(null)),
        ("credits", json!({ "all": "12", "waiting": "12", "retried": "0", "given_back": "0" })),
    ] {
        assert_eq!((&seen.body[field], &ordered.body[field]), (&value, &value), "{field}");
    }
    assert_eq!((&seen.body["counts"]["all"], &seen.body["counts"]["waiting"]), (&json!(3), &json!(3)));
    assert!(seen.body["done_by"].as_str().unwrap() > seen.body["created_at"].as_str().unwrap());
    let items = server.admin().get(&format!("{location}/items")).await.expect(200);
    let told: Vec<_> =
        items.items().iter().map(|item| (&item["ordinal"], item["id"].as_str().unwrap())).collect();
    let expected: Vec<_> =
        [json!(1), json!(2), json!(3)].into_iter().zip(dead.iter().map(Reply::id)).collect();
    let expected: Vec<_> = expected.iter().map(|(ordinal, id)| (ordinal, *id)).collect();
    assert_eq!(told, expected, "what died first comes first");
    assert_eq!(items.items()[0]["outcome"], "waiting");
    assert_eq!(server.log_length().await, before, "a worker does it, and none runs here");
}

#[tokio::test]
async fn what_dies_or_changes_after_the_order_is_no_part_of_it() {
    let (server, dead) = with_dead(2).await;
    let missing = "019ab000-0000-7000-8000-000000000000";
    let ids = json!([dead[0].id(), dead[1].id(), missing, dead[0].id()]);
    let body = json!({
        "action": "discard", "ids": ids, "runs": [1, 2, 1, 1], "reason": "a test",
    });
    let named = hasty(&server).post(PATH, body).await.expect(202);
    assert_eq!((&named.body["counts"]["all"], &named.body["counts"]["left_out"]), (&json!(1), &json!(2)));
    assert_eq!((&named.body["filter"], &named.body["credits"]["all"]), (&json!(null), &json!("4")));
    let all = hasty(&server).post(PATH, retry_all()).await.expect(202);
    server.dead("alice").await;
    server.caught_up().await;
    let seen = server.admin().get(&format!("{PATH}/{}", all.id())).await.expect(200);
    assert_eq!(seen.body["counts"]["all"], 2);
}

#[tokio::test]
async fn a_dry_run_tells_what_it_would_be_about_and_changes_nothing() {
    let (server, dead) = with_dead(3).await;
    let before = server.log_length().await;
    let look = json!({ "action": "retry", "filter": {}, "rate": 2, "dry_run": true });
    let told = hasty(&server).post(PATH, look).await.expect(200);
    assert_eq!((&told.body["matched"], &told.body["done"]), (&json!(3), &json!(0)));
    let plan = &told.body["plan"];
    assert_eq!((&plan["credits"], &plan["seconds"]), (&json!("12"), &json!(2)));
    assert_eq!(told.body["credits"], plan["credits"]);
    let group = &plan["groups"][0];
    assert_eq!((&group["code"], &group["count"]), (&json!("provider_unavailable"), &json!(3)));
    assert_eq!((&group["model"], &group["credits"]), (&json!("sim-image"), &json!("12")));
    assert_eq!(plan["samples"][0], dead[2].id(), "newest first");
    let missing = "019ab000-0000-7000-8000-000000000000";
    let named = json!({ "action": "retry", "ids": [dead[0].id(), missing], "dry_run": true });
    let told = hasty(&server).post(PATH, named).await.expect(200);
    assert_eq!(told.body["matched"], 1);
    assert_eq!(told.body["refused"], json!([{ "id": missing, "code": "not_found" }]));
    assert_eq!(told.body["plan"]["groups"][0]["count"], 1);
    assert_eq!((actions(&server).await, server.log_length().await), (0, before));
}

#[tokio::test]
async fn the_same_key_finds_the_same_action() {
    let (server, _) = with_dead(1).await;
    let keyed = hasty(&server).with("idempotency-key", "mend");
    let first = keyed.post(PATH, retry_all()).await.expect(202);
    let second = keyed.post(PATH, retry_all()).await.expect(202);
    assert_eq!((first.id(), second.header("idempotent-replayed")), (second.id(), Some("true")));
    assert_eq!(first.header("location"), second.header("location"));
    let other = json!({ "action": "discard", "filter": {}, "reason": "the provider is back" });
    let refused = keyed.post(PATH, other).await.refused(422, "idempotency_key_reused");
    assert_eq!(refused.blamed(), ["Idempotency-Key"]);
    // Somebody else's key is another one.
    let token = server.client(api::auth::Role::Admin, "other").with("prefer", "respond-async");
    let others = token.with("idempotency-key", "mend").post(PATH, retry_all()).await.expect(202);
    assert_ne!(others.id(), first.id());
    assert_eq!(actions(&server).await, 2);
    let long = "k".repeat(256);
    for key in ["", "a b", &long] {
        let refused = hasty(&server).with("idempotency-key", key).post(PATH, retry_all()).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["Idempotency-Key"]);
    }
}

#[tokio::test]
async fn an_action_is_paused_resumed_and_ended_and_then_stays_as_it_is() {
    let (server, _) = with_dead(1).await;
    let ordered = hasty(&server).post(PATH, retry_all()).await.expect(202);
    let (admin, path) = (server.admin(), format!("{PATH}/{}", ordered.id()));
    for (order, state) in [
        ("pause", "paused"),
        ("pause", "paused"),
        ("resume", "canary"),
        ("resume", "canary"),
        ("abort", "aborted"),
        ("abort", "aborted"),
    ] {
        let changed = admin.order(&format!("{path}/{order}")).await.expect(200);
        assert_eq!(changed.body["state"], state, "{order}");
    }
    for order in ["pause", "resume"] {
        let refused = admin.order(&format!("{path}/{order}")).await.refused(409, "action_over");
        assert_eq!(refused.body["detail"], "the action is aborted, so nothing of it can be changed");
    }
    let seen = admin.get(&path).await.expect(200);
    assert!(seen.body["ended_at"].is_string() && seen.body["done_by"].is_null());
    assert_eq!(seen.body["counts"]["waiting"], 1, "it is left alone");
    let unknown = format!("{PATH}/019ab000-0000-7000-8000-000000000000");
    admin.get(&unknown).await.refused(404, "not_found");
    admin.get(&format!("{unknown}/items")).await.refused(404, "not_found");
    for order in ["pause", "resume", "abort"] {
        admin.order(&format!("{unknown}/{order}")).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn actions_and_their_generations_are_listed_page_by_page() {
    let (server, _) = with_dead(5).await;
    let mut ordered = Vec::new();
    for _ in 0..3 {
        ordered.push(hasty(&server).post(PATH, retry_all()).await.expect(202));
    }
    let admin = server.admin();
    let first = admin.get(&format!("{PATH}?limit=2")).await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("{PATH}?limit=2&cursor={cursor}")).await.expect(200);
    let told: Vec<_> = first.items().iter().chain(rest.items()).map(|action| &action["id"]).collect();
    let expected: Vec<_> = ordered.iter().rev().map(|action| &action.body["id"]).collect();
    assert_eq!((told, &rest.body["next_cursor"]), (expected, &json!(null)), "newest first");

    let items = format!("{PATH}/{}/items", ordered[0].id());
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("{items}?limit=2{cursor}")).await.expect(200);
        pages.push(page.items().len());
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        let elsewhere = admin.get(&format!("{items}?outcome=failed{cursor}")).await;
        assert_eq!(elsewhere.refused(400, "parameter_invalid").blamed(), ["cursor"]);
    }
    assert_eq!(pages, [2, 2, 1]);
    assert_eq!(admin.get(&format!("{items}?outcome=waiting")).await.items().len(), 5);
    assert_eq!(admin.get(&format!("{items}?outcome=failed")).await.items().len(), 0);
}

#[tokio::test]
async fn what_cannot_be_ordered_is_refused_by_its_field() {
    let (server, _) = with_dead(1).await;
    let admin = hasty(&server);
    let with = |field: &str, value: Value| {
        let mut body = retry_all();
        body[field] = value;
        body
    };
    for (body, status, field) in [
        (json!({ "action": "retry", "filter": {} }), 422, "reason"),
        (with("reason", json!("")), 422, "reason"),
        (with("reason", json!("x".repeat(501))), 422, "reason"),
        (with("reason", json!("a\u{0}b")), 422, "reason"),
        (with("reason", json!(7)), 400, "reason"),
        (with("rate", json!(0)), 422, "rate"),
        (with("rate", json!(501)), 422, "rate"),
        (with("rate", json!(-1)), 422, "rate"),
        (with("rate", json!(1.5)), 400, "rate"),
        (with("rate", json!("10")), 400, "rate"),
        (with("canary", json!(-1)), 422, "canary"),
        (with("canary", json!(1_001)), 422, "canary"),
        (with("pause_above_percent", json!(101)), 422, "pause_above_percent"),
        (with("pause_above_percent", json!("half")), 400, "pause_above_percent"),
        (with("ids", json!(["019ab000-0000-7000-8000-000000000000"])), 422, "ids"),
        (with("pace", json!(1)), 400, "pace"),
    ] {
        let refused = admin.post(PATH, body.clone()).await.expect(status);
        assert_eq!(refused.blamed(), [field], "{body}");
    }
    // Whoever asks for a pace and waits for the end would not get it.
    for (field, value) in
        [("reason", json!("x")), ("rate", json!(1)), ("canary", json!(0)), ("pause_above_percent", json!(1))]
    {
        let mut body = json!({ "action": "retry", "filter": {} });
        body[field] = value;
        let refused = server.admin().post(PATH, body).await.refused(422, "validation_failed");
        assert_eq!(refused.blamed(), [field]);
        assert!(refused.body["detail"].as_str().unwrap().contains("Prefer: respond-async"));
    }
    assert_eq!(actions(&server).await, 0);
}

#[tokio::test]
async fn only_admins_order_and_see_actions() {
    let (server, _) = with_dead(1).await;
    let ordered = hasty(&server).post(PATH, retry_all()).await.expect(202);
    let path = format!("{PATH}/{}", ordered.id());
    for client in [server.user("alice"), server.auditor()] {
        client.with("prefer", "respond-async").post(PATH, retry_all()).await.refused(403, "forbidden");
        for address in [PATH, &path, &format!("{path}/items")] {
            client.get(address).await.refused(403, "forbidden");
        }
        for order in ["pause", "resume", "abort"] {
            client.order(&format!("{path}/{order}")).await.refused(403, "forbidden");
        }
    }
    assert_eq!(actions(&server).await, 1);
    assert_eq!(server.admin().get(&path).await.body["state"], "canary");
}

/// Writes so many rows into the read model, as if there had been jobs.
async fn pretend_dead(server: &Server, count: i64) {
    let insert = "insert into dead_letters
        select gen_random_uuid(), gen_random_uuid(), 'user-' || n, 'image', 'sim-image', 'x', 1, '{}', 4, 4, 1, 3,
            'transient', 'provider_down', 'it did not work', now(), now() - n * interval '1 second', 1, 1
        from generate_series(1, $1::bigint) as n";
    server.pool.get().await.unwrap().execute(insert, &[&count]).await.unwrap();
}

#[tokio::test]
async fn ten_thousand_are_ordered_at_once_and_more_than_can_be_are_refused_as_a_whole() {
    let server = Server::start().await;
    pretend_dead(&server, 10_000).await;
    let list = server.admin().get("/admin/dlq/messages?limit=1").await.expect(200);
    assert_eq!((&list.body["total"], &list.body["total_is_more"]), (&json!(10_000), &json!(false)));
    let ordered = hasty(&server).post(PATH, retry_all()).await.expect(202);
    assert_eq!(ordered.body["counts"]["waiting"], 10_000);
    assert_eq!(ordered.body["credits"]["all"], "40000");
    pretend_dead(&server, 90_001).await;
    let list = server.admin().get("/admin/dlq/messages?limit=1").await.expect(200);
    assert_eq!((&list.body["total"], &list.body["total_is_more"]), (&json!(10_000), &json!(true)));
    let refused = hasty(&server).post(PATH, retry_all()).await.refused(422, "validation_failed");
    assert_eq!(refused.blamed(), ["filter"]);
    assert_eq!(actions(&server).await, 1);
}

#[tokio::test]
async fn a_login_without_the_role_serves_all_else_and_is_told_what_to_run() {
    let (server, _) = with_dead(1).await;
    let login = "do $$ begin create role no_operator login password 'no_operator';
        exception when duplicate_object or unique_violation then null; end $$;
        grant cooly_appender, cooly_projector, cooly_reader, cooly_sealer to no_operator";
    server.pool.get().await.unwrap().batch_execute(login).await.unwrap();
    let background = Background::Absent;
    let lacking = server.beside(Setup { login: Some("no_operator"), background, ..Setup::default() }).await;
    lacking.stranger().get("/health/ready").await.expect(200);
    let reply = hasty(&lacking).post(PATH, retry_all()).await;
    let detail = reply.body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("`grant cooly_operator to "), "{}", reply.body);
    reply.refused(503, "unavailable");
    assert_eq!(actions(&server).await, 0);
}
