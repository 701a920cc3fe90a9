//! Every kind of tampering with the seals themselves is found and named.

use crate::seals::rig::{Sealing, faults};
use crate::support::user;
use ledger::seal::{Fault, KeptSeal, SealKey, Trust};

#[tokio::test]
async fn a_missing_seal_is_found() {
    for (statement, block) in [
        ("delete from seals where number = 2", 2),
        ("delete from seals where number = 1", 1),
        ("delete from seals where number in (2, 3)", 2),
    ] {
        let sealing = Sealing::start().await;
        sealing.tamper(statement).await;
        let breaches = sealing.breaches().await;
        assert_eq!(faults(&breaches), [Fault::SealMissing], "{statement}");
        assert_eq!(breaches[0].block, block, "{statement}");
    }
}

#[tokio::test]
async fn seals_cut_off_at_the_end_are_found_with_a_kept_one() {
    for statement in ["delete from seals where number > 2", "truncate seals"] {
        let sealing = Sealing::start().await;
        let kept = sealing.verify(&sealing.trust()).await.newest.unwrap();
        let kept: KeptSeal = kept.to_string().parse().unwrap();
        sealing.tamper(statement).await;
        let cut = sealing.verify(&sealing.trust()).await;
        assert_eq!(cut.breaches, vec![], "what is left is a valid, shorter chain");
        assert!(cut.unsealed >= 6, "though it tells how many events it does not cover");
        let trust = Trust { kept: vec![kept], ..sealing.trust() };
        let breaches = sealing.verify(&trust).await.breaches;
        assert_eq!((faults(&breaches).as_slice(), breaches[0].block), ([Fault::SealMissing].as_slice(), 4));
        // Sealed anew by a sealer with the right key, after a change.
        sealing.tamper("update events set actor = 'admin:mallory' where position = 14").await;
        sealing.tamper("update events e set hash = event_hash(e) where position = 14").await;
        sealing.seal_all().await;
        let breaches = sealing.verify(&trust).await.breaches;
        assert_eq!(faults(&breaches), [Fault::KeptSealDiffers], "{breaches:#?}");
    }
}

#[tokio::test]
async fn a_chain_that_was_sealed_anew_with_a_foreign_key_is_found() {
    let sealing = Sealing::start().await;
    sealing.tamper("truncate seals").await;
    let foreign = SealKey::generate().unwrap().0;
    assert_eq!(sealing.seal_all_with(&foreign).await, 4);
    let breaches = sealing.breaches().await;
    assert_eq!(faults(&breaches), [Fault::KeyUntrusted; 4]);
    assert_eq!(breaches.iter().map(|breach| breach.block).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(breaches[0].detail.contains(&foreign.public_key().to_string()));
    let without_keys = sealing.verify(&Trust::default()).await;
    assert_eq!(without_keys.breaches, vec![], "with no key to trust, only consistency is proved");
    assert_eq!(without_keys.keys, [foreign.public_key()]);
}

#[tokio::test]
async fn a_changed_seal_is_found() {
    let flip = |column: &str| format!("{column} = set_byte({column}, 9, get_byte({column}, 9) # 1)");
    for (change, expected) in [
        (flip("root"), vec![Fault::SealChanged, Fault::SealChanged]),
        (flip("leaves"), vec![Fault::SealChanged]),
        (flip("hash"), vec![Fault::SealChanged, Fault::SignatureInvalid, Fault::ChainBroken]),
        (flip("prev_hash"), vec![Fault::ChainBroken, Fault::SealChanged]),
        (flip("signature"), vec![Fault::SignatureInvalid]),
        (flip("public_key"), vec![Fault::SignatureInvalid, Fault::KeyUntrusted]),
        ("last_position = last_position + 1".into(), vec![Fault::SealChanged, Fault::SealChanged]),
        ("number = 9".into(), vec![Fault::SealMissing]),
    ] {
        let sealing = Sealing::start().await;
        let number = if change.starts_with("last") { 4 } else { 2 };
        sealing.tamper(&format!("update seals set {change} where number = {number}")).await;
        let found = faults(&sealing.breaches().await);
        let found_all = expected.iter().all(|fault| found.contains(fault));
        assert!(found_all && found.len() >= expected.len(), "{change}: {found:?}");
    }
}

#[tokio::test]
async fn a_seal_of_another_shape_is_named_and_not_stumbled_over() {
    for change in ["signature = '\\x00'", "root = '\\x'", "leaves = '\\x0102'"] {
        let sealing = Sealing::start().await;
        let unbound = "alter table seals drop constraint seals_lengths, drop constraint seals_leaves_whole";
        sealing.tamper(&format!("{unbound}; update seals set {change} where number = 2")).await;
        let breaches = sealing.breaches().await;
        assert_eq!((faults(&breaches).as_slice(), breaches[0].block), ([Fault::SealChanged].as_slice(), 2));
    }
}

#[tokio::test]
async fn keys_may_change_over_time() {
    let sealing = Sealing::start().await;
    sealing.bench.grant(&user("carol"), "1").await;
    let newer = SealKey::generate().unwrap().0;
    assert_eq!(sealing.seal_all_with(&newer).await, 1);
    assert_eq!(faults(&sealing.breaches().await), [Fault::KeyUntrusted], "the newer one is not trusted yet");
    let both = Trust { keys: vec![newer.public_key(), sealing.key.public_key()], ..Trust::default() };
    assert_eq!(sealing.verify(&both).await.breaches, vec![]);
    let used = ledger::seal::keys(&sealing.bench.owner().await).await.unwrap();
    let used: Vec<_> = used.iter().map(|one| (one.public_key, one.first, one.last)).collect();
    assert_eq!(used, [(sealing.key.public_key(), 1, 4), (newer.public_key(), 5, 5)]);
}
