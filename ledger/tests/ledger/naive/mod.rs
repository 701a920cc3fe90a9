//! A ledger too simple to be wrong, for tests to compare the real one with.
//!
//! Written from the rules and not from the code: amounts are whole millionths, times are seconds since the story
//! began, lots are a plain list that is searched and sorted whenever it matters, and nothing is fast. It counts the
//! events that an account writes, because lots and holds are named after them.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

mod account;
mod compare;
mod job;
mod world;

pub(crate) use account::{NaiveAccount, Part, total};
pub(crate) use compare::{compare, credits, instant, micros};
pub(crate) use job::{Cost, NaiveJob, lacks};
pub(crate) use world::{Asked, NaiveUser, Told};

/// An amount in millionths of a credit.
pub(crate) type Micros = i128;

/// Seconds since the story began.
pub(crate) type Seconds = i64;

/// The largest amount, and the largest balance.
pub(crate) const MOST: Micros = 1_000_000_000_000_000_000;

/// What a command does, or the code of its refusal.
pub(crate) type Answer<T = ()> = Result<T, &'static str>;
