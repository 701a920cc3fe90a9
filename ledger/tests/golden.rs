//! Pins the stored form of every event and version: an event once written must be read for ever.
//!
//! A new variant adds a line to `golden/events.json`; a line that is there never changes.

use ledger::Event;
use serde_json::Value;

#[test]
fn every_stored_event_is_read_and_written_back_to_the_byte() {
    let golden: Vec<Value> = serde_json::from_str(include_str!("golden/events.json")).unwrap();
    let mut names = Vec::new();
    for entry in &golden {
        let (name, payload) = (entry["type"].as_str().unwrap(), entry["payload"].as_str().unwrap());
        let version = i16::try_from(entry["schema_version"].as_i64().unwrap()).unwrap();
        let event = Event::decode(name, version, payload).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.name(), name);
        assert_eq!(event.encode(), payload, "{name} version {version}");
        names.push(name);
    }
    names.dedup();
    let known = [
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
    assert_eq!(names, known);
}

#[test]
fn what_is_not_an_event_is_named_and_not_guessed() {
    for (name, version, payload) in [
        ("credits.minted", 1, r#"{"type":"credits.minted"}"#),
        ("credits.granted", 2, r#"{"type":"credits.granted","user":"a","amount":"1","reason":"x"}"#),
        ("credits.granted", 1, r#"{"type":"credits.adjusted","user":"a","change":"1","reason":"x"}"#),
        ("credits.granted", 1, r#"{"type":"credits.granted","user":"a","amount":1,"reason":"x"}"#),
        ("job.discarded", 1, "[]"),
    ] {
        let error = Event::decode(name, version, payload).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
