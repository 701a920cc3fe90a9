//! What a job did to its account is found beside the job's own events, wherever in the log they are.

use crate::support::{self, Bench, bench, by_user, credits, fail, queue, start, succeed, user};
use ledger::job::{FailureClass, JobCommand, Price};
use ledger::read::{self, EventFilter};
use ledger::{Action, Command, JobId, NewJob, Position, UserId};

/// The versions of the account's events about a job: by the way that is tested, and by reading the whole account.
async fn both_ways(bench: &Bench, user: &UserId, job: JobId) -> (Vec<i64>, Vec<i64>) {
    let client = bench.database.connect(ledger::Role::Reader).await.unwrap();
    let account = user.account();
    let life = read::stream(&client, account, job.into()).await.unwrap();
    let found = read::job_credits(&client, account, job, &life).await.unwrap();
    let filter = EventFilter { account: Some(account), job: Some(job), ..EventFilter::default() };
    let all = read::events(&client, &filter, Position::START, 1_000).await.unwrap();
    let of_account = all.iter().filter(|event| event.stream_id == account.into());
    let mut expected: Vec<i64> = of_account.map(|event| event.version).collect();
    expected.sort_unstable();
    (found.iter().map(|event| event.version).collect(), expected)
}

#[tokio::test]
async fn every_movement_of_a_job_is_found_and_none_of_another() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "1000").await;
    let metered = Price::PerSecond { rate: credits("2"), most: credits("10") };
    let mut jobs = Vec::new();
    for price in [Price::Fixed(credits("8")), metered] {
        let (job, command) = support::queue_under(&alice, price, "25%".parse().unwrap());
        let _ = bench.ledger.execute(command).await.unwrap();
        jobs.push(job);
        // Kept in part, bought again, failed and refunded, bought again and made.
        let fencing = bench.started(&alice, job).await;
        bench.job(&alice, job, support::submit(fencing)).await.unwrap();
        let cancel = by_user(&alice, job, JobCommand::CancelByUser { max_kept: None });
        let _ = bench.ledger.execute(cancel).await.unwrap();
        bench.queued(&alice, "1").await;
        bench.job(&alice, job, JobCommand::Rerun).await.unwrap();
        let fencing = bench.started(&alice, job).await;
        bench.job(&alice, job, fail(fencing, FailureClass::Permanent)).await.unwrap();
        bench.job(&alice, job, JobCommand::Rerun).await.unwrap();
        let fencing = bench.started(&alice, job).await;
        bench.job(&alice, job, succeed(fencing, Some(1_500))).await.unwrap();
        bench.job(&alice, job, support::refund(None)).await.unwrap();
    }
    for (job, count) in jobs.into_iter().zip([7, 8]) {
        let (found, expected) = both_ways(&bench, &alice, job).await;
        assert_eq!((&found, found.len()), (&expected, count));
    }
}

/// A hundred purchases are one INSERT: of each, its debit lies up to a hundred events before its job.
#[tokio::test]
async fn of_many_jobs_bought_at_once_each_finds_its_own() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "1000").await;
    let price = Price::Fixed(credits("2"));
    let jobs: Vec<NewJob> = (0..100)
        .map(|_| NewJob {
            job_id: JobId::generate(),
            request: support::request("a lighthouse"),
            price,
            late_cancel: ledger::job::LateCancel::REFUND,
        })
        .collect();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.job_id).collect();
    let (_, command) = queue(&alice, "2");
    let _ = bench.ledger.execute(Command { action: Action::Queue { jobs }, ..command }).await.unwrap();
    for id in [ids[0], ids[57], ids[99]] {
        let (found, expected) = both_ways(&bench, &alice, id).await;
        assert_eq!((&found, found.len()), (&expected, 1));
    }
}

#[tokio::test]
async fn what_moved_nothing_asks_for_nothing() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let job = bench.queued(&alice, "2").await;
    bench.job(&alice, job, start()).await.unwrap();
    let client = bench.database.connect(ledger::Role::Reader).await.unwrap();
    let life = read::stream(&client, alice.account(), job.into()).await.unwrap();
    let of_start = read::job_credits(&client, alice.account(), job, &life[1..]).await.unwrap();
    assert_eq!(of_start, Vec::new());
    let (found, expected) = both_ways(&bench, &alice, job).await;
    assert_eq!((&found, found.len()), (&expected, 1));
}
