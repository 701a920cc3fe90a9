//! Providers that are asked over HTTP: fal, Replicate, whoever offers OpenAI's images API, and any other by description.
//!
//! Each adapter knows one protocol and says where its facts are from. What a status or a silence means for a job is
//! decided in one place, `refusal`, for all of them; `client` sends, `artifacts` finds what was made, `template` fills
//! what is configured, `sieve` and `inline` put outputs that come inside of answers on the disk. What was made is passed on as an address with its `Origin`: whoever fetches it keeps to that.
//! None of them repeats a request that asks for work, follows a redirect, or says what a provider said.

mod answer;
mod artifacts;
mod base;
mod client;
mod cut;
mod fal;
mod generic;
mod inline;
mod inputs;
mod invalid;
mod key;
mod openai;
mod options;
mod protocol;
mod provider;
mod refusal;
mod replicate;
mod sieve;
mod template;
mod whole;
mod wish;
mod words;

pub use generic::options::{FindOptions, GenericOptions, KeyPlace, RequestOptions, StatusOptions, TaskState};
pub use inputs::check_inputs;
pub use invalid::InvalidProvider;
pub use key::{InvalidProviderKey, ProviderKey};
pub use options::{Adapter, HttpOptions};
pub use provider::HttpProvider;
