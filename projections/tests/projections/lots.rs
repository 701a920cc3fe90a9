//! What the read models tell of lots, holds and prices that are known only afterwards.

use crate::lot_story::{LotStory, carol_has};
use crate::stage::{Stage, credits, now, user};
use chrono::TimeDelta;
use ledger::AccountId;
use ledger::job::Status;
use projections::{Difference, ReadModel, balances, compare_with_replay, dead_letters, generations, rebuild};
use projections::{history, overview, usage};
use rust_decimal::Decimal;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The ledger's own answer, to compare with.
async fn state(stage: &Stage, account: AccountId) -> ledger::account::AccountState {
    let client = stage.pool.get().await.unwrap();
    ledger::read::account(&**client, account).await.unwrap().unwrap().0
}

#[tokio::test]
async fn the_sweeper_finds_what_has_lapsed_longest_ago_first() {
    let stage = Stage::new().await;
    let story = LotStory::first_day(&stage).await;
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    let lapsed = async |at, after, limit| balances::lapsed(&**client, at, after, limit).await.unwrap();
    assert_eq!(lapsed(now(), None, 10).await, [], "nothing yet");
    let (carol, dora) = (story.carol.account(), user("dora").account());
    let both = [(story.noon + TimeDelta::minutes(30), dora), (story.noon + TimeDelta::hours(1), carol)];
    let at = story.noon + TimeDelta::hours(1);
    assert_eq!(lapsed(at, None, 10).await, both, "to the very moment");
    assert_eq!(lapsed(at, None, 1).await, both[..1]);
    assert_eq!(lapsed(at, Some(both[0]), 10).await, both[1..]);
    assert_eq!(lapsed(at, Some(both[1]), 10).await, []);
    let shown = balances::get(&**client, carol).await.unwrap().unwrap();
    assert_eq!((shown.balance, shown.held), ("97.5".parse().unwrap(), credits(25)));

    story.two_hours_later(&stage).await;
    stage.catch_up(5_000).await;
    assert_eq!(lapsed(now(), None, 10).await, [], "all is written down");
    for account in [carol, dora, user("erin").account()] {
        let shown = balances::get(&**client, account).await.unwrap().unwrap();
        let state = state(&stage, account).await;
        assert_eq!((shown.balance, shown.held), (state.balance, state.held));
        assert_eq!(shown.next_lapse_at, state.next_lapse());
    }
    let shown = balances::get(&**client, carol).await.unwrap().unwrap();
    assert_eq!(shown.next_lapse_at, Some(story.noon + TimeDelta::days(1)), "the promotion came back");
    assert_eq!(balances::get(&**client, dora).await.unwrap().unwrap().next_lapse_at, None);
}

/// An entry of the history: what happened, by how much, what it spent, of which hold, and why.
type Told<'a> = (&'a str, &'a str, Option<&'a str>, Option<i64>, Option<&'a str>);

#[tokio::test]
async fn history_tells_what_was_spent_and_what_only_moved() {
    let stage = Stage::new().await;
    let (story, rest) = LotStory::tell(&stage).await;
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    let all = history::list(&**client, story.carol.account(), None, None, 100).await.unwrap();
    let texts: Vec<_> = all
        .iter()
        .rev()
        .map(|entry| {
            let spent = entry.spent.map(|spent| spent.get().normalize().to_string());
            let kind = entry.kind.strip_prefix("credits.").unwrap();
            (kind, entry.amount.get().normalize().to_string(), spent, entry.hold, entry.reason.as_deref())
        })
        .collect();
    let told: Vec<Told<'_>> = texts
        .iter()
        .map(|(kind, amount, spent, hold, reason)| {
            (*kind, amount.as_str(), spent.as_deref(), hold.map(|hold| hold.0), *reason)
        })
        .collect();
    let expected: [Told<'_>; 28] = [
        ("granted", "10", None, None, Some("welcome")),
        ("granted", "100", None, None, Some("bought")),
        ("granted", "20", None, None, Some("welcome")),
        ("held", "-15", None, Some(story.studio.0), Some("studio")),
        ("held", "-6", None, Some(story.render.0), Some("render")),
        ("captured", "4", Some("2"), Some(story.render.0), None),
        ("held", "-3", None, Some(story.trial.0), None),
        ("released", "3", None, Some(story.trial.0), Some("requested")),
        ("held", "-10", None, Some(9), None),
        ("captured", "7", Some("3"), Some(9), None),
        ("held", "-10", None, Some(11), None),
        ("released", "10", None, Some(11), Some("failed")),
        ("debited", "-4", Some("4"), None, None),
        ("refunded", "1.5", Some("-1.5"), None, Some("goodwill")),
        ("held", "-10", None, Some(15), None),
        ("released", "15", None, Some(story.studio.0), Some("expired")),
        ("expired", "-10", None, None, None),
        ("captured", "6", Some("4"), Some(15), None),
        ("voided", "-88.5", None, None, Some("charged back")),
        ("refunded", "2.5", Some("-2.5"), None, Some("goodwill")),
        ("voided", "-2.5", None, None, Some("the grant was voided")),
        ("held", "-10", None, Some(22), None),
        ("debited", "-4", Some("4"), None, None),
        ("refunded", "1", Some("-1"), None, Some("goodwill")),
        ("refunded", "3", Some("-3"), None, Some("cancelled")),
        ("adjusted", "-10", None, None, Some("correction")),
        ("adjusted", "0", None, None, Some("correction")),
        ("adjusted", "7", None, None, Some("correction")),
    ];
    assert_eq!(told, expected);
    assert_eq!(all[0].balance_after, carol_has().0);
    let jobs: Vec<_> = all.iter().filter(|entry| entry.hold.is_some()).map(|entry| entry.job_id).collect();
    assert!(jobs.contains(&Some(story.filmed)) && jobs.contains(&Some(rest.running)), "{jobs:?}");
    let captures = history::list(&**client, story.carol.account(), Some("credits.captured"), None, 9).await;
    assert_eq!(captures.unwrap().len(), 3);
}

#[tokio::test]
async fn generations_tell_what_is_only_held() {
    let stage = Stage::new().await;
    let story = LotStory::first_day(&stage).await;
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    let account = story.carol.account();
    let show = async |id| generations::get(&**client, account, id).await.unwrap().unwrap();
    let dead = show(story.dead).await;
    assert_eq!((dead.status, dead.on_hold, dead.charged), (Status::Dead, true, credits(10)));
    let letter = dead_letters::get(&**client, story.dead).await.unwrap().unwrap();
    assert_eq!((letter.on_hold, letter.charged, letter.cost), (true, credits(10), credits(10)));

    story.two_hours_later(&stage).await;
    let rest = story.two_days_later(&stage).await;
    stage.catch_up(5_000).await;
    assert_eq!(dead_letters::get(&**client, story.dead).await.unwrap(), None);
    for (id, status, charged, on_hold) in [
        (story.filmed, Status::Succeeded, "3", false),
        (story.refused, Status::Failed, "0", false),
        (story.dead, Status::Succeeded, "4", false),
        (story.consoled, Status::Succeeded, "0", false),
        (rest.running, Status::Running, "10", true),
        (rest.cancelled, Status::Cancelled, "0", false),
    ] {
        let shown = show(id).await;
        let state = ledger::read::job(&**client, account, id).await.unwrap().unwrap();
        assert_eq!((shown.status, shown.charged, shown.on_hold), (status, charged.parse().unwrap(), on_hold));
        assert_eq!(
            (shown.status, shown.cost, shown.per_second, shown.charged, shown.on_hold),
            (state.status, state.cost, state.per_second, state.charged, state.on_hold)
        );
        assert_eq!(shown.outputs, state.outputs);
    }
}

async fn usage_of(stage: &Stage, story: &LotStory, day: i64) -> Vec<(String, usage::Usage)> {
    let client = stage.pool.get().await.unwrap();
    let day = (story.noon + TimeDelta::days(day)).date_naive();
    let days = usage::daily(&**client, story.carol.account(), day, day).await.unwrap();
    days.into_iter().map(|day| (day.model, day.usage)).collect()
}

#[tokio::test]
async fn usage_counts_what_is_captured_on_its_day_and_a_past_day_stays() {
    let stage = Stage::new().await;
    let story = LotStory::first_day(&stage).await;
    stage.catch_up(5_000).await;
    let none = usage::Usage::default();
    let images = usage::Usage {
        generations: 1,
        succeeded: 1,
        credits_spent: decimal("4"),
        credits_refunded: decimal("1.5"),
        ..none
    };
    let videos = usage::Usage {
        generations: 3,
        succeeded: 1,
        failed: 1,
        dead_lettered: 1,
        credits_spent: decimal("3"),
        ..none
    };
    let first = [("sim-image".to_owned(), images), ("sim-video".to_owned(), videos)];
    assert_eq!(usage_of(&stage, &story, 0).await, first);

    story.two_hours_later(&stage).await;
    story.two_days_later(&stage).await;
    stage.catch_up(5_000).await;
    assert_eq!(usage_of(&stage, &story, 0).await, first, "what came later is not of that day");
    let images = usage::Usage {
        generations: 1,
        cancelled: 1,
        credits_spent: decimal("4"),
        credits_refunded: decimal("6.5"),
        ..none
    };
    let videos = usage::Usage { generations: 1, succeeded: 1, credits_spent: decimal("4"), ..none };
    let third = [("sim-image".to_owned(), images), ("sim-video".to_owned(), videos)];
    assert_eq!(usage_of(&stage, &story, 2).await, third);
}

#[tokio::test]
async fn the_overview_adds_up() {
    let stage = Stage::new().await;
    LotStory::tell(&stage).await;
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    let overview = overview::get(&**client).await.unwrap();
    let (balance, held) = carol_has();
    let erin_has = decimal("5");
    assert_eq!((overview.accounts, overview.credits_outstanding), (3, balance.get() + erin_has));
    assert_eq!((overview.credits_granted, overview.credits_adjusted), (decimal("140"), decimal("-3")));
    assert_eq!((overview.credits_debited, overview.credits_captured), (decimal("8"), decimal("9")));
    assert_eq!((overview.credits_refunded, overview.credits_spent()), (decimal("8"), decimal("9")));
    assert_eq!(overview.credits_held, held.get());
    assert_eq!((overview.credits_expired, overview.credits_voided), (decimal("15"), decimal("91")));
    let left = overview.credits_granted + overview.credits_adjusted
        - overview.credits_spent()
        - overview.credits_held
        - overview.credits_expired
        - overview.credits_voided;
    assert_eq!(overview.credits_outstanding, left);
}

async fn differences(stage: &Stage) -> Vec<Difference> {
    compare_with_replay(&stage.database, |_, _| {}).await.unwrap()
}

/// Each projector knows the jobs of the day before from the log only.
#[tokio::test]
async fn rows_are_the_same_whichever_projector_wrote_them_and_when() {
    for batch in [1, 3, 5_000] {
        let stage = Stage::new().await;
        let story = LotStory::first_day(&stage).await;
        stage.catch_up(batch).await;
        story.two_hours_later(&stage).await;
        stage.catch_up(batch).await;
        story.two_days_later(&stage).await;
        stage.catch_up(batch).await;
        assert_eq!(differences(&stage).await, [], "in batches of {batch}");
        for model in ReadModel::ALL {
            rebuild(&stage.database, model, |_, _| {}).await.unwrap();
        }
        assert_eq!(differences(&stage).await, [], "rebuilt");
    }
}

#[tokio::test]
async fn a_damaged_hold_or_lapse_is_found_and_mended_by_a_rebuild() {
    let stage = Stage::new().await;
    LotStory::first_day(&stage).await;
    stage.catch_up(5_000).await;
    let owner = stage.owner().await;
    for (model, damage, told) in [
        (
            ReadModel::Balances,
            "update account_balances set next_lapse_at = null where user_id = 'erin'",
            "next_lapse_at is null and should be",
        ),
        (
            ReadModel::History,
            "update credit_history set captured = 99 where captured = 3",
            "captured is 99 and should be 3",
        ),
        (ReadModel::History, "update credit_history set hold = 99 where hold = 9", "hold is 99"),
        (
            ReadModel::Generations,
            "update generations set on_hold = false where on_hold",
            "on_hold is false and should be true",
        ),
        (
            ReadModel::Generations,
            "update generations set per_second = 3 where per_second = 2",
            "per_second is 3",
        ),
        (ReadModel::DeadLetters, "update dead_letters set on_hold = false", "on_hold is false"),
        (
            ReadModel::Overview,
            "update overview_totals set value = 99 where measure = 'credits_held'",
            "value is 99 and should be 25",
        ),
    ] {
        assert!(owner.execute(damage, &[]).await.unwrap() > 0, "{damage} damages nothing");
        let found = differences(&stage).await;
        assert!(found.iter().all(|found| found.model == model), "{model}: {found:?}");
        assert!(found.iter().any(|found| found.detail.contains(told)), "{told}: {found:?}");
        rebuild(&stage.database, model, |_, _| {}).await.unwrap();
        assert_eq!(differences(&stage).await, [], "{model} rebuilt");
    }
}
