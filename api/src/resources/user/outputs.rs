//! `GET /v1/generations/{id}/outputs/{index}`: the bytes of a finished output, or a part of them, to its owner only.

use super::purchase::unknown;
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::conditional::{Wanted, is_known, wanted};
use crate::serve::declared::{Answer, ReadKept, ReadPart};
use crate::serve::parameter::{Header, Path};
use crate::serve::problem::Problem;
use crate::words::scalars::GenerationId;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::TryStreamExt;
use ledger::job::Output;
use ledger::{AccountId, JobId, read};
use object_store::path::Path as StorePath;
use object_store::{GetOptions, GetRange, ObjectStore};
use poem::Body;
use poem::web::Data;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};
use std::ops::Range;

/// What is here never changes, and is its owner's alone.
const CACHE: &str = "private, max-age=31536000, immutable";

/// The bytes of an output.
#[derive(ApiResponse)]
pub(crate) enum Bytes {
    /// The output. It never changes.
    #[oai(status = 200)]
    Whole(
        Binary<Body>,
        /// What it is, such as `image/png`.
        #[oai(header = "Content-Type")]
        String,
        /// It may be kept, by its owner's own cache only.
        #[oai(header = "Cache-Control")]
        String,
        /// Shown, and saved under this name.
        #[oai(header = "Content-Disposition")]
        String,
        /// How many bytes there are, so that one that was cut off is not taken for whole and kept.
        #[oai(header = "Content-Length")]
        u64,
        /// Names these bytes; outputs of before they were hashed have none.
        #[oai(header = "ETag")]
        Option<String>,
        /// Parts can be had.
        #[oai(header = "Accept-Ranges")]
        String,
    ),
    /// The part of it that `Range` asks for.
    #[oai(status = 206)]
    Part(
        Binary<Body>,
        /// What the whole is, such as `video/mp4`.
        #[oai(header = "Content-Type")]
        String,
        /// It may be kept, by its owner's own cache only.
        #[oai(header = "Cache-Control")]
        String,
        /// Shown, and saved under this name.
        #[oai(header = "Content-Disposition")]
        String,
        /// How many bytes the part has.
        #[oai(header = "Content-Length")]
        u64,
        /// Names the bytes of the whole; outputs of before they were hashed have none.
        #[oai(header = "ETag")]
        Option<String>,
        /// Parts can be had.
        #[oai(header = "Accept-Ranges")]
        String,
        /// The first and the last byte of it, from 0, and how many the whole has.
        #[oai(header = "Content-Range")]
        String,
    ),
    /// It is what `If-None-Match` names.
    #[oai(status = 304)]
    Unchanged(
        /// Names these bytes.
        #[oai(header = "ETag")]
        String,
        /// It may be kept, by its owner's own cache only.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

/// The bytes of a small copy.
#[derive(ApiResponse)]
enum Thumbnail {
    /// The copy. It never changes.
    #[oai(status = 200)]
    Whole(
        Binary<Body>,
        /// Always `image/jpeg`.
        #[oai(header = "Content-Type")]
        String,
        /// It may be kept, by its owner's own cache only.
        #[oai(header = "Cache-Control")]
        String,
        /// How many bytes there are.
        #[oai(header = "Content-Length")]
        u64,
    ),
}

/// What the client has of it, or wants.
pub(crate) struct Conditions {
    pub if_none_match: Option<String>,
    pub range: Option<String>,
    pub if_range: Option<String>,
}

/// See the module.
pub(crate) struct Outputs;

#[OpenApi(tag = "Tag::Generations")]
impl Outputs {
    /// Get the bytes of an output
    ///
    /// All of them, or one range: clips can be shown from anywhere, and a download that broke off goes on.
    #[oai(path = "/v1/generations/:id/outputs/:index", method = "get", operation_id = "getOutput")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn get(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// Which of its outputs, from 0.
        index: Path<u32>,
        /// The `ETag` of what is known already.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        /// `bytes=0-1023`, `bytes=1024-` or `bytes=-1024`. Of several ranges the whole is the answer.
        #[oai(name = "Range")]
        range: Header<Option<String>>,
        /// The range counts only if this is the `ETag` still; else the whole is the answer.
        #[oai(name = "If-Range")]
        if_range: Header<Option<String>>,
    ) -> Answer<Bytes, ReadPart> {
        let output = kept_output(&app, caller.account, id.0.0, index.0).await?;
        let conditions = Conditions { if_none_match: if_none_match.0, range: range.0, if_range: if_range.0 };
        Ok(answer(&*app.outputs, id.0.0, &output, &conditions).await?)
    }

    /// Get a small copy of an output
    ///
    /// A JPEG of at most 320 pixels a side. There is none of clips, of very large pictures, and of older outputs.
    #[oai(
        path = "/v1/generations/:id/outputs/:index/thumbnail",
        method = "get",
        operation_id = "getOutputThumbnail"
    )]
    async fn thumbnail(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// Which of its outputs, from 0.
        index: Path<u32>,
    ) -> Answer<Thumbnail, ReadKept> {
        let output = kept_output(&app, caller.account, id.0.0, index.0).await?;
        let key =
            output.thumbnail.ok_or_else(|| Problem::not_found("there is no small copy of this output"))?;
        let (body, given) = stored(&*app.outputs, &key, None).await?;
        Ok(Thumbnail::Whole(body, "image/jpeg".to_owned(), CACHE.to_owned(), given.end - given.start))
    }
}

/// The output of a generation of this account, unless the time is over for which it was kept.
pub(crate) async fn kept_output(
    app: &App,
    account: AccountId,
    id: JobId,
    index: u32,
) -> Result<Output, Problem> {
    let job = read::job(&**app.reader().await?, account, id).await?.ok_or_else(unknown)?;
    let output = job.outputs.into_iter().find(|output| output.index == index);
    let output = output.ok_or_else(|| Problem::not_found("the generation has no such output"))?;
    let expired_at = job.finished_at.zip(app.keep_outputs).map(|(finished_at, keep)| finished_at + keep);
    match expired_at.filter(|expired_at| *expired_at <= app.now()) {
        Some(expired_at) => Err(kept_until(expired_at, &job.request.model)),
        None => Ok(output),
    }
}

/// The bytes of an output that are wanted of it.
pub(crate) async fn answer(
    store: &dyn ObjectStore,
    job: JobId,
    output: &Output,
    conditions: &Conditions,
) -> Result<Bytes, Problem> {
    let etag = output.sha256.as_ref().map(|hash| format!("\"{hash}\""));
    let cache = CACHE.to_owned();
    let known = etag.clone().filter(|etag| is_known(conditions.if_none_match.as_deref(), etag));
    if let Some(etag) = known {
        return Ok(Bytes::Unchanged(etag, cache));
    }
    let (range, if_range) = (conditions.range.as_deref(), conditions.if_range.as_deref());
    let kind = shown_type(output).to_owned();
    let name = format!("inline; filename=\"{job}-{}.{}\"", output.index, extension(output));
    let ranges = "bytes".to_owned();
    match wanted(range, if_range, etag.as_deref(), output.bytes) {
        Wanted::Nowhere => Err(Problem::range_unsatisfiable(output.bytes)),
        Wanted::Whole => {
            let body = recorded(store, output, 0..output.bytes).await?;
            Ok(Bytes::Whole(body, kind, cache, name, output.bytes, etag, ranges))
        }
        Wanted::Part(part) => {
            let place = format!("bytes {}-{}/{}", part.start, part.end - 1, output.bytes);
            let length = part.end - part.start;
            let body = recorded(store, output, part).await?;
            Ok(Bytes::Part(body, kind, cache, name, length, etag, ranges, place))
        }
    }
}

/// These bytes of an output, which must be there as they were recorded.
async fn recorded(
    store: &dyn ObjectStore,
    output: &Output,
    part: Range<u64>,
) -> Result<Binary<Body>, Problem> {
    let asked = (part != (0..output.bytes)).then(|| part.clone());
    let (body, given) = stored(store, &output.key, asked).await?;
    if given != part {
        return Err(unreadable().because(format!("the store has bytes {given:?} of {}", output.key)));
    }
    Ok(body)
}

/// The bytes of a file, or a part of them, and which they are.
async fn stored(
    store: &dyn ObjectStore,
    key: &str,
    part: Option<Range<u64>>,
) -> Result<(Binary<Body>, Range<u64>), Problem> {
    let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
    let stored = store.get_opts(&StorePath::from(key), options).await.map_err(missing)?;
    let given = stored.range.clone();
    let bytes = TryStreamExt::map_err(stored.into_stream(), std::io::Error::other);
    Ok((Binary(Body::from_bytes_stream(bytes)), given))
}

/// Only types that a browser shows without running anything are passed on.
fn shown_type(output: &Output) -> &str {
    match output.content_type.as_str() {
        shown @ ("image/png" | "image/apng" | "image/jpeg" | "image/webp" | "image/gif" | "image/avif"
        | "video/mp4" | "video/webm") => shown,
        _ => "application/octet-stream",
    }
}

fn extension(output: &Output) -> &str {
    match shown_type(output) {
        "application/octet-stream" => "bin",
        "image/jpeg" => "jpg",
        known => known.rsplit('/').next().unwrap_or("bin"),
    }
}

fn kept_until(at: DateTime<Utc>, model: &str) -> Problem {
    let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    Problem::deleted(format!(
        "outputs are kept for a time, and this one's was over at {at}; make it again with {model}"
    ))
}

fn missing(error: object_store::Error) -> Problem {
    let cause = ledger::error_chain(&error);
    match error {
        object_store::Error::NotFound { .. } => {
            Problem::not_found("the output is not in the store any more").because(cause)
        }
        _ => unreadable().because(cause),
    }
}

fn unreadable() -> Problem {
    Problem::unavailable("output_unavailable", "the output cannot be read right now")
}
