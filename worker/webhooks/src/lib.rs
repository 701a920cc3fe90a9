//! What providers report unasked: the address that they are given, how a report is proved to be theirs, and the table in
//! which it waits for the poller. And of what customers are told: where it may go, and how it is signed.
//!
//! `worker` gives out addresses and reads the table, `api` checks what comes and writes it; they do not see each other, so
//! what both must agree on is here. A report proves only that something happened to a task: nothing in it is believed but
//! the task's name, and no credits move because of it. The poller asks the provider. This crate serves no HTTP, and knows
//! neither jobs nor what a provider answers when it is asked.

mod address;
mod destination;
mod key;
mod public;
mod reception;
mod reference;
pub mod signals;
mod signing;

pub use address::Address;
pub use destination::{InvalidDestination, destination};
pub use key::{InvalidWebhookKey, WebhookKey};
pub use public::is_public;
pub use reception::{Door, Knock, Reception, Refused};
pub use reference::{InvalidReference, Reference};
pub use signals::Signal;
pub use signing::{
    Described, Encoding, InvalidDescription, InvalidSecret, KeySet, Kind, NoRandomness, ReportOptions,
    Signing, StandardSecret,
};
