//! Event streams: what changes is told in order, and nothing is missed in between two streams.

use crate::support::{Client, Server, Setup, account};
use api::Limits;
use reqwest::{Method, Response};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// A stream that is being read.
struct Stream {
    response: Response,
    text: String,
}

/// One event of it.
#[derive(Debug, Default, PartialEq)]
struct Told {
    event: String,
    id: Option<i64>,
    data: Value,
}

impl Stream {
    async fn open(client: &Client) -> Stream {
        let response = client.request(Method::GET, "/v1/events").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { response, text: String::new() }
    }

    /// The next event or bare id; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let told = read(block);
                self.text = rest.to_owned();
                if told != Told::default() {
                    return Some(told);
                }
                continue;
            }
            let chunk =
                timeout(Duration::from_secs(30), self.response.chunk()).await.expect("a silent stream");
            self.text.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }

    /// The next generation that is told.
    async fn generation(&mut self) -> Told {
        loop {
            let told = self.next().await.expect("the stream ended");
            if told.event == "generation" {
                return told;
            }
        }
    }
}

fn read(block: &str) -> Told {
    let mut told = Told::default();
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("event", event)) => told.event = event.to_owned(),
            Some(("id", id)) => told.id = Some(id.parse().unwrap()),
            Some(("data", data)) => told.data = serde_json::from_str(data).unwrap(),
            _ => {}
        }
    }
    told
}

#[tokio::test]
async fn a_generation_is_told_until_its_end_as_it_reads_elsewhere() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let mut stream = Stream::open(&alice).await;
    let first = stream.next().await.unwrap();
    assert!(first.id.is_some() && first.data.is_null(), "a stream begins with where it begins: {first:?}");
    let bought = alice.buy("a fox").await;
    server.succeed("alice", bought.id(), b"png").await;
    let mut told = stream.generation().await;
    let mut last = told.id;
    while told.data["status"] != "succeeded" {
        told = stream.generation().await;
        assert!(told.id > last, "ids grow");
        last = told.id;
    }
    let current = alice.get(&format!("/v1/generations/{}", bought.id())).await;
    assert_eq!(told.data, current.body);
}

#[tokio::test]
async fn nothing_of_others_is_told() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bob = server.rich_user("bob", 100).await;
    let mut stream = Stream::open(&bob).await;
    alice.buy("secret").await;
    let own = bob.buy("own").await;
    assert_eq!(stream.generation().await.data["id"], own.id());
}

#[tokio::test]
async fn a_stream_resumes_with_everything_that_was_missed() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let mut stream = Stream::open(&alice).await;
    let first = alice.buy("seen").await;
    let seen = stream.generation().await;
    assert_eq!(seen.data["id"], first.id());
    drop(stream);
    let mut missed = Vec::new();
    for number in 0..5 {
        missed.push(alice.buy(&format!("missed {number}")).await.id().to_owned());
    }
    server.fail("alice", first.id()).await;
    // What the read models do not show yet would be told live, each change by itself.
    server.caught_up().await;
    let resumed = alice.with("last-event-id", &seen.id.unwrap().to_string());
    let mut stream = Stream::open(&resumed).await;
    for id in &missed {
        assert_eq!(stream.generation().await.data["id"], id.as_str());
    }
    let changed = stream.generation().await;
    assert_eq!(
        (changed.data["id"].as_str(), changed.data["status"].as_str()),
        (Some(first.id()), Some("failed"))
    );
    let fresh = alice.buy("live again").await;
    let live = stream.generation().await;
    assert_eq!(live.data["id"], fresh.id(), "what was caught up with is not told again");
    assert!(live.id > changed.id);
}

#[tokio::test]
async fn many_changes_reach_every_stream() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    let mut streams = vec![Stream::open(&alice).await, Stream::open(&alice).await];
    let items: Vec<_> = (0..100)
        .map(|number| serde_json::json!({ "model": "sim-image", "prompt": format!("{number}") }))
        .collect();
    let batch = alice.post("/v1/generations/batch", serde_json::json!({ "items": items })).await.expect(202);
    for stream in &mut streams {
        let mut told = std::collections::HashSet::new();
        while told.len() < 100 {
            told.insert(stream.generation().await.data["id"].as_str().unwrap().to_owned());
        }
        assert!(batch.items().iter().all(|item| told.contains(item["id"].as_str().unwrap())));
    }
}

#[tokio::test]
async fn a_user_has_so_many_streams_and_no_more() {
    let limits = Limits { streams_per_user: 2, ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let alice = server.user("alice");
    let (first, _second) = (Stream::open(&alice).await, Stream::open(&alice).await);
    alice.get("/v1/events").await.refused(429, "too_many_streams");
    let _other = Stream::open(&server.user("bob")).await;
    drop(first);
    // Its place is free once the server has noticed that its reader is gone.
    let patience = timeout(Duration::from_secs(30), async {
        while alice.request(Method::GET, "/v1/events").send().await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    patience.await.expect("the place of a stream that ended stays taken");
}

#[tokio::test]
async fn a_silent_stream_is_kept_open_by_comments() {
    let limits = Limits { heartbeat: Duration::from_millis(50), ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let mut response = server.user("alice").request(Method::GET, "/v1/events").send().await.unwrap();
    let mut text = String::new();
    while text.matches(":\n\n").count() < 3 {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_the_server() {
    let server = Server::start().await;
    let sub = "alice".parse().unwrap();
    let token = server.keys.issue(api::auth::Role::User, &sub, Duration::from_secs(1)).unwrap();
    let mut short = Stream::open(&Client::new(server.address, Some(token))).await;
    assert!(short.next().await.is_some());
    assert!(short.next().await.is_none(), "the stream outlives its token");
    let mut long = Stream::open(&server.user("alice")).await;
    assert!(long.next().await.is_some());
    server.shutdown.cancel();
    assert!(long.next().await.is_none(), "the stream outlives its server");
}

#[tokio::test]
async fn an_event_of_a_newer_release_does_not_end_what_is_told() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let mut stream = Stream::open(&alice).await;
    stream.next().await.expect("a first event");
    let insert = r#"
        insert into events (account_id, stream_id, version, event_id, type, schema_version, job_id, payload, actor,
            request_id, occurred_at, prev_hash, hash)
        values ($1, $2, 1, gen_random_uuid(), 'job.paused', 1, $2, '{"type":"job.paused"}', 'system:test', 'r', now(),
            '', '')"#;
    let client = server.pool.get().await.unwrap();
    client.execute(insert, &[&account("alice").0, &uuid::Uuid::now_v7()]).await.unwrap();
    let bought = alice.buy("soon").await;
    let told = timeout(Duration::from_secs(20), stream.generation()).await.expect("the stream stands still");
    assert_eq!(told.data["id"], bought.id());
}
