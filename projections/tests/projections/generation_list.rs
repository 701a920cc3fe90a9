//! Looking for generations among very many: what is found is what was asked for, in order and once, and no page looks at
//! more than it may.

use crate::stage::{Stage, user};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ledger::job::{Kind, Status};
use ledger::{AccountId, JobId};
use projections::generation_list::{Cursor, Filter, MOST_LOOKED_AT, list};
use projections::generations::Generation;
use uuid::Uuid;

/// Whether a job is in a list, by its number.
type Belongs = Box<dyn Fn(i64) -> bool>;

const MANY: i64 = 25_000;

/// `MANY` generations of one account, a second after each other, and as many of another. Most succeeded with the model `a`,
/// every hundredth failed with `b`, the first ten are clips of `c`; every twentieth prompt is about Äpfel.
const SEED: &str = r"
insert into generations (job_id, account_id, kind, model, prompt, count, params, status, cost, charged, run, attempts,
    failure_class, failure_code, failure_message, outputs, created_at, finished_at, updated_at, version, last_position)
select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-00000000000' || side)::uuid,
    case side when 0 then $1::uuid else $2::uuid end, case when n < 10 then 'video' else 'image' end,
    case when n < 10 then 'c' when n % 100 = 0 then 'b' else 'a' end,
    case when n % 20 = 0 then 'Rote ÄPFEL im Korb, 100% reif' else 'a Fox in the snow, number ' || n end, 1, '{}',
    case when n % 100 = 0 then 'failed' else 'succeeded' end, 4, 0, 1, 1,
    case when n % 100 = 0 then 'permanent' end, case when n % 100 = 0 then 'no' end,
    case when n % 100 = 0 then 'no' end, '[]', $3::timestamptz + n * interval '1 second', $3, $3, 3, n * 2 + side
from generate_series(0, $4::bigint - 1) as n cross join generate_series(0, 1) as side";

fn begun() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc()
}

async fn seeded() -> (Stage, AccountId) {
    let stage = Stage::new().await;
    let (alice, bob) = (user("alice").account(), user("bob").account());
    let owner = stage.owner().await;
    owner.execute(SEED, &[&alice.0, &bob.0, &begun(), &MANY]).await.unwrap();
    owner.batch_execute("analyze generations").await.unwrap();
    (stage, alice)
}

/// The number of the generation, from its id.
fn number(generation: &Generation) -> i64 {
    i64::from_str_radix(&generation.id.to_string()[..8], 16).unwrap()
}

/// Everything that a filter finds, page by page, and how many of the pages were cut.
async fn all(stage: &Stage, account: AccountId, filter: &Filter, limit: i64) -> (Vec<i64>, usize) {
    let client = stage.pool.get().await.unwrap();
    let (mut found, mut cuts, mut before) = (Vec::new(), 0, None);
    loop {
        let page = list(&**client, account, filter, before, limit).await.unwrap();
        assert!(page.generations.iter().all(|shown| shown.account_id == account));
        assert!(page.generations.len() <= usize::try_from(limit).unwrap());
        let last =
            page.generations.last().map(|last| Cursor { created_at: last.created_at, job_id: last.id });
        found.extend(page.generations.iter().map(number));
        cuts += usize::from(page.cut.is_some());
        before = page.cut.or(last);
        if page.cut.is_none() && last.is_none() {
            return (found, cuts);
        }
    }
}

fn newest_first(wanted: impl Fn(i64) -> bool) -> Vec<i64> {
    (0..MANY).rev().filter(|number| wanted(*number)).collect()
}

#[tokio::test]
async fn every_filter_finds_exactly_what_has_it() {
    let (stage, alice) = seeded().await;
    let any = Filter::default;
    let text = |text: &str| Some(text.to_owned());
    let at = |seconds| Some(begun() + TimeDelta::seconds(seconds));
    let failed = Some(Status::Failed);
    let cases: [(Filter, Belongs); 12] = [
        (Filter { status: failed, ..any() }, Box::new(|n| n % 100 == 0)),
        (Filter { model: text("b"), ..any() }, Box::new(|n| n % 100 == 0 && n >= 10)),
        (Filter { status: failed, model: text("a"), ..any() }, Box::new(|_| false)),
        (Filter { status: failed, model: text("c"), ..any() }, Box::new(|n| n == 0)),
        (Filter { kind: Some(Kind::Video), ..any() }, Box::new(|n| n < 10)),
        (Filter { from: at(100), until: at(103), ..any() }, Box::new(|n| (100..103).contains(&n))),
        (Filter { from: at(MANY), ..any() }, Box::new(|_| false)),
        (Filter { text: text("äpfel"), ..any() }, Box::new(|n| n % 20 == 0)),
        (Filter { text: text("FOX"), until: at(500), ..any() }, Box::new(|n| n < 500 && n % 20 != 0)),
        (Filter { text: text("100%"), status: failed, ..any() }, Box::new(|n| n % 100 == 0)),
        (Filter { text: text("1_0%"), ..any() }, Box::new(|_| false)),
        (Filter { text: text("number 7"), kind: Some(Kind::Video), ..any() }, Box::new(|n| n == 7)),
    ];
    for (filter, wanted) in cases {
        let (found, _) = all(&stage, alice, &filter, 300).await;
        assert_eq!(found, newest_first(wanted), "{filter:?}");
    }
}

#[tokio::test]
async fn a_page_looks_at_no_more_than_it_may_and_says_from_where_to_go_on() {
    let (stage, alice) = seeded().await;
    let nowhere = Filter { text: Some("nobody wrote this".into()), ..Filter::default() };
    let client = stage.pool.get().await.unwrap();
    let page = list(&**client, alice, &nowhere, None, 20).await.unwrap();
    let last = JobId(
        Uuid::parse_str(&format!("{:08x}-0000-7000-8000-000000000000", MANY - MOST_LOOKED_AT)).unwrap(),
    );
    assert_eq!((page.generations.len(), page.cut.unwrap().job_id), (0, last));
    assert_eq!(all(&stage, alice, &nowhere, 20).await, (vec![], 2), "25,000 are three pages");
    let clips = Filter { kind: Some(Kind::Video), ..Filter::default() };
    assert_eq!(all(&stage, alice, &clips, 20).await, ((0..10).rev().collect(), 2));
    let (everything, cuts) = all(&stage, alice, &Filter::default(), 5_000).await;
    assert_eq!((everything, cuts), (newest_first(|_| true), 0), "what is not compared is never cut");
}
