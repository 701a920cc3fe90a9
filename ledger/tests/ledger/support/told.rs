//! A log with every kind of event in it, for the tests that look at a whole log or tamper with it.

use super::clock::{options, second, until};
use super::{Bench, adjust, bench_with, capture, credits, fail, hold, queue_at, refund, succeed, user, void};
use ledger::account::{AccountCommand, Grant, Priority};
use ledger::job::{FailureClass, JobCommand, Price};
use ledger::{JobId, UserId};

/// Every event that there is.
pub(crate) const ALL_EVENTS: [&str; 20] = [
    "credits.adjusted",
    "credits.captured",
    "credits.debited",
    "credits.expired",
    "credits.granted",
    "credits.held",
    "credits.refunded",
    "credits.released",
    "credits.voided",
    "job.attempt_failed",
    "job.cancelled",
    "job.dead_lettered",
    "job.discarded",
    "job.failed",
    "job.queued",
    "job.refunded",
    "job.retried",
    "job.started",
    "job.submitted",
    "job.succeeded",
];

/// Alice has 98 credits and one lot, Bob 5, and to Carol everything happened.
pub(crate) async fn told() -> Bench {
    until(0);
    let bench = bench_with(options()).await;
    let (alice, carol) = (user("alice"), user("carol"));
    bench.grant(&alice, "100").await;
    let failed = bench.queued(&alice, "4").await;
    let fencing = bench.started(&alice, failed).await;
    bench.job(&alice, failed, fail(fencing, FailureClass::Permanent)).await.unwrap();
    let cancelled = bench.queued(&alice, "3").await;
    bench.job(&alice, cancelled, JobCommand::Cancel).await.unwrap();
    let running = bench.queued(&alice, "2").await;
    bench.started(&alice, running).await;
    bench.grant(&user("bob"), "5").await;
    lots_and_holds(&bench, &carol).await;
    jobs(&bench, &carol).await;
    assert_eq!(bench.balance(&alice).await, credits("98"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
    bench
}

/// Two lots of which one lapses, holds that end in every way, adjustments, and a void.
async fn lots_and_holds(bench: &Bench, user: &UserId) {
    let soon = Grant { expires_at: Some(second(100)), ..Grant::new(user.clone(), credits("10"), "soon") };
    let first = Priority::try_from(20).unwrap();
    bench.lot(soon).await;
    let bought =
        bench.lot(Grant { priority: first, ..Grant::new(user.clone(), credits("4"), "bought") }).await;
    bench.grant(user, "90").await;
    let held = bench.hold(user, "6").await;
    bench.ask(user, capture(held, "2.5")).await.unwrap();
    let held = bench.hold(user, "3").await;
    bench.ask(user, AccountCommand::Release { hold: held }).await.unwrap();
    bench.ask(user, void(bought)).await.unwrap();
    bench.ask(user, adjust(user, "-5", false)).await.unwrap();
    bench.ask(user, adjust(user, "1", false)).await.unwrap();
    let AccountCommand::Hold { amount, reason, .. } = hold("5") else { unreachable!() };
    bench.ask(user, AccountCommand::Hold { amount, reason, expires_at: Some(second(50)) }).await.unwrap();
    bench.hold(user, "1").await;
    until(200);
    bench.queued(user, "7").await;
}

/// Jobs of both prices that end in every way, and refunds of a part.
async fn jobs(bench: &Bench, user: &UserId) {
    let made = bench.queued(user, "6").await;
    let fencing = bench.started(user, made).await;
    bench.job(user, made, succeed(fencing, None)).await.unwrap();
    bench.job(user, made, refund(Some("2"))).await.unwrap();

    let clip = clip(bench, user).await;
    let fencing = bench.started(user, clip).await;
    let task =
        JobCommand::Submit { fencing, provider_task_id: "task".into(), deadline_seconds: 60, provider: None };
    bench.job(user, clip, task).await.unwrap();
    bench.job(user, clip, succeed(fencing, Some(2_500))).await.unwrap();
    bench.job(user, clip, refund(Some("0.5"))).await.unwrap();

    let dropped = self::clip(bench, user).await;
    bench.job(user, dropped, JobCommand::Cancel).await.unwrap();
    bench.job(user, dropped, JobCommand::Rerun).await.unwrap();

    let dead = bench.queued(user, "3").await;
    bench.job(user, dead, refund(Some("1"))).await.unwrap();
    for _ in 0..3 {
        let fencing = bench.started(user, dead).await;
        bench.job(user, dead, fail(fencing, FailureClass::Transient)).await.unwrap();
    }
    bench.job(user, dead, JobCommand::Discard { run: None, reason: None }).await.unwrap();
}

/// A clip of 2 credits a second that may cost up to 10.
async fn clip(bench: &Bench, user: &UserId) -> JobId {
    let (job, command) = queue_at(user, Price::PerSecond { rate: credits("2"), most: credits("10") });
    bench.ledger.execute(command).await.unwrap();
    job
}

/// Changes the log as only the owner of the database can, past its triggers and constraints.
pub(crate) async fn tamper(bench: &Bench, statement: &str) {
    let owner = bench.owner().await;
    let script = "set session_replication_role = replica;
         alter table events drop constraint if exists events_balance_not_negative;";
    owner.batch_execute(script).await.unwrap();
    let changed = owner.execute(statement, &[]).await.unwrap();
    assert!(changed > 0, "nothing to tamper with: {statement}");
}
