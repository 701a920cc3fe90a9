//! How a request is served, whatever it asks: accepted by `server`, bounded and told of by `shell`, allowed by `auth`, read by `body`
//! and its neighbours, and refused by `problem`. Nothing here knows a resource.

pub(crate) mod accept;
pub mod auth;
pub(crate) mod body;
pub(crate) mod conditional;
pub(crate) mod csv;
pub(crate) mod cursor;
pub(crate) mod declared;
pub(crate) mod download;
pub(crate) mod failure;
pub(crate) mod freshness;
pub(crate) mod idempotency;
pub(crate) mod listing;
pub(crate) mod observe;
pub(crate) mod parameter;
pub(crate) mod preference;
pub(crate) mod problem;
pub(crate) mod server;
pub(crate) mod shell;
pub(crate) mod static_file;
