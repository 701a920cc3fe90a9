//! What the read models tell of cancels that kept something, and of refunds that wait.

use crate::stage::{Stage, credits, user};
use ledger::job::{JobCommand, LateCancel, Price, Status};
use ledger::{JobId, UserId};
use projections::{compare_with_replay, generations, usage};

const CANCEL: JobCommand = JobCommand::CancelByUser { max_kept: None };

async fn submitted(stage: &Stage, user: &UserId, price: Price, terms: &str) -> JobId {
    let late_cancel: LateCancel = terms.parse().unwrap();
    let job = stage.queue_under(user, "sim-video", price, late_cancel).await;
    stage.submit(user, job).await;
    job
}

#[tokio::test]
async fn generations_tell_what_a_cancel_keeps_and_kept_and_usage_counts_it() {
    let stage = Stage::new().await;
    let alice = user("alice");
    stage.grant(&alice, 100).await;
    let (fixed, metered) =
        (Price::Fixed(credits(8)), Price::PerSecond { rate: credits(2), most: credits(10) });
    let running = submitted(&stage, &alice, fixed, "25%").await;
    let cancelled = submitted(&stage, &alice, fixed, "25%").await;
    let held = submitted(&stage, &alice, metered, "50%").await;
    let again = submitted(&stage, &alice, metered, "keep").await;
    stage.catch_up(5_000).await;
    for job in [cancelled, held, again] {
        stage.by_user(&alice, job, CANCEL).await;
    }
    stage.by_user(&alice, again, JobCommand::Rerun).await;
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    for (job, status, charged, kept, cancel_keeps) in [
        (running, Status::Running, 8, 0, 2),
        (cancelled, Status::Cancelled, 2, 2, 0),
        (held, Status::Cancelled, 5, 5, 0),
        (again, Status::Queued, 20, 10, 0),
    ] {
        let shown = generations::get(&**client, alice.account(), job).await.unwrap().unwrap();
        assert_eq!(
            (shown.status, shown.charged, shown.kept, shown.cancel_keeps),
            (status, credits(charged), credits(kept), credits(cancel_keeps))
        );
        let state = ledger::read::job(&**client, alice.account(), job).await.unwrap().unwrap();
        assert_eq!(
            (shown.charged, shown.kept, shown.cancel_keeps, shown.on_hold),
            (state.charged_in_all(), state.kept_in_all(), state.cancel_keeps(), state.on_hold)
        );
    }
    let today = crate::stage::now().date_naive();
    let (from, to) = (today - chrono::Days::new(1), today + chrono::Days::new(1));
    let days = usage::daily(&**client, alice.account(), from, to).await.unwrap();
    let [day] = days.as_slice() else { panic!("{days:?}") };
    let told = (day.usage.credits_spent.to_string(), day.usage.credits_refunded.to_string());
    assert_eq!(told, ("31".into(), "6".into()), "16 debited, 15 captured, 6 given back");
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
}

#[tokio::test]
async fn a_generation_whose_refund_waits_is_shown_as_charged() {
    let stage = Stage::new().await;
    let alice = user("alice");
    stage.grant(&alice, 8).await;
    let job = stage.queue_at(&alice, "sim-video", Price::Fixed(credits(8))).await;
    stage.grant(&alice, 999_999_999_998).await;
    stage.by_user(&alice, job, CANCEL).await;
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    let shown = generations::get(&**client, alice.account(), job).await.unwrap().unwrap();
    assert_eq!((shown.status, shown.charged, shown.kept), (Status::Cancelled, credits(8), credits(0)));
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
}
