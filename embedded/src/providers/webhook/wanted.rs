//! Somebody's wish to have a task reported.

use crate::providers::{
    call::Call,
    protocol::Protocol,
    task::{Phase, Task},
};

/// What is reported of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::providers) enum Moment {
    Started,
    Ended,
}

/// See the module.
#[derive(Debug, Clone)]
pub(in crate::providers) struct Wanted {
    /// Where to.
    pub url: String,
    /// Where the files are, as the client sees it.
    pub base: String,
    /// What is still to be reported.
    pub(super) moments: Vec<Moment>,
}

impl Wanted {
    /// What the call asks for; fal reports the end alone.
    pub(in crate::providers) fn of(protocol: Protocol, call: &Call, url: &str) -> Wanted {
        let filter = call.json()["webhook_events_filter"].as_array().cloned();
        let is_wanted =
            |name: &str| filter.as_ref().is_none_or(|names| names.iter().any(|named| named == name));
        let moments = match protocol {
            Protocol::Fal | Protocol::OpenAi => vec![Moment::Ended],
            Protocol::Replicate => [(Moment::Started, "start"), (Moment::Ended, "completed")]
                .into_iter()
                .filter_map(|(moment, name)| is_wanted(name).then_some(moment))
                .collect(),
        };
        Wanted { url: url.to_owned(), base: call.base(), moments }
    }

    /// What has come, and was not reported yet.
    pub(super) fn come(&mut self, task: &Task) -> Vec<Moment> {
        let phase = task.phase();
        let has_come = |moment: &Moment| match moment {
            Moment::Started => phase != Phase::Queued,
            Moment::Ended => matches!(phase, Phase::Ended(_)),
        };
        self.moments.extract_if(.., |moment| has_come(moment)).collect()
    }
}
