//! Every kind of tampering with sealed events is found and named.

use crate::seals::rig::{BLOCK, CANCELLED, REFUND, Sealing, faults, place_of, rewritten};
use crate::support::user;
use ledger::Position;
use ledger::seal::{Fault, Trust};

#[tokio::test]
async fn a_log_that_nobody_touched_verifies() {
    let sealing = Sealing::start().await;
    let report = sealing.verify(&sealing.trust()).await;
    assert_eq!(report.breaches, vec![]);
    assert_eq!((report.seals, report.events, report.unsealed), (4, 14, 0));
    assert_eq!(report.keys, [sealing.key.public_key()]);
    sealing.bench.grant(&user("carol"), "1").await;
    let report = sealing.verify(&Trust { kept: vec![report.newest.unwrap()], ..Trust::default() }).await;
    assert_eq!((report.breaches.len(), report.unsealed, report.oldest_unsealed.is_some()), (0, 1, true));
}

#[tokio::test]
async fn a_check_that_stops_early_says_so_and_tells_nothing_of_what_it_did_not_read() {
    let sealing = Sealing::start().await;
    for _ in 0..80 {
        sealing.bench.grant(&user("carol"), "1").await;
    }
    assert_eq!(sealing.seal_all().await, 20);
    sealing.tamper(&format!("update events set actor = 'user:mallory' where {REFUND}")).await;
    let whole = sealing.verify(&sealing.trust()).await;
    assert_eq!((whole.seals, whole.stopped_early, whole.newest.is_some()), (24, false, true));
    let part = sealing.verify_until(&sealing.trust(), 0).await;
    assert_eq!(part.breaches, whole.breaches);
    assert!(part.stopped_early && part.seals < whole.seals);
    assert_eq!((part.newest, part.unsealed), (None, 0));
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

#[tokio::test]
async fn an_event_before_the_first_position_is_found() {
    let sealing = Sealing::start().await;
    let hidden = "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount,
            balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash, position)
        overriding system value
        select account_id, stream_id, version + 100, gen_random_uuid(), type, 1, amount, balance_after, payload,
            state, actor, request_id, occurred_at, hash, sha256(hash), -1
        from events where type = 'credits.granted' and amount = 50";
    sealing.tamper(hidden).await;
    let breaches = sealing.breaches().await;
    assert_eq!(faults(&breaches), [Fault::EventInserted], "{breaches:#?}");
    assert_eq!((breaches[0].block, breaches[0].position), (1, Some(Position(-1))));
}

#[tokio::test]
async fn times_of_infinity_are_named_and_hide_nothing_else() {
    let sealing = Sealing::start().await;
    sealing.bench.grant(&user("carol"), "1").await;
    sealing.bench.grant(&user("carol"), "2").await;
    let place = sealing.place(REFUND).await;
    sealing.tamper(&format!("update events set occurred_at = 'infinity' where {REFUND}")).await;
    sealing.tamper("update events set recorded_at = '-infinity' where position = 15").await;
    let report = sealing.verify(&sealing.trust()).await;
    assert_eq!(faults(&report.breaches), [Fault::EventChanged], "{:#?}", report.breaches);
    assert_eq!(place_of(&report.breaches[0]), place);
    assert_eq!((report.unsealed, report.oldest_unsealed.is_some()), (2, true));
}

#[tokio::test]
async fn changed_leaves_do_not_hide_a_changed_event() {
    // The leaf of the event itself, and that of another event of its block.
    for same in [true, false] {
        let sealing = Sealing::start().await;
        let (block, position, ..) = sealing.place(REFUND).await;
        sealing.tamper(&format!("update events set actor = 'user:mallory' where {REFUND}")).await;
        let nth = (position.0 - 1) % i64::from(BLOCK);
        let leaf = if same { nth } else { (nth + 1) % i64::from(BLOCK) };
        let byte = leaf * 40 + 39;
        sealing
            .tamper(&format!(
                "update seals set leaves = set_byte(leaves, {byte}, get_byte(leaves, {byte}) # 1)
                 where number = {block}"
            ))
            .await;
        let breaches = sealing.breaches().await;
        assert_eq!(faults(&breaches), [Fault::SealChanged, Fault::EventChanged], "{same} {breaches:#?}");
        assert_eq!(breaches[1].position, Some(position));
    }
}

#[tokio::test]
async fn who_knows_that_the_log_is_sealed_is_told_that_no_seal_is_there() {
    let sealing = Sealing::start().await;
    sealing.tamper("delete from seals").await;
    let known = Trust { sealed: true, ..sealing.trust() };
    assert_eq!(sealing.verify(&known).await.breaches, vec![], "the first seal may be still to come");
    sealing
        .tamper("update events set recorded_at = recorded_at - interval '2 hours' where position = 3")
        .await;
    let breaches = sealing.verify(&known).await.breaches;
    assert_eq!(faults(&breaches), [Fault::SealMissing], "{breaches:#?}");
    assert_eq!(sealing.breaches().await, vec![]);
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
