//! Health and metrics of the roles that serve no API.

use crate::monitoring::awaited;
use crate::support::{cooly, folder, free_port, text};
use embedded::postgres::{Postgres, PostgresOptions};
use embedded::sqs::{Sqs, SqsOptions};
use serde_json::Value;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A role that runs; killed when dropped.
struct Role {
    child: Child,
    url: String,
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn role(arguments: &[&str], environment: &[(&str, &str)]) -> Role {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = cooly();
    command.args(arguments).args(["--observe", &address]).envs(environment.iter().copied());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Role { child, url: format!("http://{address}") }
}

impl Role {
    /// Asks until the answer has this status.
    async fn answers(&self, path: &str, status: u16) -> String {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Ok(answer) = reqwest::get(format!("{}{path}", self.url)).await
                && answer.status() == status
            {
                return answer.text().await.unwrap();
            }
            assert!(Instant::now() < until, "{path} does not answer {status}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_worker_and_a_projector_tell_how_they_are() {
    let folder = folder();
    let options = PostgresOptions { data_dir: folder.path().join("server"), ..PostgresOptions::default() };
    let postgres = Postgres::start(options).await.unwrap();
    let sqs = Sqs::start(SqsOptions::default()).await.unwrap();
    let migrated = cooly().args(["migrate", "--database-url", postgres.url()]).output().unwrap();
    assert!(migrated.status.success(), "{}", text(&migrated));

    let data_dir = folder.path().to_str().unwrap();
    let key = sqs.access_key();
    let environment = [
        ("DATABASE_URL", postgres.url()),
        ("AWS_ACCESS_KEY_ID", &key.id),
        ("AWS_SECRET_ACCESS_KEY", &key.secret),
        ("AWS_REGION", "us-east-1"),
    ];
    let worker = role(&["worker", "--sqs-endpoint", sqs.endpoint(), "--data-dir", data_dir], &environment);
    let projector = role(&["projector"], &environment);
    for role in [&worker, &projector] {
        assert!(role.answers("/health/live", 200).await.contains("live"));
        assert!(role.answers("/health/ready", 200).await.contains("ready"));
        let missing: Value = serde_json::from_str(&role.answers("/nothing", 404).await).unwrap();
        assert_eq!(missing["code"], "not_found");
    }
    assert!(worker.answers("/metrics", 200).await.contains("cooly_sqs_requests_total"));
    assert!(projector.answers("/metrics", 200).await.contains("# TYPE"));
    for (role, own) in [(&worker, "cooly_"), (&projector, "projector_")] {
        let metrics = role.answers("/metrics", 200).await;
        for counter in awaited().iter().filter(|counter| counter.starts_with(own)) {
            assert!(metrics.lines().any(|line| line == format!("{counter} 0")), "{counter} is not there yet");
        }
    }

    postgres.stop().await;
    for role in [&worker, &projector] {
        let problem: Value = serde_json::from_str(&role.answers("/health/ready", 503).await).unwrap();
        assert!(problem["detail"].as_str().unwrap().contains("the database does not answer"), "{problem}");
        role.answers("/health/live", 200).await;
    }
}
