//! A private Postgres and a private SQS for a machine that has none, and servers that stand in for providers.
//!
//! `cooly up` uses the first two for whatever is not configured, `cooly mock-provider` the last, and the tests of every
//! crate run on them. This crate knows how to start, watch and stop servers; it knows nothing about credits, jobs or
//! schemas, and depends on no other crate of the workspace.

pub mod postgres;
pub mod providers;
pub mod sqs;
pub mod testing;

mod accept;
mod error;

pub use error::Error;
