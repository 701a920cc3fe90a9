//! Credits that an admin gives and corrects: what the answer tells, and every way to say no.

use crate::support::{Reply, Server};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

const GRANTS: &str = "/admin/accounts/alice/grants";
const ADJUSTMENTS: &str = "/admin/accounts/alice/adjustments";

/// Fields of an answer, by name.
fn told<'a>(reply: &'a Reply, names: &[&str]) -> Vec<&'a Value> {
    names.iter().map(|name| &reply.body[*name]).collect()
}

#[tokio::test]
async fn a_grant_tells_the_lot_that_it_made() {
    let server = Server::start().await;
    let admin = server.admin();
    let (start, end) = (Utc::now() + TimeDelta::days(1), Utc::now() + TimeDelta::days(31));
    let body = json!({
        "amount": "12.50", "reason": "plan pro, March", "priority": 20, "effective_at": start, "expires_at": end,
        "source": "plan", "metadata": { "invoice": "2026-017", "plan": "pro" },
    });
    let made = admin.post(GRANTS, body).await.expect(201);
    assert_eq!(told(&made, &["user", "amount"]), ["alice", "12.5"]);
    assert_eq!(
        told(&made, &["balance", "available", "held"]),
        ["12.5", "0", "0"],
        "it can be spent tomorrow"
    );
    let lot = &made.body["lot"];
    assert_eq!((&lot["id"], &lot["amount"], &lot["remaining"]), (&json!(1), &json!("12.5"), &json!("12.5")));
    assert_eq!((&lot["priority"], &lot["source"]), (&json!(20), &json!("plan")));
    assert_eq!(lot["metadata"], json!({ "invoice": "2026-017", "plan": "pro" }));
    assert_eq!(lot["reason"], "plan pro, March");
    assert!(made.header("ledger-position").is_some());

    let plain = admin.post(GRANTS, json!({ "amount": "1", "reason": "x" })).await.expect(201);
    let lot = &plain.body["lot"];
    assert_eq!((&lot["id"], &lot["priority"], &lot["source"]), (&json!(2), &json!(50), &json!("other")));
    assert_eq!((&lot["effective_at"], &lot["expires_at"]), (&json!(null), &json!(null)));
    assert_eq!(told(&plain, &["balance", "available"]), ["13.5", "1"]);
}

#[tokio::test]
async fn saying_what_is_meant_anyway_makes_no_other_request() {
    let server = Server::start().await;
    let admin = server.admin().with("idempotency-key", "k");
    let first = admin.post(GRANTS, json!({ "amount": "5", "reason": "x" })).await.expect(201);
    let spelled = json!({
        "amount": "5.0", "reason": "x", "priority": 50, "source": "other", "metadata": {}, "expires_at": null,
        "dry_run": false,
    });
    let again = admin.post(GRANTS, spelled).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = json!({ "amount": "5", "reason": "x", "priority": 51 });
    admin.post(GRANTS, other).await.refused(422, "idempotency_key_reused");
    assert_eq!(server.log_length().await, 1);
}

#[tokio::test]
async fn terms_of_a_grant_are_checked_by_name() {
    let server = Server::start().await;
    let admin = server.admin();
    let entries = |count: usize, name: usize, value: usize| -> Value {
        let named = (0..count).map(|number| (format!("{number:0>name$}"), json!("v".repeat(value))));
        Value::Object(named.collect())
    };
    for (field, value, status) in [
        ("priority", json!(101), 422),
        ("priority", json!(-1), 422),
        ("priority", json!(4_294_967_296_u64), 422),
        ("priority", json!(1.5), 400),
        ("priority", json!("5"), 400),
        ("priority", json!(true), 400),
        ("source", json!("gift"), 422),
        ("source", json!("PLAN"), 422),
        ("source", json!(1), 400),
        ("effective_at", json!("tomorrow"), 422),
        ("effective_at", json!("2026-13-01T00:00:00Z"), 422),
        ("effective_at", json!(1_700_000_000), 400),
        ("expires_at", json!("2026-01-31"), 422),
        ("expires_at", json!("99999-01-01T00:00:00Z"), 422),
        ("expires_at", json!(true), 400),
        ("metadata", json!([]), 400),
        ("metadata", json!("x"), 400),
        ("metadata", json!({ "a": 1 }), 400),
        ("metadata", json!({ "a": null }), 400),
        ("metadata", json!({ "a": { "b": "c" } }), 400),
        ("metadata", json!({ "": "x" }), 422),
        ("metadata", json!({ "a": "b\u{0}" }), 422),
        ("metadata", json!({ "a\n": "b" }), 422),
        ("metadata", entries(17, 2, 1), 422),
        ("metadata", entries(1, 41, 1), 422),
        ("metadata", entries(1, 1, 501), 422),
        ("metadata", json!({ "é".repeat(21): "x" }), 422),
        ("dry_run", json!("true"), 400),
        ("dry_run", json!(1), 400),
        ("expiry", json!("2030-01-01T00:00:00Z"), 400),
        ("lot", json!(1), 400),
    ] {
        let mut body = json!({ "amount": "1", "reason": "x" });
        body[field] = value.clone();
        let reply = admin.post(GRANTS, body).await;
        assert_eq!((reply.status.as_u16(), reply.blamed()), (status, vec![field]), "{value}: {}", reply.body);
    }
    assert_eq!(server.log_length().await, 0);
    let most = json!({ "amount": "1", "reason": "x", "metadata": entries(16, 40, 500) });
    admin.post(GRANTS, most).await.expect(201);
}

#[tokio::test]
async fn a_grant_must_be_spendable_at_some_time() {
    let server = Server::start().await;
    let admin = server.admin();
    let now = Utc::now();
    let grant = |effective: Value, expires: Value| json!({ "amount": "1", "reason": "x", "effective_at": effective, "expires_at": expires });
    let past = admin.post(GRANTS, grant(json!(null), json!(now - TimeDelta::seconds(1)))).await;
    assert_eq!(past.refused(422, "expiry_in_past").blamed(), ["expires_at"]);
    let long_past = admin.post(GRANTS, grant(json!(null), json!("1970-01-01T00:00:00Z"))).await;
    long_past.refused(422, "expiry_in_past");
    let end = now + TimeDelta::days(1);
    for start in [end, end + TimeDelta::days(1)] {
        let never = admin.post(GRANTS, grant(json!(start), json!(end))).await;
        assert_eq!(never.refused(422, "grant_never_effective").blamed(), ["expires_at"]);
    }
    assert_eq!(server.log_length().await, 0);
    // A start in the past is at once; an end in another time zone is an instant like any other.
    admin.post(GRANTS, grant(json!("2020-01-01T00:00:00Z"), json!(null))).await.expect(201);
    let zoned = admin.post(GRANTS, grant(json!(null), json!("9999-12-31T23:59:59+02:00"))).await.expect(201);
    assert_eq!(zoned.body["lot"]["expires_at"], "9999-12-31T21:59:59Z");
}

#[tokio::test]
async fn an_adjustment_says_what_it_took_and_from_where() {
    let server = Server::start().await;
    let admin = server.admin();
    for (amount, priority) in [("5", 60), ("3", 10)] {
        let grant = json!({ "amount": amount, "reason": "x", "priority": priority });
        admin.post(GRANTS, grant).await.expect(201);
    }
    let down = json!({ "amount": "-4.000001", "reason": "a mistake" });
    let made = admin.post(ADJUSTMENTS, down).await.expect(201);
    assert_eq!(told(&made, &["user", "amount", "asked"]), ["alice", "-4.000001", "-4.000001"]);
    assert_eq!(made.body["from"], json!([{ "lot": 2, "amount": "3" }, { "lot": 1, "amount": "1.000001" }]));
    assert_eq!(made.body["lot"], json!(null));
    assert_eq!(told(&made, &["balance", "available", "held"]), ["3.999999", "3.999999", "0"]);

    let up = admin.post(ADJUSTMENTS, json!({ "amount": "2", "reason": "x" })).await.expect(201);
    assert_eq!(told(&up, &["amount", "asked"]), ["2", "2"]);
    assert_eq!((&up.body["lot"]["id"], &up.body["lot"]["source"]), (&json!(4), &json!("adjustment")));
    assert_eq!(up.body["from"], json!([]));
}

#[tokio::test]
async fn more_than_there_is_is_refused_or_clamped() {
    let server = Server::start().await;
    let admin = server.admin();
    admin.post(GRANTS, json!({ "amount": "5", "reason": "x" })).await.expect(201);
    let later = json!({ "amount": "50", "reason": "x", "effective_at": Utc::now() + TimeDelta::days(1) });
    admin.post(GRANTS, later).await.expect(201);
    let asked = json!({ "amount": "-8", "reason": "x" });
    let refused = admin.post(ADJUSTMENTS, asked).await.refused(409, "adjustment_too_large");
    assert!(refused.body["detail"].as_str().unwrap().contains("clamp"), "{}", refused.body);
    for clamp in [json!("yes"), json!(1), json!({})] {
        let body = json!({ "amount": "-8", "reason": "x", "clamp": clamp });
        assert_eq!(admin.post(ADJUSTMENTS, body).await.refused(400, "body_invalid").blamed(), ["clamp"]);
    }
    let clamped = json!({ "amount": "-8", "reason": "x", "clamp": true });
    let keyed = admin.with("idempotency-key", "clamp");
    let made = keyed.post(ADJUSTMENTS, clamped.clone()).await.expect(201);
    assert_eq!(told(&made, &["amount", "asked", "available", "balance"]), ["-5", "-8", "0", "50"]);
    assert_eq!(made.body["from"], json!([{ "lot": 1, "amount": "5" }]));
    let again = keyed.post(ADJUSTMENTS, clamped.clone()).await.expect(201);
    assert_eq!(again.body, made.body);
    // Nothing is there to take any more, and that is what it says.
    let nothing = admin.post(ADJUSTMENTS, clamped).await.expect(201);
    assert_eq!(told(&nothing, &["amount", "asked"]), ["0", "-8"]);
    assert_eq!(nothing.body["from"], json!([]));
}

#[tokio::test]
async fn amounts_at_the_edges_are_refused_wherever_they_are_sent() {
    let server = Server::start().await;
    let admin = server.admin();
    server.rich_user("alice", 100).await;
    let before = server.log_length().await;
    for path in [GRANTS, "/admin/accounts/alice/holds", "/admin/accounts/alice/holds/1/capture"] {
        for (amount, status) in [
            ("-1", 422),
            ("0.0000001", 422),
            ("1000000000000.000001", 422),
            ("99999999999999999999999999999999", 422),
            ("1e400", 422),
            ("NaN", 422),
            ("", 422),
        ] {
            let mut body = json!({ "amount": amount });
            if !path.ends_with("capture") {
                body["reason"] = json!("x");
            }
            let reply = admin.post(path, body).await;
            assert_eq!((reply.status.as_u16(), reply.blamed()), (status, vec!["amount"]), "{path} {amount}");
        }
    }
    let zero = admin.post("/admin/accounts/alice/holds", json!({ "amount": "0", "reason": "x" })).await;
    assert_eq!(zero.refused(422, "amount_zero").blamed(), ["amount"]);
    assert_eq!(server.log_length().await, before);
}
