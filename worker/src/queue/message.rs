//! What a message says: which job may be due. Ids only; the state is in the log. The model is named too, so that a worker
//! can wait for a slot at its provider before it claims the job.
//!
//! During an upgrade the releases before and after it share the queue. So a later version is read as well, as long
//! as it names its job as this one does: what else it says can only be a hint.

use ledger::{AccountId, JobId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The version that this code writes, and the first that there was.
const VERSION: u32 = 1;

/// A message of version 1, or what one of a later version has in common with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobMessage {
    /// Whose job it is.
    pub account_id: AccountId,
    /// The job.
    pub job_id: JobId,
    /// The run that the message was sent for.
    pub run: u32,
}

/// Why a body is not a message that this version can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not a JSON object with a version.
    #[error("the message is not ours")]
    NotAMessage,
    /// Written by another version of Cooly, which names jobs in another way.
    #[error("the message is of version {0}, which this version cannot read")]
    OtherVersion(u32),
    /// Of our version, but without the ids that it must hold.
    #[error("the message does not name a job")]
    NoJob,
}

impl Unreadable {
    /// The name of the reason in metrics.
    pub fn code(self) -> &'static str {
        match self {
            Unreadable::NotAMessage => "not_a_message",
            Unreadable::OtherVersion(_) => "other_version",
            Unreadable::NoJob => "no_job",
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    v: u32,
}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    v: u32,
    account_id: AccountId,
    job_id: JobId,
    run: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Cow<'a, str>>,
}

impl JobMessage {
    /// The body of the message.
    pub fn encode(&self) -> String {
        self.encode_with(None)
    }

    /// The body of the message, with the model of its job.
    pub(super) fn encode_with(&self, model: Option<&str>) -> String {
        let JobMessage { account_id, job_id, run } = *self;
        let body = Body { v: VERSION, account_id, job_id, run, model: model.map(Cow::Borrowed) };
        serde_json::to_string(&body).expect("numbers, ids and texts are always JSON")
    }

    /// Reads a body of this version or a later one.
    pub fn decode(body: &str) -> Result<JobMessage, Unreadable> {
        let version = version(body).ok_or(Unreadable::NotAMessage)?;
        match serde_json::from_str(body) {
            Ok(Body { account_id, job_id, run, .. }) if version >= VERSION => {
                Ok(JobMessage { account_id, job_id, run })
            }
            _ if version == VERSION => Err(Unreadable::NoJob),
            _ => Err(Unreadable::OtherVersion(version)),
        }
    }

    /// The model that a body names; releases before named none.
    pub(crate) fn model_of(body: &str) -> Option<String> {
        let body: Body = serde_json::from_str(body).ok()?;
        body.model.map(Cow::into_owned)
    }

    /// Whether a later release wrote this body.
    pub(crate) fn is_of_later_release(body: &str) -> bool {
        version(body).is_some_and(|version| version > VERSION)
    }
}

fn version(body: &str) -> Option<u32> {
    serde_json::from_str(body).ok().map(|Envelope { v }| v)
}

#[cfg(test)]
mod tests {
    use super::{JobMessage, Unreadable};
    use ledger::{AccountId, JobId};
    use uuid::Uuid;

    fn message() -> JobMessage {
        JobMessage { account_id: AccountId(Uuid::from_u128(1)), job_id: JobId(Uuid::from_u128(2)), run: 3 }
    }

    #[test]
    fn a_message_holds_ids_only_and_reads_back() {
        let body = message().encode();
        assert_eq!(
            body,
            r#"{"v":1,"account_id":"00000000-0000-0000-0000-000000000001","job_id":"00000000-0000-0000-0000-000000000002","run":3}"#
        );
        assert_eq!(JobMessage::decode(&body), Ok(message()));
    }

    #[test]
    fn a_message_may_name_the_model_and_then_reads_the_same() {
        let body = message().encode_with(Some("flux \"dev\""));
        assert_eq!(JobMessage::decode(&body), Ok(message()));
        assert_eq!(JobMessage::model_of(&body).as_deref(), Some("flux \"dev\""));
        assert_eq!(JobMessage::model_of(&message().encode()), None);
    }

    #[test]
    fn a_message_of_a_later_version_is_read_if_it_names_its_job_as_this_one_does() {
        let body = message().encode().replace(r#""v":1"#, r#""v":2,"attempt":7,"route":{"provider":"new"}"#);
        assert_eq!(JobMessage::decode(&body), Ok(message()));
        assert!(JobMessage::is_of_later_release(&body));
        assert!(!JobMessage::is_of_later_release(&message().encode()));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let cases = [
            ("", Unreadable::NotAMessage),
            ("not json", Unreadable::NotAMessage),
            ("[]", Unreadable::NotAMessage),
            ("null", Unreadable::NotAMessage),
            (r#"{"v":"1"}"#, Unreadable::NotAMessage),
            (r#"{"v":-1}"#, Unreadable::NotAMessage),
            (r#"{"v":2,"anything":true}"#, Unreadable::OtherVersion(2)),
            (&message().encode().replace("\"v\":1", "\"v\":0"), Unreadable::OtherVersion(0)),
            (r#"{"v":1}"#, Unreadable::NoJob),
            (r#"{"v":1,"account_id":"x","job_id":"y","run":1}"#, Unreadable::NoJob),
        ];
        for (body, reason) in cases {
            assert_eq!(JobMessage::decode(body), Err(reason), "{body}");
        }
        assert_eq!(JobMessage::decode(&"[".repeat(100_000)), Err(Unreadable::NotAMessage), "deep nesting");
    }
}
