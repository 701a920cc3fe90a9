//! Answers one request: a file, or whatever the protocol makes of it.

use super::{
    call::Call,
    desk::Desk,
    fal, files, openai,
    protocol::Protocol,
    replicate,
    reply::{NoReply, Outcome},
};

pub(super) async fn answer(desk: &Desk, call: &Call) -> Outcome {
    let outcome = match files::answer(desk, call) {
        Some(reply) => Ok(reply),
        None => match desk.protocol {
            Protocol::Fal => fal::answer(desk, call),
            Protocol::Replicate => replicate::answer(desk, call).await,
            Protocol::OpenAi => openai::answer(desk, call).await,
        },
    };
    let answered = match &outcome {
        Ok(reply) => reply.status().as_str().to_owned(),
        Err(NoReply::HangUp) => "closed".to_owned(),
        Err(NoReply::Silence) => "silence".to_owned(),
    };
    // Never the query: webhooks may carry secrets there.
    tracing::info!(provider = %desk.protocol, method = %call.method, path = call.path, answered, "mock provider");
    outcome
}
