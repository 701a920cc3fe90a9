//! What an auditor takes home: whole, or noticeably not.

use crate::support::{Contract, Reply, Server, Setup, Stalled, account, is_whole};
use api::Limits;
use api::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// Many times what fits into all buffers between the log and a client that does not read.
const BIG_ROWS: u32 = 2_000;

/// Lines of an NDJSON export: the events, and the trailer.
fn told(reply: &Reply) -> (Vec<Value>, Value) {
    let text = std::str::from_utf8(&reply.bytes).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let trailer = lines.pop().unwrap()["export"].take();
    assert_eq!(trailer["events"], lines.len());
    (lines, trailer)
}

/// A server with a log that is too big for every buffer.
async fn full(limits: Limits) -> Server {
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let script = format!(
        "insert into events (account_id, stream_id, version, event_id, type, schema_version, payload, actor, \
            request_id, occurred_at, prev_hash, hash) \
         select '{account}', gen_random_uuid(), 1, gen_random_uuid(), 'job.cancelled', 1, \
            json_build_object('type', 'job.cancelled', 'text', repeat(md5(n::text), 500)), 'system:test', 'test', \
            now(), sha256(n::text::bytea), sha256(n::text::bytea) from generate_series(1, {BIG_ROWS}) n",
        account = account("full")
    );
    server.pool.get().await.unwrap().batch_execute(&script).await.unwrap();
    server
}

async fn exporters(server: &Server, sql: &str) -> i64 {
    let sql = format!(
        "select count({sql}) from pg_stat_activity where application_name = 'cooly-exporter' and \
         datname = current_database()"
    );
    server.pool.get().await.unwrap().query_one(&sql, &[]).await.unwrap().get(0)
}

/// An auditor who has read the head of an export, and nothing more yet.
async fn stalled(server: &Server, query: &str) -> Stalled {
    Stalled::open(server, Role::Auditor, "eve", &format!("/audit/export{query}")).await
}

#[tokio::test]
async fn auditors_and_admins_export_and_users_do_not() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    for client in [server.auditor(), server.admin()] {
        let (events, _) = told(&client.get("/audit/export").await.expect(200));
        assert_eq!(events.len(), 1);
    }
    server.user("alice").get("/audit/export").await.refused(403, "forbidden");
    server.user("alice").get("/audit/export?user=alice").await.refused(403, "forbidden");
    server.stranger().get("/audit/export").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn every_format_has_its_type_its_name_and_all_events() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    alice.buy("a \"quoted\",\nbroken fox").await;
    let length = server.log_length().await;
    let auditor = server.auditor();
    for (format, kind, extension) in [
        ("", "application/x-ndjson", "ndjson"),
        ("?format=ndjson", "application/x-ndjson", "ndjson"),
        ("?format=csv", "text/csv; charset=utf-8; header=present", "csv"),
        ("?format=parquet", "application/vnd.apache.parquet", "parquet"),
    ] {
        let reply = auditor.get(&format!("/audit/export{format}")).await.expect(200);
        assert_eq!(reply.header("content-type"), Some(kind));
        let name = format!("attachment; filename=\"cooly-events-{length}.{extension}\"");
        assert_eq!(reply.header("content-disposition"), Some(name.as_str()));
        assert_eq!((reply.header("content-length"), reply.header("cache-control")), (None, Some("no-store")));
        match extension {
            "ndjson" => assert_eq!(told(&reply).0.len() as i64, length),
            "csv" => {
                // Lines end in CR LF; the payload holds its line feed as an escape.
                let records = reply.bytes.windows(2).filter(|bytes| bytes == b"\r\n").count();
                assert_eq!(records as i64, 1 + length);
            }
            _ => assert!(reply.bytes.starts_with(b"PAR1") && reply.bytes.ends_with(b"PAR1")),
        }
    }
}

#[tokio::test]
async fn an_export_is_what_the_log_says() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let bought = alice.buy("a fox").await;
    server.fail("alice", bought.id()).await;
    server.rich_user("bob", 100).await;
    let auditor = server.auditor();
    let listed = auditor.get("/audit/events?limit=100").await.expect(200);
    let (events, trailer) = told(&auditor.get("/audit/export").await.expect(200));
    assert_eq!(events.len(), listed.items().len());
    for (exported, listed) in events.iter().zip(listed.items()) {
        for field in
            ["position", "event_id", "account_id", "version", "type", "amount", "actor", "prev_hash", "hash"]
        {
            assert_eq!(exported[field], listed[field], "{field}");
        }
        let payload: Value = serde_json::from_str(exported["payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload, listed["payload"]);
    }
    let last = trailer["last_position"].as_i64().unwrap();
    assert_eq!(
        (&trailer["format"], trailer["continue_from"].as_i64()),
        (&json!("cooly-export/1"), Some(last + 1))
    );
    let (none, _) = told(&auditor.get(&format!("/audit/export?since={}", last + 1)).await.expect(200));
    assert_eq!(none.len(), 0);
    let (first, _) = told(&auditor.get(&format!("/audit/export?until={last}")).await.expect(200));
    assert_eq!(first, events[..events.len() - 1]);
    let (none, _) = told(&auditor.get("/audit/export?until=2020-01-01").await.expect(200));
    assert_eq!(none.len(), 0);
}

#[tokio::test]
async fn one_account_is_exported_and_nothing_of_others() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    alice.buy("a fox").await;
    server.rich_user("bob", 100).await.buy("a bear").await;
    let reply = server.auditor().get("/audit/export?user=alice").await.expect(200);
    let (events, trailer) = told(&reply);
    assert_eq!((events.len(), &trailer["account_id"]), (3, &json!(account("alice").to_string())));
    assert!(events.iter().all(|event| event["account_id"] == account("alice").to_string()));
    let name = reply.header("content-disposition").unwrap();
    assert!(name.contains(&account("alice").to_string()) && !name.contains("alice"), "{name}");
    server.auditor().get("/audit/export?user=nobody").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let server = Server::start().await;
    for (query, field) in [
        ("format=xml", "format"),
        ("format=", "format"),
        ("format=CSV", "format"),
        ("dataset=accounts", "dataset"),
        ("user=%00", "user"),
        ("since=now", "since"),
        ("since=-1", "since"),
        ("since=99999999999999999999", "since"),
        ("until=2026-02-30", "until"),
        ("until=0001-01-01", "until"),
        ("since=7&until=6", "until"),
        ("since=2026-02-01&until=2026-01-01", "until"),
        ("page=1", "page"),
    ] {
        let refused = server.auditor().get(&format!("/audit/export?{query}")).await;
        assert_eq!(refused.expect(400).blamed(), [field], "{query}");
    }
    assert_eq!(exporters(&server, "*").await, 0, "and none of them reached the database");
}

#[tokio::test]
async fn a_whole_body_ends_with_its_manifest_as_trailer_field() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    for format in ["ndjson", "csv", "parquet"] {
        let client = stalled(&server, &format!("?format={format}")).await;
        assert!(client.head.to_lowercase().contains("trailer: export-manifest"), "{}", client.head);
        let wire = client.rest().await;
        assert!(is_whole(&wire), "{wire}");
        let manifest = wire.rsplit("export-manifest: ").next().unwrap().trim();
        let manifest: Value = serde_json::from_str(manifest).unwrap();
        assert_eq!((&manifest["events"], manifest["sha256"].as_str().unwrap().len()), (&json!(1), 64));
    }
}

/// Asks in an old version of HTTP, and returns everything that comes until the server closes.
async fn asked_in_the_old_way(server: &Server, role: Role, sub: &str, request_line: &str) -> String {
    let token = server.keys.issue(role, &sub.parse().unwrap(), Duration::from_secs(600)).unwrap();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("{request_line}\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it does not end").unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn an_export_is_refused_where_a_body_has_no_end_of_its_own() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    for format in ["ndjson", "csv", "parquet"] {
        let request = format!("GET /audit/export?format={format} HTTP/1.0");
        let answer = asked_in_the_old_way(&server, Role::Auditor, "eve", &request).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 505") && head.contains("application/problem+json"), "{answer}");
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&problem["status"], &problem["code"]), (&json!(505), &json!("http_version_unsupported")));
        assert!(problem["detail"].as_str().unwrap().contains("`proxy_http_version 1.1`"), "{body}");
    }
    let answer = asked_in_the_old_way(&server, Role::Auditor, "eve", "GET /audit/export").await;
    assert!(!answer.contains("credits.granted"), "HTTP/0.9 is not spoken at all: {answer}");
    let answer = asked_in_the_old_way(&server, Role::User, "alice", "GET /audit/export HTTP/1.0").await;
    assert!(answer.starts_with("HTTP/1.0 403"), "the role comes first: {answer}");
    let declared = Contract::shared().operations().find(|(path, _, _)| *path == "/audit/export").unwrap().2;
    assert!(!declared["responses"]["505"].is_null());
    assert_eq!(exporters(&server, "*").await, 0, "and none of them reached the database");
}

#[tokio::test]
async fn a_statement_needs_no_end_of_the_body_since_it_has_one_of_its_own() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    let admins = "GET /admin/accounts/alice/statement?format";
    for (role, address) in [(Role::User, "GET /v1/credits/statement?format"), (Role::Admin, admins)] {
        let table = asked_in_the_old_way(&server, role, "alice", &format!("{address}=csv HTTP/1.0")).await;
        assert!(
            table.starts_with("HTTP/1.0 200") && !table.to_lowercase().contains("content-length"),
            "{table}"
        );
        let last = table.strip_suffix("\r\n").unwrap().lines().last().unwrap();
        assert!(last.contains(",closing,") && last.ends_with(",100,0,,"), "{table}");
        let page = asked_in_the_old_way(&server, role, "alice", &format!("{address}=html HTTP/1.0")).await;
        assert!(page.starts_with("HTTP/1.0 200") && page.ends_with("</html>"), "{page}");
    }
}

#[tokio::test]
async fn a_slow_reader_is_not_cut_off_by_the_deadline_of_requests() {
    let deadline = Duration::from_millis(500);
    let server = full(Limits { deadline, ..Limits::default() }).await;
    let client = stalled(&server, "").await;
    tokio::time::sleep(deadline * 2).await;
    let wire = client.rest().await;
    assert!(is_whole(&wire));
    assert!(wire.contains(&format!("\"events\":{BIG_ROWS},")));
}

#[tokio::test]
async fn an_export_that_takes_too_long_is_broken_off_and_does_not_look_whole() {
    let server = full(Limits { export: Duration::from_millis(500), ..Limits::default() }).await;
    let client = stalled(&server, "").await;
    gone(&server).await;
    let wire = client.rest().await;
    assert!(!is_whole(&wire) && !wire.contains("\"export\":"));
}

#[tokio::test]
async fn a_database_that_goes_away_in_the_middle_is_noticed_by_the_client() {
    let server = full(Limits::default()).await;
    for format in ["ndjson", "csv", "parquet"] {
        let client = stalled(&server, &format!("?format={format}")).await;
        assert_eq!(exporters(&server, "pg_terminate_backend(pid)").await, 1);
        let wire = client.rest().await;
        assert!(!is_whole(&wire), "{format}: {}", wire.len());
    }
    let response = server.auditor().request(Method::GET, "/audit/export").send().await.unwrap();
    assert_eq!(exporters(&server, "pg_terminate_backend(pid)").await, 1);
    assert!(response.bytes().await.is_err(), "an ordinary client fails too");
    told(&server.auditor().get("/audit/export").await.expect(200));
}

/// Waits until no export holds a connection.
async fn gone(server: &Server) {
    let waiting = async {
        while exporters(server, "*").await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("an export still holds its connection");
}

#[tokio::test]
async fn a_server_makes_so_many_exports_at_once_and_a_client_that_goes_makes_room() {
    let server = full(Limits { exports: 2, ..Limits::default() }).await;
    let (first, second) = (stalled(&server, "").await, stalled(&server, "?format=csv").await);
    let refused = server.auditor().get("/audit/export").await.refused(429, "too_many_exports");
    assert_eq!(refused.header("retry-after"), Some("30"));
    server.rich_user("alice", 1).await.get("/v1/credits").await.expect(200);
    drop((first, second));
    gone(&server).await;
    let again = async {
        loop {
            let reply = server.auditor().get("/audit/export").await;
            if reply.status == 200 {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let reply = timeout(PATIENCE, again).await.expect("the places stay taken");
    assert_eq!(told(&reply).0.len(), 1 + BIG_ROWS as usize);
}

#[tokio::test]
async fn a_question_for_the_head_alone_leaves_nothing_behind() {
    let server = full(Limits::default()).await;
    let head = server.auditor().send(Method::HEAD, "/audit/export", None).await.expect(200);
    assert_eq!((head.bytes.len(), head.header("content-type")), (0, Some("application/x-ndjson")));
    gone(&server).await;
}

#[tokio::test]
async fn a_long_transaction_of_a_writer_is_told_and_not_waited_for_forever() {
    let server = Server::start().await;
    server.rich_user("alice", 1).await;
    let writer = server.pool.get().await.unwrap();
    writer.batch_execute("begin; lock table events in row exclusive mode").await.unwrap();
    let refused = server.auditor().get("/audit/export").await.refused(503, "log_unsettled");
    assert!(refused.header("retry-after").is_some());
    writer.batch_execute("rollback").await.unwrap();
    server.auditor().get("/audit/export").await.expect(200);
}

#[test]
fn the_document_knows_all_formats() {
    let mut operations = Contract::shared().operations();
    let (_, _, export) = operations.find(|(path, _, _)| *path == "/audit/export").unwrap();
    let content = export["responses"]["200"]["content"].as_object().unwrap();
    assert_eq!(content.len(), 3);
    assert!(content.contains_key("application/vnd.apache.parquet"));
}
