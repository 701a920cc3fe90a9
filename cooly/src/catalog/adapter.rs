//! The protocols that the file names.

use worker::provider::http::GenericOptions;

/// Which protocol a provider speaks.
#[derive(Debug, Clone)]
pub(crate) enum Adapter {
    /// The queue of fal.ai.
    Fal,
    /// The predictions of Replicate.
    Replicate,
    /// The images of OpenAI, and of services that speak like it.
    OpenAi,
    /// Any service over HTTP, described by this table.
    Http(Box<GenericOptions>),
    /// Draws by itself; needs no service.
    Simulated,
}

impl Adapter {
    /// The name in the file.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Adapter::Fal => "fal",
            Adapter::Replicate => "replicate",
            Adapter::OpenAi => "openai",
            Adapter::Http(_) => "http",
            Adapter::Simulated => "simulated",
        }
    }
}
