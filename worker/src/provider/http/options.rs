//! How a provider over HTTP is configured.

use super::generic::options::GenericOptions;
use super::key::ProviderKey;
use std::time::Duration;
use webhooks::Address;

/// Which protocol a provider speaks.
#[derive(Debug, Clone)]
pub enum Adapter {
    /// fal's queue.
    Fal,
    /// Replicate's predictions.
    Replicate,
    /// The images API that OpenAI offers, and many others like it.
    OpenAi,
    /// Any other, as described.
    Generic(Box<GenericOptions>),
}

impl Adapter {
    /// Where the service is, if it is only at one place.
    pub(super) fn usual_base_url(&self) -> Option<&'static str> {
        match self {
            Adapter::Fal => Some("https://queue.fal.run"),
            Adapter::Replicate => Some("https://api.replicate.com"),
            Adapter::OpenAi => Some("https://api.openai.com/v1"),
            Adapter::Generic(_) => None,
        }
    }

    /// Where the service keeps what it made.
    pub(super) fn usual_output_hosts(&self) -> &'static [&'static str] {
        match self {
            Adapter::Fal => &["fal.media", "*.fal.media"],
            Adapter::Replicate => &["replicate.delivery", "*.replicate.delivery"],
            Adapter::OpenAi => &["oaidalleapiprodscus.blob.core.windows.net"],
            Adapter::Generic(_) => &[],
        }
    }
}

/// A provider over HTTP. [`HttpOptions::new`] has what suits most.
#[derive(Debug)]
pub struct HttpOptions {
    /// Its name, as routes use it.
    pub name: String,
    /// What it speaks.
    pub adapter: Adapter,
    /// Where it is; needed where the adapter does not know. For `OpenAi` with the `/v1`, for the others without.
    pub base_url: Option<String>,
    /// What it is paid with. A private one may do without.
    pub key: Option<ProviderKey>,
    /// Hosts that outputs may be fetched from; `*.` at the start stands for any name below. Empty for what the adapter
    /// knows, or else the provider's own host.
    pub output_hosts: Vec<String>,
    /// Most bytes of one output.
    pub max_output_bytes: u64,
    /// Where it reports what becomes of tasks; `None` if it is only asked. `OpenAi` cannot, and `Generic` can if that is described.
    pub webhook: Option<Address>,
    /// Whether it may be in this machine or a private network, and be asked without TLS.
    pub is_private: bool,
    /// Shortest time between two questions after one task.
    pub poll_interval: Duration,
    /// How long an accepted task may take.
    pub deadline: Duration,
    /// How long a connection may take to be made. Nothing is paid for before.
    pub connect_timeout: Duration,
    /// How long one answer may take, once it is asked for. Where the answer is the work itself, as long as `deadline`.
    pub answer_timeout: Duration,
}

impl HttpOptions {
    /// A provider of this name at its usual place, without a key.
    pub fn new(name: &str, adapter: Adapter) -> HttpOptions {
        // What comes inside of an answer is on this machine's disk until it is stored, as many times as outputs were asked for.
        let max_output_bytes = if matches!(adapter, Adapter::OpenAi) { 32 << 20 } else { 256 << 20 };
        HttpOptions {
            name: name.to_owned(),
            adapter,
            base_url: None,
            key: None,
            output_hosts: Vec::new(),
            max_output_bytes,
            webhook: None,
            is_private: false,
            poll_interval: Duration::from_secs(2),
            deadline: Duration::from_secs(15 * 60),
            connect_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(30),
        }
    }
}
