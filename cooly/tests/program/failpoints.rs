//! A process that dies between two steps: after the message is sent and before that is noted, after a job is claimed, after
//! the provider was asked and before that is written down. Nothing that was accepted is lost or doubled.

use crate::kill::{FAST, Intents, ends, post};
use crate::support::{Up, folder, text, verify};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

const SIGABRT: i32 = 6;

/// The points at which it matters most.
const POINTS: [&str; 3] =
    ["relay.send.after=kill@3", "runner.claim.after=kill@5", "runner.submit.after=kill@7"];

/// Small, so that drawing takes no time to speak of.
fn picture(key: &str) -> Value {
    json!({ "model": "sim-image", "prompt": key, "params": { "width": 64, "height": 64 } })
}

async fn buy(up: &Up, token: &str, key: &str) -> Option<String> {
    let answer = post(up, token, key, &picture(key)).await?;
    Some(answer["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_accepted_ends_although_the_program_dies_between_two_steps() {
    let folder = folder();
    let mut up = Up::start(folder.path(), &FAST).await;
    let token = up.token("user", "alice");
    up.grant("alice", "100000").await;
    let mut intents = Intents::new();
    for (round, point) in POINTS.iter().enumerate() {
        assert!(up.stop().success());
        up.start_to_die_at(point).await;
        let until = Instant::now() + Duration::from_secs(90);
        let mut bought = 0;
        let ended = loop {
            if let Some(ended) = up.ended() {
                break ended;
            }
            assert!(Instant::now() < until, "it does not come by {point}");
            let key = format!("{round}-{bought}");
            let id = buy(&up, &token, &key).await;
            intents.insert(key, id);
            bought += 1;
            // A steady stream, not a flood: what is accepted must also be drawn before the test ends.
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(ended.signal(), Some(SIGABRT), "{point}: {ended}");
        up.start_again().await;
    }

    let mut ids = Vec::new();
    for (key, known) in intents {
        let id = buy(&up, &token, &key).await.expect("an answer now that nothing dies");
        assert!(known.is_none_or(|known| known == id), "{key} had another answer before");
        ids.push(id);
    }
    let mut statuses: HashMap<String, usize> = HashMap::new();
    for id in &ids {
        *statuses.entry(ends(&up, &token, id).await).or_default() += 1;
    }
    println!("{} generations: {statuses:?}", ids.len());
    assert_eq!(statuses.keys().collect::<Vec<_>>(), ["succeeded"]);
    assert!(up.stop().success());
    let verified = verify(folder.path());
    assert!(verified.status.success(), "{}", text(&verified));
}

/// Every point that the program passes has a row in the table of faults, and every row a point.
#[test]
fn every_point_is_tried_under_load() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut passed = BTreeSet::new();
    for folder in ["ledger", "projections", "worker", "api", "cooly"] {
        for file in crate::crate_edges::sources(&root.join(folder).join("src")) {
            let source = std::fs::read_to_string(file).unwrap();
            passed.extend(quoted_after(&source, "failpoint::pass(\""));
        }
    }
    let rows = std::fs::read_to_string(root.join("cooly/benches/faults/sites.rs")).unwrap();
    let is_point = |text: &&str| {
        text.contains('.') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.')
    };
    // Two rows have names of their own, since who passes their points does not follow from these.
    let quoted = rows.split('"').skip(1).step_by(2).filter(is_point).filter(|text| !text.starts_with("api."));
    assert_eq!(quoted.map(str::to_owned).collect::<BTreeSet<_>>(), passed);
}

/// What stands in quotes behind each of these.
fn quoted_after(text: &str, before: &str) -> Vec<String> {
    let behind = text.split(before).skip(1);
    behind.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}
