//! The pages, and the one address that is a page for a browser and a list for a client.

use crate::support::Server;
use serde_json::json;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn pages_run_nothing_but_their_own_scripts() {
    let server = Server::start().await;
    for path in ["/", "/admin/dlq/messages", "/admin/jobs/x", "/audit"] {
        let page = server.stranger().with("accept", BROWSER).get(path).await.expect(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = String::from_utf8(page.bytes.clone()).unwrap();
        let mut loaded = 0;
        for address in text.split(['"', '\'']).filter(|text| text.starts_with("/pages/")) {
            server.stranger().get(address).await.expect(200);
            loaded += 1;
        }
        assert!(loaded >= 2, "{path} loads only {loaded} files");
    }
}

#[tokio::test]
async fn files_are_kept_until_they_change() {
    let server = Server::start().await;
    let file = server.stranger().get("/pages/shared.css").await.expect(200);
    assert_eq!(file.header("content-type"), Some("text/css; charset=utf-8"));
    let etag = file.header("etag").unwrap();
    let known = server.stranger().with("if-none-match", etag).get("/pages/shared.css").await.expect(304);
    assert!(known.bytes.is_empty());
    let script = server.stranger().get("/pages/client.js").await.expect(200);
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
}

#[tokio::test]
async fn the_dead_letters_are_a_page_for_browsers_and_a_list_for_clients() {
    let server = Server::start().await;
    let path = "/admin/dlq/messages";
    server.stranger().get(path).await.refused(401, "unauthenticated");
    let list = server.admin().with("accept", "application/json").get(path).await.expect(200);
    assert_eq!(list.body["total"], 0);
    let page = server.stranger().with("accept", BROWSER).get(path).await.expect(200);
    assert_eq!(page.header("vary"), Some("Accept"));
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_browsers_and_a_document_for_clients() {
    let server = Server::start().await;
    for (path, status, words) in [
        ("/nowhere", 404, "Nothing is here"),
        ("/pages/none.js", 404, "Nothing is here"),
        ("/v1/credits", 401, "Who is asking?"),
        ("/v1/generations/x/outputs/0", 401, "Who is asking?"),
    ] {
        let page = server.stranger().with("accept", BROWSER).get(path).await.expect(status);
        assert!(page.text().contains(words), "{path}: {}", page.text());
    }
    server.stranger().get("/nowhere").await.refused(404, "not_found");
    // Whoever writes is no reader of pages, whatever it accepts.
    let bought = server.stranger().with("accept", BROWSER).post("/v1/generations", json!({})).await;
    bought.refused(401, "unauthenticated");
}
