//! Looking for generations: by when they were bought and by what is in their prompts, alone and together.

use crate::support::{Client, Reply, Server, account};
use serde_json::json;

/// The ids of all pages, and where a search was cut on the way.
async fn pages(client: &Client, query: &str) -> (Vec<String>, Vec<Reply>) {
    let (mut ids, mut cut) = (Vec::new(), Vec::new());
    let mut path = format!("/v1/generations?limit=2&{query}");
    loop {
        let page = client.get(&path).await.expect(200);
        ids.extend(page.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let cursor = page.body["next_cursor"].as_str().map(str::to_owned);
        if page.body["searched_until"].is_string() {
            cut.push(page);
        }
        match cursor {
            Some(cursor) => path = format!("/v1/generations?limit=2&{query}&cursor={cursor}"),
            None => return (ids, cut),
        }
    }
}

#[tokio::test]
async fn prompts_are_searched_and_pages_follow_each_other_under_every_filter() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let bob = server.rich_user("bob", 1_000).await;
    let mut ids = Vec::new();
    for prompt in ["A red Fox", "a cat", "two foxes\nin snow", "Ein Fuchs, 100% echt", "the last FOX"] {
        ids.push(alice.buy(prompt).await.id().to_owned());
    }
    bob.buy("a fox of somebody else").await;
    let clip = alice.post("/v1/generations", json!({ "model": "sim-video", "prompt": "foxtrot" })).await;
    ids.push(clip.id().to_owned());
    server.fail("alice", &ids[4]).await;
    server.caught_up().await;
    let third = alice.get(&format!("/v1/generations/{}", ids[2])).await.expect(200);
    let third = third.body["created_at"].as_str().unwrap();
    for (query, expected) in [
        ("q=fox".to_owned(), vec![5, 4, 2, 0]),
        ("q=FOX&kind=image".to_owned(), vec![4, 2, 0]),
        ("q=fox&status=failed".to_owned(), vec![4]),
        ("q=fox&model=sim-video".to_owned(), vec![5]),
        ("q=100%25".to_owned(), vec![3]),
        ("q=f_x".to_owned(), vec![]),
        ("q=snow%20".to_owned(), vec![]),
        (format!("from={third}"), vec![5, 4, 3, 2]),
        (format!("until={third}"), vec![1, 0]),
        (format!("until={third}&q=fox"), vec![0]),
        ("from=2001-01-01&until=2001-01-02".to_owned(), vec![]),
    ] {
        let (found, cut) = pages(&alice, &query).await;
        let expected: Vec<_> = expected.into_iter().map(|place: usize| ids[place].clone()).collect();
        assert_eq!(found, expected, "{query}");
        assert!(cut.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_filters_and_what_cannot_be_read_is_refused_by_name() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    for _ in 0..2 {
        alice.buy("a fox").await;
    }
    server.caught_up().await;
    let page = alice.get("/v1/generations?limit=1&q=fox").await.expect(200);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    alice.get(&format!("/v1/generations?limit=1&q=fox&cursor={cursor}")).await.expect(200);
    for other in ["", "&q=cat", "&q=fox&from=2001-01-01", "&q=fox&until=2999-01-01"] {
        let refused = alice.get(&format!("/v1/generations?limit=1{other}&cursor={cursor}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["cursor"], "{other}");
    }
    let long = format!("q={}", "x".repeat(101));
    for (query, name) in [
        ("from=2026-02-01&until=2026-02-01", "from"),
        ("from=2026-02-02&until=2026-02-01", "from"),
        ("from=yesterday", "from"),
        ("until=2026-02-30", "until"),
        ("q=%20%20", "q"),
        ("q=a%0Ab", "q"),
        (&long, "q"),
        ("state=failed", "state"),
    ] {
        let refused = alice.get(&format!("/v1/generations?{query}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), [name], "{query}");
    }
}

#[tokio::test]
async fn a_search_among_very_many_is_cut_and_goes_on() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let seed = "insert into generations (job_id, account_id, kind, model, prompt, count, params, status, cost, charged, run,
        attempts, outputs, created_at, finished_at, updated_at, version, last_position)
        select gen_random_uuid(), $1, 'image', 'sim-image', case n when 3 then 'a needle' else 'hay' end, 1, '{}',
            'succeeded', 4, 4, 1, 1, '[]', timestamptz '2026-01-01Z' + n * interval '1 second', now(), now(), 3, n
        from generate_series(0, 10499) as n";
    server.pool.get().await.unwrap().execute(seed, &[&account("alice").0]).await.unwrap();
    let (found, cut) = pages(&alice, "q=needle").await;
    assert_eq!((found.len(), cut.len()), (1, 1));
    assert!(cut[0].items().is_empty());
    assert_eq!(cut[0].body["searched_until"], "2026-01-01T00:08:20Z");
}
