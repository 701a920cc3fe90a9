//! The proof of an event, offline, and what an account is told.

use crate::seals::rig::{REFUND, Sealing, faults, rewritten};
use crate::support::{grant, user};
use ledger::seal::{Fault, Proof, ProofError, SealKey, account_seals, find_event, prove, verify_document};
use ledger::{EventId, Position, Role, UserId};

#[tokio::test]
async fn every_event_can_be_proved_without_a_database() {
    let sealing = Sealing::start().await;
    let client = sealing.bench.database.connect(Role::Reader).await.unwrap();
    let trusted = [SealKey::generate().unwrap().0.public_key(), sealing.key.public_key()];
    for position in 1..=14 {
        let Proof::Document(document) = prove(&client, Position(position)).await.unwrap() else {
            panic!("position {position} is sealed")
        };
        let text = serde_json::to_string_pretty(&document).unwrap();
        let verified = verify_document(&text, &trusted).unwrap();
        assert_eq!(verified.event.position, Position(position));
        assert_eq!(verified.seal.number, (position - 1) / 4 + 1);
        let untrusted = verify_document(&text, &trusted[..1]).unwrap_err();
        assert_eq!(untrusted, ProofError::Untrusted(sealing.key.public_key()));
    }
    sealing.bench.grant(&user("carol"), "1").await;
    assert_eq!(prove(&client, Position(15)).await.unwrap(), Proof::NotSealedYet);
    assert_eq!(prove(&client, Position(99)).await.unwrap(), Proof::Unknown);
}

#[tokio::test]
async fn an_event_that_was_sealed_and_removed_is_contradicted_and_not_unknown() {
    let sealing = Sealing::start().await;
    let (_, position, ..) = sealing.place(REFUND).await;
    sealing.tamper(&format!("delete from events where {REFUND}")).await;
    let proof = prove(&sealing.bench.owner().await, position).await.unwrap();
    assert!(
        matches!(proof, Proof::Contradicted(ProofError::Leaf { position: named, .. }) if named == position),
        "{proof:?}"
    );
}

#[tokio::test]
async fn a_document_in_which_anything_was_changed_names_the_step_that_fails() {
    let sealing = Sealing::start().await;
    let client = sealing.bench.owner().await;
    let trusted = [sealing.key.public_key()];
    let Proof::Document(document) = prove(&client, Position(6)).await.unwrap() else { panic!("sealed") };
    let good = serde_json::to_value(&document).unwrap();
    let zeros = "00".repeat(32);
    for (pointer, value, step) in [
        ("/format", "cooly-proof/2", "not a proof of the form cooly-proof/1"),
        ("/event/columns/actor", "user:mallory", "step 1"),
        ("/event/columns/payload", "{}", "step 1"),
        ("/event/prev_hash", &zeros, "step 1"),
        ("/event/hash", &zeros, "step 1"),
        ("/audit_path/0", &zeros, "step 3"),
        ("/seal/root", &zeros, "step 3"),
        ("/seal/prev_hash", &zeros, "step 4"),
        ("/seal/hash", &zeros, "step 4"),
        ("/seal/signature", &"00".repeat(64), "step 5"),
        ("/seal/public_key", &zeros, "step 5"),
        ("/seal/signature", "abc", "64 bytes in hexadecimal"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value.into();
        let error = verify_document(&bad.to_string(), &trusted).unwrap_err().to_string();
        assert!(error.contains(step), "{pointer}: {error}");
    }
    for (pointer, value, step) in [
        ("/event/position", 7, "step 3"),
        ("/event/position", 99, "step 2"),
        ("/leaf_index", 2, "step 3"),
        ("/leaf_index", 0, "step 2"),
        ("/leaf_index", 4, "step 2"),
        ("/seal/events", 3, "step 4"),
        ("/seal/events", 9, "step 3"),
        ("/seal/events", 0, "step 2"),
        ("/seal/number", 1, "step 4"),
        ("/seal/first_position", 4, "step 4"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value.into();
        let error = verify_document(&bad.to_string(), &trusted).unwrap_err().to_string();
        assert!(error.contains(step), "{pointer} = {value}: {error}");
    }
    let mut extra = good.clone();
    extra["event"]["note"] = "paid".into();
    for text in ["", "[]", "null", "{", &extra.to_string()] {
        assert!(matches!(verify_document(text, &trusted), Err(ProofError::Format(_))), "{text}");
    }
}

#[tokio::test]
async fn a_proof_that_the_log_contradicts_is_not_handed_out() {
    let sealing = Sealing::start().await;
    sealing.tamper(&format!("update events set actor = 'user:mallory' where {REFUND}")).await;
    let (_, position, ..) = sealing.place(REFUND).await;
    let client = sealing.bench.owner().await;
    assert_eq!(prove(&client, position).await.unwrap(), Proof::Contradicted(ProofError::EventHash));
    sealing.tamper(&format!("update events e set hash = event_hash(e) where {REFUND}")).await;
    assert_eq!(prove(&client, position).await.unwrap(), Proof::Contradicted(ProofError::Root));
}

#[tokio::test]
async fn an_event_is_found_by_its_id() {
    let sealing = Sealing::start().await;
    let client = sealing.bench.owner().await;
    let id: uuid::Uuid =
        client.query_one("select event_id from events where position = 6", &[]).await.unwrap().get(0);
    assert_eq!(find_event(&client, EventId(id)).await.unwrap(), Some(Position(6)));
    assert_eq!(find_event(&client, EventId::generate()).await.unwrap(), None);
    assert_eq!(find_event(&client, EventId(uuid::Uuid::nil())).await.unwrap(), None);
}

#[tokio::test]
async fn an_account_is_told_how_far_it_is_sealed() {
    let sealing = Sealing::start().await;
    let client = sealing.bench.owner().await;
    let seals_of = async |user: UserId| account_seals(&client, user.account()).await.unwrap();
    let alice = seals_of(user("alice")).await;
    assert_eq!((alice.seal, alice.position, alice.matching), (Some(4), Some(Position(14)), 9));
    assert_eq!((alice.unsealed, alice.breaches.len()), (0, 0));
    let _ = sealing.bench.ledger.execute(grant(&user("alice"), "1")).await.unwrap();
    assert_eq!(seals_of(user("alice")).await.unsealed, 1);
    assert_eq!(seals_of(user("nobody")).await.seal, None);
    sealing.tamper(&rewritten(user("bob").account())).await;
    let bob = seals_of(user("bob")).await;
    assert_eq!((bob.matching, faults(&bob.breaches)), (0, vec![Fault::EventChanged; 5]));
    assert_eq!(seals_of(user("alice")).await.breaches, vec![]);
}
