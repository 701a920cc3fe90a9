//! `GET /v1/generations/{id}/outputs/{index}`: the bytes of a finished output, to its owner only.

use super::purchase::unknown;
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::declared::{Answer, ReadOne};
use crate::serve::problem::Problem;
use crate::words::scalars::GenerationId;
use ledger::job::Output;
use ledger::read;
use object_store::ObjectStoreExt;
use object_store::path::Path as StorePath;
use poem::Body;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};

/// The bytes of an output.
#[derive(ApiResponse)]
enum Bytes {
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
    ),
}

/// See the module.
pub(crate) struct Outputs;

#[OpenApi(tag = "Tag::Generations")]
impl Outputs {
    /// Get the bytes of an output
    #[oai(path = "/v1/generations/:id/outputs/:index", method = "get", operation_id = "getOutput")]
    async fn get(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// Which of its outputs, from 0.
        index: Path<u32>,
    ) -> Answer<Bytes, ReadOne> {
        let job = read::job(&**app.reader().await?, caller.account, id.0.0).await?.ok_or_else(unknown)?;
        let output = job.outputs.iter().find(|output| output.index == index.0);
        let output = output.ok_or_else(|| Problem::not_found("the generation has no such output"))?;
        let stored = app.outputs.get(&StorePath::from(output.key.as_str())).await.map_err(missing)?;
        let length = stored.meta.size;
        let body = Body::from_bytes_stream(futures::TryStreamExt::map_err(
            stored.into_stream(),
            std::io::Error::other,
        ));
        let name = format!("inline; filename=\"{}-{}.{}\"", id.0.0, output.index, extension(output));
        let cache = "private, max-age=31536000, immutable".to_owned();
        Ok(Bytes::Whole(Binary(body), shown_type(output).to_owned(), cache, name, length))
    }
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

fn missing(error: object_store::Error) -> Problem {
    let cause = ledger::error_chain(&error);
    match error {
        object_store::Error::NotFound { .. } => {
            Problem::not_found("the output is not in the store any more").because(cause)
        }
        _ => Problem::unavailable("output_unavailable", "the output cannot be read right now").because(cause),
    }
}
