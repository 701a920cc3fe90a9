//! What is on offer.

use crate::support::Server;
use serde_json::json;

#[tokio::test]
async fn models_are_told_with_their_prices_and_bounds() {
    let server = Server::start().await;
    let models = server.user("alice").get("/v1/models").await.expect(200);
    let image = json!({
        "id": "sim-image", "title": "The sim-image", "description": "For tests.", "kind": "image",
        "price": "4", "pricing": "per_output", "max_count": 4, "max_side": 1024, "max_seconds": null,
    });
    assert_eq!(models.items().len(), 3);
    let film = &models.items()[0];
    assert_eq!(
        (&film["id"], &film["price"], &film["pricing"]),
        (&json!("sim-film"), &json!("2"), &json!("per_second"))
    );
    assert_eq!(models.items()[1], image);
    assert_eq!((&film["late_cancel"], &models.items()[2]["late_cancel"]), (&json!("25%"), &json!("50%")));
    assert_eq!(models.items()[2]["max_seconds"], 10);
}
