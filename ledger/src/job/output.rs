//! One output of a job that succeeded, as recorded in the log. The bytes are in the output store, under `key`.

use serde::{Deserialize, Serialize};

/// One stored output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its place among the job's outputs, from 0.
    pub index: u32,
    /// Where the output store keeps it.
    pub key: String,
    /// MIME type, such as `image/png`.
    pub content_type: String,
    /// Width in pixels; 0 for a clip whose file does not tell it.
    pub width: u32,
    /// Height in pixels; 0 for a clip whose file does not tell it.
    pub height: u32,
    /// Size in bytes.
    pub bytes: u64,
    /// Length of a clip, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_milliseconds: Option<u64>,
    /// SHA-256 of the bytes, in lower-case hexadecimal. Older outputs have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where the output store keeps a small copy as JPEG, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}
