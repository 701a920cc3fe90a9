//! Answers questions from tables that can be dropped and rebuilt from the log.
//!
//! One file per read model, each with the statement that writes it beside the queries that read it. `run`
//! keeps them all up to date: `feed` reads pages of the log, `fold` turns each into what it changes, `apply`
//! writes that and moves the checkpoints in one transaction. `rebuild` and `compare` run the very same code
//! from the beginning of the log. `bulk` is no read model: it keeps what was ordered for many jobs at once; nor are the decisions of
//! `incidents`, nor what `hooks` keeps about customers who are told what happens. This crate appends nothing to the log and knows nothing of HTTP or queues.

pub mod alive;
pub mod balances;
pub mod bulk;
pub mod dead_letters;
pub mod generation_list;
pub mod generations;
pub mod history;
pub mod hooks;
pub mod incidents;
pub mod lease;
pub mod overview;
pub mod pending;
pub mod spending;
pub mod usage;

mod apply;
mod batch;
mod checkpoint;
mod compare;
mod copies;
mod error;
mod feed;
mod fold;
mod jobs_table;
mod known_jobs;
mod parked;
mod projector;
mod prompts;
mod read_model;
mod rebuild;
mod replay;
mod row;
mod tables;
mod word;

pub use checkpoint::{positions, wait_for};
pub use compare::{Difference, compare_with_replay};
pub use error::Error;
pub use projector::{DEFAULT_BATCH, LEASE, ProjectorOptions, run};
pub use read_model::ReadModel;
pub use rebuild::rebuild;

/// Statements that belong to no single read model, by name. Each read model has its own list.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("checkpoint: positions", checkpoint::POSITIONS),
    ("checkpoint: claim", checkpoint::CLAIM),
    ("checkpoint: lock", checkpoint::LOCK),
    ("checkpoint: move", checkpoint::MOVE),
    ("checkpoint: reached", checkpoint::REACHED),
    ("feed: next event", feed::NEXT),
    ("known jobs: earlier events", known_jobs::EARLIER),
    ("lease: acquire", lease::ACQUIRE),
    ("lease: renew", lease::RENEW),
    ("lease: release", lease::RELEASE),
    ("parked: load", parked::LOAD),
    ("parked: park", parked::PARK),
];
