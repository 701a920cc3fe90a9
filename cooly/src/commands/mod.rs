//! One module a subcommand; `database` is what the tools share.

pub(crate) mod catalog;
pub(crate) mod completions;
pub(crate) mod database;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod key;
pub(crate) mod manual;
pub(crate) mod migrate;
pub(crate) mod mock_provider;
pub(crate) mod proof;
pub(crate) mod rebuild;
pub(crate) mod roles;
pub(crate) mod seal_key;
pub(crate) mod token;
pub(crate) mod up;
pub(crate) mod verify;
