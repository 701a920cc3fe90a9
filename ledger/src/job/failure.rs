//! Why an attempt failed. The class alone decides what happens next; code and message are for people.

use serde::{Deserialize, Serialize};

/// What kind of failure it was, and so what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// No retry can help (moderation, invalid input): the job fails and is refunded.
    Permanent,
    /// A retry may help: back off and try again until the attempts are used up.
    Transient,
    /// The provider asks to slow down: back off; costs no attempt.
    Throttled,
}

impl FailureClass {
    /// The name used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureClass::Permanent => "permanent",
            FailureClass::Transient => "transient",
            FailureClass::Throttled => "throttled",
        }
    }
}

/// Whether the provider is paid for an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billed {
    /// It did its work; what became of that is our loss.
    Yes,
    /// It never had the work, or refused it.
    No,
    /// It may have taken the work: its answer was lost, or nobody waited for it.
    Unknown,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happens next.
    pub class: FailureClass,
    /// Stable snake_case code, such as `content_refused` or `provider_unavailable`.
    pub code: String,
    /// One sentence for the user; never holds a secret or a provider's raw answer.
    pub message: String,
    /// Whether the provider is paid for the attempt; `None` where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed: Option<Billed>,
}
