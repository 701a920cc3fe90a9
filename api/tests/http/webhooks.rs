//! Reports of providers: what is taken, what is refused and how, and that nothing is written but the one row.

use crate::support::{Client, Reply, Server, Setup};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use embedded::providers::{MockOptions, MockProvider, Protocol};
use ledger::{AccountId, JobId};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;
use webhooks::{Address, KeySet, Reception, Reference, Signing, StandardSecret, WebhookKey};

/// The secret that the tests sign with, as the bytes that stand behind `whsec_`.
const SECRET: [u8; 24] = *b"a secret of these tests.";

const JSON: (&str, &str) = ("content-type", "application/json");

/// What an address is given out under here.
fn key() -> WebhookKey {
    WebhookKey::new(b"a key that only these tests know, of 32 bytes").unwrap()
}

fn secret() -> StandardSecret {
    StandardSecret::parse(&format!("whsec_{}", STANDARD.encode(SECRET))).unwrap()
}

/// A server to which `replicate` may report, and fal through the mock provider's keys.
async fn server(keys_url: &str) -> Server {
    let fal = KeySet::at(keys_url).unwrap();
    let reception = Reception::default().with("replicate", key(), Signing::Standard(secret())).with(
        "fal",
        key(),
        Signing::Fal(fal),
    );
    Server::start_as(Setup { reception, ..Setup::default() }).await
}

fn account() -> AccountId {
    AccountId(Uuid::from_u128(1))
}

fn attempt(job: u128) -> Reference {
    Reference { job_id: JobId(Uuid::from_u128(job)), run: 1, fencing: 2 }
}

/// Where a provider reports about an attempt, below the server.
fn path(provider: &str, job: u128) -> String {
    Address::new("", provider, key()).of(account(), &attempt(job))
}

/// A report as Replicate signs it.
#[derive(Clone)]
struct Report {
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

impl Report {
    /// Signed so many seconds from now.
    fn signed_at(id: &str, body: &str, seconds: i64) -> Report {
        let timestamp = (chrono::Utc::now().timestamp() + seconds).to_string();
        let signature =
            format!("v1,{}", STANDARD.encode(hmac(format!("{id}.{timestamp}.{body}").as_bytes())));
        Report { id: id.to_owned(), timestamp, signature, body: body.to_owned() }
    }

    fn signed(id: &str) -> Report {
        Report::signed_at(id, &json!({ "id": "task1", "status": "succeeded" }).to_string(), 0)
    }

    async fn send(&self, client: &Client, path: &str) -> Reply {
        let request = client.request(Method::POST, path).header(JSON.0, JSON.1);
        let request = request.header("webhook-id", &self.id).header("webhook-timestamp", &self.timestamp);
        let request = request.header("webhook-signature", &self.signature).body(self.body.clone());
        crate::support::read(&Method::POST, path, request.send().await.unwrap()).await
    }
}

/// HMAC-SHA256 (RFC 2104), written anew so that the code under test does not vouch for itself.
fn hmac(message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..SECRET.len()].copy_from_slice(&SECRET);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

/// Every report that was taken: its event, job, fencing token and task.
async fn taken(server: &Server) -> Vec<(String, Uuid, i64, String)> {
    let client = server.pool.get().await.unwrap();
    let query = "select event_id, job_id, fencing, task_id from provider_signals order by received_at";
    let rows = client.query(query, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

#[tokio::test]
async fn a_signed_report_is_written_down_once_however_often_it_comes() {
    let server = server("http://127.0.0.1:1/").await;
    let (before, nobody) = (server.log_length().await, server.stranger());
    let report = Report::signed("msg_1");
    let reply = report.send(&nobody, &path("replicate", 7)).await.expect(200);
    assert_eq!(reply.body["outcome"], "noted");
    let reply = report.send(&nobody, &path("replicate", 7)).await.expect(200);
    assert_eq!(reply.body["outcome"], "repeated");
    // The same event cannot be made to speak of another job.
    let reply = report.send(&nobody, &path("replicate", 8)).await.expect(200);
    assert_eq!(reply.body["outcome"], "repeated");
    let rotated = Report { signature: format!("v1,bm90aGluZw== {}", report.signature), ..report };
    assert_eq!(rotated.send(&nobody, &path("replicate", 7)).await.expect(200).body["outcome"], "repeated");
    assert_eq!(taken(&server).await, [("msg_1".into(), Uuid::from_u128(7), 2, "task1".into())]);
    assert_eq!(server.log_length().await, before, "no event is written");
}

#[tokio::test]
async fn what_is_wrong_with_a_report_is_told_and_nothing_is_written() {
    let server = server("http://127.0.0.1:1/").await;
    let nobody = server.stranger();
    let good = Report::signed("msg_1");
    let right = path("replicate", 7);
    let with = |change: &dyn Fn(&mut Report)| {
        let mut report = good.clone();
        change(&mut report);
        report
    };
    let cases = [
        ("no such provider", good.clone(), path("acme", 7), 404, "not_found"),
        (
            "a provider whose address it is not",
            good.clone(),
            right.replace("/replicate/", "/fal/"),
            404,
            "not_found",
        ),
        ("another attempt's", good.clone(), right.replace("-1-2?", "-1-3?"), 404, "not_found"),
        ("another job's", good.clone(), right.replace("000007-", "000008-"), 404, "not_found"),
        ("another account's", good.clone(), right.replace("000001/", "000002/"), 404, "not_found"),
        ("no account", good.clone(), "/v1/webhooks/replicate/alice/b?mac=c".into(), 404, "not_found"),
        ("no MAC", good.clone(), right.split('?').next().unwrap().to_owned(), 400, "parameter_invalid"),
        ("a wrong MAC", good.clone(), format!("{right}A"), 404, "not_found"),
        ("no signature", with(&|report| report.signature.clear()), right.clone(), 403, "forbidden"),
        (
            "a wrong signature",
            with(&|report| report.signature = "v1,AAAA".into()),
            right.clone(),
            403,
            "forbidden",
        ),
        ("another id", with(&|report| report.id = "msg_2".into()), right.clone(), 403, "forbidden"),
        ("another time", with(&|report| report.timestamp = "1".into()), right.clone(), 403, "forbidden"),
        ("another body", with(&|report| report.body = "{}".into()), right.clone(), 403, "forbidden"),
        ("an old one", Report::signed_at("msg_1", &good.body, -400), right.clone(), 400, "signature_stale"),
        ("one of later", Report::signed_at("msg_1", &good.body, 400), right.clone(), 400, "signature_stale"),
        ("no JSON", Report::signed_at("msg_1", "id=task1", 0), right.clone(), 400, "body_invalid"),
        ("no task", Report::signed_at("msg_1", "{\"id\": 7}", 0), right.clone(), 400, "body_invalid"),
        ("an id of nothing", Report::signed_at("", &good.body, 0), right.clone(), 400, "body_invalid"),
    ];
    for (what, report, path, status, code) in cases {
        let reply = report.send(&nobody, &path).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{what}");
        assert!(!reply.body.to_string().contains("mac="), "{what}");
    }
    assert_eq!(taken(&server).await, []);
}

#[tokio::test]
async fn a_report_is_bounded_and_json() {
    let server = server("http://127.0.0.1:1/").await;
    let (nobody, path) = (server.stranger(), path("replicate", 7));
    let long = Report::signed_at("msg_1", &json!({ "id": "x".repeat(2 << 20) }).to_string(), 0);
    long.send(&nobody, &path).await.refused(413, "body_too_large");
    let plain = nobody.request(Method::POST, &path).header("content-type", "text/plain").body("{}");
    let reply = crate::support::read(&Method::POST, &path, plain.send().await.unwrap()).await;
    reply.refused(415, "media_type_unsupported");
    assert_eq!(taken(&server).await, []);
}

#[tokio::test]
async fn an_address_that_was_not_given_out_is_answered_before_the_body_comes() {
    let server = server("http://127.0.0.1:1/").await;
    let head = format!(
        "POST {}A HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n",
        path("replicate", 7)
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    // Whoever waits for the body answers in the end too, but with 408.
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 404");
}

#[tokio::test]
async fn a_server_without_webhooks_has_nothing_at_their_address() {
    let server = Server::start().await;
    let reply = Report::signed("msg_1").send(&server.stranger(), &path("replicate", 7)).await;
    reply.refused(404, "not_found");
    assert_eq!(taken(&server).await, []);
}

#[tokio::test]
async fn what_fal_signs_is_taken_by_the_keys_that_it_publishes() {
    let mock = MockProvider::start(Protocol::Fal, MockOptions::default()).await.unwrap();
    let server = server(&mock.keys_url()).await;
    let url = Address::new(&format!("http://{}", server.address), "fal", key()).of(account(), &attempt(7));
    let submit = reqwest::Client::new()
        .post(format!("{}/fal-ai/flux/dev", mock.base_url()))
        .query(&[("fal_webhook", &url)])
        .header("authorization", "Key any")
        .json(&json!({ "prompt": "a lake" }));
    let receipt: serde_json::Value = submit.send().await.unwrap().json().await.unwrap();
    let told = mock.asked(|record| record.reports.len() == 1).await.reports.remove(0);
    assert_eq!(told.status, Some(200), "{told:?}");
    let task = receipt["request_id"].as_str().unwrap().to_owned();
    assert_eq!(taken(&server).await, [(task.clone(), Uuid::from_u128(7), 2, task)]);

    let nobody = server.stranger();
    for (what, header, value, status) in [
        ("another signature", "x-fal-webhook-signature", "00".repeat(64), 403),
        ("no hexadecimal", "x-fal-webhook-signature", "?".to_owned(), 403),
        ("another time", "x-fal-webhook-timestamp", "1".to_owned(), 403),
        ("another user", "x-fal-webhook-user-id", "somebody".to_owned(), 403),
        ("another request", "x-fal-webhook-request-id", "another".to_owned(), 403),
    ] {
        let mut request = nobody.request(Method::POST, &path("fal", 7)).header(JSON.0, JSON.1);
        for (name, signed) in &told.headers {
            request = request.header(name, if name == header { &value } else { signed });
        }
        let reply = request.body(told.body.clone()).send().await.unwrap();
        let reply = crate::support::read(&Method::POST, &path("fal", 7), reply).await;
        assert_eq!(reply.status.as_u16(), status, "{what}");
    }
    assert_eq!(taken(&server).await.len(), 1);
}

#[tokio::test]
async fn while_the_keys_of_a_provider_are_away_it_is_asked_to_come_again() {
    let server = server("http://127.0.0.1:1/").await;
    let request = server.stranger().request(Method::POST, &path("fal", 7)).header(JSON.0, JSON.1);
    let signed = request
        .header("x-fal-webhook-request-id", "a")
        .header("x-fal-webhook-user-id", "b")
        .header("x-fal-webhook-timestamp", chrono::Utc::now().timestamp())
        .header("x-fal-webhook-signature", "00".repeat(64));
    let reply = signed.body("{}").send().await.unwrap();
    let reply = crate::support::read(&Method::POST, &path("fal", 7), reply).await;
    reply.refused(503, "keys_unavailable");
}
