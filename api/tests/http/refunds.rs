//! Prices that an admin gives back.

use crate::support::Server;
use serde_json::json;

const REFUNDS: &str = "/admin/accounts/alice/refunds";

#[tokio::test]
async fn a_price_comes_back_in_parts_and_never_more_than_it() {
    let server = Server::start().await;
    let admin = server.admin();
    let alice = server.rich_user("alice", 10).await;
    let bought = alice.buy("x").await;
    let id = bought.id();
    server.succeed("alice", id, b"png").await;
    let part = json!({ "job_id": id, "amount": "1.5", "reason": "blurred" });
    let keyed = admin.with("idempotency-key", "k");
    let made = keyed.post(REFUNDS, part.clone()).await.expect(201);
    let told = ["job_id", "amount", "charged", "balance", "available"].map(|name| made.body[name].clone());
    assert_eq!(told, [json!(id), json!("1.5"), json!("2.5"), json!("7.5"), json!("7.5")]);
    assert_eq!(made.body["to"], json!([{ "lot": 1, "amount": "1.5" }]));
    let again = keyed.post(REFUNDS, part).await.expect(201);
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&made.body, Some("true")));

    let before = server.log_length().await;
    for amount in ["2.500001", "4", "1000000000000"] {
        let body = json!({ "job_id": id, "amount": amount, "reason": "x" });
        let refused = admin.post(REFUNDS, body).await.refused(409, "refund_too_large");
        assert_eq!(refused.blamed(), ["amount"]);
    }
    let nothing = json!({ "job_id": id, "amount": "0", "reason": "x" });
    admin.post(REFUNDS, nothing).await.refused(422, "amount_zero");
    assert_eq!(server.log_length().await, before);

    let rest = admin.post(REFUNDS, json!({ "job_id": id, "reason": "all of it" })).await.expect(201);
    assert_eq!((&rest.body["amount"], &rest.body["charged"]), (&json!("2.5"), &json!("0")));
    let more = admin.post(REFUNDS, json!({ "job_id": id, "reason": "x" })).await;
    let more = more.refused(409, "refund_too_large");
    assert!(more.body["detail"].as_str().unwrap().contains("nothing is charged"), "{}", more.body);
    let seen = alice.get(&format!("/v1/generations/{id}")).await.expect(200);
    assert_eq!((&seen.body["status"], &seen.body["cost"]), (&json!("succeeded"), &json!("4")));
    assert_eq!(seen.body["charged"], "0");
    assert_eq!(alice.get("/v1/credits").await.body["available"], "10");
}

#[tokio::test]
async fn a_generation_that_was_refunded_in_part_gives_back_only_the_rest() {
    let server = Server::start().await;
    let admin = server.admin();
    let alice = server.rich_user("alice", 10).await;
    let bought = alice.buy("x").await;
    let part = json!({ "job_id": bought.id(), "amount": "1", "reason": "x" });
    admin.post(REFUNDS, part).await.expect(201);
    server.fail("alice", bought.id()).await;
    assert_eq!(alice.get("/v1/credits").await.body["available"], "10");
    server.verified(&["alice"]).await;
    let all = admin.post(REFUNDS, json!({ "job_id": bought.id(), "reason": "x" })).await;
    all.refused(409, "refund_too_large");
}

#[tokio::test]
async fn what_is_no_generation_of_this_user_is_not_found() {
    let server = Server::start().await;
    let admin = server.admin();
    server.rich_user("alice", 10).await;
    let bobs = server.rich_user("bob", 10).await.buy("x").await;
    let before = server.log_length().await;
    for id in [bobs.id(), "019ab000-0000-7000-8000-000000000000"] {
        let body = json!({ "job_id": id, "reason": "x" });
        admin.post(REFUNDS, body).await.refused(404, "not_found");
    }
    for (field, value, status) in [
        ("job_id", json!("x"), 422),
        ("job_id", json!(7), 400),
        ("job_id", json!(null), 400),
        ("amount", json!("-1"), 422),
        ("amount", json!("0.0000001"), 422),
        ("amount", json!("NaN"), 422),
        ("amount", json!(1), 400),
        ("reason", json!(""), 422),
        ("reason", json!(null), 400),
        ("generation_id", json!(bobs.id()), 400),
    ] {
        let mut body = json!({ "job_id": bobs.id(), "reason": "x" });
        body[field] = value.clone();
        let reply = admin.post(REFUNDS, body).await;
        assert_eq!((reply.status.as_u16(), reply.blamed()), (status, vec![field]), "{value}");
    }
    assert_eq!(server.log_length().await, before);
}
