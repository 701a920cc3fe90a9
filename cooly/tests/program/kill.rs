//! `kill -9` under load: nothing that was accepted is lost or doubled, and everything ends.

use crate::support;

use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};
use support::{Up, folder, text, verify};

pub(crate) const FAST: [&str; 8] =
    ["--sim-image-delay", "50ms", "--sim-video-delay", "300ms", "--lease", "10s", "--reconcile-after", "5s"];

/// What a client knows of one request: the id that was answered, if an answer came.
pub(crate) type Intents = HashMap<String, Option<String>>;

fn body(n: usize) -> Value {
    // Few clips, and small pictures: drawing them all must not take longer than the rest of the test.
    let model = match n % 32 {
        0 => "sim-video",
        16 => "sim-video-short",
        n => ["sim-image", "sim-image-flaky", "sim-image-strict"][n % 3],
    };
    json!({ "model": model, "prompt": format!("picture {n}"), "params": { "width": 128, "height": 128 } })
}

pub(crate) async fn post(up: &Up, token: &str, key: &str, body: &Value) -> Option<Value> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(15)).build().unwrap();
    let request = client.post(format!("{}/v1/generations", up.url)).bearer_auth(token);
    let answer = request.header("Idempotency-Key", key).json(body).send().await.ok()?;
    let status = answer.status();
    assert!(status == 202 || status == 503, "{status}: {:?}", answer.text().await);
    if status == 202 { answer.json().await.ok() } else { None }
}

/// Sends requests until told to stop; an answer that did not come leaves the intent open.
async fn load(up: &Up, token: &str, from: usize, until: Instant) -> Intents {
    let mut intents = Intents::new();
    let mut n = from;
    while Instant::now() < until {
        let key = format!("key-{n}");
        let answer = post(up, token, &key, &body(n)).await;
        let id = answer.and_then(|answer| answer["id"].as_str().map(str::to_owned));
        // A steady stream, not a flood: what is accepted must also be drawn before the test ends.
        tokio::time::sleep(Duration::from_millis(20)).await;
        intents.insert(key, id);
        n += 1;
    }
    intents
}

pub(crate) async fn ends(up: &Up, token: &str, id: &str) -> String {
    let until = Instant::now() + Duration::from_secs(150);
    loop {
        let generation = up.get(&format!("/v1/generations/{id}"), token).await;
        let status = generation["status"].as_str().unwrap().to_owned();
        if !["queued", "running"].contains(&status.as_str()) {
            return status;
        }
        assert!(Instant::now() < until, "{id} is still {generation}\n{}", complaints(up));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What went wrong according to the process itself.
fn complaints(up: &Up) -> String {
    let log = up.log();
    let wrong = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR"));
    wrong.collect::<Vec<_>>().join("\n")
}

/// Repeats every request under its key: the open ones are settled, the answered ones must answer the same.
async fn settle(up: &Up, token: &str, intents: Intents) -> Vec<String> {
    let mut ids = Vec::new();
    for (key, known) in intents {
        let n: usize = key["key-".len()..].parse().unwrap();
        let answer = post(up, token, &key, &body(n)).await.expect("an answer now that nothing fails");
        let id = answer["id"].as_str().unwrap().to_owned();
        assert!(known.is_none_or(|known| known == id), "{key} had another answer before");
        ids.push(id);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_accepted_ends_although_everything_is_killed_under_load() {
    let folder = folder();
    let mut up = Up::start(folder.path(), &FAST).await;
    let token = up.token("user", "alice");
    up.grant("alice", "100000").await;
    let mut intents = Intents::new();
    for round in 0..3 {
        let until = Instant::now() + Duration::from_millis(1_500);
        let four = (0..4).map(|lane| load(&up, &token, round * 10_000 + lane * 1_000, until));
        let loads = futures::future::join_all(four);
        let postgres_dies = async {
            if round == 1 {
                tokio::time::sleep(Duration::from_millis(700)).await;
                kill_postgres(&up);
            }
        };
        let (found, ()) = tokio::join!(loads, postgres_dies);
        intents.extend(found.into_iter().flatten());
        up.kill();
        up.start_again().await;
    }
    assert!(intents.values().flatten().count() > 50, "too little was accepted: {}", intents.len());

    let ids = settle(&up, &token, intents).await;
    let mut statuses: HashMap<String, usize> = HashMap::new();
    for id in &ids {
        *statuses.entry(ends(&up, &token, id).await).or_default() += 1;
    }
    println!("{} generations: {statuses:?}", ids.len());
    assert!(statuses.keys().all(|status| ["succeeded", "failed", "dead"].contains(&status.as_str())));
    assert!(statuses["succeeded"] > 0 && statuses["failed"] > 0);
    assert!(up.stop().success());
    let verified = verify(folder.path());
    assert!(verified.status.success(), "{}", text(&verified));
}

/// Ends the private server as the out-of-memory killer would.
fn kill_postgres(up: &Up) {
    let children = Command::new("pgrep").args(["-P", &up.pid().to_string()]).output().unwrap();
    let pids = String::from_utf8(children.stdout).unwrap();
    let pid = pids.split_whitespace().next().expect("a postmaster");
    assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
}
