//! The outputs of a generation for an admin: what is recorded of each, and its bytes.

use crate::app::App;
use crate::resources::user::outputs::{Bytes, Conditions, answer, kept_output};
use crate::serve::problem::Problem;
use ledger::job::Output;
use ledger::{AccountId, JobId};
use poem_openapi::Object;

/// One output.
#[derive(Debug, Object)]
#[oai(rename = "GenerationStoredOutput")]
pub(super) struct StoredOutput {
    /// Its place, from 0.
    index: u32,
    /// Where an admin gets its bytes.
    url: String,
    /// Its MIME type.
    content_type: String,
    /// Width in pixels; 0 for a clip whose file does not tell.
    width: u32,
    /// Height in pixels; 0 for a clip whose file does not tell.
    height: u32,
    /// Size in bytes.
    bytes: u64,
    /// Length of a clip, in milliseconds; null for pictures.
    duration_milliseconds: Option<u64>,
    /// SHA-256 of its bytes, in lower-case hexadecimal; older outputs have none.
    sha256: Option<String>,
}

impl StoredOutput {
    pub(super) fn of(id: JobId, output: &Output) -> StoredOutput {
        StoredOutput {
            index: output.index,
            url: format!("/admin/generations/{id}/outputs/{}", output.index),
            content_type: output.content_type.clone(),
            width: output.width,
            height: output.height,
            bytes: output.bytes,
            duration_milliseconds: output.duration_milliseconds,
            sha256: output.sha256.clone(),
        }
    }
}

/// The bytes of an output, as its user would get them.
pub(super) async fn whole_or_part(
    app: &App,
    account: AccountId,
    id: JobId,
    index: u32,
    conditions: &Conditions,
) -> Result<Bytes, Problem> {
    let output = kept_output(app, account, id, index).await?;
    answer(&*app.outputs, id, &output, conditions).await
}
