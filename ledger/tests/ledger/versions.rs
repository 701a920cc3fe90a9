//! A log that was begun before there were lots: it is read as it is, and goes on with lots and holds.

use crate::support;

use ledger::account::LotId;
use ledger::job::FailureClass;
use ledger::{JobId, Refusal, UserId};
use support::{Bench, bench, capture, credits, fail, lots, refund, succeed, user, void};
use uuid::Uuid;

const FIRST: &str = "0197a0f0-0000-7000-8000-000000000001";
const SECOND: &str = "0197a0f0-0000-7000-8000-000000000002";

/// One event of version 1, with the change and the balance after it if it is about credits.
struct Old<'a> {
    job: Option<&'a str>,
    version: i64,
    payload: String,
    money: Option<(&'a str, &'a str)>,
}

/// Writes events as they were written then: without lots, and each chained to the one before it.
async fn write(bench: &Bench, user: &UserId, events: &[Old<'_>]) {
    let owner = bench.owner().await;
    owner.batch_execute("set session_replication_role = replica").await.unwrap();
    for Old { job, version, payload, money } in events {
        let fact: serde_json::Value = serde_json::from_str(payload).unwrap();
        let name = fact["type"].as_str().unwrap();
        let (account, job) = (user.account().0, job.map(|job| Uuid::parse_str(job).unwrap()));
        let stream = job.filter(|_| money.is_none()).unwrap_or(account);
        let state = money.map(|(_, balance)| format!(r#"{{"user":"{user}","balance":"{balance}"}}"#));
        let (amount, balance) = money.unzip();
        let insert = "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount,
                balance_after, job_id, payload, state, actor, request_id, occurred_at, prev_hash, hash)
            select $1, $2, $3::bigint, gen_random_uuid(), $4::text, 1, $5::text::numeric, $6::text::numeric, $7::uuid,
                $8::text::json, $9::text::json, 'admin:ops', 'old', '2026-01-01', coalesce((
                    select hash from events where account_id = $1 and stream_id = $2 and version = $3::bigint - 1
                ), decode(repeat('00', 32), 'hex')), ''";
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
            [&account, &stream, version, &name, &amount, &balance, &job, payload, &state];
        owner.execute(insert, &values).await.unwrap();
        owner.batch_execute("update events set hash = event_hash(events) where hash = ''").await.unwrap();
    }
}

/// 100 credits were granted; one job of 4 and one of 6 are queued.
async fn old_log() -> (Bench, UserId) {
    let bench = bench().await;
    let alice = user("alice");
    let request = r#"{"kind":"image","model":"sim-image","prompt":"x","count":1,"params":{}}"#;
    let granted = r#"{"type":"credits.granted","user":"alice","amount":"100","reason":"old"}"#.to_owned();
    let debited = |job: &str, amount: &str| {
        format!(
            r#"{{"type":"credits.debited","amount":"{amount}","job_id":"{job}","run":1,"job_version":1}}"#
        )
    };
    let queued = |cost: &str| format!(r#"{{"type":"job.queued","request":{request},"cost":"{cost}"}}"#);
    let (first, second) = (Some(FIRST), Some(SECOND));
    let events = [
        Old { job: None, version: 1, payload: granted, money: Some(("100", "100")) },
        Old { job: first, version: 2, payload: debited(FIRST, "4"), money: Some(("-4", "96")) },
        Old { job: first, version: 1, payload: queued("4"), money: None },
        Old { job: second, version: 3, payload: debited(SECOND, "6"), money: Some(("-6", "90")) },
        Old { job: second, version: 1, payload: queued("6"), money: None },
    ];
    write(&bench, &alice, &events).await;
    (bench, alice)
}

fn job(id: &str) -> JobId {
    JobId(Uuid::parse_str(id).unwrap())
}

#[tokio::test]
async fn a_log_without_lots_is_one_lot_without_terms_and_verifies() {
    let (bench, alice) = old_log().await;
    let state = bench.state(&alice).await;
    assert_eq!((state.balance, lots(&state.lots).as_str()), (credits("90"), "0:90"));
    assert_eq!(state.available(chrono::Utc::now()), credits("90"));
    assert_eq!(state.next_lapse(), None);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn debits_holds_and_refunds_of_today_use_the_lot_of_before() {
    let (bench, alice) = old_log().await;
    bench.grant(&alice, "10").await;
    assert_eq!(bench.lots(&alice).await, "0:90 4:10", "the oldest burns first");
    bench.queued(&alice, "95").await;
    assert_eq!(bench.lots(&alice).await, "4:5");

    let fencing = bench.started(&alice, job(FIRST)).await;
    bench.job(&alice, job(FIRST), fail(fencing, FailureClass::Permanent)).await.unwrap();
    assert_eq!(bench.lots(&alice).await, "0:4 4:5", "a debit that named no lot comes back to lot 0");

    let hold = bench.hold(&alice, "6").await;
    assert_eq!(bench.lots(&alice).await, "4:3");
    bench.ask(&alice, capture(hold, "1")).await.unwrap();
    assert_eq!(bench.lots(&alice).await, "0:3 4:5", "what burned last came back first");

    let fencing = bench.started(&alice, job(SECOND)).await;
    bench.job(&alice, job(SECOND), succeed(fencing, None)).await.unwrap();
    bench.job(&alice, job(SECOND), refund(Some("2.5"))).await.unwrap();
    let state = bench.state(&alice).await;
    assert_eq!((state.balance, lots(&state.lots).as_str()), (credits("10.5"), "0:5.5 4:5"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn everything_of_before_can_be_voided_once() {
    let (bench, alice) = old_log().await;
    bench.ask(&alice, void(LotId::UNNAMED)).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("0"));
    let again = bench.ask(&alice, void(LotId::UNNAMED)).await.unwrap_err();
    assert_eq!(again, Refusal::LotVoided { lot: LotId::UNNAMED });
    let fencing = bench.started(&alice, job(FIRST)).await;
    bench.job(&alice, job(FIRST), fail(fencing, FailureClass::Permanent)).await.unwrap();
    assert_eq!(bench.lots(&alice).await, "", "what comes back to it is taken back");
    assert_eq!(bench.story(&alice).await[3..], ["credits.voided", "credits.refunded", "credits.voided"]);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}
