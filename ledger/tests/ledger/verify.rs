//! `verify` names every way in which a log can be wrong.

use crate::support;

use support::told::{ALL_EVENTS, tamper, told};
use support::user;

#[tokio::test]
async fn the_log_that_is_tampered_with_has_every_event() {
    let bench = told().await;
    let rows =
        bench.owner().await.query("select distinct type from events order by type", &[]).await.unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ALL_EVENTS);
}

/// Alice's last event.
const LAST_DEBIT: &str = "type = 'credits.debited' and version = 6 and amount = -2";

/// Puts Alice's last event where those who follow the log do not see it.
fn at_position(position: &str) -> String {
    format!(
        "with gone as (delete from events where {LAST_DEBIT} returning events)
         insert into events overriding system value
         select (jsonb_populate_record(gone.events, '{{\"position\":{position}}}')).* from gone"
    )
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_nothing_else() {
    let bench = told().await;
    let unreadable =
        "update events set recorded_at = 'infinity' where type = 'credits.debited' and version = 2";
    tamper(&bench, unreadable).await;
    tamper(&bench, &format!("update events set actor = 'user:mallory' where {LAST_DEBIT}")).await;
    let breaches = bench.breaches().await;
    let has = |what: &str| breaches.iter().any(|breach| breach.starts_with(what));
    assert!(has("readable: "), "{breaches:#?}");
    assert!(
        breaches.iter().any(|breach| breach.starts_with("chain") && breach.contains("version 6")),
        "{breaches:#?}"
    );
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_and_named() {
    let debit = "type = 'credits.debited' and version = 2";
    for (statement, invariant) in [
        (format!("update events set amount = -3 where {debit}"), "columns"),
        (format!("update events set balance_after = 97 where {debit}"), "conservation"),
        (format!("update events set actor = 'user:mallory' where {debit}"), "chain"),
        (format!("update events set occurred_at = occurred_at + '1 microsecond' where {debit}"), "chain"),
        (format!("update events set state = '{{\"user\":\"alice\",\"balance\":\"9000\"}}' where {debit}"), "state"),
        (format!("update events set payload = '{{}}' where {debit}"), "readable"),
        (format!("update events set event_id = gen_random_uuid() where {debit}"), "chain"),
        (format!("delete from events where {debit}"), "order"),
        ("delete from events where type = 'credits.refunded' and version = 5".into(), "job books"),
        ("delete from events where type = 'job.cancelled'".into(), "job books"),
        // The last of its stream, so that the chain holds without it.
        (format!("delete from events where {LAST_DEBIT}"), "job books"),
        (format!("update events set amount = 1e32 where {debit}"), "columns"),
        (format!("update events set balance_after = 'NaN' where {debit}"), "conservation"),
        (format!("update events set recorded_at = 'infinity' where {debit}"), "readable"),
        (format!("update events set occurred_at = '-infinity' where {debit}"), "readable"),
        (at_position("-1"), "order"),
        (at_position("1000000"), "order"),
        ("update events set version = version + 10 where version = 1 and type = 'job.queued'".into(), "order"),
        (
            "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount, \
             balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash) \
             select account_id, stream_id, version + 1, gen_random_uuid(), type, 1, 900, balance_after + 900, \
             '{\"type\":\"credits.granted\",\"user\":\"bob\",\"amount\":\"900\",\"reason\":\"mine\"}', \
             '{\"user\":\"bob\",\"balance\":\"905\"}', actor, request_id, occurred_at, hash, hash from events \
             where type = 'credits.granted' and amount = 5"
                .into(),
            "chain",
        ),
    ] {
        found(&statement, invariant).await;
    }
}

/// Changes the first match in the payload of some events.
fn in_payload(of: &str, what: &str, by: &str) -> String {
    format!("update events set payload = regexp_replace(payload::text, '{what}', '{by}')::json where {of}")
}

#[tokio::test]
async fn tampering_with_lots_is_found_and_named() {
    let once = |name: &str| format!("type = '{name}' and stream_id = account_id");
    for statement in [
        // Another lot than the one whose turn it was.
        in_payload(&format!("{} and version = 2", once("credits.debited")), r#""lot":1"#, r#""lot":7"#),
        in_payload(&once("credits.held"), r#""lot":2"#, r#""lot":3"#),
        in_payload(&format!("{} and amount < 0", once("credits.adjusted")), r#""lot":\d+"#, r#""lot":99"#),
        // More or less than it says.
        in_payload(&once("credits.refunded"), r#"("to":\[\{"lot":\d+,"amount":")"#, r"\19"),
        in_payload(&once("credits.released"), r#"("to":\[\{"lot":\d+,"amount":")"#, r"\19"),
        in_payload(
            &format!("{} and amount > 0", once("credits.adjusted")),
            r#"("to":\[\{"lot":\d+,"amount":")"#,
            r"\19",
        ),
        in_payload(&once("credits.captured"), r#"("from":\[\{"lot":\d+,"amount":")"#, r"\19"),
        // A capture above its hold, and one of another.
        in_payload(&once("credits.captured"), r#""amount":"(\d)"#, r#""amount":"9\1"#),
        in_payload(&once("credits.captured"), r#""hold":\d+"#, r#""hold":1"#),
        in_payload(&once("credits.released"), r#""hold":\d+"#, r#""hold":1"#),
        // A lot that does not end when its time is over, or before, or with something else than was left.
        format!("delete from events where {}", once("credits.expired")),
        in_payload(&once("credits.granted"), "2017-", "2016-"),
        in_payload(&once("credits.expired"), r#""amount":""#, r#""amount":"7"#),
        in_payload(&once("credits.voided"), r#""amount":""#, r#""amount":"7"#),
    ] {
        found(&statement, "lots").await;
    }
    // Time that runs backwards, and an event dated after it was recorded.
    for change in ["occurred_at - interval '1 day'", "recorded_at + interval '3 seconds'"] {
        let statement = format!("update events set occurred_at = {change} where {}", once("credits.voided"));
        found(&statement, "time").await;
    }
}

async fn found(statement: &str, invariant: &str) {
    let bench = told().await;
    tamper(&bench, statement).await;
    let breaches = bench.breaches().await;
    assert!(breaches.iter().any(|breach| breach.starts_with(invariant)), "{statement}\n{breaches:#?}");
}

#[tokio::test]
async fn one_account_can_be_verified_alone() {
    let bench = told().await;
    let client = bench.owner().await;
    let proof = ledger::verify::account_breaches(&client, user("alice").account()).await.unwrap();
    assert_eq!((proof.streams, proof.version, proof.breaches.len()), (4, 6, 0));
    let head: String = client
        .query_one(
            "select encode(hash, 'hex') from events where stream_id = $1 and version = 6",
            &[&user("alice").account().0],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(proof.head_hash, head);
    let started = format!("type = 'job.started' and account_id = '{}'", user("alice").account());
    tamper(&bench, &format!("update events set actor = 'x' where {started}")).await;
    let proof = ledger::verify::account_breaches(&client, user("alice").account()).await.unwrap();
    assert!(proof.breaches.iter().all(|breach| breach.invariant == "chain"));
    assert_eq!(proof.breaches.len(), 2);
    for name in ["bob", "carol"] {
        let other = ledger::verify::account_breaches(&client, user(name).account()).await.unwrap();
        assert_eq!(other.breaches, vec![]);
    }
}
