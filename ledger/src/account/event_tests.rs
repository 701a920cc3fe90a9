//! What an event says of itself agrees with what is stored of it.

use super::{AccountEvent, HoldId, LotId, Source};
use serde_json::Value;

/// The credit events of `tests/golden`, each with its payload as it is stored.
fn stored() -> Vec<(AccountEvent, Value)> {
    let lines: Vec<Value> = serde_json::from_str(include_str!("../../tests/golden/events.json")).unwrap();
    let payloads = lines.iter().map(|line| line["payload"].as_str().unwrap());
    let credits = payloads.filter(|payload| payload.contains(r#""type":"credits."#));
    credits
        .map(|payload| (serde_json::from_str(payload).unwrap(), serde_json::from_str(payload).unwrap()))
        .collect()
}

#[test]
fn an_event_names_the_job_that_its_payload_names() {
    let stored = stored();
    for (event, payload) in &stored {
        let job = event.job_id().map(|job| job.to_string());
        assert_eq!(job.as_deref(), payload["job_id"].as_str(), "{payload}");
        assert_eq!(event.job_version(), payload["job_version"].as_i64(), "{payload}");
    }
    let versions = stored.iter().filter_map(|(event, _)| event.job_version());
    assert!(versions.max() > Some(1), "a version that is not merely the first");
}

#[test]
fn a_source_has_one_name() {
    let every =
        [Source::Plan, Source::Purchase, Source::Promo, Source::Goodwill, Source::Adjustment, Source::Other];
    for source in every {
        assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
    }
}

#[test]
fn lots_and_holds_are_shown_by_their_numbers() {
    assert_eq!((LotId(7).to_string(), HoldId(8).to_string()), ("7".to_owned(), "8".to_owned()));
}
