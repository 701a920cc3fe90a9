//! The private servers, and the servers for tests.

mod postgres;
mod sqs;
mod testing;
