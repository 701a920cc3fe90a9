//! Keeping what was made: from here or from where a provider left it, into the output store.
//!
//! Files are streamed, a few MiB at a time, and hashed and measured on their way. Its first bytes decide what a file is, not its
//! sender. Trouble that may pass is tried again for as long as there is time, because making an output again would be
//! paid for again; what no further try can change is told apart, for a person to decide.

mod expiry;
mod fetch;
mod file;
#[cfg(test)]
mod loopback;
mod measure;
mod place;
mod sniff;
mod store;
#[cfg(test)]
mod store_tests;
mod thumbnail;
mod trouble;
mod upload;

pub(crate) use store::{OutputStore, Unkept, Unstored, keys};
