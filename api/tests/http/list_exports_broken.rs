//! Exports of lists that nobody reads, or that end too early: no room of others is taken, and nothing looks whole that is not.

use crate::support::{Client, Server, Setup, Stalled, is_whole};
use api::Limits;
use api::auth::Role;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

const LIST: &str = "/v1/generations";

/// Many times what fits into all buffers between the list and a client that does not read.
const MANY: i32 = 2_000;

/// A server on which alice has more generations than fit into all buffers.
async fn full(limits: Limits) -> Server {
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    server.rich_user("alice", 100).await.buy("one of many").await;
    server.caught_up().await;
    let copies = "insert into generations \
        select (jsonb_populate_record(null::generations, to_jsonb(one) || jsonb_build_object( \
            'job_id', gen_random_uuid(), 'created_at', one.created_at - n * interval '1 second', \
            'prompt', repeat(md5(n::text), 500)))).* \
        from generations one, generate_series(1, $1::int) n";
    server.pool.get().await.unwrap().execute(copies, &[&(MANY - 1)]).await.unwrap();
    server
}

async fn stalled(server: &Server, sub: &str, format: &str) -> Stalled {
    Stalled::open(server, Role::User, sub, &format!("{LIST}?format={format}")).await
}

/// Asks again until there is room.
async fn admitted(client: &Client, path: &str) -> Vec<u8> {
    let again = async {
        loop {
            let reply = client.get(path).await;
            if reply.status == 200 {
                return reply.bytes;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("the places stay taken")
}

#[tokio::test]
async fn a_slow_reader_gets_everything_and_is_told_so() {
    let deadline = Duration::from_millis(500);
    let server = full(Limits { deadline, ..Limits::default() }).await;
    for format in ["csv", "ndjson"] {
        let client = stalled(&server, "alice", format).await;
        assert!(client.head.to_lowercase().contains("trailer: export-manifest"), "{}", client.head);
        tokio::time::sleep(deadline * 2).await;
        let wire = client.rest().await;
        assert!(is_whole(&wire), "{format}");
        let manifest = wire.rsplit("export-manifest: ").next().unwrap().trim();
        let manifest: Value = serde_json::from_str(manifest).unwrap();
        assert_eq!((&manifest["list"], &manifest["rows"]), (&"generations".into(), &MANY.into()));
    }
}

#[tokio::test]
async fn an_export_that_takes_too_long_does_not_look_whole() {
    let server = full(Limits { export: Duration::from_millis(500), ..Limits::default() }).await;
    for format in ["csv", "ndjson"] {
        let client = stalled(&server, "alice", format).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let wire = client.rest().await;
        assert!(!is_whole(&wire) && !wire.contains("\"export\":"), "{format}: {}", wire.len());
    }
}

/// The page after the first ones cannot be read any more.
#[tokio::test]
async fn a_database_that_goes_away_in_the_middle_is_noticed_by_the_client() {
    let server = full(Limits::default()).await;
    for format in ["csv", "ndjson"] {
        let client = stalled(&server, "alice", format).await;
        let rename = "alter table generations rename to generations_away";
        server.pool.get().await.unwrap().batch_execute(rename).await.unwrap();
        let wire = client.rest().await;
        assert!(!is_whole(&wire) && !wire.contains("\"export\":"), "{format}: {}", wire.len());
        let back = "alter table generations_away rename to generations";
        server.pool.get().await.unwrap().batch_execute(back).await.unwrap();
    }
    let response =
        server.user("alice").request(Method::GET, &format!("{LIST}?format=csv")).send().await.unwrap();
    let rename = "alter table generations rename to generations_away";
    server.pool.get().await.unwrap().batch_execute(rename).await.unwrap();
    assert!(response.bytes().await.is_err(), "an ordinary client fails too");
}

#[tokio::test]
async fn who_does_not_read_keeps_no_connection_from_others() {
    let server = full(Limits { database_connections: 1, ..Limits::default() }).await;
    let slow = [stalled(&server, "alice", "csv").await, stalled(&server, "alice", "ndjson").await];
    server.rich_user("bob", 5).await;
    server.user("bob").get("/v1/credits").await.expect(200);
    server.admin().get("/admin/accounts").await.expect(200);
    drop(slow);
}

#[tokio::test]
async fn one_caller_has_so_many_exports_at_once_and_leaves_room_for_others() {
    let server = full(Limits::default()).await;
    server.rich_user("bob", 5).await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let (first, second) = (stalled(&server, "alice", "csv").await, stalled(&server, "alice", "ndjson").await);
    let refused = alice.get(&format!("{LIST}?format=csv")).await.refused(429, "too_many_exports");
    assert_eq!(refused.header("retry-after"), Some("30"));
    assert!(refused.body["detail"].as_str().unwrap().starts_with("you have 2"), "{}", refused.body);
    alice.get(LIST).await.expect(200);
    bob.get(&format!("{LIST}?format=csv")).await.expect(200);
    drop((first, second));
    let whole = admitted(&alice, &format!("{LIST}?format=ndjson")).await;
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count() as i32, MANY + 1);
}

#[tokio::test]
async fn a_server_makes_so_many_exports_at_once() {
    let server = full(Limits { list_exports: 1, ..Limits::default() }).await;
    let client = stalled(&server, "alice", "csv").await;
    let refused = server.admin().get("/admin/accounts?format=csv").await.refused(429, "too_many_exports");
    assert!(refused.body["detail"].as_str().unwrap().starts_with("this server makes 1"), "{}", refused.body);
    drop(client);
    admitted(&server.admin(), "/admin/accounts?format=csv").await;
}

#[tokio::test]
async fn a_question_for_the_head_alone_leaves_nothing_behind() {
    let server = full(Limits { list_exports_of_one: 1, ..Limits::default() }).await;
    let alice = server.user("alice");
    let head = alice.send(Method::HEAD, &format!("{LIST}?format=ndjson"), None).await.expect(200);
    assert_eq!((head.bytes.len(), head.header("content-type")), (0, Some("application/x-ndjson")));
    admitted(&alice, &format!("{LIST}?format=ndjson")).await;
}
