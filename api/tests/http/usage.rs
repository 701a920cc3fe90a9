//! What was used, by day and model.

use crate::support::{Reply, Server, account};
use chrono::{DateTime, FixedOffset, Utc};
use rust_decimal::Decimal;
use serde_json::json;

#[tokio::test]
async fn usage_counts_by_day_kind_and_model() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let good = alice.buy("x").await;
    let bad = alice.buy("x").await;
    alice.post("/v1/generations", json!({ "model": "sim-video", "prompt": "x" })).await.expect(202);
    server.succeed("alice", good.id(), b"png").await;
    server.fail("alice", bad.id()).await;
    server.caught_up().await;
    let usage = alice.get("/v1/usage").await.expect(200);
    // Midnight may fall between two of them, so the days are added up.
    let sum = |model: &str, field: &str| -> f64 {
        let of_model = usage.items().iter().filter(|item| item["model"] == model);
        of_model.map(|item| item[field].to_string().trim_matches('"').parse::<f64>().unwrap()).sum()
    };
    for (model, field, expected) in [
        ("sim-image", "generations", 2.0),
        ("sim-image", "succeeded", 1.0),
        ("sim-image", "failed", 1.0),
        ("sim-image", "spent", 8.0),
        ("sim-image", "refunded", 4.0),
        ("sim-video", "generations", 1.0),
        ("sim-video", "spent", 20.0),
    ] {
        assert_eq!(sum(model, field), expected, "{model} {field}");
    }
}

#[tokio::test]
async fn a_range_has_an_order_and_a_length() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let past = alice.get("/v1/usage?from=2001-01-01&to=2001-12-31").await.expect(200);
    assert!(past.items().is_empty());
    for query in ["from=2026-02-01&to=2026-01-01", "from=2020-01-01&to=2026-01-01"] {
        let refused = alice.get(&format!("/v1/usage?{query}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["from"], "{query}");
    }
}

/// A sum of one field of the items.
fn sum(usage: &Reply, field: &str) -> Decimal {
    usage.items().iter().map(|item| item[field].as_str().unwrap().parse::<Decimal>().unwrap()).sum()
}

#[tokio::test]
async fn days_are_those_of_the_zone_that_is_asked_for_and_sums_are_the_same_in_all() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 200).await;
    let bought = alice.buy("x").await;
    server.succeed("alice", bought.id(), b"png").await;
    let failed = alice.buy("x").await;
    server.fail("alice", failed.id()).await;
    for (model, params) in [("sim-video", json!({})), ("sim-film", json!({ "seconds": 5 }))] {
        let body = json!({ "model": model, "prompt": "x", "params": params });
        let clip = alice.post("/v1/generations", body).await.expect(202);
        server.submit("alice", clip.id()).await;
        alice.order(&format!("/v1/generations/{}/cancel", clip.id())).await.expect(200);
    }
    server.caught_up().await;
    let at: DateTime<Utc> = bought.body["created_at"].as_str().unwrap().parse().unwrap();
    let available =
        alice.get("/v1/credits").await.body["available"].as_str().unwrap().parse::<Decimal>().unwrap();
    for (zone, hours) in [("UTC", 0), ("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)] {
        let usage = alice.get(&format!("/v1/usage?zone={zone}")).await.expect(200);
        let there = at.with_timezone(&FixedOffset::east_opt(hours * 3_600).unwrap()).date_naive();
        assert_eq!(usage.body["zone"], zone);
        assert!(usage.items().iter().any(|item| item["day"] == there.to_string()), "{there}: {}", usage.body);
        assert_eq!(
            sum(&usage, "spent"),
            "30.5".parse().unwrap(),
            "{zone}: 4, 4, 20 and 2.5 of what was held"
        );
        assert_eq!(sum(&usage, "refunded"), "14".parse().unwrap(), "{zone}: 4 and 10");
        assert_eq!(sum(&usage, "kept"), "12.5".parse().unwrap(), "{zone}: 10 and 2.5");
        assert_eq!(sum(&usage, "spent") - sum(&usage, "refunded"), Decimal::from(200) - available);
    }
    let default = alice.get("/v1/usage").await.expect(200);
    assert_eq!(default.body, alice.get("/v1/usage?zone=UTC").await.body);
    for zone in ["Berlin", "europe/berlin", "%2B02:00", "UTC%2B2"] {
        let refused = alice.get(&format!("/v1/usage?zone={zone}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["zone"], "{zone}");
    }
}

#[tokio::test]
async fn more_changes_than_are_summed_at_once_are_refused_in_a_zone_and_told_by_days_of_utc() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let seed = "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, balance_after,
        job_id, payload, state, actor, request_id, occurred_at, prev_hash, hash)
        select $1, $1, n, gen_random_uuid(), 'credits.adjusted', 1, 1, n, null, '{}', '{\"user\":null,\"balance\":\"1\",\"held\":\"0\"}',
            'admin:ops', 'r', now() - interval '1 day' + n * interval '1 millisecond', '\\x00', '\\x00'
        from generate_series(1, 100001) as n";
    server.pool.get().await.unwrap().execute(seed, &[&account("alice").0]).await.unwrap();
    for long_ago in ["", "&from=2001-01-01&to=2001-01-02"] {
        let refused = alice.get(&format!("/v1/usage?zone=Asia/Kathmandu{long_ago}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["from"]);
    }
    alice.get("/v1/usage").await.expect(200);
    alice.get("/v1/usage?zone=Asia/Kathmandu&from=2999-01-01&to=2999-01-02").await.expect(200);
}
