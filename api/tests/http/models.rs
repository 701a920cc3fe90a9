//! What is on offer.

use crate::support::Server;
use serde_json::json;

#[tokio::test]
async fn models_are_told_with_their_prices_and_bounds() {
    let server = Server::start().await;
    let models = server.user("alice").get("/v1/models").await.expect(200);
    let image = json!({
        "id": "sim-image", "title": "The sim-image", "description": "For tests.", "kind": "image",
        "price": "4", "max_count": 4, "max_side": 1024, "max_seconds": null,
    });
    assert_eq!(models.items().len(), 2);
    assert_eq!(models.items()[0], image);
    assert_eq!(models.items()[1]["max_seconds"], 10);
}
