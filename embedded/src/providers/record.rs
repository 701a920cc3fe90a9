//! What a server was asked, for tests to look at.

use std::collections::BTreeMap;

use serde_json::Value;

/// Submits that are remembered; a server that runs for days forgets the oldest.
const MOST_REMEMBERED: usize = 10_000;

/// Everything that was asked so far.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Every submit that was understood, accepted or not, oldest first.
    pub submits: Vec<Submit>,
    /// How often it was asked how far a task is.
    pub statuses: u64,
    /// How often it was asked what was made.
    pub results: u64,
    /// The ids that were to be cancelled, in order, whatever came of it.
    pub cancels: Vec<String>,
    /// How often a file was asked for.
    pub files: u64,
    /// Requests without the right key.
    pub keys_refused: u64,
    /// Every webhook that was sent, in order.
    pub reports: Vec<Report>,
}

/// A webhook that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where to.
    pub url: String,
    /// What it was signed with, by name.
    pub headers: BTreeMap<String, String>,
    /// What it said.
    pub body: String,
    /// What it was answered; `None` if nothing came.
    pub status: Option<u16>,
}

/// One submit.
#[derive(Debug, Clone, PartialEq)]
pub struct Submit {
    /// The id of the task, if it was accepted: from then on it costs money.
    pub task: Option<String>,
    /// The model that was asked for.
    pub model: String,
    /// The prompt; empty if there was none.
    pub prompt: String,
    /// How the client calls it: the `Idempotency-Key` or `X-Client-Request-Id` header, or else what comes last in the
    /// address of its webhook.
    pub reference: Option<String>,
    /// What the model was given.
    pub input: Value,
    /// The headers, without what is secret.
    pub headers: BTreeMap<String, String>,
    /// The query of the address.
    pub query: Option<String>,
}

impl Record {
    /// The ids of all tasks that were accepted, oldest first.
    pub fn paid(&self) -> Vec<&str> {
        self.submits.iter().filter_map(|submit| submit.task.as_deref()).collect()
    }

    /// The ids of the tasks that were accepted under this reference.
    pub fn paid_for(&self, reference: &str) -> Vec<&str> {
        let referred = self.submits.iter().filter(|submit| submit.reference.as_deref() == Some(reference));
        referred.filter_map(|submit| submit.task.as_deref()).collect()
    }

    pub(super) fn add(&mut self, submit: Submit) {
        if self.submits.len() == MOST_REMEMBERED {
            self.submits.remove(0);
        }
        self.submits.push(submit);
    }

    pub(super) fn add_report(&mut self, report: Report) {
        if self.reports.len() == MOST_REMEMBERED {
            self.reports.remove(0);
        }
        self.reports.push(report);
    }

    pub(super) fn add_cancel(&mut self, id: &str) {
        if self.cancels.len() == MOST_REMEMBERED {
            self.cancels.remove(0);
        }
        self.cancels.push(id.to_owned());
    }
}
