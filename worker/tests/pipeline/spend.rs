//! The daily cap of a provider: what is beyond it goes elsewhere or waits, without using up attempts.

use crate::rig::{OTHER_PROVIDER, Rig, SCRIPTED, catalogue_with, eventually};
use crate::scripted::Scripted;
use ledger::JobId;
use ledger::job::{Billed, JobEvent, Status};
use rust_decimal::Decimal;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use worker::provider::ProviderFailure;
use worker::{Limits, Offer, Rate, WorkerOptions};

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// What is offered when a picture at the scripted provider costs half a dollar, and so much may be spent there in a day.
pub(crate) fn capped(offer: Offer, model: &str, cap: &str) -> Offer {
    let catalogue = catalogue_with(model, |model| model.routes[0].cost_usd = Some(usd("0.5")));
    Offer { catalogue, daily_caps: [(SCRIPTED.to_owned(), usd(cap))].into(), ..offer }
}

pub(crate) fn options(rig: &Rig, name: &str, offer: watch::Receiver<Arc<Offer>>) -> WorkerOptions {
    let mut options = WorkerOptions { offer, ..rig.options(name) };
    options.timings.cap_again = Duration::from_millis(200);
    options
}

/// What is counted today, and of which caps it was told that they are nearly and wholly reached.
async fn told(rig: &Rig) -> (Decimal, Option<Decimal>, Option<Decimal>) {
    let query = "select usd, warned_cap, reached_cap from provider_spend order by day desc limit 1";
    let row = rig.reader().await.query_one(query, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

async fn last_code(rig: &Rig, id: JobId) -> Option<String> {
    rig.job(id).await.failure.map(|failure| failure.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_bought_than_the_cap_allows_however_many_workers_ask() {
    let rig = Rig::start().await;
    let offer = || capped(rig.offer(), "scripted-image", "2").fixed();
    let workers = ["one", "two"].map(|name| rig.run(options(&rig, name, offer())));
    let jobs = rig.queue("scripted-image", 12).await;
    let settled = async || {
        let mut counts = (0, 0);
        for id in &jobs {
            let job = rig.job(*id).await;
            let waits = job.failure.as_ref().is_some_and(|failure| failure.code == "provider_spend_cap");
            counts.0 += usize::from(job.status == Status::Succeeded);
            counts.1 += usize::from(waits && job.attempts == 0);
        }
        counts == (4, 8)
    };
    eventually("four are made and eight wait without an attempt", settled).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(rig.scripted.submits(), 4);
    assert_eq!(told(&rig).await, (usd("2"), Some(usd("2")), Some(usd("2"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_beyond_the_cap_is_made_at_the_next_provider() {
    let (rig, other) = (Rig::start().await, Scripted::default());
    let offer = capped(rig.offer_with_other(&other), "either-image", "0.5");
    let worker = rig.run(options(&rig, "one", offer.fixed()));
    let mut made_by = Vec::new();
    for _ in 0..2 {
        let id = rig.queue_one("either-image").await;
        rig.until(id, Status::Succeeded).await;
        made_by.extend(rig.job_events(id).await.into_iter().filter_map(|event| match event {
            JobEvent::Succeeded { provider, .. } => provider,
            _ => None,
        }));
    }
    worker.stop().await;
    assert_eq!(made_by, [SCRIPTED, OTHER_PROVIDER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_on_when_the_cap_is_raised() {
    let rig = Rig::start().await;
    let offer = |cap| Arc::new(capped(rig.offer(), "scripted-image", cap));
    let (now, offered) = watch::channel(offer("0.4"));
    let worker = rig.run(options(&rig, "one", offered));
    let id = rig.queue_one("scripted-image").await;
    let waits = async || last_code(&rig, id).await.as_deref() == Some("provider_spend_cap");
    eventually("it waits", waits).await;
    now.send_replace(offer("0.5"));
    let job = rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(job.attempts, 1, "it waited for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cap_refuses_uses_up_no_call_of_the_rate() {
    let rig = Rig::start().await;
    let rate = Rate { count: NonZeroU32::MIN, per: Duration::from_secs(3_600) };
    let limits = Limits { rate: Some(rate), ..Limits::default() };
    let offer = |cap| {
        let limits = [(SCRIPTED.to_owned(), limits)].into();
        Arc::new(Offer { limits, ..capped(rig.offer(), "scripted-image", cap) })
    };
    let (now, offered) = watch::channel(offer("0.4"));
    let worker = rig.run(options(&rig, "one", offered));
    let id = rig.queue_one("scripted-image").await;
    let waits = async || last_code(&rig, id).await.as_deref() == Some("provider_spend_cap");
    eventually("it waits", waits).await;
    now.send_replace(offer("0.5"));
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_yesterday_does_not_count_today() {
    let rig = Rig::start().await;
    let yesterday = format!(
        "insert into provider_spend (provider, day, usd, reached_cap)
        values ('{SCRIPTED}', (now() at time zone 'utc')::date - 1, 0.5, 0.5)"
    );
    rig.owner().await.batch_execute(&yesterday).await.unwrap();
    let worker = rig.run(options(&rig, "one", capped(rig.offer(), "scripted-image", "0.5").fixed()));
    let id = rig.queue_one("scripted-image").await;
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
    assert_eq!(rig.events(id).await, ["job.queued", "job.started", "job.succeeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_any_work_is_not_counted_and_what_may_be_charged_is() {
    let rig = Rig::start().await;
    let script = &rig.scripted.script;
    let refusal = ProviderFailure::permanent("content_refused", "not this one");
    let worker = rig.run(options(&rig, "one", capped(rig.offer(), "scripted-image", "5").fixed()));
    for (billed, counted) in [(Billed::No, "0"), (Billed::Unknown, "0.5"), (Billed::Yes, "1")] {
        *script.refusal.lock().unwrap() = Some(refusal.clone().billed(billed));
        let id = rig.queue_one("scripted-image").await;
        rig.until(id, Status::Failed).await;
        assert_eq!(told(&rig).await.0, usd(counted), "{billed:?}");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_bought_while_nobody_can_tell_what_was_spent() {
    let rig = Rig::start().await;
    let owner = rig.owner().await;
    owner.batch_execute("alter table provider_spend rename to away").await.unwrap();
    let worker = rig.run(options(&rig, "one", capped(rig.offer(), "scripted-image", "5").fixed()));
    let id = rig.queue_one("scripted-image").await;
    let waits = async || last_code(&rig, id).await.as_deref() == Some("provider_spend_unknown");
    eventually("it waits", waits).await;
    assert_eq!(rig.scripted.submits(), 0);
    owner.batch_execute("alter table away rename to provider_spend").await.unwrap();
    rig.until(id, Status::Succeeded).await;
    worker.stop().await;
}
