//! Sealed blocks: when they are sealed, and that every kind of tampering with the sealed log is found and named.

mod support;

use ledger::job::{FailureClass, JobCommand};
use ledger::seal::{
    Fault, KeptSeal, Proof, ProofError, SealBreach, SealKey, SealOptions, SealReport, Sealed, Trust,
    account_seals, find_event, prove, seal_next, verify_document, verify_seals,
};
use ledger::{AccountId, Database, EventId, MarkWatcher, Position, Role, UserId};
use std::time::Duration;
use support::wire::Wire;
use support::{Bench, bench, fail, grant, user};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

const BLOCK: u32 = 4;

/// A log of several accounts under seals of four events each.
struct Sealing {
    bench: Bench,
    key: SealKey,
}

fn options(after: Duration) -> SealOptions {
    SealOptions { block: BLOCK, after }
}

impl Sealing {
    /// Fourteen events: three whole blocks and one of two.
    async fn start() -> Sealing {
        let bench = bench().await;
        let (alice, bob) = (user("alice"), user("bob"));
        bench.grant(&alice, "100").await;
        bench.grant(&bob, "50").await;
        let failed = bench.queued(&alice, "4").await;
        let fencing = bench.started(&alice, failed).await;
        bench.job(&alice, failed, fail(fencing, FailureClass::Permanent)).await.unwrap();
        let cancelled = bench.queued(&bob, "3").await;
        bench.job(&bob, cancelled, JobCommand::Cancel).await.unwrap();
        bench.queued(&alice, "2").await;
        bench.grant(&alice, "7").await;
        let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
        assert_eq!(sealing.seal_all().await, 4);
        sealing
    }

    async fn sealer(&self) -> Client {
        self.bench.database.connect(Role::Sealer).await.unwrap()
    }

    /// The newest position; safe here, since nothing is being written.
    async fn newest(&self) -> Position {
        let row = self.bench.owner().await.query_one("select max(position) from events", &[]).await;
        Position(row.unwrap().get(0))
    }

    /// Seals everything that is there and says how many blocks that made.
    async fn seal_all(&self) -> u32 {
        self.seal_all_with(&self.key).await
    }

    async fn seal_all_with(&self, key: &SealKey) -> u32 {
        let (client, mark) = (self.sealer().await, self.newest().await);
        let mut blocks = 0;
        while let Sealed::Block(_) = seal_next(&client, key, mark, &options(Duration::ZERO)).await.unwrap() {
            blocks += 1;
        }
        blocks
    }

    fn trust(&self) -> Trust {
        Trust { keys: vec![self.key.public_key()], kept: Vec::new() }
    }

    async fn verify(&self, trust: &Trust) -> SealReport {
        verify_seals(&mut self.bench.owner().await, trust, |_, _| {}).await.unwrap()
    }

    async fn breaches(&self) -> Vec<SealBreach> {
        self.verify(&self.trust()).await.breaches
    }

    /// Changes the database as only a superuser can: past triggers and foreign constraints.
    async fn tamper(&self, statement: &str) {
        let script = format!("set session_replication_role = replica; {statement}");
        self.bench.owner().await.batch_execute(&script).await.unwrap();
    }

    /// The block, position, account and version of the one event that meets a condition.
    async fn place(&self, condition: &str) -> (i64, Position, AccountId, i64) {
        let sql = format!(
            "select (select min(number) from seals where last_position >= position), position, account_id, version
             from events where {condition}"
        );
        let row = self.bench.owner().await.query_one(&sql, &[]).await.unwrap();
        (row.get(0), Position(row.get(1)), AccountId(row.get(2)), row.get(3))
    }
}

fn place_of(breach: &SealBreach) -> (i64, Position, AccountId, i64) {
    (breach.block, breach.position.unwrap(), breach.account.unwrap(), breach.version.unwrap())
}

fn faults(breaches: &[SealBreach]) -> Vec<Fault> {
    breaches.iter().map(|breach| breach.fault).collect()
}

const REFUND: &str = "type = 'credits.refunded' and amount = 4";
/// The last event of its job's stream.
const CANCELLED: &str = "type = 'job.cancelled'";

#[tokio::test]
async fn a_log_that_nobody_touched_verifies() {
    let sealing = Sealing::start().await;
    let report = sealing.verify(&sealing.trust()).await;
    assert_eq!(report.breaches, vec![]);
    assert_eq!((report.seals, report.events, report.unsealed), (4, 14, 0));
    assert_eq!(report.keys, [sealing.key.public_key()]);
    sealing.bench.grant(&user("carol"), "1").await;
    let report = sealing.verify(&Trust { keys: vec![], kept: vec![report.newest.unwrap()] }).await;
    assert_eq!((report.breaches.len(), report.unsealed, report.oldest_unsealed.is_some()), (0, 1, true));
}

#[tokio::test]
async fn one_changed_byte_of_one_event_is_found() {
    for change in [
        "payload = replace(payload::text, '\"4\"', '\"5\"')::json",
        "actor = 'user:mallory'",
        "occurred_at = occurred_at + interval '1 microsecond'",
        "amount = 5",
        "balance_after = balance_after + 1",
        "event_id = gen_random_uuid()",
        "hash = set_byte(hash, 31, get_byte(hash, 31) # 1)",
        "prev_hash = set_byte(prev_hash, 0, get_byte(prev_hash, 0) # 1)",
    ] {
        let sealing = Sealing::start().await;
        let place = sealing.place(REFUND).await;
        sealing.tamper(&format!("update events set {change} where {REFUND}")).await;
        let breaches = sealing.breaches().await;
        assert_eq!(faults(&breaches), [Fault::EventChanged], "{change}\n{breaches:#?}");
        assert_eq!(place_of(&breaches[0]), place, "{change}");
    }
}

#[tokio::test]
async fn a_removed_event_is_found_and_named_by_the_one_that_followed_it() {
    let sealing = Sealing::start().await;
    let place = sealing.place(REFUND).await;
    sealing.tamper(&format!("delete from events where {REFUND}")).await;
    let breaches = sealing.breaches().await;
    assert_eq!(faults(&breaches), [Fault::EventRemoved]);
    assert_eq!(place_of(&breaches[0]), place);
}

#[tokio::test]
async fn a_removed_end_of_a_stream_is_found_by_its_position() {
    let sealing = Sealing::start().await;
    let (block, position, ..) = sealing.place(CANCELLED).await;
    sealing.tamper(&format!("delete from events where {CANCELLED}")).await;
    let breaches = sealing.breaches().await;
    assert_eq!(faults(&breaches), [Fault::EventRemoved]);
    assert_eq!((breaches[0].block, breaches[0].position, breaches[0].account), (block, Some(position), None));
}

#[tokio::test]
async fn a_cut_off_tail_is_found() {
    let sealing = Sealing::start().await;
    let newest = sealing.newest().await;
    sealing.tamper(&format!("delete from events where position > {}", newest.0 - 3)).await;
    let breaches = sealing.breaches().await;
    assert_eq!(faults(&breaches), [Fault::EventRemoved; 3]);
    let positions: Vec<_> = breaches.iter().map(|breach| breach.position.unwrap().0).collect();
    assert_eq!(positions, [newest.0 - 2, newest.0 - 1, newest.0]);
    assert_eq!(sealing.bench.breaches().await.len(), 0, "what is left is a valid shorter log");
}

#[tokio::test]
async fn an_account_that_was_removed_as_a_whole_is_found() {
    let sealing = Sealing::start().await;
    let bob = user("bob").account();
    sealing.tamper(&format!("delete from events where account_id = '{bob}'")).await;
    assert_eq!(sealing.bench.breaches().await, Vec::<String>::new(), "the chains alone cannot tell");
    assert_eq!(faults(&sealing.breaches().await), [Fault::EventRemoved; 5]);
}

#[tokio::test]
async fn an_inserted_event_is_found_in_a_block_and_between_blocks() {
    for between in [false, true] {
        let sealing = Sealing::start().await;
        // Make room: a rolled-back transaction leaves such a gap, and here it is sealed as one.
        let position = if between { "last_position" } else { "first_position" };
        let sealing = sealing.with_gap_after(position).await;
        let copied = "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount,
                balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash, position)
            overriding system value
            select account_id, stream_id, version + 100, gen_random_uuid(), type, 1, amount, balance_after, payload,
                state, actor, request_id, occurred_at, hash, sha256(hash), $POSITION
            from events where type = 'credits.granted' and amount = 50";
        let gap = sealing.gap().await;
        sealing.tamper(&copied.replace("$POSITION", &gap.to_string())).await;
        let breaches = sealing.breaches().await;
        assert_eq!(faults(&breaches), [Fault::EventInserted], "{breaches:#?}");
        assert_eq!(breaches[0].position, Some(Position(gap)));
        assert_eq!(breaches[0].account, Some(user("bob").account()));
    }
}

impl Sealing {
    /// Adds a block with a position missing after its first or its last event, and one more block after it.
    async fn with_gap_after(self, place: &str) -> Sealing {
        let (before, after) = if place == "first_position" { (1, 3) } else { (4, 1) };
        let carol = user("carol");
        for _ in 0..before {
            self.bench.grant(&carol, "1").await;
        }
        self.bench.owner().await.batch_execute("select nextval('events_position_seq')").await.unwrap();
        for _ in 0..after {
            self.bench.grant(&carol, "1").await;
        }
        self.seal_all().await;
        assert_eq!(self.breaches().await, vec![]);
        self
    }

    /// The position that is missing.
    async fn gap(&self) -> i64 {
        let sql = "select g from generate_series(1, (select max(position) from events)) g
            where g not in (select position from events)";
        self.bench.owner().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn two_events_that_changed_places_are_found_within_a_block_and_across_blocks() {
    for (one, other) in [(1, 2), (2, 9)] {
        let sealing = Sealing::start().await;
        let first = sealing.place(&format!("position = {one}")).await;
        let second = sealing.place(&format!("position = {other}")).await;
        let swap = format!(
            "alter table events alter position set generated by default;
             update events set position = -position where position in ({one}, {other});
             update events set position = {one} + {other} + position where position < 0"
        );
        sealing.tamper(&swap).await;
        let breaches = sealing.breaches().await;
        assert_eq!(faults(&breaches), [Fault::EventMoved; 2], "{breaches:#?}");
        assert_eq!([place_of(&breaches[0]), place_of(&breaches[1])], [first, second]);
        assert!(
            breaches[0].detail.contains(&format!("stands at position {other}")),
            "{}",
            breaches[0].detail
        );
        assert_eq!(sealing.bench.breaches().await, Vec::<String>::new(), "the chains alone cannot tell");
    }
}

/// Computes every hash of an account's streams anew, as somebody would who can read the schema.
fn rewritten(account: AccountId) -> String {
    format!(
        "update events set actor = 'admin:mallory' where account_id = '{account}' and version = 1;
         do $$ declare one record; before bytea; begin
            for one in select stream_id, version from events where account_id = '{account}'
                order by stream_id, version loop
                if one.version = 1 then before := decode(repeat('00', 32), 'hex'); end if;
                update events e set prev_hash = before where stream_id = one.stream_id and version = one.version;
                update events e set hash = event_hash(e) where stream_id = one.stream_id and version = one.version
                    returning hash into before;
            end loop;
         end $$;"
    )
}

#[tokio::test]
async fn an_account_that_was_written_anew_with_right_hashes_is_found() {
    let sealing = Sealing::start().await;
    let alice = user("alice").account();
    let events = sealing.bench.count(&format!("account_id = '{alice}'")).await;
    sealing.tamper(&rewritten(alice)).await;
    assert_eq!(sealing.bench.breaches().await, Vec::<String>::new(), "the chains alone cannot tell");
    let breaches = sealing.breaches().await;
    assert_eq!(breaches.len() as i64, events);
    for breach in &breaches {
        assert_eq!((breach.fault, breach.account), (Fault::EventChanged, Some(alice)), "{breach}");
    }
    assert!(breaches[0].to_string().starts_with("seal: the event was changed"), "{}", breaches[0]);
}

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
    let both = Trust { keys: vec![newer.public_key(), sealing.key.public_key()], kept: vec![] };
    assert_eq!(sealing.verify(&both).await.breaches, vec![]);
    let used = ledger::seal::keys(&sealing.bench.owner().await).await.unwrap();
    let used: Vec<_> = used.iter().map(|one| (one.public_key, one.first, one.last)).collect();
    assert_eq!(used, [(sealing.key.public_key(), 1, 4), (newer.public_key(), 5, 5)]);
}

#[tokio::test]
async fn a_full_block_is_sealed_at_once_and_a_partial_one_when_it_is_old() {
    let bench = bench().await;
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    let client = sealing.sealer().await;
    let alice = user("alice");
    let hour = options(Duration::from_secs(3_600));
    let nothing = seal_next(&client, &sealing.key, Position(0), &hour).await.unwrap();
    assert_eq!(nothing, Sealed::NotYet { sealed: Position(0), waiting: 0, due_in: None });
    for _ in 0..3 {
        sealing.bench.grant(&alice, "1").await;
    }
    let mark = sealing.newest().await;
    let Sealed::NotYet { waiting: 3, due_in: Some(due), .. } =
        seal_next(&client, &sealing.key, mark, &hour).await.unwrap()
    else {
        panic!("three events are not a block")
    };
    assert!(due <= hour.after && due > hour.after / 2, "{due:?}");
    sealing.bench.grant(&alice, "1").await;
    sealing.bench.grant(&alice, "1").await;
    let mark = sealing.newest().await;
    let before = Position(mark.0 - 1);
    for (mark, events) in [(before, 4), (mark, 0)] {
        match seal_next(&client, &sealing.key, mark, &hour).await.unwrap() {
            Sealed::Block(seal) => assert_eq!((seal.events, seal.last_position), (events, before)),
            Sealed::NotYet { sealed, waiting, .. } => assert_eq!((sealed, waiting, events), (before, 1, 0)),
            Sealed::Lost => panic!("nobody else seals"),
        }
    }
    let Sealed::Block(seal) = seal_next(&client, &sealing.key, mark, &options(Duration::ZERO)).await.unwrap()
    else {
        panic!("an old partial block is sealed")
    };
    assert_eq!((seal.number, seal.events, seal.first_position), (2, 1, mark));
    assert_eq!(sealing.breaches().await, vec![]);
}

#[tokio::test]
async fn a_block_costs_one_select_and_one_insert_however_many_events_it_has() {
    let bench = bench().await;
    for _ in 0..50 {
        bench.grant(&user("alice"), "1").await;
    }
    let wire = Wire::to_server_of(bench.held.url()).await;
    let client = Database::new(&wire.url).unwrap().connect(Role::Sealer).await.unwrap();
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    let mark = sealing.newest().await;
    for (block, statements) in [(1, 2), (40, 2), (9, 2), (9, 1)] {
        let before = wire.executed();
        let options = SealOptions { block, after: Duration::from_secs(3_600) };
        let sealed = seal_next(&client, &sealing.key, mark, &options).await.unwrap();
        assert_eq!(wire.executed() - before, statements, "{sealed:?}");
    }
    assert_eq!(sealing.verify(&sealing.trust()).await.events, 50);
}

#[tokio::test]
async fn two_sealers_at_once_make_one_chain() {
    let bench = bench().await;
    for n in 0..40 {
        bench.grant(&user(&format!("user-{}", n % 7)), "1").await;
    }
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    let mark = sealing.newest().await;
    let clients = futures::future::join_all((0..4).map(|_| sealing.sealer())).await;
    let race = clients.iter().map(async |client| {
        let (mut made, mut lost) = (0, 0);
        loop {
            match seal_next(client, &sealing.key, mark, &options(Duration::ZERO)).await.unwrap() {
                Sealed::Block(_) => made += 1,
                Sealed::Lost => lost += 1,
                Sealed::NotYet { .. } => return (made, lost),
            }
        }
    });
    let outcomes = futures::future::join_all(race).await;
    assert_eq!(outcomes.iter().map(|(made, _)| made).sum::<u32>(), 10);
    let report = sealing.verify(&sealing.trust()).await;
    assert_eq!((report.seals, report.events, report.breaches), (10, 40, vec![]));
}

#[tokio::test]
async fn a_transaction_that_is_still_open_holds_up_the_seals_of_what_came_after_it() {
    let bench = bench().await;
    let shutdown = CancellationToken::new();
    let mark = MarkWatcher::spawn(&bench.database, bench.ledger.appended(), shutdown.clone());
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    sealing.bench.grant(&user("alice"), "1").await;
    let client = sealing.sealer().await;
    let mut safe = mark.subscribe();
    safe.wait_for(|mark| *mark >= Position(1)).await.unwrap();
    let mut late = sealing.bench.owner().await;
    let transaction = late.transaction().await.unwrap();
    let copied = "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount,
            balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash)
        select account_id, stream_id, version + 1, gen_random_uuid(), type, 1, amount, balance_after, payload,
            state, actor, request_id, occurred_at, hash, sha256(hash) from events returning position";
    let late_position = Position(transaction.query_one(copied, &[]).await.unwrap().get(0));
    for _ in 0..8 {
        sealing.bench.grant(&user("bob"), "1").await;
    }
    let reached = *safe.borrow_and_update();
    assert!(reached < late_position, "the mark stays before the open transaction");
    let sealed = seal_next(&client, &sealing.key, reached, &options(Duration::ZERO)).await.unwrap();
    assert!(matches!(&sealed, Sealed::Block(seal) if seal.events == 1), "{sealed:?}");
    transaction.commit().await.unwrap();
    let newest = sealing.newest().await;
    let reached = *safe.wait_for(|mark| *mark >= newest).await.unwrap();
    while let Sealed::Block(_) =
        seal_next(&client, &sealing.key, reached, &options(Duration::ZERO)).await.unwrap()
    {}
    let report = sealing.verify(&sealing.trust()).await;
    assert_eq!(report.events, 10, "the late event is under a seal too");
    shutdown.cancel();
}

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

/// The statements of `docs/audit.md` about seals: leaves against the log, the chain of seals, the newest seal.
fn documented() -> [&'static str; 3] {
    let page = include_str!("../../docs/audit.md");
    let section = page.split_once("\n## Sealed blocks\n").unwrap().1;
    let statements: Vec<&str> =
        section.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    statements.try_into().expect("the section gained or lost a statement: say here which it is")
}

#[tokio::test]
async fn an_auditor_finds_the_same_with_the_documented_sql_alone() {
    let [leaves, chain, newest] = documented();
    for (tampering, statement, found) in [
        ("".into(), leaves, vec![]),
        ("".into(), chain, vec![]),
        (format!("delete from events where {REFUND}"), leaves, vec!["removed"]),
        (rewritten(user("bob").account()), leaves, vec!["changed"; 5]),
        (
            "alter table events alter position set generated by default;
             update events set position = 99 where position = 5; update events set position = 5 where position = 6;
             update events set position = 6 where position = 99"
                .into(),
            leaves,
            vec!["changed"; 2],
        ),
        ("update seals set root = sha256(root) where number = 2".into(), chain, vec![]),
        ("update seals set prev_hash = hash where number = 2".into(), chain, vec![]),
        ("update seals set leaves = sha256(leaves) || substring(leaves from 33) where number = 2".into(), chain, vec![]),
        ("delete from seals where number = 3".into(), chain, vec![]),
    ] {
        let sealing = Sealing::start().await;
        sealing.tamper(&tampering).await;
        let auditor = sealing.bench.database.connect(Role::Reader).await.unwrap();
        let rows = auditor.query(statement, &[]).await.unwrap();
        if statement == leaves {
            let what: Vec<String> = rows.iter().map(|row| row.get("what")).collect();
            assert_eq!(what, found, "{tampering}");
        } else {
            assert_eq!(rows.is_empty(), tampering.is_empty(), "{tampering}");
        }
        if tampering.is_empty() {
            let kept: String = auditor.query_one(newest, &[]).await.unwrap().get(0);
            let report = sealing.verify(&sealing.trust()).await;
            assert_eq!(kept, report.newest.unwrap().to_string());
        }
    }
}

#[tokio::test]
async fn roots_computed_in_sql_are_the_same_for_every_size_of_a_block() {
    let bench = bench().await;
    let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
    let client = sealing.sealer().await;
    for events in 1..=20 {
        for _ in 0..events {
            sealing.bench.grant(&user("alice"), "1").await;
        }
        let options = SealOptions { block: 100, after: Duration::ZERO };
        let sealed = seal_next(&client, &sealing.key, sealing.newest().await, &options).await.unwrap();
        assert!(matches!(&sealed, Sealed::Block(seal) if seal.events == events), "{sealed:?}");
    }
    let auditor = sealing.bench.database.connect(Role::Reader).await.unwrap();
    assert_eq!(auditor.query(documented()[1], &[]).await.unwrap().len(), 0);
}
