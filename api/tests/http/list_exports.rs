//! All of a list as a file: what somebody gets who follows every cursor, and nothing of anybody else.

use crate::openapi::as_the_examples_have_it;
use crate::roles::rule;
use crate::support::{Client, Contract, Reply, Server, raw};
use api::auth::Role;
use ledger::job::FailureClass;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Sums that are a table for analysis, of which the books have forms of their own.
const BOOKS: [&str; 2] = ["/audit/outstanding", "/audit/recognised"];

/// What spreadsheets would run, and what tables stumble over.
const HOSTILE: &str = "=HYPERLINK(\"http://evil\"); a fox,\nand \"another\" – 🦊";

/// A server on which there is something in every list.
struct Full {
    server: Server,
    action: String,
}

impl Full {
    async fn start() -> Full {
        let server = Server::start().await;
        let alice = server.rich_user("alice", 1_000).await;
        for prompt in [HOSTILE, "a bear", "@fox two", "a fox"] {
            let bought = alice.buy(prompt).await;
            server.succeed("alice", bought.id(), b"made").await;
        }
        let refused = alice.buy("-a fox that is refused").await;
        server.fail("alice", refused.id()).await;
        let late = alice.buy("a late fox").await;
        server.fail_as("alice", late.id(), FailureClass::Transient, "provider_timeout").await;
        server.dead("alice").await;
        alice.buy("still queued").await;
        server.rich_user("bob", 100).await.buy("secret of bob").await;
        server.dead("bob").await;
        server.rich_user("anna", 7).await;
        let admin = server.admin();
        for reason in ["a call", "+a render"] {
            let hold = json!({ "amount": "2.5", "reason": reason });
            admin.post("/admin/accounts/alice/holds", hold).await.expect(201);
        }
        server.caught_up().await;
        let action = order_actions(&admin).await;
        server.seal().await;
        Full { server, action }
    }

    /// Every list, each with some of its filters: whose it is, its address, and whether it comes in pages.
    fn lists(&self) -> Vec<(Client, String, bool)> {
        let (alice, admin, auditor) = (self.server.user("alice"), self.server.admin(), self.server.auditor());
        let items = format!("/admin/dlq/bulk-actions/{}/items", self.action);
        let of = |client: &Client, is_paged: bool, paths: &[&str]| -> Vec<(Client, String, bool)> {
            paths.iter().map(|path| (client.clone(), (*path).to_owned(), is_paged)).collect()
        };
        [
            of(
                &alice,
                true,
                &[
                    "/v1/generations",
                    "/v1/generations?status=succeeded&q=fox",
                    "/v1/generations?kind=image&from=2020-01-01",
                ],
            ),
            of(&alice, true, &["/v1/credits/history", "/v1/credits/history?type=credits.debited"]),
            of(&alice, false, &["/v1/usage", "/v1/usage?zone=Asia/Kathmandu", "/v1/models"]),
            of(&admin, true, &["/admin/accounts", "/admin/accounts?search=a"]),
            of(&admin, false, &["/admin/accounts/alice/holds"]),
            of(
                &admin,
                true,
                &[
                    "/admin/dlq/messages",
                    "/admin/dlq/messages?user=alice&sort=oldest",
                    "/admin/dlq/messages?code=provider_timeout",
                    "/admin/dlq/messages?q=dead%20on&sort=credits&min_attempts=1",
                ],
            ),
            of(&admin, true, &["/admin/dlq/incidents", "/admin/dlq/incidents?state=open"]),
            of(&admin, true, &["/admin/dlq/bulk-actions", &items, &format!("{items}?outcome=waiting")]),
            of(
                &auditor,
                true,
                &[
                    "/audit/events",
                    "/audit/events?user=alice&type=credits.debited,job.queued",
                    "/audit/events?after=3",
                    "/audit/seals",
                ],
            ),
            of(&auditor, false, &["/audit/seals/keys"]),
        ]
        .concat()
    }
}

/// Three actions, of which the last has all dead letters. They are over, so that they look the same a moment later.
async fn order_actions(admin: &Client) -> String {
    let mut last = String::new();
    for filter in [json!({ "user": "bob" }), json!({ "user": "alice" }), json!({})] {
        let order = json!({ "action": "retry", "filter": filter, "reason": "=the provider is back" });
        let ordered = admin.with("prefer", "respond-async").post("/admin/dlq/bulk-actions", order).await;
        last = ordered.expect(202).id().to_owned();
        admin.order(&format!("/admin/dlq/bulk-actions/{last}/abort")).await.expect(200);
    }
    last
}

fn with(path: &str, query: &str) -> String {
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

/// Every item of a list, page by page.
async fn walked(client: &Client, path: &str, is_paged: bool) -> Vec<Value> {
    if !is_paged {
        return client.get(path).await.expect(200).items().to_vec();
    }
    let (mut items, mut next) = (Vec::new(), with(path, "limit=2"));
    loop {
        let page = client.get(&next).await.expect(200);
        items.extend_from_slice(page.items());
        let Some(cursor) = page.body["next_cursor"].as_str() else { return items };
        next = with(path, &format!("limit=2&cursor={cursor}"));
    }
}

fn text(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.bytes).unwrap()
}

/// The lines of an NDJSON export: the items, and what the last one tells.
fn lines(reply: &Reply) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = text(reply).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = lines.pop().unwrap()["export"].take();
    assert_eq!(told["rows"], lines.len());
    (lines, told)
}

/// The head of a table and its rows.
fn table(reply: &Reply) -> (Vec<String>, Vec<Vec<String>>) {
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let mut reader = csv::Reader::from_reader(reply.bytes.as_slice());
    let head = cells(reader.headers().unwrap());
    (head, reader.records().map(|record| cells(&record.unwrap())).collect())
}

/// What a column of a table says of an item, before a spreadsheet is kept from running it.
fn told(item: &Value, column: &str) -> String {
    match column.split('.').try_fold(item, |inner, name| inner.get(name)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn assert_same_row(path: &str, head: &[String], row: &[String], item: &Value) {
    for (column, cell) in head.iter().zip(row) {
        let told = told(item, column);
        let guarded = format!("'{told}");
        let is_free = ["prompt", "reason", "message"].iter().any(|free| column.ends_with(free));
        let is_formula = is_free && told.starts_with(['=', '+', '-', '@']);
        assert_eq!(*cell, if is_formula { guarded } else { told }, "{path}: {column}");
    }
    for name in item.as_object().unwrap().keys() {
        let within = format!("{name}.");
        let is_there = head.iter().any(|column| column == name || column.starts_with(&within));
        assert!(is_there, "{path}: {name} has no column");
    }
}

#[tokio::test]
async fn a_file_is_what_the_pages_say() {
    let full = Full::start().await;
    for (client, path, is_paged) in full.lists() {
        let items = walked(&client, &path, is_paged).await;
        assert!(!items.is_empty(), "{path}");
        let ndjson = client.get(&with(&path, "format=ndjson")).await.expect(200);
        let (exported, manifest) = lines(&ndjson);
        assert_eq!(exported, items, "{path}");
        assert_eq!((&manifest["format"], &manifest["is_cut"]), (&json!("cooly-list/1"), &json!(false)));
        let last = text(&ndjson).lines().last().unwrap();
        let before = text(&ndjson).strip_suffix(&format!("{last}\n")).unwrap();
        assert_eq!(manifest["sha256"], hex::encode(Sha256::digest(before)), "{path}");
        let csv = client.get(&with(&path, "format=csv")).await.expect(200);
        let (head, rows) = table(&csv);
        assert_eq!(rows.len(), items.len(), "{path}");
        for (row, item) in rows.iter().zip(&items) {
            assert_same_row(&path, &head, row, item);
        }
        // RFC 4180: every record ends with CR LF; a line feed by itself is within quotes.
        assert!(text(&csv).ends_with("\r\n"), "{path}");
    }
}

#[tokio::test]
async fn a_file_says_what_it_is() {
    let full = Full::start().await;
    for (client, path, _) in full.lists() {
        for (form, kind) in
            [("csv", "text/csv; charset=utf-8; header=present"), ("ndjson", "application/x-ndjson")]
        {
            let file = client.get(&with(&path, &format!("format={form}"))).await.expect(200);
            assert_eq!((file.header("content-type"), file.header("vary")), (Some(kind), Some("Accept")));
            assert_eq!(file.header("trailer"), Some("export-manifest"), "{path}");
            assert_eq!(
                (file.header("content-length"), file.header("cache-control")),
                (None, Some("no-store"))
            );
            let name = file.header("content-disposition").unwrap();
            let name = name.strip_prefix("attachment; filename=\"cooly-").unwrap().strip_suffix('"').unwrap();
            assert!(name.ends_with(&format!("Z.{form}")) && !name.contains("alice"), "{path}: {name}");
        }
        let page = client.get(&path).await.expect(200);
        assert_eq!((page.header("vary"), page.header("content-disposition")), (Some("Accept"), None));
    }
}

#[tokio::test]
async fn the_header_decides_where_the_parameter_does_not() {
    let full = Full::start().await;
    for (client, path, _) in full.lists() {
        let csv = client.get(&with(&path, "format=csv")).await.expect(200);
        let accepted = client.with("accept", "text/csv;q=1, application/json").get(&path).await.expect(200);
        assert_eq!(accepted.bytes, csv.bytes, "{path}");
        let lines = client.with("accept", "application/x-ndjson").get(&path).await.expect(200);
        assert_eq!(lines.header("content-type"), Some("application/x-ndjson"), "{path}");
        for accept in ["application/json, text/csv", "*/*", "application/xml"] {
            let page = client.with("accept", accept).get(&path).await.expect(200);
            assert!(page.body["items"].is_array(), "{path} for {accept}");
        }
        let asked = client.with("accept", "text/csv").get(&with(&path, "format=json")).await.expect(200);
        assert!(asked.body["items"].is_array(), "{path}");
    }
}

/// Whoever may use an operation of the document.
fn client_for(server: &Server, path: &str) -> Client {
    match rule(path, "get").and_then(|roles| roles.first()) {
        Some(Role::User) => server.user("alice"),
        Some(Role::Admin) => server.admin(),
        Some(Role::Auditor) => server.auditor(),
        None => server.stranger(),
    }
}

/// Whether an operation lists something: its answer has items.
fn is_list(operation: &Value) -> bool {
    let content = operation["responses"]["200"]["content"].as_object().into_iter().flatten();
    let json = content.filter(|(kind, _)| kind.starts_with("application/json"));
    let mut schemas = json.filter_map(|(_, media)| media["schema"]["$ref"].as_str()?.rsplit('/').next());
    schemas.any(|name| Contract::shared().schema(name)["properties"]["items"]["type"] == "array")
}

#[tokio::test]
async fn every_list_of_the_document_has_both_forms_and_refuses_others_by_name() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    let mut lists = 0;
    for (path, method, operation) in Contract::shared().operations() {
        if method != "get" || !is_list(operation) || BOOKS.contains(&path) {
            continue;
        }
        lists += 1;
        let content = operation["responses"]["200"]["content"].as_object().unwrap();
        for form in ["text/csv", "application/x-ndjson"] {
            assert!(content.keys().any(|kind| kind.starts_with(form)), "{path} has no {form}");
        }
        assert!(!operation["responses"]["505"].is_null(), "{path}");
        let (client, address) = (client_for(&server, path), as_the_examples_have_it(path, operation));
        for form in ["xml", "CSV", "parquet", ""] {
            let refused = client.get(&format!("{address}?format={form}")).await;
            assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["format"], "{path}: {form}");
        }
    }
    assert_eq!(lists, 17);
}

#[tokio::test]
async fn a_file_has_no_pages() {
    let full = Full::start().await;
    for (client, path, is_paged) in full.lists() {
        if !is_paged {
            continue;
        }
        let cursor = client.get(&with(&path, "limit=1")).await.expect(200).body["next_cursor"].clone();
        let Some(cursor) = cursor.as_str() else { continue };
        for form in ["csv", "ndjson"] {
            let query = format!("format={form}&limit=1&cursor={cursor}");
            let refused = client.get(&with(&path, &query)).await.refused(400, "parameter_invalid");
            assert_eq!(refused.blamed(), ["limit", "cursor"], "{path}");
        }
    }
}

#[tokio::test]
async fn nobody_else_is_in_a_file() {
    let full = Full::start().await;
    let (alice, bob) = (full.server.user("alice"), full.server.user("bob"));
    for form in ["csv", "ndjson"] {
        let theirs = bob.get(&format!("/v1/generations?format={form}")).await.expect(200);
        assert!(text(&theirs).contains("secret of bob") && !text(&theirs).contains("fox"), "{form}");
        let own = alice.get(&format!("/v1/generations?format={form}")).await.expect(200);
        assert!(text(&own).contains("a bear") && !text(&own).contains("bob"), "{form}");
    }
    let changes = lines(&bob.get("/v1/credits/history?format=ndjson").await.expect(200)).0;
    assert_eq!(changes.last().unwrap()["amount"], "100");
    assert!(changes.iter().all(|change| change["amount"] != "1000"));
    for path in ["/v1/usage", "/v1/credits/history", "/v1/generations"] {
        let none = full.server.user("nobody").get(&format!("{path}?format=ndjson")).await.expect(200);
        assert_eq!(lines(&none).0, Vec::<Value>::new(), "{path}");
        let none = full.server.user("nobody").get(&format!("{path}?format=csv")).await.expect(200);
        assert_eq!(table(&none).1.len(), 0, "{path}");
        assert!(table(&none).0.len() > 5, "an empty table has its head");
    }
    for path in ["/admin/dlq/messages", "/admin/accounts", "/audit/events"] {
        alice.get(&format!("{path}?format=csv")).await.refused(403, "forbidden");
        full.server.stranger().get(&format!("{path}?format=csv")).await.refused(401, "unauthenticated");
    }
}

/// More than is read at once.
#[tokio::test]
async fn a_file_has_every_page() {
    let server = Server::start().await;
    let many = 450;
    for amount in 1..=many {
        server.rich_user("alice", amount).await;
    }
    server.caught_up().await;
    let alice = server.user("alice");
    let (changes, manifest) = lines(&alice.get("/v1/credits/history?format=ndjson").await.expect(200));
    let amounts: Vec<String> =
        changes.iter().map(|change| change["amount"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<String> = (1..=many).rev().map(|amount| amount.to_string()).collect();
    assert_eq!((amounts, &manifest["rows"]), (expected, &json!(many)));
    let (_, rows) = table(&alice.get("/v1/credits/history?format=csv").await.expect(200));
    assert_eq!(rows.len() as u64, many);
    let (events, _) =
        lines(&server.auditor().get("/audit/events?user=alice&format=ndjson").await.expect(200));
    assert_eq!(events.len() as u64, many);
}

#[tokio::test]
async fn what_is_not_there_is_refused_before_a_file_is_begun() {
    let server = Server::start().await;
    let missing = "019ab000-0000-7000-8000-000000000000";
    let admin = server.admin();
    for path in
        [format!("/admin/dlq/bulk-actions/{missing}/items"), "/admin/accounts/nobody/holds".to_owned()]
    {
        for form in ["csv", "ndjson"] {
            admin.get(&format!("{path}?format={form}")).await.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_file_is_refused_where_a_body_has_no_end_of_its_own() {
    let server = Server::start().await;
    server.rich_user("alice", 100).await;
    let token = server.keys.issue(Role::User, &"alice".parse().unwrap(), Duration::from_secs(60)).unwrap();
    let asked = async |target: &str| {
        let request =
            format!("GET {target} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
        raw(server.address, request.as_bytes()).await
    };
    for form in ["csv", "ndjson"] {
        let refused = asked(&format!("/v1/generations?format={form}")).await;
        let refused = refused.refused(505, "http_version_unsupported");
        assert!(refused.body["detail"].as_str().unwrap().contains("`proxy_http_version 1.1`"));
    }
    let page = asked("/v1/generations").await.expect(200);
    assert!(page.body["items"].is_array(), "a page has a length");
}

/// What was being written when an export began must not be missing from its middle.
#[tokio::test]
async fn an_export_of_events_waits_for_who_is_writing() {
    let server = Server::start().await;
    server.rich_user("alice", 1).await;
    let writer = server.pool.get().await.unwrap();
    writer.batch_execute("begin; lock table events in row exclusive mode").await.unwrap();
    let refused = server.auditor().get("/audit/events?format=csv").await.refused(503, "log_unsettled");
    assert!(refused.header("retry-after").is_some());
    server.auditor().get("/audit/events").await.expect(200);
    writer.batch_execute("rollback").await.unwrap();
    server.auditor().get("/audit/events?format=csv").await.expect(200);
}
