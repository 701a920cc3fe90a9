//! A private Postgres and a private SQS for a machine that has none.
//!
//! `cooly up` uses both for whatever is not configured, and the tests of every crate run on them. This
//! crate knows how to start, watch and stop servers; it knows nothing about credits, jobs or schemas, and
//! depends on no other crate of the workspace.

pub mod postgres;
pub mod sqs;
pub mod testing;

mod error;

pub use error::Error;
