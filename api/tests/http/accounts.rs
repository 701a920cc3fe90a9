//! What an admin sees of accounts and does to them.

use crate::support::{Server, account};
use serde_json::json;

#[tokio::test]
async fn an_account_shows_what_it_holds_and_how_much_happened_to_it() {
    let server = Server::start().await;
    let admin = server.admin();
    let soon = chrono::Utc::now() + chrono::TimeDelta::days(3);
    let grants = "/admin/accounts/alice/grants";
    let promo = json!({
        "amount": "5", "reason": "welcome", "source": "promo", "priority": 10, "expires_at": soon,
        "metadata": { "campaign": "spring" },
    });
    admin.post(grants, promo).await.expect(201);
    admin.post(grants, json!({ "amount": "10", "reason": "bought" })).await.expect(201);
    let later = json!({ "amount": "20", "reason": "plan", "effective_at": soon });
    admin.post(grants, later).await.expect(201);
    let hold = json!({ "amount": "7", "reason": "a long render" });
    admin.post("/admin/accounts/alice/holds", hold).await.expect(201);
    let seen = admin.get("/admin/accounts/alice").await.expect(200).body;
    assert_eq!(
        (&seen["user"], &seen["account_id"], &seen["events"]),
        (&json!("alice"), &json!(account("alice").to_string()), &json!(4))
    );
    assert_eq!(
        (&seen["balance"], &seen["available"], &seen["pending"], &seen["held"]),
        (&json!("28"), &json!("8"), &json!("20"), &json!("7"))
    );
    let left: Vec<_> =
        seen["lots"].as_array().unwrap().iter().map(|lot| (&lot["id"], &lot["remaining"])).collect();
    assert_eq!(left, [(&json!(2), &json!("8")), (&json!(3), &json!("20"))], "the promotion went first");
    assert_eq!(seen["holds"][0]["reason"], "a long render");
    assert_eq!(seen["holds"][0]["from"], json!([{ "lot": 1, "amount": "5" }, { "lot": 2, "amount": "2" }]));
    // As it was after the first grant.
    let position = admin.get("/admin/accounts/alice?as_of=1").await.expect(200).body;
    assert_eq!((&position["available"], &position["events"]), (&json!("5"), &json!(1)));
    assert_eq!(position["lots"][0]["metadata"], json!({ "campaign": "spring" }));
    assert_eq!(position["expiring_soon"]["amount"], "5");
    let sooner = admin.get("/admin/accounts/alice?as_of=1&expiring_within=2d").await.expect(200).body;
    assert_eq!(sooner["expiring_soon"]["amount"], "0");
    let never = admin.get("/admin/accounts/nobody").await;
    never.refused(404, "not_found");
}

#[tokio::test]
async fn a_balance_stays_between_nothing_and_the_largest_amount() {
    let server = Server::start().await;
    let admin = server.admin();
    let most = json!({ "amount": "1000000000000", "reason": "all there is" });
    admin.post("/admin/accounts/rich/grants", most.clone()).await.expect(201);
    let before = server.log_length().await;
    admin.post("/admin/accounts/rich/grants", most).await.refused(409, "balance_too_large");
    let too_much = json!({ "amount": "-0.000001", "reason": "x" });
    let refused = admin.post("/admin/accounts/poor/adjustments", too_much).await;
    refused.refused(409, "adjustment_too_large");
    for path in ["grants", "adjustments"] {
        let nothing = json!({ "amount": "0", "reason": "x" });
        let refused = admin.post(&format!("/admin/accounts/rich/{path}"), nothing).await;
        assert_eq!(refused.refused(422, "amount_zero").blamed(), ["amount"]);
    }
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn users_have_any_name() {
    let server = Server::start().await;
    let admin = server.admin();
    for (name, path) in [("a/b?c#d%", "a%2Fb%3Fc%23d%25"), ("Ünï 🦊", "%C3%9Cn%C3%AF%20%F0%9F%A6%8A")] {
        let grant = json!({ "amount": "4", "reason": "x" });
        let made = admin.post(&format!("/admin/accounts/{path}/grants"), grant).await.expect(201);
        assert_eq!(made.body["user"], name);
        assert_eq!(server.user(name).buy("x").await.body["balance"], "0");
        assert_eq!(admin.get(&format!("/admin/accounts/{path}")).await.expect(200).body["user"], name);
    }
}

#[tokio::test]
async fn accounts_are_found_by_prefix_and_paged() {
    let server = Server::start().await;
    for name in ["anna", "anton", "bert", "antonia"] {
        server.rich_user(name, 10).await;
    }
    server.caught_up().await;
    let admin = server.admin();
    let first = admin.get("/admin/accounts?search=an&limit=2").await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("/admin/accounts?search=an&limit=2&cursor={cursor}")).await.expect(200);
    let users: Vec<_> =
        [first.items(), rest.items()].concat().iter().map(|item| item["user"].clone()).collect();
    assert_eq!(users, ["anna", "anton", "antonia"]);
    assert_eq!(rest.body["next_cursor"], json!(null));
    assert_eq!(admin.get("/admin/accounts").await.items().len(), 4);
    let like = admin.get("/admin/accounts?search=%25").await.expect(200);
    assert!(like.items().is_empty(), "a percent sign is only a character");
    admin.get("/admin/accounts/nobody").await.refused(404, "not_found");
}

#[tokio::test]
async fn the_overview_counts_everything() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    server.dead("alice").await;
    let failed = alice.buy("x").await;
    server.fail("alice", failed.id()).await;
    alice.buy("x").await;
    server.caught_up().await;
    let overview = server.admin().get("/admin/overview").await.expect(200);
    assert_eq!(overview.body["accounts"], 1);
    let counts = &overview.body["generations"];
    assert_eq!((&counts["dead"], &counts["failed"], &counts["queued"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(overview.body["credits_outstanding"], "92");
    assert_eq!(overview.body["credits_debited"], "12");
    assert_eq!(overview.body["credits_refunded"], "4");
    assert_eq!(overview.body["credits_spent"], "8");
    assert_eq!(overview.body["credits_granted"], "100");
    for nothing in ["adjusted", "captured", "held", "expired", "voided"] {
        assert_eq!(overview.body[format!("credits_{nothing}")], "0", "{nothing}");
    }
    assert_eq!(overview.body["parked_streams"], 0);
}
