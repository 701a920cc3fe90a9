//! The proof of the whole log, told while it is made.

use crate::support::{Reply, Server, account};
use serde_json::{Value, json};

const VERIFY: &str = "/audit/verify";

/// The lines of an answer, and the outcome that the last one tells.
fn told(reply: &Reply) -> (Vec<Value>, Value) {
    let text = std::str::from_utf8(&reply.bytes).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcome = lines.pop().unwrap()["result"].take();
    (lines, outcome)
}

#[tokio::test]
async fn a_log_that_is_sound_is_told_to_be() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    alice.buy("a fox").await;
    let key = server.seal().await;
    server.rich_user("bob", 5).await;
    let reply = server.auditor().get(VERIFY).await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
    let (progress, outcome) = told(&reply);
    assert!(progress.iter().all(|line| line["progress"]["of"].is_string()), "{progress:?}");
    for (field, value) in
        [("valid", json!(true)), ("events", json!(4)), ("breaches", json!([])), ("breaches_in_all", json!(0))]
    {
        assert_eq!(outcome[field], value, "{field}");
    }
    let seals = &outcome["seals"];
    assert_eq!((&seals["seals"], &seals["events"], &seals["unsealed"]), (&json!(2), &json!(3), &json!(1)));
    assert_eq!(seals["keys"], json!([key.to_string()]));
    assert!(seals["newest"].as_str().unwrap().starts_with("2:"));
    assert!(outcome["begun_at"].as_str() <= outcome["ended_at"].as_str());
}

#[tokio::test]
async fn a_breach_is_told_with_its_place() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    alice.buy("a fox").await;
    server.seal().await;
    let tamper = "alter table events disable trigger events_append_only; \
        update events set actor = 'user:mallory' where type = 'credits.debited'; \
        alter table events enable trigger events_append_only";
    server.pool.get().await.unwrap().batch_execute(tamper).await.unwrap();
    let (_, outcome) = told(&server.auditor().get(VERIFY).await.expect(200));
    assert_eq!(outcome["valid"], false);
    let breaches = outcome["breaches"].as_array().unwrap();
    assert_eq!(outcome["breaches_in_all"], breaches.len());
    let chain = breaches.iter().find(|breach| breach["invariant"] == "chain").unwrap();
    assert_eq!((&chain["account"], &chain["version"]), (&json!(account("alice").to_string()), &json!(2)));
    let seal = breaches.iter().find(|breach| breach["invariant"] == "seal").unwrap();
    assert!(seal["block"].is_number() && seal["position"].is_number(), "{seal}");
}

#[tokio::test]
async fn many_breaches_are_counted_and_some_are_told() {
    let server = Server::start().await;
    for user in 0..110 {
        server.rich_user(&format!("user-{user}"), 1).await;
    }
    let tamper = "alter table events disable trigger events_append_only; \
        update events set actor = 'user:mallory'; alter table events enable trigger events_append_only";
    server.pool.get().await.unwrap().batch_execute(tamper).await.unwrap();
    let (_, outcome) = told(&server.auditor().get(VERIFY).await.expect(200));
    assert_eq!(
        (outcome["breaches"].as_array().unwrap().len(), &outcome["breaches_in_all"]),
        (100, &json!(110))
    );
}
