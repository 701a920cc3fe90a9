//! What was used, by day and model.

use crate::support::Server;
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
