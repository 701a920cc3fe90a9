//! The private servers, the servers for tests, and those that stand in for providers.

mod postgres;
mod providers;
mod sqs;
mod testing;
