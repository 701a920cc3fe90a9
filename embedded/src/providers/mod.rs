//! Servers that speak the protocols of image and video services over real HTTP, so that the whole path from a purchase
//! to a file can be tried, and broken, without an account.
//!
//! Each follows the public documentation of its service, which the head of its module names, together with what could
//! not be checked there. They draw small real files, keep everything in memory, and remember what they were asked. What
//! goes wrong is said by a test through [`Fault`], or by a person through [words](WORDS) in the name of a model.

mod call;
mod desk;
mod dispatch;
mod fal;
mod fault;
mod faults;
mod files;
mod openai;
mod options;
mod picture;
mod protocol;
mod record;
mod replicate;
mod reply;
mod serve;
mod server;
mod task;
mod tasks;
mod trouble;
mod webhook;
mod wishes;
mod words;

pub use self::{
    fault::{Fate, Fault, FileFault, Refusal, RetryAfter, Step, Trouble, WebhookFault},
    options::MockOptions,
    protocol::Protocol,
    record::{Record, Report, Submit},
    server::MockProvider,
    words::{WORDS, Word},
};
