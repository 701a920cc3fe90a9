//! What an auditor learns of the sealed blocks.

use crate::support::Server;
use ledger::Position;
use ledger::seal::{PublicKey, verify_document};
use serde_json::json;

/// Two events of alice's purchase after three grants.
async fn sealed() -> (Server, PublicKey) {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    server.rich_user("bob", 100).await;
    server.rich_user("carol", 100).await;
    alice.buy("a fox").await;
    let key = server.seal().await;
    (server, key)
}

#[tokio::test]
async fn seals_are_listed_and_read() {
    let (server, key) = sealed().await;
    let auditor = server.auditor();
    let first = auditor.get("/audit/seals?limit=2").await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = auditor.get(&format!("/audit/seals?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((first.items().len(), rest.items().len(), &rest.body["next_cursor"]), (2, 1, &json!(null)));
    assert_eq!(first.items()[1]["prev_hash"], first.items()[0]["hash"]);
    assert_eq!((&rest.items()[0]["number"], &rest.items()[0]["events"]), (&json!(3), &json!(1)));
    assert_eq!(first.items()[0]["public_key"], key.to_string());

    let one = auditor.get("/audit/seals/2").await.expect(200);
    assert_eq!(one.body["seal"], first.items()[1]);
    let events = auditor.get("/audit/events").await;
    for (leaf, event) in one.body["leaves"].as_array().unwrap().iter().zip(&events.items()[2..4]) {
        assert_eq!((&leaf["position"], &leaf["hash"]), (&event["position"], &event["hash"]));
    }
    auditor.get("/audit/seals/4").await.refused(404, "not_found");
    auditor.get("/audit/seals/0").await.refused(400, "parameter_invalid");
    let keys = auditor.get("/audit/seals/keys").await.expect(200);
    let wanted = json!([{ "public_key": key.to_string(), "first_seal": 1, "last_seal": 3, "seals": 3 }]);
    assert_eq!(keys.body["items"], wanted);
}

#[tokio::test]
async fn an_event_is_proved_once_it_is_sealed() {
    let (server, key) = sealed().await;
    let auditor = server.auditor();
    for event in auditor.get("/audit/events").await.items() {
        let position = event["position"].as_i64().unwrap();
        let proof = auditor.get(&format!("/audit/events/{position}/proof")).await.expect(200);
        assert_eq!(proof.body["format"], "cooly-proof/1");
        let verified = verify_document(&String::from_utf8(proof.bytes).unwrap(), &[key]).unwrap();
        assert_eq!(verified.event.position, Position(position));
        assert_eq!(hex::encode(verified.event.hash), event["hash"].as_str().unwrap());
    }
    server.rich_user("dave", 1).await;
    let newest = auditor.get("/audit/events").await.items().last().unwrap()["position"].as_i64().unwrap();
    let early = auditor.get(&format!("/audit/events/{newest}/proof")).await.refused(409, "not_sealed_yet");
    assert_eq!(early.header("retry-after"), Some("30"));
    auditor.get("/audit/events/999999/proof").await.refused(404, "not_found");
}

#[tokio::test]
async fn an_account_is_held_against_its_seals() {
    let (server, _) = sealed().await;
    let auditor = server.auditor();
    server.rich_user("alice", 1).await;
    let proof = auditor.get("/audit/accounts/alice/verify").await.expect(200);
    let newest = auditor.get("/audit/events?user=alice").await.items()[2]["position"].clone();
    assert_eq!(proof.body["valid"], true);
    let wanted = json!({ "seal": 3, "position": newest, "matching": 3, "unsealed": 1 });
    assert_eq!(proof.body["sealed"], wanted);

    // An owner of the database who computes the hashes anew leaves a chain that holds, but not the sealed one.
    let client = server.pool.get().await.unwrap();
    let tamper = "alter table events disable trigger events_append_only; \
        update events set request_id = 'forged' where type = 'credits.granted' and amount = 100; \
        update events e set hash = event_hash(e) where type = 'credits.granted' and amount = 100; \
        alter table events enable trigger events_append_only";
    client.batch_execute(tamper).await.unwrap();
    let proof = auditor.get("/audit/accounts/bob/verify").await.expect(200);
    assert_eq!(proof.body["valid"], false);
    assert_eq!(
        (&proof.body["breaches"][0]["invariant"], &proof.body["sealed"]["matching"]),
        (&json!("seal"), &json!(0))
    );
    let bobs = auditor.get("/audit/events?user=bob").await.items()[0]["position"].as_i64().unwrap();
    auditor.get(&format!("/audit/events/{bobs}/proof")).await.refused(409, "seal_contradicted");
}

#[tokio::test]
async fn readers_cannot_seal() {
    let (server, _) = sealed().await;
    let client = server.pool.get().await.unwrap();
    client.batch_execute("set role cooly_reader").await.unwrap();
    let forged = client.batch_execute("insert into seals select * from seals").await;
    assert!(forged.is_err());
}
