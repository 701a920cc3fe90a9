//! `cooly doctor` names what is wrong before a role is started, says what to do, and keeps secrets to itself.

use crate::support::{cooly, folder, free_port, text};
use embedded::postgres::{Postgres, PostgresOptions};
use embedded::sqs::{Sqs, SqsOptions};
use serde_json::Value;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

const SECRET: &str = "a secret of the tests that is long enough";

struct Servers {
    postgres: Postgres,
    sqs: Sqs,
    folder: tempfile::TempDir,
}

impl Servers {
    async fn start() -> Servers {
        let folder = folder();
        let options =
            PostgresOptions { data_dir: folder.path().join("server"), ..PostgresOptions::default() };
        let postgres = Postgres::start(options).await.unwrap();
        let sqs = Sqs::start(SqsOptions::default()).await.unwrap();
        Servers { postgres, sqs, folder }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let key = self.sqs.access_key();
        let mut command = cooly();
        command.args(arguments).env("DATABASE_URL", self.postgres.url());
        command.env("COOLY_SQS_ENDPOINT", self.sqs.endpoint()).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", &key.id).env("AWS_SECRET_ACCESS_KEY", &key.secret);
        command.env("COOLY_DATA_DIR", self.folder.path()).env("COOLY_JWT_SECRET", SECRET);
        command
    }

    fn doctor(&self, arguments: &[&str]) -> Output {
        self.command(&["doctor"]).args(arguments).output().unwrap()
    }
}

/// It ended with this code and names each of these.
fn says(output: &Output, code: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
    for word in words {
        assert!(said.contains(word), "`{word}` is missing in: {said}");
    }
    assert!(!said.contains(SECRET), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_and_then_all_is_in_order() {
    let servers = Servers::start().await;
    says(&servers.doctor(&[]), 1, &["MEND  schema", "cooly migrate", "To mend: 1"]);
    assert!(servers.command(&["migrate"]).status().unwrap().success());
    says(
        &servers.doctor(&[]),
        0,
        &["ok  schema", "may act as cooly_appender", "agree about the time", "cooly-jobs does not exist"],
    );

    let address = format!("127.0.0.1:{}", free_port());
    let mut worker = servers.command(&["worker", "--observe", &address]);
    let mut worker = worker.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(120);
    let ready = format!("http://{address}/health/ready");
    while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status() == 200) {
        assert!(Instant::now() < until, "the worker is not ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    says(
        &servers.doctor(&["--for", "worker"]),
        0,
        &["cooly-jobs holds 0 messages", "cooly-jobs-dlq is empty"],
    );
    // The queue of a worker with 3 attempts gives up too soon for one with 50.
    says(
        &servers.doctor(&["--max-attempts", "50"]),
        1,
        &["MEND  queue", "before the 50 attempts", "maxReceiveCount above 50"],
    );
    worker.kill().unwrap();
    worker.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_can_be_read_by_programs() {
    let servers = Servers::start().await;
    let findings = servers.doctor(&["--json", "--for", "projector"]);
    let findings: Value = serde_json::from_slice(&findings.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    let of = |topic: &str| findings.iter().find(|finding| finding["topic"] == topic);
    assert_eq!(of("schema").unwrap()["verdict"], "fail");
    assert!(of("schema").unwrap()["remedy"].as_str().unwrap().contains("cooly migrate"));
    assert!(findings.iter().all(|finding| finding["found"].is_string()), "{findings:?}");
    // A projector has neither queue nor outputs nor tokens.
    assert!(["queue", "outputs", "tokens"].into_iter().all(|topic| of(topic).is_none()), "{findings:?}");
}

#[test]
fn a_server_that_is_away_and_keys_that_cannot_be_used_are_named_without_their_secrets() {
    let folder = folder();
    let url = format!("postgres://cooly:hush-hush@127.0.0.1:{}/cooly", free_port());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = cooly()
        .args(["doctor", "--data-dir"])
        .arg(folder.path())
        .env("DATABASE_URL", url)
        .env("COOLY_JWT_SECRET", "too-short")
        .env("COOLY_SEAL_KEY", "no-key-at-all")
        .env("COOLY_SQS_ENDPOINT", format!("http://127.0.0.1:{}", free_port()))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-sqs")
        .arg("--outputs")
        .arg(&file)
        .output()
        .unwrap();
    says(
        &output,
        1,
        &[
            "MEND  database",
            "check DATABASE_URL",
            "MEND  tokens",
            "COOLY_JWT_SECRET",
            "MEND  seals",
            "MEND  queue",
            "MEND  outputs",
        ],
    );
    let said = text(&output);
    for secret in ["hush-hush", "too-short", "no-key-at-all", "secret-of-sqs"] {
        assert!(!said.contains(secret), "`{secret}` shows in: {said}");
    }
}

#[test]
fn nothing_is_made_where_nothing_is_configured() {
    let folder = folder();
    let output = cooly().args(["doctor", "--for", "api"]).current_dir(folder.path()).output().unwrap();
    says(&output, 0, &["look  database", "private one", "look  tokens", "look  outputs"]);
    assert!(is_empty(folder.path()));
}

#[test]
fn a_store_that_does_not_answer_is_named_in_time_and_nothing_is_made_for_it() {
    let folder = folder();
    let output = cooly()
        .args(["doctor", "--for", "api", "--outputs", "s3://bucket/outputs"])
        .current_dir(folder.path())
        .env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", free_port()))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-s3")
        .output()
        .unwrap();
    says(&output, 1, &["MEND  outputs", "an API needs to read"]);
    assert!(!text(&output).contains("secret-of-s3"));
    assert!(is_empty(folder.path()));
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}
