//! A dump of the database alone, restored into a server that has never heard of Cooly.

use crate::support;

use embedded::postgres::{Postgres, PostgresOptions};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{Up, cooly, folder, text};
use tokio_postgres::NoTls;

/// Postgres of the newest release that can be had, where somebody has fetched one.
const NEWEST: &str = "COOLY_NEWEST_PG_BIN";

async fn server(folder: &Path, binaries: Option<PathBuf>) -> Postgres {
    let settings = vec![("shared_buffers".to_owned(), "32MB".to_owned())];
    let options =
        PostgresOptions { data_dir: folder.join("server"), settings, binaries, ..PostgresOptions::default() };
    Postgres::start(options).await.unwrap()
}

/// The folder of the programs of a server, where its `pg_dump` and `psql` are.
async fn programs(server: &Postgres) -> PathBuf {
    let (client, connection) = tokio_postgres::connect(server.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let folder = "select setting from pg_config where name = 'BINDIR'";
    PathBuf::from(client.query_one(folder, &[]).await.unwrap().get::<_, String>(0))
}

fn on(command: &str, url: &str) -> Output {
    cooly().args([command, "--database-url", url]).output().unwrap()
}

/// Buys a picture, as a user of a system that is well.
async fn buys(up: &Up, prompt: &str) {
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/generations", up.url))
        .bearer_auth(up.token("user", "demo"))
        .header("Idempotency-Key", prompt.replace(' ', "-"))
        .json(&json!({ "model": "sim-image", "prompt": prompt }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202, "{}", up.log());
}

async fn available(up: &Up) -> String {
    let credits = up.get("/v1/credits", &up.token("user", "demo")).await;
    credits["available"].as_str().unwrap().to_owned()
}

/// Restores the dump of a system whose demo user has `left` credits into a new server.
async fn comes_back_to_life(dump: &Path, left: &str, psql: &Path, binaries: Option<PathBuf>) {
    let folder = folder();
    let server = server(folder.path(), binaries).await;
    let url = server.url();
    let restored = Command::new(psql).args(["-q", "-f"]).arg(dump).arg(url).output().unwrap();
    let errors = String::from_utf8_lossy(&restored.stderr).into_owned();
    assert!(
        errors.contains("role \"cooly_appender\" does not exist"),
        "the roles were not in the dump: {errors}"
    );

    let verified = on("verify", url);
    assert!(!verified.status.success());
    let named = String::from_utf8_lossy(&verified.stdout).into_owned();
    for missing in ["the role cooly_sealer", "select, insert on the table events for cooly_appender"] {
        assert!(named.contains(&format!("rights: {missing} is missing")), "{named}");
    }
    assert!(named.lines().all(|line| line.starts_with("rights: ")), "nothing else was lost: {named}");

    let migrated = text(&on("migrate", url));
    assert!(migrated.contains("mended the role cooly_reader"), "{migrated}");
    let verified = on("verify", url);
    assert!(verified.status.success(), "{}", text(&verified));
    let again = text(&on("migrate", url));
    assert!(!again.contains("mended"), "nothing is left to mend: {again}");

    let mut up = Up::start(folder.path(), &["--database-url", url]).await;
    assert_eq!(available(&up).await, left, "the credits are those of the dump");
    buys(&up, "after the restore").await;
    assert!(up.stop().success(), "{}", up.log());
    let verified = on("verify", url);
    assert!(verified.status.success(), "{}", text(&verified));
    server.stop().await;
}

#[tokio::test]
async fn a_dump_of_the_database_alone_comes_back_to_life() {
    let folder = folder();
    let old = server(folder.path(), None).await;
    let mut up = Up::start(folder.path(), &["--database-url", old.url()]).await;
    buys(&up, "before the dump").await;
    let left = available(&up).await;
    assert!(up.stop().success(), "{}", up.log());

    let programs = programs(&old).await;
    let dump = folder.path().join("cooly.sql");
    let dumped = Command::new(programs.join("pg_dump")).arg("-f").arg(&dump).arg(old.url()).output();
    let dumped = dumped.unwrap_or_else(|error| panic!("pg_dump in {}: {error}", programs.display()));
    assert!(dumped.status.success(), "{}", text(&dumped));
    old.stop().await;

    comes_back_to_life(&dump, &left, &programs.join("psql"), None).await;
    if let Some(newest) = std::env::var_os(NEWEST) {
        comes_back_to_life(&dump, &left, &programs.join("psql"), Some(newest.into())).await;
    }
}
