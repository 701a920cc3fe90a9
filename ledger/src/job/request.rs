//! What a user asked for: written once in `job.queued` and read back whenever the job is run again.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest prompt, in characters.
pub const MAX_PROMPT_CHARS: usize = 4_000;

/// Longest model name, in bytes.
pub const MAX_MODEL_BYTES: usize = 100;

/// What a job makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Pictures, made while the worker waits.
    Image,
    /// Clips, submitted to the provider and polled.
    Video,
}

impl Kind {
    /// The name used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Image => "image",
            Kind::Video => "video",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Optional wishes; what is absent is the model's own default. A wish that a later release added is passed over, so that
/// the rest of the job can be read: the request of a client is checked where it comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Params {
    /// Width of an output, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height of an output, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The same seed and prompt give the same output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Length of a clip, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// A generation as its user asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRequest {
    /// Image or video.
    pub kind: Kind,
    /// Name of the model.
    pub model: String,
    /// The prompt: 1 to [`MAX_PROMPT_CHARS`] characters.
    pub prompt: String,
    /// How many outputs.
    pub count: u32,
    /// Optional wishes.
    #[serde(default)]
    pub params: Params,
}

#[cfg(test)]
mod tests {
    use super::{JobRequest, Params};

    #[test]
    fn a_wish_of_a_later_release_leaves_the_request_readable() {
        let stored =
            r#"{"kind":"image","model":"m","prompt":"p","count":1,"params":{"seed":7,"mood":"calm"}}"#;
        let request: JobRequest = serde_json::from_str(stored).unwrap();
        assert_eq!(request.params, Params { seed: Some(7), ..Params::default() });
    }
}
