//! No query of the API, the worker or the audit reads a big table from end to end, on a log of a million
//! events: neither by the plan that is made without knowing its parameters, nor when it is really run.

use crate::readers::statements;
use crate::stage::{Stage, user};
use apikeys::{Scope, State};
use chrono::{DateTime, NaiveDate, Utc};
use ledger::books::Books;
use ledger::job::{FailureClass, Kind, Status};
use ledger::read::{self, EventFilter, Side};
use ledger::{AccountId, JobId, Position};
use projections::{
    balances, dead_letters, generation_list, generations, history, hooks, incidents, overview, pending,
    spending, usage,
};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

/// Fewer rows than this fit a page or two; there a sequential scan is the right plan.
const BIG: f32 = 1_000.0;

#[tokio::test]
async fn every_query_uses_an_index_on_a_million_events() {
    let stage = Stage::new().await;
    let mut client = stage.owner().await;
    client.batch_execute(include_str!("million.sql")).await.unwrap();
    assert!(stage.number("select count(*) from events").await >= 1_000_000);
    let big = big_tables(&client).await;
    assert!(
        big.contains("events") && big.contains("dead_letters") && big.contains("pending_tasks"),
        "{big:?}"
    );
    generic_plans(&client, &big).await;
    real_runs(&mut client).await;
    books(&stage).await;
}

async fn big_tables(client: &Client) -> BTreeSet<String> {
    let query = "select relname::text from pg_class \
                 where relnamespace = 'public'::regnamespace and relkind = 'r' and reltuples >= $1";
    client.query(query, &[&BIG]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn generic_plans(client: &Client, big: &BTreeSet<String>) {
    client.batch_execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    let mut bad = Vec::new();
    for (name, sql) in statements() {
        let mut scanned = BTreeSet::new();
        scans(&plan(client, sql).await, &mut scanned);
        bad.extend(scanned.intersection(big).map(|table| format!("{name} scans {table}")));
    }
    assert_eq!(bad, Vec::<String>::new());
    client.batch_execute("reset plan_cache_mode").await.unwrap();
}

async fn plan(client: &Client, sql: &str) -> Value {
    client.batch_execute(&format!("prepare asked as {sql}")).await.unwrap();
    let count = "select cardinality(parameter_types) from pg_prepared_statements where name = 'asked'";
    let count: i32 = client.query_one(count, &[]).await.unwrap().get(0);
    let nulls = vec!["null"; usize::try_from(count).unwrap()].join(", ");
    let arguments = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
    let explain = format!("explain (format json) execute asked{arguments}");
    let plan = client.query_one(&explain, &[]).await.unwrap().get(0);
    client.batch_execute("deallocate asked").await.unwrap();
    plan
}

/// The tables that a plan reads from end to end.
fn scans(plan: &Value, found: &mut BTreeSet<String>) {
    match plan {
        Value::Object(node) => {
            if node.get("Node Type").is_some_and(|kind| kind == "Seq Scan") {
                found.insert(node["Relation Name"].as_str().unwrap().to_owned());
            }
            node.values().for_each(|child| scans(child, found));
        }
        Value::Array(nodes) => nodes.iter().for_each(|child| scans(child, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Runs one reader in a transaction, tells how many rows came, and fails if it scanned a big table.
macro_rules! run {
    ($client:expr, $name:literal, |$transaction:ident| $call:expr) => {{
        let $transaction = $client.transaction().await.unwrap();
        let answer = $call.await.unwrap();
        assert_eq!(scanned(&$transaction).await, [""; 0], "{}", $name);
        $transaction.rollback().await.unwrap();
        answer
    }};
}

async fn scanned(transaction: &Transaction<'_>) -> Vec<String> {
    let query = "select relname::text from pg_stat_xact_user_tables join pg_class using (relname) \
                 where seq_scan > 0 and reltuples >= $1 and relnamespace = 'public'::regnamespace";
    transaction.query(query, &[&BIG]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn real_runs(client: &mut Client) {
    read_models(client).await;
    dead(client).await;
    told(client).await;
    audit(client).await;
    keys(client).await;
}

/// The 2,001st key, which is good for ever; a fifth of the log came through it.
fn found_key() -> Uuid {
    Uuid::from_u128(0x0000_07d1_0000_7000_8000_0000_0000_0002)
}

/// The incident of the jobs that the log has; there are fifty more.
const INCIDENT: &str = "1-0123456789abcdef0123456789abcdef";

fn account() -> AccountId {
    AccountId(Uuid::from_u128(0x0000_07d0_0000_5000_8000_0000_0000_0000))
}

/// The 50,000th job, of the 2,000th account; it is dead.
fn job() -> JobId {
    JobId(Uuid::from_u128(0x0000_c350_0000_7000_8000_0000_0000_0000))
}

fn at(day: u32) -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 1, day).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc()
}

async fn read_models(client: &mut Client) {
    let found = run!(client, "accounts", |on| balances::list(&on, Some("user-77"), None, 20));
    assert_eq!(found.len(), 20);
    run!(client, "all accounts", |on| balances::list(&on, None, Some("user-5"), 20));
    run!(client, "account", |on| balances::get(&on, account())).unwrap();
    let found = run!(client, "lapsed", |on| balances::lapsed(&on, at(2), None, 50));
    assert_eq!(found.len(), 50);
    let found = run!(client, "next lapsed", |on| balances::lapsed(&on, at(2), found.last().copied(), 50));
    assert!(!found.is_empty());
    let found = run!(client, "history", |on| history::list(&on, account(), None, None, 20));
    assert_eq!(found.len(), 20);
    let granted = Some("credits.granted");
    run!(client, "history by type", |on| history::list(&on, account(), granted, Some(Position(900_000)), 20));
    let any = generation_list::Filter::default;
    for filter in [
        any(),
        generation_list::Filter { status: Some(Status::Dead), ..any() },
        generation_list::Filter { kind: Some(Kind::Video), ..any() },
        generation_list::Filter { model: Some("sim-image-1".into()), ..any() },
        generation_list::Filter { from: Some(at(1)), until: Some(at(31)), ..any() },
        generation_list::Filter { text: Some("FOX".into()), ..any() },
        generation_list::Filter { status: Some(Status::Dead), text: Some("snow".into()), ..any() },
    ] {
        let found =
            run!(client, "generations", |on| generation_list::list(&on, account(), &filter, None, 20));
        let newest = &found.generations[0];
        let before = Some(generation_list::Cursor { created_at: newest.created_at, job_id: newest.id });
        run!(client, "next generations", |on| generation_list::list(&on, account(), &filter, before, 20));
    }
    run!(client, "changed", |on| generations::changed_since(&on, account(), Position(200_000), 100));
    let owner = run!(client, "find account", |on| generations::find_account(&on, job()));
    assert_eq!(owner, Some(account()));
    run!(client, "generation", |on| generations::get(&on, account(), job())).unwrap();
    let found = run!(client, "submitted", |on| pending::submitted(&on, Position::START, 100));
    assert_eq!(found.len(), 100);
    let found = run!(client, "lapsed claims", |on| pending::lapsed(&on, 100));
    assert_eq!(found.len(), 100);
    let lanes = run!(client, "lanes", |on| pending::lanes(&on, None, 100));
    assert_eq!(lanes.len(), 100);
    let next = run!(client, "next lanes", |on| pending::lanes(&on, lanes.last(), 100));
    assert!(next[0] > lanes[99]);
    let found = run!(client, "fronts", |on| pending::fronts(&on, &lanes, 10));
    assert!(found.len() >= 100);
    run!(client, "coming", |on| pending::coming(&on, Duration::from_secs(60), 100));
    run!(client, "counts", |on| pending::counts(&on));
    let days = (at(1).date_naive(), at(31).date_naive());
    let found = run!(client, "usage", |on| usage::daily(&on, account(), days.0, days.1));
    assert!(!found.is_empty());
    let days = spending::Days {
        starts: (1..=31).map(at).collect(),
        end: at(31) + Duration::from_secs(86_400),
        after: Position::START,
        until: Position(i64::MAX),
    };
    assert!(!run!(client, "spending", |on| spending::spent(&on, account(), &days)).is_empty());
    run!(client, "kept", |on| spending::kept(&on, account(), &days));
    let found = run!(client, "overview", |on| overview::get(&on));
    assert_eq!(found.oldest_due_at, Some(at(1) + Duration::from_secs(10)));
    run!(client, "state of an account", |on| read::account(&on, account())).unwrap();
    run!(client, "state of a job", |on| read::job(&on, account(), job())).unwrap();
    let life = run!(client, "life of a job", |on| read::stream(&on, account(), job().into()));
    run!(client, "credits of a job", |on| read::job_credits(&on, account(), job(), &life));
}

async fn dead(client: &mut Client) {
    let any = dead_letters::Filter::default;
    for (filter, least) in [
        (any(), 20),
        (dead_letters::Filter { user: Some(user("user-2000")), ..any() }, 0),
        (dead_letters::Filter { kind: Some(Kind::Video), ..any() }, 20),
        (dead_letters::Filter { model: Some("sim-image-0".into()), ..any() }, 20),
        (dead_letters::Filter { class: Some(FailureClass::Transient), ..any() }, 20),
        (dead_letters::Filter { code: Some("timeout".into()), ..any() }, 20),
        (dead_letters::Filter { since: Some(at(2)), until: Some(at(3)), ..any() }, 20),
        (dead_letters::Filter { older_than: Some(Duration::from_secs(60)), ..any() }, 20),
        (dead_letters::Filter { incident: Some(INCIDENT.into()), ..any() }, 20),
        (dead_letters::Filter { provider: Some("acme".into()), ..any() }, 0),
        (dead_letters::Filter { text: Some("FOX".into()), ..any() }, 20),
        (dead_letters::Filter { user_part: Some("-20".into()), ..any() }, 20),
        (dead_letters::Filter { min_attempts: Some(99), ..any() }, 0),
    ] {
        for order in dead_letters::Order::ALL {
            let found = run!(client, "dead letters", |on| dead_letters::list(&on, &filter, order, None, 20));
            let (mut jobs, mut after) = (found.jobs.len(), found.next());
            // Where a search stopped at its bound, it goes on from there.
            while let Some(place) = after.filter(|_| jobs < least) {
                let more =
                    run!(client, "more", |on| dead_letters::list(&on, &filter, order, Some(place), 20));
                (jobs, after) = (jobs + more.jobs.len(), more.next());
            }
            assert!(jobs >= least, "{order:?}: {filter:?}");
            run!(client, "next dead letters", |on| dead_letters::list(&on, &filter, order, found.next(), 20));
        }
        run!(client, "count up to", |on| dead_letters::count_up_to(&on, &filter, 10_000));
    }
    let found = run!(client, "incidents", |on| incidents::list(&on, at(2)));
    assert_eq!(found.all.len(), 51);
    run!(client, "incident", |on| incidents::get(&on, INCIDENT, at(2))).unwrap();
    run!(client, "calm", |on| incidents::calm(&on));
    // What counts most of a table reads most of it, by whichever way is shorter; a part is found by index.
    let a_day = dead_letters::Filter { since: Some(at(2)), until: Some(at(3)), ..any() };
    assert!(run!(client, "count", |on| dead_letters::count(&on, &a_day)).jobs > 100);
    assert!(!run!(client, "groups", |on| dead_letters::groups(&on, &a_day)).is_empty());
    run!(client, "dead letter", |on| dead_letters::get(&on, job())).unwrap();
}

async fn keys(client: &mut Client) {
    let any = apikeys::Filter::default;
    let of_one = || apikeys::Filter { owner: Some(user("user-77")), scope: Some(Scope::User), ..any() };
    for (filter, least) in [
        (any(), 20),
        (apikeys::Filter { owner: Some(user("user-77")), ..any() }, 10),
        (apikeys::Filter { state: Some(State::Active), ..of_one() }, 5),
        (apikeys::Filter { state: Some(State::Revoked), ..of_one() }, 1),
        (apikeys::Filter { scope: Some(Scope::Backend), ..any() }, 20),
        (apikeys::Filter { state: Some(State::Active), ..any() }, 20),
        (apikeys::Filter { state: Some(State::Expired), ..any() }, 20),
        (apikeys::Filter { state: Some(State::Revoked), ..any() }, 20),
    ] {
        let found = run!(client, "keys", |on| apikeys::list(&on, &filter, at(2), None, 20));
        assert!(found.len() >= least, "{filter:?}");
        let after = found.last().map(|key| key.id);
        run!(client, "next keys", |on| apikeys::list(&on, &filter, at(2), after, 20));
    }
    let secret = apikeys::Secret::generate(apikeys::Environment::Live);
    assert!(run!(client, "find a key", |on| apikeys::find(&on, &secret)).is_none());
    let used = [found_key(), account().0];
    let active = run!(client, "active keys", |on| apikeys::active(&on, &used, at(2)));
    assert_eq!(active.into_iter().collect::<Vec<_>>(), [found_key()]);
    run!(client, "note uses", |on| apikeys::note_used(&on, &used));
}

/// The endpoint of which everything waits, and another.
async fn told(client: &mut Client) {
    let [waiting, other] =
        [20, 7].map(|n| Uuid::from_u128((n << 96) | 0x0000_0000_0000_7000_8000_0000_0000_0002));
    let found = run!(client, "endpoints", |on| hooks::list(&on, None, 50));
    assert_eq!(found.len(), 20);
    let found = run!(client, "deliveries", |on| hooks::deliveries(&on, other, None, None, 20));
    let place = Some((found[19].created_at, found[19].message_id));
    run!(client, "next deliveries", |on| hooks::deliveries(&on, other, None, place, 20));
    run!(client, "delivery", |on| hooks::delivery(&on, other, found[0].message_id)).unwrap();
    let outcome = Some(hooks::Outcome::Waiting);
    assert_eq!(run!(client, "waiting", |on| hooks::deliveries(&on, waiting, outcome, None, 20)).len(), 20);
    let room = hooks::Room { of_each: 4, in_all: 512, full: vec![other], for_failing: true };
    let due = run!(client, "due", |on| hooks::due(&on, at(31), &room));
    assert_eq!(due.len(), 4);
    let lanes = due.iter().map(|due| (due.endpoint, due.account_id)).collect();
    run!(client, "promote", |on| hooks::promote(&on, &lanes, at(31)));
    let settled: Vec<hooks::Settled> = due
        .iter()
        .map(|due| hooks::Settled {
            endpoint: due.endpoint,
            url: due.url.clone(),
            message_id: due.message_id,
            account_id: due.account_id,
            verdict: hooks::Verdict::Delivered,
            status: Some(200),
            error: None,
        })
        .collect();
    run!(client, "lock", |on| hooks::lock(&on, &[waiting, other]));
    run!(client, "settle", |on| hooks::settle(&on, &settled, at(31)));
    let word = |endpoint| hooks::Word {
        endpoint,
        url: "https://example.com/hooks".into(),
        rests_until: Some(at(31)),
        is_gone: true,
    };
    let disabled = run!(client, "note", |on| hooks::note(&on, &[word(waiting), word(other)], at(31), at(1)));
    assert_eq!(disabled.len(), 2);
    assert_eq!(run!(client, "counts", |on| hooks::counts(&on)).well, 20);
    assert_eq!(run!(client, "forget", |on| hooks::forget_settled(&on, at(31), 100)), 100);
    let (lanes, given_up) = run!(client, "give up", |on| hooks::give_up(&on, at(31), 100, at(31)));
    assert_eq!((lanes.is_empty(), given_up), (false, 100));
    assert_eq!(run!(client, "forget deleted", |on| hooks::forget_deleted(&on, at(31), 100)), 0);
}

/// Sums over many pages of accounts and of positions, none of which is left out or taken twice.
async fn books(stage: &Stage) {
    let books = Books::open(stage.owner().await).await.unwrap();
    let balance = books.trial_balance(books.interval(None, None).await.unwrap()).await.unwrap();
    assert_eq!((balance.accounts, balance.granted_in_all()), (10_400, Decimal::from(10_400 * 1_000)));
    assert_eq!((balance.debited, balance.events), (Decimal::from(-260_000 * 4), 10_400 + 260_000));
    assert_eq!(balance.closing.outstanding(), Decimal::from(10_400 * 900));
}

async fn audit(client: &mut Client) {
    let any = EventFilter::default;
    for (filter, least) in [
        (any(), 50),
        (EventFilter { account: Some(account()), ..any() }, 50),
        (EventFilter { account: Some(account()), job: Some(job()), ..any() }, 4),
        (EventFilter { types: vec!["credits.granted".into()], ..any() }, 50),
        (EventFilter { types: vec!["job.dead_lettered".into(), "credits.granted".into()], ..any() }, 50),
        (EventFilter { types: vec!["credits.debited".into()], ..any() }, 50),
        (EventFilter { actor: Some("admin:ada".into()), ..any() }, 50),
        (EventFilter { since: Some(at(5)), until: Some(at(6)), ..any() }, 50),
        (EventFilter { since: Some(at(28)), ..any() }, 50),
        (EventFilter { cause: Some(found_key()), since: Some(at(28)), ..any() }, 50),
        (EventFilter { cause: Some(found_key()), account: Some(account()), ..any() }, 10),
    ] {
        let found = run!(client, "audit", |on| read::events(&on, &filter, Position::START, 50));
        assert!(found.len() >= least, "{filter:?}");
        let after = found.last().map_or(Position(500_000), |event| event.position);
        run!(client, "next audit page", |on| read::events(&on, &filter, after, 50));
    }
    for side in [Side::Both, Side::Credits, Side::Jobs] {
        for (after, until) in [(500_000, 600_000), (0, 600_000)] {
            let (after, until) = (Position(after), Position(until));
            let found = run!(client, "tail", |on| read::page(&on, side, after, until, 100));
            assert_eq!(found.len(), 100, "{side:?}");
        }
    }
}
