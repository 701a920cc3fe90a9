//! What one command leaves in the log.

use crate::support;

use ledger::job::{FailureClass, JobCommand, Status};
use ledger::{Credits, Refusal};
use support::{bench, credits, fail, grant, queue, start, user};

#[tokio::test]
async fn a_generation_debits_and_queues_in_one_transaction() {
    let bench = bench().await;
    let alice = user("alice");
    let granted = bench.grant(&alice, "100").await;
    let (job_id, command) = queue(&alice, "4");
    let queued = bench.ledger.execute(command).await.unwrap();

    assert_eq!(queued.account.unwrap().balance, credits("96"));
    assert_eq!(queued.jobs[0].0, job_id);
    assert_eq!(queued.jobs[0].1.status, Status::Queued);
    assert!(queued.position > granted.position);
    let rows = bench
        .owner()
        .await
        .query("select type, version, xmin::text, amount::text, balance_after::text from events order by position", &[])
        .await
        .unwrap();
    let seen: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [("credits.granted", 1), ("credits.debited", 2), ("job.queued", 1)];
    assert_eq!(seen, expected.map(|(name, version)| (name.to_owned(), version)));
    assert_eq!(rows[1].get::<_, &str>(2), rows[2].get::<_, &str>(2), "debit and job share a transaction");
    assert_eq!(rows[1].get::<_, &str>(3), "-4");
    assert_eq!(rows[1].get::<_, &str>(4), "96");
}

#[tokio::test]
async fn the_chain_is_what_plain_sql_computes() {
    let bench = bench().await;
    let zoe = user("zoë — 测试");
    bench.grant(&zoe, "12.345678").await;
    let job = bench.queued(&zoe, "0.000001").await;
    let fencing = bench.started(&zoe, job).await;
    bench.job(&zoe, job, fail(fencing, FailureClass::Permanent)).await.unwrap();
    assert_eq!(bench.count("hash = event_hash(events)").await, 6);
    assert_eq!(bench.count("hash <> event_hash(events)").await, 0);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refusal_writes_nothing() {
    let bench = bench().await;
    let bob = user("bob");
    bench.grant(&bob, "3").await;
    let (_, command) = queue(&bob, "3.000001");
    let refused = support::refusal(bench.ledger.execute(command).await).unwrap_err();
    assert_eq!(
        refused,
        Refusal::CreditsInsufficient { needed: credits("3.000001"), available: credits("3") }
    );
    assert_eq!(bench.count("true").await, 1);
    assert_eq!(
        support::refusal(bench.ledger.execute(grant(&bob, "0")).await).unwrap_err(),
        Refusal::AmountZero
    );
}

#[tokio::test]
async fn a_batch_of_jobs_is_all_or_nothing() {
    let bench = bench().await;
    let carol = user("carol");
    bench.grant(&carol, "10").await;
    let (_, mut command) = queue(&carol, "4");
    let (_, second) = queue(&carol, "4");
    let (_, third) = queue(&carol, "4");
    for other in [second, third] {
        if let (ledger::Action::Queue { jobs }, ledger::Action::Queue { jobs: more }) =
            (&mut command.action, other.action)
        {
            jobs.extend(more);
        }
    }
    let refused = support::refusal(bench.ledger.execute(command).await).unwrap_err();
    assert_eq!(refused, Refusal::CreditsInsufficient { needed: credits("4"), available: credits("2") });
    assert_eq!(bench.count("true").await, 1, "only the grant is there");
    assert_eq!(bench.balance(&carol).await, credits("10"));
}

#[tokio::test]
async fn a_refund_is_written_once_whatever_races() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let dora = user("dora");
    bench.grant(&dora, "100").await;
    for _ in 0..20 {
        let job = bench.queued(&dora, "5").await;
        let fencing = bench.started(&dora, job).await;
        let cancel = support::on_job(&dora, job, JobCommand::Cancel);
        let failed = support::on_job(&dora, job, fail(fencing, FailureClass::Permanent));
        let (one, two) = tokio::join!(bench.ledger.execute(cancel), other.execute(failed));
        let accepted =
            [support::refusal(one), support::refusal(two)].into_iter().filter(Result::is_ok).count();
        assert_eq!(accepted, 1, "either it was cancelled or it failed");
    }
    assert_eq!(bench.balance(&dora).await, credits("100"));
    assert_eq!(bench.count("type = 'credits.refunded'").await, 20);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_dead_job_keeps_its_price_until_it_is_discarded() {
    let bench = bench().await;
    let eve = user("eve");
    bench.grant(&eve, "10").await;
    let job = bench.queued(&eve, "4").await;
    for attempt in 1..=3 {
        let fencing = bench.started(&eve, job).await;
        let outcome = bench.job(&eve, job, fail(fencing, FailureClass::Transient)).await.unwrap();
        let expected = if attempt < 3 { Status::Queued } else { Status::Dead };
        assert_eq!(outcome.jobs[0].1.status, expected, "attempt {attempt}");
    }
    assert_eq!(bench.balance(&eve).await, credits("6"));
    let retried = bench.job(&eve, job, JobCommand::Retry { run: None, reason: None }).await.unwrap();
    assert_eq!((retried.jobs[0].1.run, retried.jobs[0].1.status), (2, Status::Queued));
    assert_eq!(bench.balance(&eve).await, credits("6"), "a retry is free");
    for _ in 1..=3 {
        let fencing = bench.started(&eve, job).await;
        bench.job(&eve, job, fail(fencing, FailureClass::Transient)).await.unwrap();
    }
    bench.job(&eve, job, JobCommand::Discard { run: None, reason: None }).await.unwrap();
    assert_eq!(bench.balance(&eve).await, credits("10"));
    let again = bench.job(&eve, job, JobCommand::Discard { run: None, reason: None }).await.unwrap();
    assert_eq!(again.position, None, "discarding twice writes nothing");
    assert_eq!(bench.balance(&eve).await, credits("10"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refunded_job_is_debited_again_when_its_user_reruns_it() {
    let bench = bench().await;
    let finn = user("finn");
    bench.grant(&finn, "4").await;
    let job = bench.queued(&finn, "4").await;
    let fencing = bench.started(&finn, job).await;
    bench.job(&finn, job, fail(fencing, FailureClass::Permanent)).await.unwrap();
    assert_eq!(bench.balance(&finn).await, credits("4"));
    bench.job(&finn, job, JobCommand::Rerun).await.unwrap();
    assert_eq!(bench.balance(&finn).await, Credits::ZERO);
    let fencing = bench.started(&finn, job).await;
    let done = support::succeed(fencing, None);
    let done = bench.job(&finn, job, done).await.unwrap();
    assert_eq!(done.jobs[0].1.status, Status::Succeeded);
    let refused = bench.job(&finn, job, JobCommand::Rerun).await.unwrap_err();
    assert_eq!(refused.code(), "job_status");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_job_of_another_account_does_not_exist() {
    let bench = bench().await;
    let (owner, stranger) = (user("owner"), user("stranger"));
    bench.grant(&owner, "10").await;
    bench.grant(&stranger, "10").await;
    let job = bench.queued(&owner, "4").await;
    assert_eq!(bench.job(&stranger, job, JobCommand::Cancel).await.unwrap_err(), Refusal::JobUnknown);
    assert_eq!(bench.job(&stranger, job, start()).await.unwrap_err(), Refusal::JobUnknown);
}

#[tokio::test]
async fn the_log_refuses_to_be_changed() {
    let bench = bench().await;
    bench.grant(&user("gil"), "10").await;
    let owner = bench.owner().await;
    for statement in ["update events set amount = 1000", "delete from events", "truncate events"] {
        let error = owner.batch_execute(statement).await.unwrap_err();
        assert!(error.as_db_error().unwrap().message().contains("append-only"), "{statement}");
    }
    let appender = bench.database.connect(ledger::Role::Appender).await.unwrap();
    for statement in ["update events set amount = 1000", "delete from events", "create table x (y int)"] {
        let error = appender.batch_execute(statement).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{statement}");
    }
    assert_eq!(bench.count("amount = 10").await, 1);
}
