//! What a user buys, follows and holds.

pub(crate) mod api_keys;
pub(crate) mod batch;
mod cancelled;
pub(crate) mod credits;
pub(crate) mod events;
pub(crate) mod feed;
pub(crate) mod generations;
pub(crate) mod models;
pub(crate) mod outputs;
pub(crate) mod purchase;
pub(crate) mod quote;
pub(crate) mod statement;
pub(crate) mod statements;
pub(crate) mod usage;
