//! How many statements a request costs, counted on the wire to Postgres.

use crate::support::{Background, Server, Setup, Wire};
use serde_json::json;

/// A server whose every statement goes over the wire, and nothing but its requests.
async fn on_a_wire() -> (Server, Wire) {
    let server = Server::start().await;
    server.rich_user("alice", 1_000).await;
    let wire = Wire::to(server.database_address()).await;
    let setup = Setup { background: Background::Absent, wire: Some(wire.address), ..Setup::default() };
    (server.beside(setup).await, wire)
}

#[tokio::test]
async fn a_purchase_is_one_statement_and_a_cold_one_at_most_three() {
    let (server, wire) = on_a_wire().await;
    let alice = server.user("alice");
    let before = wire.executed();
    alice.with("idempotency-key", "cold").buy("cold").await;
    let cold = wire.executed() - before;
    assert!((1..=3).contains(&cold), "a cold purchase was {cold} statements");
    for key in ["a", "b", "c"] {
        let before = wire.executed();
        alice.with("idempotency-key", key).buy("hot").await;
        assert_eq!(wire.executed() - before, 1);
    }
    let items: Vec<_> = (0..100).map(|_| json!({ "model": "sim-image", "prompt": "x" })).collect();
    let before = wire.executed();
    alice.post("/v1/generations/batch", json!({ "items": items })).await.expect(202);
    assert_eq!(wire.executed() - before, 1, "a hundred are one statement too");
}

#[tokio::test]
async fn what_is_refused_at_the_edge_asks_the_database_nothing() {
    let (server, wire) = on_a_wire().await;
    let alice = server.user("alice");
    let before = wire.executed();
    alice.post("/v1/generations", json!({ "model": "nothing", "prompt": "x" })).await.expect(422);
    alice.post_bytes("/v1/generations", "{").await.expect(400);
    server.stranger().get("/v1/credits").await.expect(401);
    server.admin().get("/v1/credits").await.expect(403);
    alice.get("/v1/models").await.expect(200);
    alice.get("/nothing").await.expect(404);
    assert_eq!(wire.executed() - before, 0);
}
