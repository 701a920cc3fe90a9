//! Long lists of dead jobs: a page looks at a bounded part, says where it stopped, and goes on there; an order takes all that match.

use crate::stage::Stage;
use ledger::Role;
use projections::bulk::{Choice, Deed, Frozen, NewAction, freeze};
use projections::dead_letters::{self, Filter, Order};
use serde_json::Value;
use uuid::Uuid;

/// Thirty thousand dead jobs of a hundred users; in one of a thousand the prompt is of a needle. The first has the most credits.
const HAYSTACK: &str = "
insert into dead_letters (job_id, account_id, user_id, kind, model, prompt, count, params, cost, charged, run, attempts, class, code,
    message, created_at, died_at, version, last_position, incident, incident_of)
select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid,
    (lpad(to_hex(n % 100), 8, '0') || '-0000-5000-8000-000000000000')::uuid, 'user-' || n % 100, 'image', 'sim-image',
    case when n % 1000 = 0 then 'a Needle in the hay' else 'hay' end, 1, '{}', 4, case when n = 0 then 9 else 4 end, 1, 3,
    'transient', 'provider_down', 'no', now(), timestamptz '2026-01-01' + n * interval '1 second', 5, n,
    case when n % 2 = 0 then '1-even' else '1-odd' end, 5
from generate_series(0, 29999) n;
analyze dead_letters";

async fn haystack() -> Stage {
    let stage = Stage::new().await;
    stage.owner().await.batch_execute(HAYSTACK).await.unwrap();
    stage
}

/// Everything that a list has, page by page, and how many pages stopped before they were full.
async fn whole(stage: &Stage, filter: &Filter, order: Order) -> (usize, usize) {
    let client = stage.pool.get().await.unwrap();
    let (mut found, mut stops, mut after) = (0, 0, None);
    loop {
        let page = dead_letters::list(&**client, filter, order, after, 50).await.unwrap();
        stops += usize::from(page.stopped_at.is_some());
        found += page.jobs.len();
        after = page.next();
        if after.is_none() {
            return (found, stops);
        }
    }
}

#[tokio::test]
async fn a_search_stops_after_a_bounded_part_and_goes_on_where_it_stopped() {
    let stage = haystack().await;
    let needle = Filter { text: Some("needle".into()), ..Filter::default() };
    for order in Order::ALL {
        let (found, stops) = whole(&stage, &needle, order).await;
        assert_eq!(found, 30, "{order:?}");
        assert!(stops >= 5, "{order:?}: {stops}");
    }
    let none = Filter { model: Some("other".into()), ..Filter::default() };
    assert_eq!(whole(&stage, &none, Order::Newest).await, (0, 1));
    let odd = Filter { incident: Some("1-odd".into()), ..Filter::default() };
    assert_eq!(whole(&stage, &odd, Order::Oldest).await, (15_000, 0), "what an index finds is found");
    let client = stage.pool.get().await.unwrap();
    assert_eq!(dead_letters::count_up_to(&**client, &needle, 10_001).await.unwrap(), (5, true));
    assert_eq!(dead_letters::count_up_to(&**client, &odd, 20_000).await.unwrap(), (15_000, false));
    let dearest =
        dead_letters::list(&**client, &Filter::default(), Order::MostCredits, None, 1).await.unwrap();
    assert_eq!(dearest.jobs[0].charged.to_string(), "9");
}

#[tokio::test]
async fn an_order_and_a_count_are_about_all_that_match() {
    let stage = haystack().await;
    let both = Filter { text: Some("needle".into()), incident: Some("1-even".into()), ..Filter::default() };
    let tally = dead_letters::count(&**stage.pool.get().await.unwrap(), &both).await.unwrap();
    assert_eq!((tally.jobs, tally.people, tally.charged.to_string().as_str()), (30, 1, "125"));
    let mut client = stage.database.pool(Role::Operator, 1).unwrap().get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let new = NewAction {
        id: Uuid::now_v7(),
        actor: "admin:ada".into(),
        request_id: "request".into(),
        key: None,
        reason: "because".into(),
        idempotency: None,
        deed: Deed::Retry,
        filter: Value::Null,
        rate: 1,
        canary: 0,
        pause_above_percent: 100,
    };
    let frozen = freeze(&transaction, &new, &Choice::Matching(both)).await.unwrap();
    let Frozen::Made(action) = frozen else { panic!("{frozen:?}") };
    assert_eq!((action.items, action.charged), (30, tally.charged));
}
