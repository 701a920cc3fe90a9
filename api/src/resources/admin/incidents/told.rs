//! How incidents are told.

use crate::words::api_keys::KeyId;
use crate::words::incidents::{IncidentEventName, IncidentId, IncidentStateName};
use crate::words::scalars::{ClassName, Instant, KindName, Total};
use poem_openapi::Object;
use projections::incidents::{Change, Incident, Terms, Waiting};

/// Dead letters that share a cause.
#[derive(Debug, Object)]
pub(super) struct IncidentView {
    /// The fingerprint of the cause; as `incident` it narrows the list of dead letters and bulk actions.
    pub id: IncidentId,
    /// The cause in a few words.
    pub title: String,
    /// How it stands: `open`, `ignored` for a while, `resolved`, or `regressed`, which died again after it was resolved.
    pub state: IncidentStateName,
    /// What the generations make.
    pub kind: KindName,
    /// The provider that was asked last, as far as the log tells: where the last attempt had a choice and was refused at once, that of the
    /// attempt before; null if none is known.
    pub provider: Option<String>,
    /// The model.
    pub model: String,
    /// What kind of failure it is.
    pub class: ClassName,
    /// The failure code.
    pub code: String,
    /// The message of the newest. In the others ids, numbers, addresses and quoted values may differ.
    pub message: String,
    /// How many dead letters wait.
    pub jobs: u64,
    /// Whether more wait than `jobs` says: then `people`, `credits` and `hours` are of the newest `jobs`.
    pub jobs_is_more: bool,
    /// How many users they belong to.
    pub people: u64,
    /// What is taken or set aside for them.
    pub credits: Total,
    /// When the first of them died; null if none waits.
    pub first_seen: Option<Instant>,
    /// When the last of them died; null if none waits.
    pub last_seen: Option<Instant>,
    /// How many that wait died in each of the last 24 hours, the oldest first; the last one is the hour up to now.
    pub hours: Vec<u64>,
    /// Whether it gets worse: three or more died within the hour, and more than twice as many as in an hour of the six before.
    pub rising: bool,
    /// How often something was decided about it. Send it as `expected_revision`.
    pub revision: u32,
    /// What happened to it last; null if nothing did.
    pub last_change: Option<IncidentChange>,
}

/// Something that happened to an incident.
#[derive(Debug, Object)]
pub(super) struct IncidentChange {
    /// Its number, from 1.
    pub revision: u32,
    /// What.
    pub event: IncidentEventName,
    /// Until when it is ignored; null otherwise.
    pub until: Option<Instant>,
    /// After how many more it is no longer ignored; null otherwise.
    pub more: Option<u32>,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// Who; null where it came about by itself.
    pub by: Option<String>,
    /// By which API key; null if by a token, or by itself.
    pub key_id: Option<KeyId>,
    /// When.
    pub at: Instant,
}

/// An incident with what happened to it.
#[derive(Debug, Object)]
pub(super) struct IncidentStory {
    #[oai(flatten)]
    pub incident: IncidentView,
    /// What happened to it, newest first; at most a hundred.
    pub history: Vec<IncidentChange>,
}

impl From<&Incident> for IncidentView {
    fn from(incident: &Incident) -> IncidentView {
        let Incident { id, subject, state, waiting, last } = incident;
        let waiting = waiting.as_ref();
        let total = waiting.map_or_else(|| "0".to_owned(), |waiting| waiting.charged.normalize().to_string());
        let hours = |waiting: &Waiting| waiting.hours.iter().rev().copied().collect();
        IncidentView {
            id: IncidentId(id.clone()),
            title: title(&subject.code, &subject.model),
            state: IncidentStateName(*state),
            kind: KindName(subject.kind),
            provider: subject.provider.clone(),
            model: subject.model.clone(),
            class: ClassName(subject.class),
            code: subject.code.clone(),
            message: subject.message.clone(),
            jobs: waiting.map_or(0, |waiting| waiting.jobs),
            jobs_is_more: waiting.is_some_and(|waiting| waiting.is_more),
            people: waiting.map_or(0, |waiting| waiting.people),
            credits: Total(total),
            first_seen: waiting.map(|waiting| Instant(waiting.first_seen)),
            last_seen: waiting.map(|waiting| Instant(waiting.last_seen)),
            hours: waiting.map_or_else(|| vec![0; projections::incidents::HOURS], hours),
            rising: waiting.is_some_and(Waiting::is_rising),
            revision: last.as_ref().map_or(0, |last| last.revision),
            last_change: last.as_ref().map(IncidentChange::from),
        }
    }
}

impl From<&Change> for IncidentChange {
    fn from(change: &Change) -> IncidentChange {
        let (until, more) = match change.terms {
            Some(Terms::Until(until)) => (Some(Instant(until)), None),
            Some(Terms::More(more)) => (None, Some(more)),
            None => (None, None),
        };
        IncidentChange {
            revision: change.revision,
            event: IncidentEventName(change.event),
            until,
            more,
            reason: change.reason.clone(),
            by: change.actor.strip_prefix("admin:").map(str::to_owned),
            key_id: change.key.map(KeyId),
            at: Instant(change.changed_at),
        }
    }
}

/// `Provider down on sim-image`.
fn title(code: &str, model: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{} on {model}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_title_is_the_code_in_words_and_where() {
        assert_eq!(title("provider_down", "sim-image"), "Provider down on sim-image");
        assert_eq!(title("", "m"), " on m");
    }
}
