//! Proves that the log is still what was sealed, or names what is not: the chain of seals, their signatures and
//! roots, and every leaf against the log, whose hashes are computed again from its columns.

use super::block::{Leaves, Seal};
use super::breach::{At, Fault, SealBreach};
use super::compare::{BlockComparison, Differences, Found, Present};
use super::hexadecimal;
use super::key::PublicKey;
use super::stored::hash_after;
use crate::chain::{GENESIS, Hash};
use crate::database::snapshot;
use crate::error::Error;
use crate::ids::{AccountId, Position, StreamId};
use crate::store::seals::{self, Texts};
use chrono::{DateTime, Utc};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::{Client, GenericClient};

/// Seals that are read at a time: with full blocks, half a megabyte of leaves.
const PAGE_SEALS: i64 = 16;

const PAGE_EVENTS: i64 = 2_000;

/// Events that are verified before others get their turn, where a server does this beside its requests.
const BREATH: usize = 200;

/// Most lost events that are searched for; those past it are reported without their account.
const MOST_SEARCHED: usize = 10_000;

/// The age of an event at which a log that is sealed has its first seal.
pub const LATEST_FIRST_SEAL: Duration = Duration::from_secs(3600);

/// What an auditor knows from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Keys whose seals are believed. With none, any key is, and only the consistency of the seals is proved.
    pub keys: Vec<PublicKey>,
    /// Seals of which a copy was kept: nothing up to them can have been cut off or sealed anew.
    pub kept: Vec<KeptSeal>,
    /// Whether there must be seals at all, once an event is older than [`LATEST_FIRST_SEAL`].
    pub sealed: bool,
}

/// The number and hash of a seal, written `NUMBER:HASH`. The newest one, kept elsewhere, pins the log up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptSeal {
    /// Its number.
    pub number: i64,
    /// Its hash.
    pub hash: Hash,
}

/// Not `NUMBER:HASH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a kept seal is its number, a colon and its hash of 64 hexadecimal digits")]
pub struct InvalidKeptSeal;

impl FromStr for KeptSeal {
    type Err = InvalidKeptSeal;

    fn from_str(text: &str) -> Result<KeptSeal, InvalidKeptSeal> {
        let (number, hash) = text.trim().split_once(':').ok_or(InvalidKeptSeal)?;
        let number = number.parse().ok().filter(|number| *number >= 1).ok_or(InvalidKeptSeal)?;
        Ok(KeptSeal { number, hash: hexadecimal::parse(hash).ok_or(InvalidKeptSeal)? })
    }
}

impl fmt::Display for KeptSeal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.number, hex::encode(self.hash))
    }
}

/// What [`verify_seals`] found.
#[derive(Debug, Clone, Default)]
pub struct SealReport {
    /// Seals read.
    pub seals: u64,
    /// Events under them.
    pub events: u64,
    /// The newest seal; keep it elsewhere.
    pub newest: Option<KeptSeal>,
    /// The keys that signed, in order of appearance.
    pub keys: Vec<PublicKey>,
    /// Events after the newest block, which no seal protects yet.
    pub unsealed: u64,
    /// When the oldest of those was recorded.
    pub oldest_unsealed: Option<DateTime<Utc>>,
    /// What does not hold; empty when all is right.
    pub breaches: Vec<SealBreach>,
    /// Whether so much was wrong that later seals were not read. Then `newest` and what is unsealed are not known.
    pub stopped_early: bool,
}

/// Verifies every seal and every sealed event in one snapshot, or as far as there are more than `most` breaches. `progress` is told
/// how many seals are done, and how many there are.
pub async fn verify_seals(
    client: &mut Client,
    trust: &Trust,
    most: usize,
    mut progress: impl FnMut(u64, u64),
) -> Result<SealReport, Error> {
    let snapshot = snapshot(client).await?;
    let total = seals::newest_number(&snapshot).await?;
    let mut audit = SealAudit::new(trust);
    loop {
        let rows = seals::raw(&snapshot, audit.number, PAGE_SEALS).await?;
        for row in &rows {
            match seals::read_with_leaves(row) {
                Ok((seal, leaves)) => audit.take(&snapshot, &seal, &leaves).await?,
                Err(Error::Unreadable { problem, .. }) => audit.unreadable(row.try_get(0)?, &problem),
                Err(error) => return Err(error),
            }
        }
        progress(audit.report.seals, total);
        let found = audit.report.breaches.len() + audit.differences.len();
        if (rows.len() as i64) < PAGE_SEALS {
            break;
        }
        if found > most {
            audit.report.stopped_early = true;
            break;
        }
    }
    audit.finish(&snapshot).await
}

/// Walks along the chain of seals.
struct SealAudit<'a> {
    trust: &'a Trust,
    /// The last seal read: its number, hash and last position.
    number: i64,
    hash: Hash,
    last: Position,
    /// Whether the last seal could be read, so that the next one can be held against it.
    is_linked: bool,
    differences: Differences,
    report: SealReport,
    scratch: String,
}

impl<'a> SealAudit<'a> {
    fn new(trust: &'a Trust) -> SealAudit<'a> {
        SealAudit {
            trust,
            number: 0,
            hash: GENESIS,
            // An event before the first position is under no seal, and must not be beyond what is compared either.
            last: Position(i64::MIN),
            is_linked: true,
            differences: Differences::default(),
            report: SealReport::default(),
            scratch: String::new(),
        }
    }

    async fn take(&mut self, client: &impl GenericClient, seal: &Seal, leaves: &Leaves) -> Result<(), Error> {
        self.check_number(seal.number);
        self.check_link(seal);
        self.check_signature(seal);
        self.check_kept(seal);
        self.check_block(client, seal, leaves).await?;
        self.number = seal.number;
        self.hash = seal.hash;
        self.last = self.last.max(seal.last_position);
        self.is_linked = true;
        self.report.seals += 1;
        self.report.events += leaves.len() as u64;
        self.report.newest = Some(KeptSeal { number: seal.number, hash: seal.hash });
        if !self.report.keys.contains(&seal.public_key) {
            self.report.keys.push(seal.public_key);
        }
        Ok(())
    }

    fn unreadable(&mut self, number: i64, problem: &str) {
        self.check_number(number);
        self.breach(Fault::SealChanged, number, format!("the seal cannot be read: {problem}"));
        self.number = number;
        self.is_linked = false;
    }

    /// Numbers go up by one.
    fn check_number(&mut self, number: i64) {
        if number == self.number + 1 {
            return;
        }
        let (first, last) = (self.number + 1, number - 1);
        let detail = if first == last {
            format!("seal {first} is missing")
        } else {
            format!("seals {first} to {last} are missing")
        };
        self.breach(Fault::SealMissing, first, detail);
        self.is_linked = false;
    }

    fn check_link(&mut self, seal: &Seal) {
        if self.is_linked && seal.prev_hash != self.hash {
            let detail = "the seal does not follow the one before it: it names another hash";
            self.breach(Fault::ChainBroken, seal.number, detail);
        }
        if self.is_linked && seal.first_position <= self.last {
            let detail = format!("the block begins within the one before it, which ends at {}", self.last);
            self.breach(Fault::ChainBroken, seal.number, detail);
        }
        if seal.computed_hash() != seal.hash {
            self.breach(Fault::SealChanged, seal.number, "the seal was changed: its hash does not follow");
        }
    }

    fn check_signature(&mut self, seal: &Seal) {
        let key = seal.public_key;
        if !seal.is_signed() {
            let detail = format!("the signature is not one of this seal by the key {key}");
            self.breach(Fault::SignatureInvalid, seal.number, detail);
        }
        if !self.trust.keys.is_empty() && !self.trust.keys.contains(&key) {
            let detail = format!("the seal is signed with the key {key}, which is not trusted");
            self.breach(Fault::KeyUntrusted, seal.number, detail);
        }
    }

    fn check_kept(&mut self, seal: &Seal) {
        let differs = |kept: &&KeptSeal| kept.number == seal.number && kept.hash != seal.hash;
        if self.trust.kept.iter().any(|kept| differs(&kept)) {
            let detail = "the seal is not the one that was kept: this block was sealed anew";
            self.breach(Fault::KeptSealDiffers, seal.number, detail);
        }
    }

    /// The root follows from the leaves, and the leaves from the log.
    async fn check_block(
        &mut self,
        client: &impl GenericClient,
        seal: &Seal,
        leaves: &Leaves,
    ) -> Result<(), Error> {
        // After a gap in the seals it is not known where the block before this one ended.
        let start =
            if self.is_linked { self.last } else { Position(seal.first_position.0.saturating_sub(1)) };
        let (differences, now) = self.compare(client, seal, leaves, start).await?;
        let describes = leaves.are_in_order()
            && leaves.len() as u64 == u64::from(seal.events)
            && leaves.iter().next().is_some_and(|leaf| leaf.position == seal.first_position)
            && leaves.iter().next_back().is_some_and(|leaf| leaf.position == seal.last_position);
        if describes && leaves.root() == seal.root {
            self.differences.extend(differences);
        } else if now.root() == seal.root {
            let detail = "the list of leaves was changed; the hashes in the log still give the sealed root";
            self.breach(Fault::SealChanged, seal.number, detail);
            self.differences.extend(differences.of_columns());
        } else {
            self.breach(Fault::SealChanged, seal.number, "the leaves do not give the sealed root");
            self.differences.extend(differences);
        }
        Ok(())
    }

    async fn compare(
        &mut self,
        client: &impl GenericClient,
        seal: &Seal,
        leaves: &Leaves,
        start: Position,
    ) -> Result<(Differences, Leaves), Error> {
        let mut comparison = BlockComparison::new(seal.number, leaves);
        let mut after = start;
        loop {
            let events = seals::block(client, after, seal.last_position, PAGE_EVENTS).await?;
            for some in events.chunks(BREATH) {
                for event in some {
                    after = event.position;
                    comparison.take(present(event, &mut self.scratch));
                }
                tokio::task::yield_now().await;
            }
            if (events.len() as i64) < PAGE_EVENTS {
                return Ok(comparison.finish());
            }
        }
    }

    async fn finish(mut self, client: &impl GenericClient) -> Result<SealReport, Error> {
        for kept in self.trust.kept.iter().filter(|kept| kept.number > self.number) {
            let detail =
                format!("the seal was kept, and the seals end at {}: the end was cut off", self.number);
            self.report.breaches.push(SealBreach::new(Fault::SealMissing, kept.number, detail));
        }
        let found = search(client, &self.differences).await?;
        self.report.breaches.extend(self.differences.named(&found));
        if self.report.stopped_early {
            self.report.newest = None;
            self.report.breaches.sort_by_key(|breach| breach.block);
            return Ok(self.report);
        }
        let unsealed = seals::unsealed(client, self.last).await?;
        (self.report.unsealed, self.report.oldest_unsealed) = (unsealed.events, unsealed.oldest);
        if self.trust.sealed && self.report.seals == 0 && unsealed.age > LATEST_FIRST_SEAL {
            let detail = "there is no seal at all: none was ever made, or all were removed";
            self.report.breaches.push(SealBreach::new(Fault::SealMissing, 1, detail));
        }
        self.report.breaches.sort_by_key(|breach| breach.block);
        Ok(self.report)
    }

    fn breach(&mut self, fault: Fault, block: i64, detail: impl Into<String>) {
        self.report.breaches.push(SealBreach::new(fault, block, detail));
    }
}

fn present(event: &Texts, scratch: &mut String) -> Present {
    let columns = event.columns.iter().map(Option::as_deref);
    let computed = hash_after(&event.prev_hash, columns, scratch);
    Present {
        at: At {
            position: event.position,
            account: event.account,
            stream: event.stream,
            version: event.version,
        },
        is_whole: event.hash == computed,
        hash: event.hash.clone(),
    }
}

/// Searches the whole log for events that are not in their place.
async fn search(client: &impl GenericClient, differences: &Differences) -> Result<Found, Error> {
    let mut hashes = differences.lost_hashes();
    hashes.truncate(MOST_SEARCHED);
    let mut found = Found::default();
    if hashes.is_empty() {
        return Ok(found);
    }
    for row in seals::lost(client, &hashes).await? {
        let at = At {
            position: Position(row.try_get(0)?),
            account: AccountId(row.try_get(1)?),
            stream: StreamId(row.try_get(2)?),
            version: row.try_get(3)?,
        };
        let (hash, prev_hash): (&[u8], &[u8]) = (row.try_get(4)?, row.try_get(5)?);
        if let Ok(hash) = hash.try_into() {
            found.same.insert(hash, at);
        }
        if let Ok(prev_hash) = prev_hash.try_into() {
            found.next.insert(prev_hash, at);
        }
    }
    Ok(found)
}
