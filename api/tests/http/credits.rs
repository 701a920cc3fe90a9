//! Balances and how they came about.

use crate::support::{Server, Setup};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_balance_is_what_the_log_says_at_this_moment() {
    let server = Server::start().await;
    let nobody = server.user("nobody").get("/v1/credits").await.expect(200);
    for sum in ["available", "pending", "held"] {
        assert_eq!(nobody.body[sum], "0", "{sum}");
    }
    assert_eq!((&nobody.body["lots"], &nobody.body["holds"]), (&json!([]), &json!([])));
    assert_eq!(nobody.body["next_expiry"], json!(null));
    let alice = server.rich_user("alice", 100).await;
    for left in ["96", "92", "88"] {
        alice.buy("x").await;
        assert_eq!(alice.get("/v1/credits").await.expect(200).body["available"], left);
    }
}

#[tokio::test]
async fn a_low_balance_says_so_and_where_there_are_more_credits() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 14).await;
    let told = alice.get("/v1/credits").await.expect(200).body;
    let low = (&told["low_below"], &told["is_low"], told.get("top_up_url"));
    assert_eq!(low, (&json!("10"), &json!(false), None), "five seconds of the cheapest model");
    alice.buy("x").await;
    assert_eq!(alice.get("/v1/credits").await.body["is_low"], false, "10 are not below 10");
    alice.buy("x").await;
    assert_eq!(alice.get("/v1/credits").await.body["is_low"], true);

    let url = "https://shop.example.org/credits?from=cooly";
    let low_balance = Some("6.5".parse().unwrap());
    let shop = Setup { top_up_url: Some(url.into()), low_balance, ..Setup::default() };
    let told = server.beside(shop).await.user("alice").get("/v1/credits").await.expect(200).body;
    assert_eq!(
        (&told["low_below"], &told["is_low"], &told["top_up_url"]),
        (&json!("6.5"), &json!(true), &json!(url))
    );
}

#[tokio::test]
async fn a_balance_tells_its_lots_and_what_expires() {
    let server = Server::start().await;
    let admin = server.admin();
    let now = Utc::now();
    let (soon, later) = (now + TimeDelta::days(2), now + TimeDelta::days(30));
    let grants = "/admin/accounts/alice/grants";
    for (amount, terms) in [
        ("10", json!({ "expires_at": later, "source": "plan", "metadata": { "plan": "pro" } })),
        ("5", json!({ "expires_at": soon, "source": "promo" })),
        ("3", json!({ "priority": 0 })),
        ("40", json!({ "effective_at": later })),
    ] {
        let mut body = json!({ "amount": amount, "reason": "x" });
        body.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        admin.post(grants, body).await.expect(201);
    }
    let alice = server.user("alice");
    let seen = alice.get("/v1/credits").await.expect(200).body;
    assert_eq!((&seen["available"], &seen["pending"]), (&json!("18"), &json!("40")));
    let lots = seen["lots"].as_array().unwrap();
    let order: Vec<_> = lots.iter().map(|lot| lot["id"].as_i64().unwrap()).collect();
    assert_eq!(order, [3, 2, 1, 4], "priority, then soonest expiry, then oldest");
    assert_eq!(
        (&lots[2]["amount"], &lots[2]["source"], &lots[2]["priority"]),
        (&json!("10"), &json!("plan"), &json!(50))
    );
    assert!(lots[2].get("metadata").is_none(), "metadata is for admins: {}", lots[2]);
    assert!(lots[2]["granted_at"].is_string());
    assert_eq!(seen["expiring_soon"]["amount"], "5");
    assert_eq!(instant(&seen["next_expiry"]), soon.trunc_subsecs(6));
    let month = alice.get("/v1/credits?expiring_within=31d").await.expect(200).body;
    assert_eq!(month["expiring_soon"]["amount"], "15");
    // What is spent comes from the lots in this order.
    alice.buy("x").await;
    let seen = alice.get("/v1/credits").await.expect(200).body;
    assert_eq!((&seen["lots"][0]["id"], &seen["lots"][0]["remaining"]), (&json!(2), &json!("4")));
}

#[tokio::test]
async fn what_has_lapsed_is_gone_before_anything_is_written() {
    let server = Server::start().await;
    let soon = Utc::now() + TimeDelta::milliseconds(1_500);
    let grant = json!({ "amount": "5", "reason": "x", "expires_at": soon });
    server.admin().post("/admin/accounts/alice/grants", grant).await.expect(201);
    let alice = server.user("alice");
    let gone = async {
        while alice.get("/v1/credits").await.expect(200).body["available"] != "0" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the lot lapses");
    assert!(Utc::now() >= soon);
    let seen = alice.get("/v1/credits").await.expect(200).body;
    assert_eq!((&seen["lots"], &seen["pending"]), (&json!([]), &json!("0")));
    let buy = alice.post("/v1/generations", json!({ "model": "sim-image", "prompt": "x" })).await;
    buy.refused(402, "credits_insufficient");
    assert_eq!(alice.get("/v1/credits?as_of=1").await.expect(200).body["available"], "5");
}

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_history_tells_every_change_newest_first() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("x").await;
    server.fail("alice", bought.id()).await;
    let adjusted = json!({ "amount": "-0.5", "reason": "rounding" });
    let adjusted = server.admin().post("/admin/accounts/alice/adjustments", adjusted).await.expect(201);
    let position = adjusted.header("ledger-position").unwrap();
    let history = alice.with("ledger-position", position).get("/v1/credits/history").await.expect(200);
    let told: Vec<_> = history
        .items()
        .iter()
        .map(|item| {
            (
                item["type"].as_str().unwrap(),
                item["amount"].as_str().unwrap(),
                item["balance_after"].as_str().unwrap(),
                item["reason"].as_str(),
                item["generation_id"].as_str(),
            )
        })
        .collect();
    let id = Some(bought.id());
    assert_eq!(
        told,
        [
            ("credits.adjusted", "-0.5", "99.5", Some("rounding"), None),
            ("credits.refunded", "4", "100", Some("failed"), id),
            ("credits.debited", "-4", "96", None, id),
            ("credits.granted", "100", "100", Some("for a test"), None),
        ]
    );
    let only = alice.get("/v1/credits/history?type=credits.debited").await.expect(200);
    assert_eq!(only.items().len(), 1);
}

#[tokio::test]
async fn the_history_is_paged() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    for _ in 0..4 {
        alice.buy("x").await;
    }
    server.caught_up().await;
    let first = alice.get("/v1/credits/history?limit=3").await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = alice.get(&format!("/v1/credits/history?limit=3&cursor={cursor}")).await.expect(200);
    let balances: Vec<_> = [first.items(), rest.items()]
        .concat()
        .iter()
        .map(|item| item["balance_after"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(balances, ["84", "88", "92", "96", "100"]);
    assert_eq!(rest.body["next_cursor"], json!(null));
}
