//! A server of its own for each test, clients for it, and a worker's hand on the ledger.

mod client;
mod contract;
mod raw;
mod reply;
mod server;
mod stalled;
mod wire;
mod worker;

pub(crate) use client::{Client, read};
pub(crate) use contract::Contract;
pub(crate) use raw::raw;
pub(crate) use reply::Reply;
pub(crate) use server::{Background, SECRET, Server, Setup};
pub(crate) use stalled::{Stalled, is_whole};
pub(crate) use wire::Wire;

use ledger::{AccountId, UserId};

/// The account of a user.
pub(crate) fn account(user: &str) -> AccountId {
    user.parse::<UserId>().unwrap().account()
}
