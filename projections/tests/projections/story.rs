//! One story that takes every turn a job and an account can take, and what each read model tells of it.

use crate::stage::{Stage, credits, failure, output, request, user};
use ledger::job::{FailureClass, JobCommand, Kind, Status};
use ledger::{AccountId, JobId, Position, UserId};
use projections::generation_list::{self, Filter};
use projections::{balances, dead_letters, generations, history, overview, pending, usage};
use rust_decimal::Decimal;
use std::time::Duration;

/// The jobs of the story, each named after its end.
pub(crate) struct Story {
    pub alice: UserId,
    pub bob: UserId,
    pub succeeded: JobId,
    pub refused: JobId,
    pub cancelled: JobId,
    pub dead: JobId,
    pub discarded: JobId,
    pub revived: JobId,
    pub rerun: JobId,
    pub queued: JobId,
    pub backed_off: JobId,
    pub video: JobId,
}

impl Story {
    pub(crate) async fn tell(stage: &Stage) -> Story {
        let (alice, bob) = (user("alice"), user("bob"));
        stage.grant(&alice, 100).await;
        stage.grant(&bob, 50).await;
        stage.adjust(&bob, "-0.5", false).await;
        let queue = async |model| stage.queue(&alice, model).await;
        let story = Story {
            succeeded: queue("sim-image").await,
            refused: queue("sim-image").await,
            cancelled: queue("sim-image").await,
            dead: queue("sim-image-down").await,
            discarded: queue("sim-image-down").await,
            revived: queue("sim-image-down").await,
            rerun: queue("sim-image").await,
            queued: queue("sim-image").await,
            backed_off: queue("sim-image").await,
            video: stage.queue(&bob, "sim-video").await,
            alice,
            bob,
        };
        story.run(stage).await;
        story
    }

    async fn run(&self, stage: &Stage) {
        let alice = &self.alice;
        stage.succeed(alice, self.succeeded).await;
        stage.fail(alice, self.refused, failure(FailureClass::Permanent, "content_refused")).await;
        stage.job(alice, self.cancelled, JobCommand::Cancel).await;
        stage.kill(alice, self.dead).await;
        stage.kill(alice, self.discarded).await;
        stage.job(alice, self.discarded, JobCommand::Discard { run: None, reason: None }).await;
        stage.kill(alice, self.revived).await;
        stage.job(alice, self.revived, JobCommand::Retry { run: None, reason: None }).await;
        stage.succeed(alice, self.revived).await;
        stage.fail(alice, self.rerun, failure(FailureClass::Permanent, "content_refused")).await;
        stage.job(alice, self.rerun, JobCommand::Rerun).await;
        stage.fail(alice, self.backed_off, failure(FailureClass::Throttled, "slow_down")).await;
        let fencing = stage.start(&self.bob, self.video).await;
        let submit = JobCommand::Submit {
            fencing,
            provider_task_id: "task-7".into(),
            deadline_seconds: 600,
            provider: None,
        };
        stage.job(&self.bob, self.video, submit).await;
    }
}

async fn told() -> (Stage, Story) {
    let stage = Stage::new().await;
    let story = Story::tell(&stage).await;
    stage.catch_up(5_000).await;
    (stage, story)
}

/// Alice paid for nine jobs, had four of those runs refunded, and paid for one of them again.
const ALICE_HAS: u64 = 100 - 9 * 4 + 4 * 4 - 4;

#[tokio::test]
async fn balances_list_accounts_by_user() {
    let (stage, story) = told().await;
    let client = stage.pool.get().await.unwrap();
    let all = balances::list(&**client, None, None, 10).await.unwrap();
    let shown: Vec<_> = all.iter().map(|account| (account.user.clone().unwrap(), account.balance)).collect();
    let bob_has = "45.5".parse().unwrap();
    assert_eq!(shown, [(story.alice.clone(), credits(ALICE_HAS)), (story.bob.clone(), bob_has)]);

    let found = async |search, after| -> Vec<String> {
        let found = balances::list(&**client, search, after, 10).await.unwrap();
        found.iter().map(|account| account.user.as_ref().unwrap().to_string()).collect()
    };
    assert_eq!(found(Some("al"), None).await, ["alice"]);
    assert_eq!(found(None, Some("alice")).await, ["bob"]);
    assert_eq!(found(Some("alice"), Some("alice")).await, [""; 0]);
    assert_eq!(found(Some("%"), None).await, [""; 0], "a search is a prefix, not a pattern");

    let current = ledger::read::account(&**client, story.alice.account()).await.unwrap().unwrap();
    let one = balances::get(&**client, story.alice.account()).await.unwrap().unwrap();
    assert_eq!((one.balance, one.version), (current.0.balance, current.1));
    assert_eq!(balances::get(&**client, user("nobody").account()).await.unwrap(), None);
}

#[tokio::test]
async fn history_tells_every_change_newest_first() {
    let (stage, story) = told().await;
    let client = stage.pool.get().await.unwrap();
    let account = story.alice.account();
    let all = history::list(&**client, account, None, None, 100).await.unwrap();
    assert_eq!(all.len(), 1 + 9 + 4 + 1);
    assert!(all.is_sorted_by(|newer, older| newer.position > older.position));
    assert_eq!(all[0].balance_after, credits(ALICE_HAS));
    for pair in all.windows(2) {
        assert_eq!(pair[1].balance_after.get() + pair[0].amount.get(), pair[0].balance_after.get());
    }
    let first = all.last().unwrap();
    assert_eq!((first.kind.as_str(), first.reason.as_deref()), ("credits.granted", Some("welcome")));
    assert_eq!((first.actor.as_str(), first.job_id), ("admin:ada", None));

    let refunds = history::list(&**client, account, Some("credits.refunded"), None, 100).await.unwrap();
    let told: Vec<_> = refunds.iter().rev().map(|entry| (entry.job_id, entry.reason.as_deref())).collect();
    assert_eq!(
        told,
        [
            (Some(story.refused), Some("failed")),
            (Some(story.cancelled), Some("cancelled")),
            (Some(story.discarded), Some("discarded")),
            (Some(story.rerun), Some("failed")),
        ]
    );
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = history::list(&**client, account, None, before, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.position);
        paged.extend(page);
    }
    assert_eq!(paged, all, "pages follow each other without gap or repeat");
}

#[tokio::test]
async fn generations_show_every_job_as_the_log_has_it() {
    let (stage, story) = told().await;
    let client = stage.pool.get().await.unwrap();
    let account = story.alice.account();
    let found = generation_list::list(&**client, account, &Filter::default(), None, 100).await.unwrap();
    let all = found.generations;
    assert_eq!((all.len(), found.cut), (9, None));
    for shown in &all {
        let state = ledger::read::job(&**client, account, shown.id).await.unwrap().unwrap();
        assert_eq!(
            (&shown.request, shown.status, shown.cost, shown.charged, shown.run, shown.attempts),
            (&*state.request, state.status, state.cost, state.charged, state.run, state.attempts)
        );
        assert_eq!((&shown.failure, &shown.outputs), (&state.failure, &state.outputs));
        assert_eq!((shown.created_at, shown.finished_at), (state.created_at, state.finished_at));
        assert_eq!(shown.user.as_ref(), Some(&story.alice));
    }
    let status = |id| all.iter().find(|shown| shown.id == id).unwrap().status;
    assert_eq!(status(story.succeeded), Status::Succeeded);
    assert_eq!(status(story.dead), Status::Dead);
    assert_eq!(status(story.backed_off), Status::Queued);
    let mine = generations::get(&**client, account, story.video).await.unwrap();
    assert_eq!(mine, None, "another user's job answers as a missing one does");
    let shown = generations::get(&**client, account, story.succeeded).await.unwrap().unwrap();
    assert_eq!((shown.outputs, shown.request), (vec![output()], request("sim-image")));
    let owner = generations::find_account(&**client, story.video).await.unwrap();
    assert_eq!(owner, Some(story.bob.account()));
}

#[tokio::test]
async fn changes_are_resumed_after_a_position() {
    let (stage, story) = told().await;
    let client = stage.pool.get().await.unwrap();
    let account = story.alice.account();
    let all = generations::changed_since(&**client, account, Position::START, 100).await.unwrap();
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted_by_key(|shown| shown.last_position));
    let rest = generations::changed_since(&**client, account, all[6].last_position, 100).await.unwrap();
    assert_eq!(rest, all[7..]);
}

#[tokio::test]
async fn pending_tasks_are_what_waits_or_runs() {
    let (stage, story) = told().await;
    let client = stage.pool.get().await.unwrap();
    assert_eq!(stage.number("select count(*) from pending_tasks").await, 4);
    let submitted = pending::submitted(&**client, Position::START, 10).await.unwrap();
    assert_eq!(submitted.len(), 1);
    let video = &submitted[0];
    assert_eq!((video.job_id, video.account_id), (story.video, story.bob.account()));
    assert_eq!((video.status, video.provider_task_id.as_deref()), (Status::Running, Some("task-7")));
    assert_eq!((video.fencing, video.kind), (Some(2), Kind::Video));
    let after = pending::submitted(&**client, video.last_position, 10).await.unwrap();
    assert_eq!(after, []);

    let lanes = pending::lanes(&**client, None, 10).await.unwrap();
    assert!(!lanes.is_empty() && lanes.is_sorted());
    let mut one_by_one = Vec::new();
    while let Some(lane) = pending::lanes(&**client, one_by_one.last(), 1).await.unwrap().pop() {
        one_by_one.push(lane);
    }
    assert_eq!(one_by_one, lanes, "each once, in order");
    let ids = |mut tasks: Vec<pending::PendingTask>| {
        tasks.sort_by_key(|task| task.due_at);
        tasks.iter().map(|task| task.job_id).collect::<Vec<JobId>>()
    };
    let waiting = pending::fronts(&**client, &lanes, 10).await.unwrap();
    let rerun = waiting.iter().find(|task| task.job_id == story.rerun).unwrap();
    assert_eq!((rerun.run, rerun.attempts), (2, 0));
    assert_eq!(ids(waiting), [story.queued, story.rerun, story.backed_off]);
    let soon = "update pending_tasks set due_at = now() + interval '1 minute' where job_id = $1";
    stage.owner().await.execute(soon, &[&story.backed_off.0]).await.unwrap();
    let due = pending::fronts(&**client, &lanes, 10).await.unwrap();
    assert_eq!(ids(due), [story.queued, story.rerun]);
    assert_eq!(pending::coming(&**client, Duration::from_secs(10), 10).await.unwrap(), []);
    let coming = pending::coming(&**client, Duration::from_secs(3600), 10).await.unwrap();
    assert_eq!(ids(coming), [story.backed_off]);
    assert_eq!(pending::lapsed(&**client, 10).await.unwrap(), []);
    let lapse = "update pending_tasks set lease_until = now() - interval '1 second' where status = 'running'";
    stage.owner().await.batch_execute(lapse).await.unwrap();
    let lapsed = pending::lapsed(&**client, 10).await.unwrap();
    assert_eq!(lapsed.iter().map(|task| task.job_id).collect::<Vec<_>>(), [story.video]);
    let counts = pending::counts(&**client).await.unwrap();
    assert_eq!(counts, pending::Counts { queued: 3, running: 1 });
}

#[tokio::test]
async fn dead_letters_are_what_an_operator_must_decide() {
    let (stage, story) = told().await;
    let client = stage.pool.get().await.unwrap();
    let any = dead_letters::Filter::default;
    let newest = dead_letters::Order::Newest;
    let all = dead_letters::list(&**client, &any(), newest, None, 10).await.unwrap().jobs;
    assert_eq!(all.len(), 1, "the discarded and the revived one have gone");
    let letter = &all[0];
    assert_eq!((letter.job_id, letter.user.as_ref()), (story.dead, Some(&story.alice)));
    assert_eq!((letter.charged, letter.attempts, letter.run), (credits(4), 2, 1));
    assert_eq!(letter.failure, failure(FailureClass::Transient, "provider_down"));
    assert_eq!(dead_letters::get(&**client, story.dead).await.unwrap().as_ref(), Some(letter));
    assert_eq!(dead_letters::get(&**client, story.revived).await.unwrap(), None);

    let hour = chrono::TimeDelta::hours(1);
    for (filter, matches) in [
        (dead_letters::Filter { user: Some(story.alice.clone()), ..any() }, true),
        (dead_letters::Filter { user: Some(story.bob.clone()), ..any() }, false),
        (dead_letters::Filter { kind: Some(Kind::Image), ..any() }, true),
        (dead_letters::Filter { kind: Some(Kind::Video), ..any() }, false),
        (dead_letters::Filter { model: Some("sim-image-down".into()), ..any() }, true),
        (dead_letters::Filter { model: Some("sim-image".into()), ..any() }, false),
        (dead_letters::Filter { class: Some(FailureClass::Transient), ..any() }, true),
        (dead_letters::Filter { class: Some(FailureClass::Permanent), ..any() }, false),
        (dead_letters::Filter { code: Some("provider_down".into()), ..any() }, true),
        (dead_letters::Filter { code: Some("provider".into()), ..any() }, false),
        (dead_letters::Filter { incident: letter.incident.clone(), ..any() }, true),
        (dead_letters::Filter { incident: Some("1-0".into()), ..any() }, false),
        (dead_letters::Filter { provider: Some("acme".into()), ..any() }, false),
        (dead_letters::Filter { user_part: Some("lic".into()), ..any() }, true),
        (dead_letters::Filter { user_part: Some("LIC".into()), ..any() }, false),
        (dead_letters::Filter { text: Some("DID NOT".into()), ..any() }, true),
        (dead_letters::Filter { text: Some("Fox in".into()), ..any() }, true),
        (dead_letters::Filter { text: Some("%".into()), ..any() }, false),
        (dead_letters::Filter { min_attempts: Some(2), ..any() }, true),
        (dead_letters::Filter { min_attempts: Some(3), ..any() }, false),
        (dead_letters::Filter { min_charged: Some(credits(4)), ..any() }, true),
        (dead_letters::Filter { min_charged: Some(credits(5)), ..any() }, false),
        (dead_letters::Filter { since: Some(letter.died_at), ..any() }, true),
        (dead_letters::Filter { until: Some(letter.died_at), ..any() }, false),
        (dead_letters::Filter { until: Some(letter.died_at + hour), ..any() }, true),
        (dead_letters::Filter { older_than: Some(Duration::ZERO), ..any() }, true),
        (dead_letters::Filter { older_than: Some(Duration::from_secs(3600)), ..any() }, false),
        (dead_letters::Filter { older_than: Some(Duration::MAX), ..any() }, false),
    ] {
        let found = dead_letters::list(&**client, &filter, newest, None, 10).await.unwrap();
        assert_eq!(!found.jobs.is_empty(), matches, "{filter:?}");
        let tally = dead_letters::count(&**client, &filter).await.unwrap();
        assert_eq!((tally.jobs, tally.people), (u64::from(matches), u64::from(matches)), "{filter:?}");
        assert_eq!(tally.charged, Decimal::from(4 * u8::from(matches)), "{filter:?}");
    }
}

#[tokio::test]
async fn dead_letters_are_grouped_by_cause_and_paged() {
    let (stage, story) = told().await;
    for model in ["sim-image-down", "sim-video-down", "sim-image-down"] {
        let job = stage.queue(&story.alice, model).await;
        stage.kill(&story.alice, job).await;
    }
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    let any = dead_letters::Filter::default();
    let groups = dead_letters::groups(&**client, &any).await.unwrap();
    let told: Vec<_> =
        groups.iter().map(|group| (group.code.as_str(), group.model.as_str(), group.jobs)).collect();
    assert_eq!(told, [("provider_down", "sim-image-down", 3), ("provider_down", "sim-video-down", 1)]);
    assert_eq!(groups[0].charged, Decimal::from(12));

    let mut latest = None;
    for order in dead_letters::Order::ALL {
        let all = dead_letters::list(&**client, &any, order, None, 10).await.unwrap().jobs;
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = dead_letters::list(&**client, &any, order, after, 1).await.unwrap();
            after = page.next();
            if after.is_none() {
                break;
            }
            paged.extend(page.jobs);
        }
        assert_eq!((&paged, paged.len()), (&all, 4), "{order:?}");
        latest = latest.or(all.first().map(|job| job.died_at));
    }
    assert_eq!(Some(groups[0].latest), latest);
}

async fn usage_of(stage: &Stage, account: AccountId) -> Vec<usage::UsageDay> {
    let client = stage.pool.get().await.unwrap();
    let today = chrono::Utc::now().date_naive();
    // The story may have passed midnight.
    usage::daily(&**client, account, today.pred_opt().unwrap(), today).await.unwrap()
}

#[tokio::test]
async fn usage_adds_up_to_what_the_account_paid() {
    let (stage, story) = told().await;
    let days = usage_of(&stage, story.alice.account()).await;
    let mut images = usage::Usage::default();
    days.iter().filter(|day| day.model == "sim-image").for_each(|day| images.add(&day.usage));
    let expected = usage::Usage {
        generations: 6,
        succeeded: 1,
        failed: 2,
        dead_lettered: 0,
        cancelled: 1,
        discarded: 0,
        credits_spent: Decimal::from(28),
        credits_refunded: Decimal::from(12),
    };
    assert_eq!(images, expected);
    let mut down = usage::Usage::default();
    days.iter().filter(|day| day.model == "sim-image-down").for_each(|day| down.add(&day.usage));
    assert_eq!((down.generations, down.dead_lettered, down.discarded, down.succeeded), (3, 3, 1, 1));
    let net: Decimal = days.iter().map(|day| day.usage.credits_spent - day.usage.credits_refunded).sum();
    assert_eq!(net, Decimal::from(100 - ALICE_HAS));
    assert_eq!(usage_of(&stage, user("nobody").account()).await, []);
}

#[tokio::test]
async fn the_overview_counts_the_whole_system() {
    let (stage, _) = told().await;
    let client = stage.pool.get().await.unwrap();
    let overview = overview::get(&**client).await.unwrap();
    assert_eq!(overview.accounts, 2);
    let outstanding = Decimal::from(ALICE_HAS) + Decimal::new(455, 1);
    assert_eq!(overview.credits_outstanding, outstanding);
    assert_eq!(overview.credits_granted, Decimal::from(150));
    assert_eq!(overview.credits_debited - overview.credits_refunded, Decimal::new(1495, 1) - outstanding);
    let jobs = [
        (Status::Queued, 3),
        (Status::Running, 1),
        (Status::Succeeded, 2),
        (Status::Failed, 1),
        (Status::Dead, 1),
        (Status::Cancelled, 1),
        (Status::Discarded, 1),
    ];
    assert_eq!(overview.jobs, jobs.into_iter().collect());
    assert_eq!((overview.parked_streams, overview.applied), (0, stage.newest().await));
    assert!(overview.oldest_due_at.unwrap() <= chrono::Utc::now());
}
