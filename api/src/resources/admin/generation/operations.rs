//! `GET /admin/generations/{id}`, and the bytes of its outputs.

use super::found::{account_of, unknown};
use super::outputs::whole_or_part;
use super::story::{GenerationStory, told};
use crate::app::App;
use crate::resources::Tag;
use crate::resources::user::outputs::{Bytes, Conditions};
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::conditional::{is_known, state_tag};
use crate::serve::declared::{Answer, ReadOne, ReadPart};
use crate::serve::freshness;
use crate::serve::parameter::{Header, Path};
use crate::words::scalars::{GenerationId, LogPosition};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

/// The story of one generation.
#[derive(ApiResponse)]
#[expect(clippy::large_enum_variant, reason = "made once and written at once")]
enum Story {
    /// All of it, as it is now.
    #[oai(status = 200)]
    Current(
        Json<GenerationStory>,
        /// Names this state of it.
        #[oai(header = "ETag")]
        String,
        /// The newest event that is told here. Send it as `Ledger-Position` to see at least that in lists.
        #[oai(header = "Ledger-Position")]
        i64,
    ),
    /// Nothing has changed since the state in `If-None-Match`.
    #[oai(status = 304)]
    Unchanged(
        /// Names this state of it.
        #[oai(header = "ETag")]
        String,
    ),
}

/// See the module.
pub(crate) struct GenerationStories;

#[OpenApi(tag = "Tag::DeadLetters")]
impl GenerationStories {
    /// Look at any generation
    ///
    /// Everything that is known of it, in every state and for ever, also after it was retried and made: what was asked for, what was
    /// paid, held and given back, every attempt, every event, what its user reads now. Read from the log, so it is never stale.
    #[oai(path = "/admin/generations/:id", method = "get", operation_id = "getGenerationStory")]
    async fn get(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The generation.
        id: Path<GenerationId>,
        /// The `ETag` of the state that is known already.
        #[oai(name = "If-None-Match")]
        known: Header<Option<String>>,
        /// The position that an earlier write answered with: a generation that was bought by then is found.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Story, ReadOne> {
        freshness::wait(&app, position.0).await?;
        let account = account_of(&app, id.0.0).await?.ok_or_else(unknown)?;
        let told = told(&app, account, id.0.0).await?.ok_or_else(unknown)?;
        let etag = state_tag(&told.story);
        let is_known = is_known(known.0.as_deref(), &etag);
        Ok(match is_known {
            true => Story::Unchanged(etag),
            false => Story::Current(Json(told.story), etag, told.newest.0),
        })
    }

    /// Get the bytes of an output of any generation
    ///
    /// As its user gets them: all of them, or one range.
    #[oai(
        path = "/admin/generations/:id/outputs/:index",
        method = "get",
        operation_id = "getOutputOfGeneration"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn output(
        &self,
        _caller: Caller<AdminOnly>,
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
        let account = account_of(&app, id.0.0).await?.ok_or_else(unknown)?;
        let conditions = Conditions { if_none_match: if_none_match.0, range: range.0, if_range: if_range.0 };
        Ok(whole_or_part(&app, account, id.0.0, index.0, &conditions).await?)
    }
}
