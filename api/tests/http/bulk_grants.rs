//! Uploads of many grants: each line for itself, once however often it is sent, and told in order.

use crate::support::{Client, Reply, Server, Setup};
use api::Limits;
use bytes::Bytes;
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::UnboundedReceiverStream;

const PATH: &str = "/admin/grants/bulk";

/// The answer to an upload.
#[derive(Debug)]
struct Told {
    outcomes: Vec<Value>,
    progress: usize,
    done: Value,
}

impl Told {
    fn of(bytes: &[u8]) -> Told {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut told = Told { outcomes: Vec::new(), progress: 0, done: Value::Null };
        for line in lines {
            let line: Value = serde_json::from_slice(line).unwrap();
            assert!(told.done.is_null(), "nothing comes after the end");
            if line["done"].is_object() {
                told.done = line["done"].clone();
            } else if line["progress"].is_object() {
                told.progress += 1;
            } else {
                told.outcomes.push(line);
            }
        }
        told
    }

    /// Lines granted, replayed and refused.
    fn sums(&self) -> (u64, u64, u64) {
        let sum = |name: &str| self.done[name].as_u64().unwrap();
        (sum("granted"), sum("replayed"), sum("refused"))
    }
}

async fn send(client: &Client, query: &str, kind: &str, body: impl Into<reqwest::Body>) -> Reply {
    let path = format!("{PATH}{query}");
    let request = client.request(Method::POST, &path).header("content-type", kind).body(body);
    crate::support::read(&Method::POST, &path, request.send().await.unwrap()).await
}

async fn upload(client: &Client, body: impl Into<reqwest::Body>) -> Told {
    Told::of(&send(client, "", "application/x-ndjson", body).await.expect(200).bytes)
}

fn line(user: &str, amount: &str) -> String {
    json!({ "user": user, "amount": amount, "reason": "May" }).to_string() + "\n"
}

fn keyed(server: &Server, key: &str) -> Client {
    server.admin().with("idempotency-key", key)
}

async fn available(server: &Server, user: &str) -> String {
    server.user(user).get("/v1/credits").await.expect(200).body["available"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn ten_thousand_accounts_are_granted_once_however_often_they_are_sent() {
    let server = Server::start().await;
    let admin = keyed(&server, "may");
    let lines: Vec<_> = (0..10_000).map(|number| line(&format!("user-{number}"), "5")).collect();
    let body = lines.concat();
    let told = upload(&admin, body.clone()).await;
    assert_eq!((told.sums(), &told.done["stopped"]), ((10_000, 0, 0), &Value::Null));
    for (place, outcome) in told.outcomes.iter().enumerate() {
        let expected =
            json!({ "line": place + 1, "user": format!("user-{place}"), "outcome": "granted", "lot": 1 });
        assert_eq!(outcome, &expected);
    }
    assert_eq!(server.log_length().await, 10_000);
    let again = upload(&admin, body).await;
    assert_eq!(again.sums(), (0, 10_000, 0));
    assert!(again.outcomes.iter().all(|outcome| outcome["outcome"] == "replayed" && outcome["lot"] == 1));
    assert_eq!(server.log_length().await, 10_000);
    for user in ["user-0", "user-4711", "user-9999"] {
        assert_eq!(available(&server, user).await, "5");
    }
}

#[tokio::test]
async fn bad_lines_refuse_only_themselves() {
    let server = Server::start().await;
    let admin = keyed(&server, "k");
    let mut body = Vec::new();
    for piece in [
        line("a", "1").as_bytes(),
        b"{\"user\":\"b\"\n",
        b"\n",
        &[b"{\"user\":\"", b"\xff\xfe".as_slice(), b"\"}\n"].concat(),
        line("c", "0").as_bytes(),
        line("d", "-1").as_bytes(),
        line("e", "1.0000001").as_bytes(),
        b"{\"user\":\"f\",\"amount\":\"1\",\"reason\":\"x\",\"extra\":1}\n",
        b"{\"user\":\"g\",\"amount\":\"1\",\"reason\":\"x\",\"priority\":101}\n",
        b"{\"user\":\"h\",\"amount\":\"1\",\"reason\":\"x\",\"expires_at\":\"2001-01-01T00:00:00Z\"}\n",
        format!("{{\"user\":\"i\",\"amount\":\"1\",\"reason\":\"{}\"}}\n", "x".repeat(70_000)).as_bytes(),
        line("j", "2").trim_end().as_bytes(),
    ] {
        body.extend_from_slice(piece);
    }
    let told = upload(&admin, body).await;
    let expected = [
        (1, "granted"),
        (2, "line_invalid"),
        (4, "line_invalid"),
        (5, "amount_zero"),
        (6, "validation_failed"),
        (7, "validation_failed"),
        (8, "line_invalid"),
        (9, "validation_failed"),
        (10, "expiry_in_past"),
        (11, "line_too_long"),
        (12, "granted"),
    ];
    for (outcome, (number, word)) in told.outcomes.iter().zip(expected) {
        let said = outcome["code"].as_str().or(outcome["outcome"].as_str()).unwrap();
        assert_eq!((outcome["line"].as_u64().unwrap(), said), (number, word), "{outcome}");
        assert_eq!(outcome["message"].is_string(), outcome["outcome"] == "refused");
    }
    assert_eq!(told.outcomes.len(), expected.len());
    assert_eq!((told.sums(), &told.done["stopped"]), ((2, 0, 9), &Value::Null));
    assert_eq!(server.log_length().await, 2);
}

#[tokio::test]
async fn a_mended_upload_grants_only_what_is_new() {
    let server = Server::start().await;
    let admin = keyed(&server, "k");
    upload(&admin, [line("a", "1"), line("b", "2"), line("b", "2")].concat()).await;
    assert_eq!(available(&server, "b").await, "4", "the same line twice is two grants");
    // A line more before them, one mended, one gone.
    let told = upload(&admin, [line("z", "9"), line("b", "2"), line("a", "3")].concat()).await;
    let words: Vec<_> = told.outcomes.iter().map(|outcome| outcome["outcome"].as_str().unwrap()).collect();
    assert_eq!(words, ["granted", "replayed", "granted"]);
    assert_eq!(available(&server, "b").await, "4");
    let told = upload(&keyed(&server, "another"), line("b", "2")).await;
    assert_eq!(told.sums(), (1, 0, 0), "under another key it is another upload");
    assert_eq!(available(&server, "b").await, "6");
}

#[tokio::test]
async fn a_line_with_a_key_of_its_own_is_that_line() {
    let server = Server::start().await;
    let admin = keyed(&server, "k");
    let with_key = |amount: &str, key: &str| {
        json!({ "user": "a", "amount": amount, "reason": "x", "key": key }).to_string() + "\n"
    };
    let told =
        upload(&admin, [with_key("1", "one"), with_key("1", "two"), with_key("1", "one")].concat()).await;
    assert_eq!(told.sums(), (2, 1, 0));
    let told = upload(&admin, [with_key("5", "one"), with_key("1", "two")].concat()).await;
    assert_eq!(told.sums(), (0, 1, 1));
    assert_eq!(told.outcomes[0]["code"], "idempotency_key_reused");
    assert_eq!(available(&server, "a").await, "2");
}

#[tokio::test]
async fn a_key_stands_for_one_grant_of_an_upload() {
    let server = Server::start().await;
    let keyed_line = |user: &str, amount: &str| {
        json!({ "user": user, "amount": amount, "reason": "x", "key": "one" }).to_string() + "\n"
    };
    let body = [
        keyed_line("a", "1"),
        keyed_line("b", "1"),
        keyed_line("a", "2"),
        line("b", "1"),
        keyed_line("a", "1"),
        keyed_line("b", "1"),
    ];
    let body = body.concat();
    let expected = ["granted", "line_invalid", "line_invalid", "granted", "replayed", "line_invalid"];
    let dry = send(&keyed(&server, "k"), "?dry_run=true", "application/x-ndjson", body.clone()).await;
    let dry = Told::of(&dry.expect(200).bytes);
    let told = upload(&keyed(&server, "k"), body.clone()).await;
    let words = |told: &Told| -> Vec<String> {
        let word = |outcome: &Value| outcome["code"].as_str().or(outcome["outcome"].as_str()).unwrap().into();
        told.outcomes.iter().map(word).collect()
    };
    assert_eq!(words(&told), expected);
    assert_eq!(words(&dry)[1..4], expected[1..4]);
    for outcome in told.outcomes.iter().filter(|outcome| outcome["outcome"] == "refused") {
        let message = outcome["message"].as_str().unwrap();
        assert!(message.contains("`key`") && message.contains("line 1 of this upload"), "{message}");
    }
    assert_eq!((available(&server, "a").await, available(&server, "b").await), ("1".into(), "1".into()));
    assert_eq!(server.log_length().await, 2);
    let again = upload(&keyed(&server, "k"), body).await;
    assert_eq!(again.sums(), (0, 3, 3), "sent again, it is the same");
    let told = upload(&keyed(&server, "k"), keyed_line("b", "1")).await;
    assert_eq!(told.sums(), (1, 0, 0), "in an upload of its own it is a grant to somebody else");
    assert_eq!(available(&server, "b").await, "2");
}

#[tokio::test]
async fn a_table_is_an_upload_too() {
    let server = Server::start().await;
    let admin = keyed(&server, "k");
    let table = "\u{feff}user,amount,reason,priority,source,expires_at\r\n\
                 a,5,\"May, plan\",10,plan,2999-01-01T00:00:00Z\r\n\
                 b,6,plain,,,\r\n\
                 c,7,plain,high,,\r\n\
                 d,8\r\n";
    let reply = send(&admin, "", "text/csv; charset=utf-8", table).await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
    let told = Told::of(&reply.bytes);
    assert_eq!(told.sums(), (2, 0, 2));
    let numbers: Vec<_> = told.outcomes.iter().map(|outcome| outcome["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4, 5], "as an editor counts them");
    let lots = server.user("a").get("/v1/credits").await.expect(200).body["lots"].clone();
    assert_eq!((&lots[0]["priority"], &lots[0]["source"]), (&json!(10), &json!("plan")));
    for head in ["", "user,amount\n", "user,amount,reason,colour\n", "user,user,amount,reason\n", "\"user\n"]
    {
        send(&admin, "", "text/csv", head).await.refused(400, "body_invalid");
    }
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_grants_nothing() {
    let server = Server::start().await;
    let admin = keyed(&server, "k");
    upload(&admin, line("a", "1")).await;
    let before = server.log_length().await;
    let body = [line("a", "1"), line("b", "2"), line("c", "0")].concat();
    let told = Told::of(&send(&admin, "?dry_run=true", "application/x-ndjson", body).await.expect(200).bytes);
    let words: Vec<_> = told.outcomes.iter().map(|outcome| outcome["outcome"].as_str().unwrap()).collect();
    assert_eq!(words, ["replayed", "granted", "refused"]);
    assert_eq!(told.done["dry_run"], true);
    assert_eq!(server.log_length().await, before);
}

#[tokio::test]
async fn the_answer_comes_while_the_upload_goes_on() {
    let server = Server::start().await;
    let (give, take) = mpsc::unbounded_channel::<Result<Bytes, io::Error>>();
    let body = reqwest::Body::wrap_stream(UnboundedReceiverStream::new(take));
    let request =
        keyed(&server, "k").request(Method::POST, PATH).header("content-type", "application/x-ndjson");
    let sending = tokio::spawn(request.body(body).send());
    give.send(Ok(line("a", "1").into())).unwrap();
    let mut answer = sending.await.unwrap().unwrap().bytes_stream();
    let mut heard = String::new();
    while !heard.contains("\"progress\"") || !heard.contains("granted\",\"user\":\"a\"") {
        heard.push_str(std::str::from_utf8(&answer.next().await.unwrap().unwrap()).unwrap());
    }
    assert!(!heard.contains("\"done\""), "{heard}");
    give.send(Ok(line("b", "1").into())).unwrap();
    drop(give);
    while let Some(more) = answer.next().await {
        heard.push_str(std::str::from_utf8(&more.unwrap()).unwrap());
    }
    let told = Told::of(heard.as_bytes());
    assert!(told.progress >= 1);
    assert_eq!(told.sums(), (2, 0, 0));
}

#[tokio::test]
async fn an_upload_ends_with_the_key_that_it_was_sent_with() {
    let server = Server::start().await;
    let order = json!({ "name": "nightly", "scope": "admin", "owner": "ops" });
    let made = server.admin().post("/admin/keys", order).await.expect(201);
    let client = server.with_key(made.body["secret"].as_str().unwrap()).with("idempotency-key", "k");
    let (give, take) = mpsc::unbounded_channel::<Result<Bytes, io::Error>>();
    let body = reqwest::Body::wrap_stream(UnboundedReceiverStream::new(take));
    let request = client.request(Method::POST, PATH).header("content-type", "application/x-ndjson");
    let sending = tokio::spawn(request.body(body).send());
    give.send(Ok(line("a", "1").into())).unwrap();
    let mut answer = sending.await.unwrap().unwrap().bytes_stream();
    server.admin().post(&format!("/admin/keys/{}/revoke", made.id()), json!({})).await.expect(200);
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("\"done\"") {
        heard.extend_from_slice(&answer.next().await.unwrap().unwrap());
    }
    // The sender goes on as if nothing had happened.
    let _gone = give.send(Ok(line("b", "1").into()));
    let told = Told::of(&heard);
    assert_eq!(told.sums(), (1, 0, 0));
    assert_eq!(told.done["stopped"]["code"], "credentials_ended");
    assert_eq!(server.log_length().await, 1);
}

#[tokio::test]
async fn an_upload_that_stalls_stops_there_and_says_where() {
    let limits = Limits { receive: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let stalled = stream::iter([Ok::<_, io::Error>(Bytes::from([&line("a", "1"), "{\"user\":"].concat()))]);
    let body = reqwest::Body::wrap_stream(stalled.chain(stream::pending()));
    let request =
        keyed(&server, "k").request(Method::POST, PATH).header("content-type", "application/x-ndjson");
    let mut answer = request.body(body).send().await.unwrap().bytes_stream();
    let mut heard = Vec::new();
    while !heard.ends_with(b"}}\n") || !String::from_utf8_lossy(&heard).contains("\"done\"") {
        heard.extend_from_slice(&answer.next().await.unwrap().unwrap());
    }
    let told = Told::of(&heard);
    assert_eq!(told.sums(), (1, 0, 0));
    assert_eq!(
        (&told.done["stopped"]["line"], &told.done["stopped"]["code"]),
        (&json!(2), &json!("body_timeout"))
    );
    assert_eq!(server.log_length().await, 1);
}

#[tokio::test]
async fn what_was_granted_before_an_upload_was_cut_off_stays_and_is_not_granted_again() {
    let server = Server::start().await;
    let admin = keyed(&server, "k");
    let lines: Vec<_> = (0..2_000).map(|number| line(&format!("user-{number}"), "1")).collect();
    let half = lines[..1_000].concat();
    let broken = stream::iter([Ok(Bytes::from(half)), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    let request = admin.request(Method::POST, PATH).header("content-type", "application/x-ndjson");
    let cut = request.body(reqwest::Body::wrap_stream(broken)).send().await;
    drop(cut);
    let told = upload(&admin, lines.concat()).await;
    let (granted, replayed, refused) = told.sums();
    assert_eq!((granted + replayed, refused), (2_000, 0));
    assert_eq!(server.log_length().await, 2_000);
}

#[tokio::test]
async fn too_many_lines_and_too_many_uploads_are_refused() {
    let limits = Limits { uploads: 1, ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    let admin = keyed(&server, "k");
    let told = upload(&admin, ["\n".repeat(100_000), line("late", "1")].concat()).await;
    assert_eq!(told.sums(), (0, 0, 0));
    let stopped = &told.done["stopped"];
    assert_eq!((&stopped["line"], &stopped["code"]), (&json!(100_001), &json!("lines_too_many")));
    let (give, take) = mpsc::unbounded_channel::<Result<Bytes, io::Error>>();
    let body = reqwest::Body::wrap_stream(UnboundedReceiverStream::new(take));
    let request = admin.request(Method::POST, PATH).header("content-type", "application/x-ndjson");
    let sending = tokio::spawn(request.body(body).send());
    give.send(Ok(line("a", "1").into())).unwrap();
    let answer = sending.await.unwrap().unwrap();
    let refused = send(&admin, "", "application/x-ndjson", line("b", "1")).await;
    refused.refused(429, "too_many_uploads");
    drop(give);
    assert_eq!(Told::of(&answer.bytes().await.unwrap()).sums(), (1, 0, 0));
    assert_eq!(upload(&admin, line("b", "1")).await.sums(), (1, 0, 0));
}

#[tokio::test]
async fn an_upload_has_a_key_a_type_and_an_admin() {
    let server = Server::start().await;
    let admin = server.admin();
    let before = server.log_length().await;
    let missing = send(&admin, "", "application/x-ndjson", line("a", "1")).await;
    assert_eq!(missing.refused(400, "parameter_invalid").blamed(), ["Idempotency-Key"]);
    let long = "k".repeat(121);
    for key in ["", "a b", "é", &long] {
        let refused = send(&keyed(&server, key), "", "application/x-ndjson", line("a", "1")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["Idempotency-Key"], "{key:?}");
    }
    for kind in ["application/json", "text/plain", "text/csv; charset=latin1", ""] {
        let refused = send(&keyed(&server, "k"), "", kind, line("a", "1")).await;
        refused.refused(415, "media_type_unsupported");
    }
    let zipped = keyed(&server, "k").with("content-encoding", "gzip");
    send(&zipped, "", "application/x-ndjson", line("a", "1"))
        .await
        .refused(415, "content_encoding_unsupported");
    let alice = server.user("alice").with("idempotency-key", "k");
    send(&alice, "", "application/x-ndjson", line("a", "1")).await.refused(403, "forbidden");
    assert_eq!(server.log_length().await, before);
    let empty = upload(&keyed(&server, "k"), "").await;
    assert_eq!(empty.sums(), (0, 0, 0));
}

#[tokio::test]
async fn a_client_may_send_everything_before_it_reads_anything() {
    let server = Server::start().await;
    let sub = "ops".parse().unwrap();
    let token = server.keys.issue(api::auth::Role::Admin, &sub, Duration::from_secs(600)).unwrap();
    // Far more to say about them than any buffer on the way holds.
    let body = "{}\n".repeat(50_000);
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await.expect("both wait").unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..200]);
    assert_eq!(answer.matches("\"line_invalid\"").count(), 50_000);
    assert!(answer.contains("\"refused\":50000,\"replayed\":0,\"stopped\":null"));
}
