//! Processes whose machine's clock is wrong, beside right ones on the same database.

use crate::support;

use chrono::{DateTime, TimeDelta, Utc};
use ledger::account::Grant;
use ledger::{ClockSource, Error, ExecuteError, Ledger, LedgerOptions, UserId};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use support::{Bench, bench, bench_with, credits, grant, on_job, queue, start, user};

fn an_hour_ahead() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(1)
}

fn an_hour_behind() -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(1)
}

fn a_second_ahead() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(1)
}

/// A process on the same database whose machine believes `machine`.
async fn process(bench: &Bench, machine: fn() -> DateTime<Utc>) -> Ledger {
    let options = LedgerOptions { clock: ClockSource::Database { machine }, ..LedgerOptions::default() };
    Ledger::open(&bench.database, options).await.unwrap()
}

/// 100 credits that end in half an hour, 8 that begin then, and 32 without terms.
async fn three_lots(bench: &Bench, user: &UserId) {
    let soon = Utc::now() + TimeDelta::minutes(30);
    let plain = |amount| Grant::new(user.clone(), credits(amount), "test");
    bench.lot(Grant { expires_at: Some(soon), ..plain("100") }).await;
    bench.lot(Grant { effective_at: Some(soon), ..plain("8") }).await;
    bench.lot(plain("32")).await;
}

#[tokio::test]
async fn a_process_with_a_wrong_clock_writes_nothing_and_a_right_one_beside_it_goes_on() {
    let bench = bench().await;
    let alice = user("alice");
    three_lots(&bench, &alice).await;
    let before = bench.count("true").await;
    for (machine, ahead) in [(an_hour_ahead as fn() -> DateTime<Utc>, 1), (an_hour_behind, -1)] {
        let wrong = process(&bench, machine).await;
        let off = wrong.clock().skew() - TimeDelta::hours(ahead);
        assert!(off.abs() < TimeDelta::seconds(5), "{off}");
        let (_, purchase) = queue(&alice, "4");
        match wrong.execute(purchase).await {
            Err(ExecuteError::Failed(Error::ClockSkewed { ahead_milliseconds })) => {
                assert_eq!(ahead_milliseconds.signum(), ahead);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bench.count("true").await, before, "nothing lapsed and nothing was spent");
    bench.queued(&alice, "4").await;
    assert_eq!(bench.lots(&alice).await, "1:96 2:8 3:32");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_dates_and_leases_by_the_databases() {
    let bench = bench().await;
    let (alice, other) = (user("alice"), process(&bench, a_second_ahead).await);
    bench.grant(&alice, "10").await;
    let (job_id, purchase) = queue(&alice, "4");
    let _ = other.execute(purchase).await.unwrap();
    let claimed = other.execute(on_job(&alice, job_id, start())).await.unwrap();
    let lease_until = claimed.jobs[0].1.attempt.as_ref().unwrap().lease_until;
    assert_eq!(bench.count("occurred_at > recorded_at").await, 0);
    let client = bench.owner().await;
    let asked = "select $1 <= recorded_at + interval '60 s' from events where type = 'job.started'";
    let is_right: bool = client.query_one(asked, &[&lease_until]).await.unwrap().get(0);
    assert!(is_right, "the lease lasts a minute by the database's clock");
}

static DRIFT: AtomicI64 = AtomicI64::new(0);

fn drifting() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(DRIFT.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_clock_that_goes_wrong_stops_writes_at_once_and_one_that_is_set_right_lets_them_go_on() {
    let bench = bench().await;
    let (alice, ledger) = (user("alice"), process(&bench, drifting).await);
    let _ = ledger.execute(grant(&alice, "1")).await.unwrap();
    DRIFT.store(60, Ordering::Relaxed);
    let refused = ledger.execute(grant(&alice, "1")).await;
    assert!(matches!(refused, Err(ExecuteError::Failed(Error::ClockSkewed { .. }))), "{refused:?}");
    DRIFT.store(0, Ordering::Relaxed);
    let _ = ledger.execute(grant(&alice, "1")).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("2"));
}

#[tokio::test]
async fn an_account_that_was_dated_ahead_lapses_nothing_early_and_is_reported() {
    let ahead = LedgerOptions { clock: ClockSource::Manual(an_hour_ahead), ..LedgerOptions::default() };
    let bench = bench_with(ahead).await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let right = process(&bench, Utc::now).await;
    let soon = Utc::now() + TimeDelta::minutes(30);
    let lot = Grant { expires_at: Some(soon), ..Grant::new(alice.clone(), credits("100"), "test") };
    let _ = right
        .execute(support::on_account(&alice, ledger::account::AccountCommand::Grant(lot)))
        .await
        .unwrap();
    let (_, purchase) = queue(&alice, "4");
    let _ = right.execute(purchase).await.unwrap();
    assert_eq!(
        bench.lots(&alice).await,
        "2:96 1:10",
        "the lot that ends in half an hour is spent, not lapsed"
    );
    let breaches = bench.breaches().await;
    assert_eq!(breaches.len(), 3, "{breaches:?}");
    for breach in breaches {
        assert!(breach.starts_with("time: it is dated"), "{breach}");
    }
}

#[tokio::test]
async fn the_time_goes_on_while_the_database_is_not_asked() {
    let bench = bench().await;
    let clock = bench.ledger.clock().clone();
    let (first, began) = (clock.now(), std::time::Instant::now());
    while began.elapsed() < Duration::from_millis(50) {
        tokio::task::yield_now().await;
    }
    assert!(clock.now() - first >= TimeDelta::milliseconds(50));
}
