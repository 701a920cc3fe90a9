//! The books of the whole system: equal to the SQL of `docs/audit.md`, true of a log with everything in it, and out of
//! balance where somebody touched it.

use crate::support;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::account::{Grant, Source};
use ledger::books::{Books, BooksError, End, TrialBalance};
use ledger::export::Bound;
use ledger::{Position, Role};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use support::told::{tamper, told};
use support::{Bench, credits, user};
use tokio_postgres::Client;

/// Beyond every position.
const FOREVER: i64 = i64::MAX;

/// The statements of the section, in the order of the page.
struct Documented {
    first_at: &'static str,
    trial_balance: &'static str,
    stated: &'static str,
    outstanding: &'static str,
    recognised: &'static str,
}

fn documented() -> Documented {
    let page = include_str!("../../../docs/audit.md");
    let section = page.split_once("\n## The books of the whole system\n").unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let statements: Vec<&str> =
        section.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [first_at, trial_balance, stated, outstanding, recognised] =
        statements.try_into().expect("the section gained or lost a statement: say here which it is");
    Documented { first_at, trial_balance, stated, outstanding, recognised }
}

/// A statement of the page with other borders than the ones it names.
fn between(statement: &str, first: i64, past: i64) -> String {
    let named = "(values (1::bigint, 9223372036854775807::bigint))";
    assert!(statement.contains(named));
    statement.replace(named, &format!("(values ({first}::bigint, {past}::bigint))"))
}

async fn books(bench: &Bench) -> Books {
    Books::open(bench.database.connect(Role::Exporter).await.unwrap()).await.unwrap()
}

async fn trial(bench: &Bench, first: i64, past: i64) -> TrialBalance {
    let books = books(bench).await;
    let bound = |position| Some(Bound::Position(Position(position)));
    let to = if past == FOREVER { None } else { bound(past) };
    let interval = books.interval(bound(first), to).await.unwrap();
    books.trial_balance(interval).await.unwrap()
}

async fn auditor(bench: &Bench) -> Client {
    bench.database.connect(Role::Reader).await.unwrap()
}

async fn positions(bench: &Bench) -> Vec<i64> {
    let rows = auditor(bench).await.query("select position from events order by position", &[]).await;
    rows.unwrap().iter().map(|row| row.get(0)).collect()
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

type Lines = BTreeMap<(String, Option<String>), Decimal>;

/// The lines without the differences, which only the program can know.
fn lines(balance: &TrialBalance) -> Lines {
    let lines = balance.lines().into_iter().filter(|line| !line.name.starts_with("difference"));
    lines.map(|line| ((line.name.to_owned(), line.source.map(str::to_owned)), line.amount)).collect()
}

#[tokio::test]
async fn the_trial_balance_is_the_documented_sql_between_any_two_positions() {
    let bench = told().await;
    let auditor = auditor(&bench).await;
    let positions = positions(&bench).await;
    let last = positions[positions.len() - 1];
    let some: Vec<i64> = positions.iter().copied().step_by(5).chain([last, last + 1, FOREVER]).collect();
    let mut seen = 0;
    for (place, first) in some.iter().enumerate() {
        for past in some[place..].iter().filter(|_| *first != FOREVER) {
            let rows = auditor.query(&between(documented().trial_balance, *first, *past), &[]).await.unwrap();
            let expected: Lines =
                rows.iter().map(|row| ((row.get("line"), row.get("source")), row.get("amount"))).collect();
            let balance = trial(&bench, *first, *past).await;
            assert_eq!(lines(&balance), expected, "{first} to {past}");
            assert!(balance.is_balanced(), "{first} to {past}: {:?}", balance.difference());
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} intervals were compared");
}

#[tokio::test]
async fn every_sum_of_a_log_with_everything_in_it_is_right() {
    let bench = told().await;
    let balance = trial(&bench, 1, FOREVER).await;
    let owed = |name: &str| {
        let user = user(name);
        let bench = &bench;
        async move { bench.state(&user).await }
    };
    let (mut available, mut held) = (Decimal::ZERO, Decimal::ZERO);
    for name in ["alice", "bob", "carol"] {
        let state = owed(name).await;
        available += state.balance.get();
        held += state.held.get();
    }
    assert_eq!((balance.closing.available, balance.closing.held), (available, held));
    assert_eq!((balance.accounts, balance.opening.outstanding()), (3, Decimal::ZERO));
    assert_eq!(balance.granted, BTreeMap::from([("other".to_owned(), amount("209"))]));
    assert_eq!((balance.adjusted_up, balance.adjusted_down), (amount("1"), amount("-5")));
    for (name, sum) in [
        ("debited", balance.debited),
        ("captured", balance.captured),
        ("expired", balance.expired),
        ("voided", balance.voided),
    ] {
        assert!(sum < Decimal::ZERO, "{name} is {sum}");
    }
    assert!(balance.refunded > Decimal::ZERO && balance.set_aside > balance.given_back);
    let events = bench.count("amount is not null").await;
    assert_eq!(i64::try_from(balance.events).unwrap(), events);
    let stated = documented().stated;
    let row = auditor(&bench).await.query_one(stated, &[]).await.unwrap();
    assert_eq!((row.get::<_, Decimal>(0), row.get::<_, Decimal>(1)), (available, held));
}

#[tokio::test]
async fn what_is_held_is_not_spent_until_it_is_captured() {
    let bench = support::bench().await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let hold = bench.hold(&alice, "4").await;
    let balance = trial(&bench, 1, FOREVER).await;
    assert_eq!(balance.spent(), Decimal::ZERO);
    assert_eq!((balance.closing.available, balance.closing.held), (amount("6"), amount("4")));
    bench.ask(&alice, support::capture(hold, "1.25")).await.unwrap();
    let balance = trial(&bench, 1, FOREVER).await;
    assert_eq!((balance.captured, balance.given_back), (amount("-1.25"), amount("2.75")));
    assert_eq!((balance.closing.available, balance.closing.held), (amount("8.75"), Decimal::ZERO));
    assert!(balance.is_balanced());
}

#[tokio::test]
async fn a_log_that_was_touched_does_not_balance() {
    for statement in [
        "delete from events where type = 'credits.expired'",
        "delete from events where type = 'credits.granted' and version = 3",
        "update events set amount = amount - 1 where type = 'credits.debited'",
        "update events set balance_after = balance_after + 1
            where (account_id, version) in (select account_id, max(version) from events
                where stream_id = account_id group by account_id) and stream_id = account_id",
        "update events set state = (state::jsonb || '{\"held\":\"77\"}')::json
            where (account_id, version) in (select account_id, max(version) from events
                where stream_id = account_id group by account_id) and stream_id = account_id",
    ] {
        let bench = told().await;
        tamper(&bench, statement).await;
        let balance = trial(&bench, 1, FOREVER).await;
        assert!(!balance.is_balanced(), "{statement}");
    }
}

#[tokio::test]
async fn an_instant_stands_for_the_first_event_recorded_at_it_or_later() {
    let bench = told().await;
    // As if years had passed between some of the events.
    let spread = "update events set recorded_at = case
        when position <= 10 then timestamptz '2020-01-01 00:00:00Z' + position * interval '1 second'
        when position <= 20 then timestamptz '2022-06-30 23:59:50Z' + position * interval '1 second'
        else timestamptz '2025-03-01 00:00:00Z' + position * interval '1 second' end";
    tamper(&bench, spread).await;
    let auditor = auditor(&bench).await;
    let books = books(&bench).await;
    let last = positions(&bench).await.pop().unwrap();
    for at in [
        "2019-01-01T00:00:00Z",
        "2020-01-01T00:00:01Z",
        "2020-01-01T00:00:04.5Z",
        "2020-01-01T00:00:10.000001Z",
        "2021-05-05T00:00:00Z",
        "2022-07-01T00:00:01Z",
        "2023-01-01T00:00:00Z",
        "2025-03-01T00:00:25Z",
        "2025-03-02T00:00:00Z",
        "2026-01-01T00:00:00Z",
    ] {
        let at: DateTime<Utc> = at.parse().unwrap();
        let named = "timestamptz '2026-01-01 00:00:00+00'";
        assert!(documented().first_at.contains(named));
        let statement = documented().first_at.replace(named, &format!("timestamptz '{}'", at.to_rfc3339()));
        let first: Option<i64> = auditor.query_one(&statement, &[]).await.unwrap().get(0);
        let edge = books.edge(End::To, Some(Bound::Instant(at))).await.unwrap();
        assert_eq!((edge.position.0, edge.at), (first.unwrap_or(last + 1), Some(at)), "{at}");
    }
}

#[tokio::test]
async fn an_interval_that_is_none_is_refused() {
    let bench = told().await;
    let books = books(&bench).await;
    let bound = |position| Some(Bound::Position(Position(position)));
    let last = positions(&bench).await.pop().unwrap();
    assert!(matches!(books.interval(bound(7), bound(6)).await, Err(BooksError::Backwards)));
    let beyond = books.interval(None, bound(last + 2)).await.unwrap_err();
    let BooksError::Beyond { end: End::To, last: told } = beyond else { panic!("{beyond}") };
    assert_eq!(told.0, last);
    let empty = books.interval(bound(last + 1), None).await.unwrap();
    let balance = books.trial_balance(empty).await.unwrap();
    assert_eq!((balance.events, balance.opening), (0, balance.closing));
}

#[tokio::test]
async fn an_empty_log_has_empty_books() {
    let bench = support::bench().await;
    let books = books(&bench).await;
    let interval = books.interval(None, Some(Bound::Instant(Utc::now()))).await.unwrap();
    let balance = books.trial_balance(interval).await.unwrap();
    assert!(balance.is_balanced() && balance.closing.outstanding().is_zero() && balance.accounts == 0);
    assert!(books.recognised(interval).await.unwrap().days.is_empty());
    assert!(books.outstanding(interval.to, Utc::now()).await.unwrap().lots.is_empty());
}

/// A log with lots of every source and of several ages, parts of them held, spent, given back and lapsed.
async fn sourced() -> Bench {
    let bench = told().await;
    let dora = user("dora");
    for (source, given) in [
        (Source::Purchase, "100"),
        (Source::Plan, "20"),
        (Source::Promo, "5"),
        (Source::Goodwill, "7"),
        (Source::Adjustment, "1"),
    ] {
        let grant = Grant::new(dora.clone(), credits(given), "test");
        bench.lot(Grant { source, ..grant }).await;
    }
    bench.hold(&dora, "103").await;
    let job = bench.queued(&dora, "18").await;
    bench.job(&dora, job, support::refund(Some("2.5"))).await.unwrap();
    let soon = Grant {
        expires_at: Some(support::clock::second(300)),
        source: Source::Promo,
        ..Grant::new(dora.clone(), credits("3"), "soon")
    };
    bench.lot(soon).await;
    support::clock::until(400);
    bench.queued(&dora, "1").await;
    let spread = "update events set recorded_at = recorded_at - position % 9 * interval '61 days'";
    tamper(&bench, spread).await;
    bench
}

#[tokio::test]
async fn what_is_outstanding_is_the_documented_sql() {
    let bench = sourced().await;
    let auditor = auditor(&bench).await;
    let books = books(&bench).await;
    let positions = positions(&bench).await;
    let mut ages = BTreeMap::new();
    for past in positions.iter().copied().step_by(3).chain([positions[positions.len() - 1] + 1]) {
        let at = Utc::now() + TimeDelta::days(past % 3 * 40);
        let edge = books.edge(End::At, Some(Bound::Position(Position(past)))).await.unwrap();
        let edge = ledger::books::Edge { at: Some(at), ..edge };
        let told = books.outstanding(edge, Utc::now()).await.unwrap();
        let named = "(values (9223372036854775807::bigint, now()))";
        assert!(documented().outstanding.contains(named));
        let moment = format!("(values ({past}::bigint, timestamptz '{}'))", at.to_rfc3339());
        let statement = documented().outstanding.replace(named, &moment);
        let rows = auditor.query(&statement, &[]).await.unwrap();
        let expected: BTreeMap<(String, String), (Decimal, Decimal)> = rows
            .iter()
            .map(|row| ((row.get("source"), row.get("age_days")), (row.get("available"), row.get("held"))))
            .collect();
        let found: BTreeMap<_, _> = told
            .lots
            .iter()
            .map(|lot| ((lot.source.clone(), lot.age.as_str().to_owned()), (lot.available, lot.held)))
            .collect();
        assert_eq!(found, expected, "before {past}");
        let balance = trial(&bench, past, past).await;
        let sum: Decimal = told.lots.iter().map(|lot| lot.available + lot.held).sum();
        assert_eq!(sum, balance.closing.outstanding(), "before {past}");
        ages.extend(told.lots.into_iter().map(|lot| ((lot.source, lot.age), ())));
    }
    let seen = |of: fn(&(String, ledger::books::Age)) -> String| {
        ages.keys().map(of).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(seen(|(source, _)| source.clone()), 6, "every source was seen");
    assert!(seen(|(_, age)| age.as_str().to_owned()) >= 4, "several ages were seen: {ages:?}");
}

#[tokio::test]
async fn what_was_recognised_is_the_documented_sql_and_agrees_with_the_trial_balance() {
    let bench = sourced().await;
    let auditor = auditor(&bench).await;
    let books = books(&bench).await;
    let positions = positions(&bench).await;
    let last = positions[positions.len() - 1];
    for (first, past) in [(1, last + 1), (positions[7], positions[40]), (positions[40], last), (last, last)] {
        let bound = |position| Some(Bound::Position(Position(position)));
        let interval = books.interval(bound(first), bound(past)).await.unwrap();
        let told = books.recognised(interval).await.unwrap();
        let statement = between(documented().recognised, first, past);
        let expected: Vec<_> = auditor
            .query(&statement, &[])
            .await
            .unwrap()
            .iter()
            .map(|row| (row.get(0), row.get(1), [2, 3, 4, 5].map(|column| row.get::<_, Decimal>(column))))
            .collect();
        let found: Vec<_> = told
            .days
            .iter()
            .map(|day| {
                (day.day, day.source.clone(), [day.burned, day.refunded, day.expired, day.recognised()])
            })
            .collect();
        assert_eq!(found, expected, "{first} to {past}");
        let balance = books.trial_balance(interval).await.unwrap();
        let sum =
            |of: fn(&ledger::books::RecognisedCredits) -> Decimal| told.days.iter().map(of).sum::<Decimal>();
        assert_eq!(sum(|day| day.burned), -balance.spent());
        assert_eq!(sum(|day| day.refunded), balance.refunded);
        assert_eq!(sum(|day| day.expired), -balance.expired);
    }
    let everything = books.recognised(books.interval(None, None).await.unwrap()).await.unwrap();
    let broken: Vec<_> = everything.days.iter().filter(|day| !day.expired.is_zero()).collect();
    assert!(broken.iter().any(|day| day.source == "promo"), "an expiry is of its grant's source: {broken:?}");
}
