//! Callers in a closed loop: each does one thing after the other, and every call is timed.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::time::{Duration, Instant};

/// The accounts that callers go through: `count` of them, every `every`-th from `first` on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Accounts {
    /// How many.
    pub(crate) count: usize,
    /// The distance from one to the next.
    pub(crate) every: usize,
    /// The first.
    pub(crate) first: usize,
}

impl Accounts {
    fn at(self, turn: usize) -> usize {
        (turn % self.count) * self.every + self.first
    }

    /// Each of them once.
    pub(crate) fn all(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |turn| self.at(turn))
    }
}

/// When it counts: what happens before `warm` is discarded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// From here on.
    pub(crate) warm: Instant,
    /// Until here.
    pub(crate) end: Instant,
}

impl Window {
    /// Begins after a warm-up of a third of its length.
    pub(crate) fn from_now(length: Duration) -> Window {
        let warm = Instant::now() + length / 3;
        Window { warm, end: warm + length }
    }

    fn contains(&self, instant: Instant) -> bool {
        (self.warm..self.end).contains(&instant)
    }
}

/// What a crowd did within its window.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Calls that ended within the window.
    pub(crate) done: u64,
    /// How long the calls took that began within it, in microseconds, in no order. Those that end after it are
    /// here too, or a stall at the end would not show.
    pub(crate) times: Vec<u32>,
}

impl Tally {
    /// Adds what others did at the same time.
    pub(crate) fn add(&mut self, other: Tally) {
        self.done += other.done;
        self.times.extend(other.times);
    }
}

/// Somebody who calls again and again, with whatever it needs for that.
pub(crate) trait Caller: Send + 'static {
    /// One call, on behalf of the account with this number.
    fn call(&mut self, account: usize) -> impl Future<Output = Result<()>> + Send;
}

/// Lets all callers go until the window ends. Callers are numbered from `number`, so that several crowds can
/// share the accounts.
pub(crate) async fn run<C: Caller>(
    callers: Vec<C>,
    number: usize,
    accounts: Accounts,
    window: Window,
) -> Result<Tally> {
    let tasks: Vec<_> = callers
        .into_iter()
        .enumerate()
        .map(|(nth, caller)| tokio::spawn(call_on(caller, number + nth, accounts, window)))
        .collect();
    let mut tally = Tally::default();
    for task in tasks {
        tally.add(task.await??);
    }
    Ok(tally)
}

/// A prime visits all accounts and keeps callers apart.
const STRIDE: usize = 7_919;

async fn call_on<C: Caller>(
    mut caller: C,
    mut turn: usize,
    accounts: Accounts,
    window: Window,
) -> Result<Tally> {
    let mut tally = Tally::default();
    loop {
        let begun = Instant::now();
        if begun >= window.end {
            return Ok(tally);
        }
        caller.call(accounts.at(turn)).await?;
        let ended = Instant::now();
        tally.done += u64::from(window.contains(ended));
        if window.contains(begun) {
            tally.times.push(u32::try_from((ended - begun).as_micros()).unwrap_or(u32::MAX));
        }
        turn += STRIDE;
    }
}
