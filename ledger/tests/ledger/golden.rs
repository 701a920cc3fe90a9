//! Pins the stored form of every event and version: an event once written must be read for ever.
//!
//! A new variant adds a line to `golden/events.json`; a line that is there never changes.

use ledger::Event;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every event of version 1.
const VERSION_1: [&str; 14] = [
    "credits.granted",
    "credits.debited",
    "credits.refunded",
    "credits.adjusted",
    "job.queued",
    "job.started",
    "job.submitted",
    "job.attempt_failed",
    "job.succeeded",
    "job.failed",
    "job.dead_lettered",
    "job.retried",
    "job.discarded",
    "job.cancelled",
];

/// What version 2 added to them.
const VERSION_2: [&str; 6] = [
    "credits.held",
    "credits.captured",
    "credits.released",
    "credits.expired",
    "credits.voided",
    "job.refunded",
];

/// What version 3 added: that a cancelled job keeps something. Everything else is still written as version 2.
const VERSION_3: [&str; 1] = ["job.cancelled"];

/// How many lines of version 1 there are, and what they hash to: none of them ever changes.
const VERSION_1_LINES: (usize, &str) =
    (19, "32fde0cc968d860240877fb220f4070d1ed8bd59dc531ef7cc9510c3b720695e");

fn golden() -> Vec<(String, i16, String)> {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../golden/events.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let version = |entry: &Value| i16::try_from(entry["schema_version"].as_i64().unwrap()).unwrap();
    golden.iter().map(|entry| (text(&entry["type"]), version(entry), text(&entry["payload"]))).collect()
}

#[test]
fn every_stored_event_is_read_and_written_back_to_the_byte() {
    for (name, version, payload) in golden() {
        let event = Event::decode(&name, version, &payload).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.name(), name);
        assert_eq!(event.encode(), payload, "{name} version {version}");
    }
}

#[test]
fn every_event_of_every_version_is_there() {
    let names = |version: i16| -> BTreeSet<String> {
        golden().into_iter().filter(|line| line.1 == version).map(|line| line.0).collect()
    };
    assert_eq!(names(1), VERSION_1.into_iter().map(str::to_owned).collect());
    assert_eq!(names(2), VERSION_1.into_iter().chain(VERSION_2).map(str::to_owned).collect());
    assert_eq!(names(3), VERSION_3.into_iter().map(str::to_owned).collect());
    assert_eq!(golden().iter().map(|line| line.1).max(), Some(3), "a new version: say what it added");
}

#[test]
fn no_line_of_version_1_has_changed() {
    use sha2::{Digest, Sha256};
    let lines: Vec<_> = golden().into_iter().filter(|line| line.1 == 1).collect();
    let hash = lines.iter().fold(Sha256::new(), |hash, (name, _, payload)| {
        hash.chain_update(name).chain_update(payload).chain_update("\n")
    });
    assert_eq!((lines.len(), hex::encode(hash.finalize()).as_str()), VERSION_1_LINES);
}

#[test]
fn what_is_not_an_event_is_named_and_not_guessed() {
    for (name, version, payload) in [
        ("credits.minted", 1, r#"{"type":"credits.minted"}"#),
        ("credits.granted", 4, r#"{"type":"credits.granted","user":"a","amount":"1","reason":"x"}"#),
        ("credits.granted", 0, r#"{"type":"credits.granted","user":"a","amount":"1","reason":"x"}"#),
        ("credits.granted", 1, r#"{"type":"credits.adjusted","user":"a","change":"1","reason":"x"}"#),
        ("credits.granted", 1, r#"{"type":"credits.granted","user":"a","amount":1,"reason":"x"}"#),
        ("credits.granted", 2, r#"{"type":"credits.granted","user":"a","amount":"-1","reason":"x"}"#),
        (
            "credits.granted",
            2,
            r#"{"type":"credits.granted","user":"a","amount":"1","reason":"x","priority":101}"#,
        ),
        (
            "credits.granted",
            2,
            r#"{"type":"credits.granted","user":"a","amount":"1","reason":"x","source":"gift"}"#,
        ),
        ("credits.held", 2, r#"{"type":"credits.held","amount":"1"}"#),
        ("job.discarded", 1, "[]"),
        // A reader of version 2 would take it for one that gave all back.
        ("job.cancelled", 2, r#"{"type":"job.cancelled","kept":"4"}"#),
        ("job.cancelled", 3, r#"{"type":"job.cancelled","kept":"-4"}"#),
        ("job.cancelled", 3, r#"{"type":"job.cancelled","kept":4}"#),
    ] {
        let error = Event::decode(name, version, payload).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
