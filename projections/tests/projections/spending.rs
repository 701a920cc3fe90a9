//! What was charged, refunded and kept on any days: to the credit what the log says, whatever days are asked for.

use crate::stage::{Stage, credits, failure, now, user, wait};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use ledger::account::AccountEvent;
use ledger::job::{FailureClass, JobCommand, JobEvent, LateCancel, Price};
use ledger::read::{self, AsOf};
use ledger::{Event, JobId, Position, UserId};
use projections::spending::{self, Days};
use projections::usage;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};

const CANCEL: JobCommand = JobCommand::CancelByUser { max_kept: None };

/// Charged, refunded and kept, by the day and the model.
type Sums = BTreeMap<(usize, String), [Decimal; 3]>;

/// Everything that moves the credits of a job, seven hours after each other. Returns the jobs with their models.
async fn busy_week(stage: &Stage, alice: &UserId) -> HashMap<JobId, &'static str> {
    let pause = || wait(TimeDelta::hours(7));
    let terms = |text: &str| -> LateCancel { text.parse().unwrap() };
    let (fixed, metered) =
        (Price::Fixed(credits(8)), Price::PerSecond { rate: credits(2), most: credits(10) });
    stage.grant(alice, 500).await;
    let made = stage.queue(alice, "sim-image").await;
    pause();
    stage.succeed(alice, made).await;
    let refused = stage.queue(alice, "sim-image").await;
    pause();
    stage.fail(alice, refused, failure(FailureClass::Permanent, "content_refused")).await;
    pause();
    stage.by_user(alice, refused, JobCommand::Rerun).await;
    pause();
    stage.succeed(alice, refused).await;
    let late = stage.queue_under(alice, "sim-video", fixed, terms("25%")).await;
    stage.submit(alice, late).await;
    pause();
    stage.by_user(alice, late, CANCEL).await;
    pause();
    let all_kept = stage.queue_under(alice, "sim-video", fixed, terms("keep")).await;
    stage.submit(alice, all_kept).await;
    pause();
    stage.by_user(alice, all_kept, CANCEL).await;
    let held = stage.queue_under(alice, "sim-film", metered, terms("50%")).await;
    stage.submit(alice, held).await;
    pause();
    stage.by_user(alice, held, CANCEL).await;
    pause();
    stage.by_user(alice, held, JobCommand::Rerun).await;
    pause();
    stage.film(alice, held, 3_500).await;
    let given_up = stage.queue(alice, "sim-image-down").await;
    stage.kill(alice, given_up).await;
    pause();
    stage.job(alice, given_up, JobCommand::Discard { run: None, reason: None }).await;
    pause();
    let refund = JobCommand::Refund { amount: Some(credits(1)), reason: "goodwill".into() };
    stage.job(alice, late, refund).await;
    let open = stage.queue_at(alice, "sim-film", metered).await;
    [
        (made, "sim-image"),
        (refused, "sim-image"),
        (late, "sim-video"),
        (all_kept, "sim-video"),
        (held, "sim-film"),
        (given_up, "sim-image-down"),
        (open, "sim-film"),
    ]
    .into()
}

/// Days of this length around everything that happened, the first beginning at this time of the day.
async fn days(stage: &Stage, alice: &UserId, begin: NaiveTime, from_back: i64, length: TimeDelta) -> Days {
    let first = (now() - TimeDelta::days(from_back)).date_naive().and_time(begin).and_utc();
    let mut starts: Vec<DateTime<Utc>> = Vec::new();
    while starts.last().is_none_or(|last| *last + length <= now()) {
        starts.push(starts.last().map_or(first, |last| *last + length));
    }
    let end = *starts.last().unwrap() + length;
    let client = stage.pool.get().await.unwrap();
    let at = async |moment| {
        let found = read::account_at(&**client, alice.account(), AsOf::Before(moment)).await.unwrap();
        found.map_or(Position::START, |found| found.position)
    };
    let (after, until) = (at(starts[0]).await, at(end).await);
    Days { starts, end, after, until }
}

/// The same sums from the events of the account and of its jobs, one by one.
async fn from_the_log(stage: &Stage, alice: &UserId, jobs: &HashMap<JobId, &str>, days: &Days) -> Sums {
    let client = stage.pool.get().await.unwrap();
    let mut sums = Sums::new();
    let mut add = |at: DateTime<Utc>, job: JobId, which: usize, amount: Decimal| {
        if at < days.starts[0] || at >= days.end {
            return;
        }
        let day = days.starts.iter().rposition(|start| *start <= at).unwrap();
        sums.entry((day, jobs[&job].to_owned())).or_default()[which] += amount;
    };
    for recorded in read::account_events(&**client, alice.account(), 0, i64::MAX, 1_000).await.unwrap() {
        let Event::Account(event) = recorded.event else { continue };
        match event {
            AccountEvent::Debited { amount, job_id, .. }
            | AccountEvent::Captured { amount, job_id: Some(job_id), .. } => {
                add(recorded.occurred_at, job_id, 0, amount.get());
            }
            AccountEvent::Refunded { amount, job_id, .. } => {
                add(recorded.occurred_at, job_id, 1, amount.get());
            }
            _ => {}
        }
    }
    for job in jobs.keys() {
        for recorded in read::stream(&**client, alice.account(), (*job).into()).await.unwrap() {
            if let Event::Job(JobEvent::Cancelled { kept: Some(kept), .. }) = recorded.event {
                add(recorded.occurred_at, *job, 2, kept.get());
            }
        }
    }
    sums
}

async fn told(stage: &Stage, alice: &UserId, days: &Days) -> Sums {
    let client = stage.pool.get().await.unwrap();
    let mut sums = Sums::new();
    for row in spending::spent(&**client, alice.account(), days).await.unwrap() {
        let of = sums.entry((row.day, row.model)).or_default();
        of[0] += row.charged;
        of[1] += row.refunded;
    }
    for row in spending::kept(&**client, alice.account(), days).await.unwrap() {
        sums.entry((row.day, row.model)).or_default()[2] += row.kept;
    }
    sums.retain(|_, of| of.iter().any(|sum| !sum.is_zero()));
    sums
}

#[tokio::test]
async fn sums_of_any_days_are_those_of_the_log() {
    let stage = Stage::new().await;
    let alice = user("alice");
    let jobs = busy_week(&stage, &alice).await;
    stage.grant(&user("bob"), 10).await;
    stage.queue(&user("bob"), "sim-image").await;
    stage.catch_up(5_000).await;
    let quarter = NaiveTime::from_hms_opt(18, 15, 0).unwrap();
    for (begin, back, hours) in [
        (NaiveTime::MIN, 9, 24),
        (quarter, 9, 24),
        (quarter, 2, 24),
        (NaiveTime::MIN, 9, 25),
        (quarter, 4, 1),
    ] {
        let days = days(&stage, &alice, begin, back, TimeDelta::hours(hours)).await;
        let expected = from_the_log(&stage, &alice, &jobs, &days).await;
        assert!(!expected.is_empty());
        assert_eq!(told(&stage, &alice, &days).await, expected, "{begin} {back} {hours}");
    }
    let whole = days(&stage, &alice, NaiveTime::MIN, 30, TimeDelta::days(1)).await;
    let sums = told(&stage, &alice, &whole).await;
    let [charged, refunded, kept] =
        sums.values().fold([Decimal::ZERO; 3], |[a, b, c], of| [a + of[0], b + of[1], c + of[2]]);
    let client = stage.pool.get().await.unwrap();
    let (state, _) = read::account(&**client, alice.account()).await.unwrap().unwrap();
    let owned = state.balance.get() + state.held.get();
    assert_eq!(charged - refunded, Decimal::from(500) - owned, "what the account lost to its jobs");
    assert_eq!(kept, Decimal::from(2 + 8 + 5));
}

#[tokio::test]
async fn days_of_utc_are_the_same_in_both_ways() {
    let stage = Stage::new().await;
    let alice = user("alice");
    busy_week(&stage, &alice).await;
    stage.catch_up(5_000).await;
    let days = days(&stage, &alice, NaiveTime::MIN, 9, TimeDelta::days(1)).await;
    let client = stage.pool.get().await.unwrap();
    let (first, last) = (days.starts[0].date_naive(), days.starts.last().unwrap().date_naive());
    let kept_as_sums = usage::daily(&**client, alice.account(), first, last).await.unwrap();
    let kept_as_sums: Vec<_> = kept_as_sums
        .into_iter()
        .map(|row| {
            let sums = row.usage;
            let counts = (sums.generations, sums.succeeded, sums.failed);
            (row.day, row.kind, row.model, counts, sums.credits_spent, sums.credits_refunded)
        })
        .filter(|(.., counts, spent, refunded)| {
            *counts != (0, 0, 0) || !spent.is_zero() || !refunded.is_zero()
        })
        .collect();
    let summed = spending::spent(&**client, alice.account(), &days).await.unwrap();
    let summed: Vec<_> = summed
        .into_iter()
        .map(|row| {
            let counts = (row.generations, row.succeeded, row.failed);
            (days.starts[row.day].date_naive(), row.kind, row.model, counts, row.charged, row.refunded)
        })
        .collect();
    assert_eq!(summed, kept_as_sums);
}
