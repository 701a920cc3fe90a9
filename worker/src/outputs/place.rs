//! Where outputs are kept: `outputs/{account}/{job}/{run}-{fencing}/{index}.{extension}`. Each attempt has a folder of
//! its own, so a late worker never writes over what another one recorded.

use crate::provider::Task;

/// The key of one output.
pub(super) fn key(task: &Task, index: u32, content_type: &str) -> String {
    format!("{}/{index}.{}", folder(task), extension(content_type))
}

/// The key of its small copy.
pub(super) fn thumbnail_key(task: &Task, index: u32, content_type: &str) -> String {
    format!("{}/{index}-thumbnail.{}", folder(task), extension(content_type))
}

/// What all keys begin with.
pub(super) const ROOT: &str = "outputs";

fn folder(task: &Task) -> String {
    let Task { account_id, job_id, run, fencing, .. } = task;
    format!("{ROOT}/{account_id}/{job_id}/{run}-{fencing}")
}

fn extension(content_type: &str) -> &'static str {
    match content_type {
        "image/png" | "image/apng" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "image/avif" => "avif",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        _ => "bin",
    }
}
