//! Compares the leaves of a block with what the log holds now. Pure: rows go in, in order of position, and
//! differences come out; what became of an event that is not in its place is told at the end, once it is known
//! where else in the log it stands.

use super::block::{Leaf, Leaves};
use super::breach::{At, Fault, SealBreach};
use crate::chain::Hash;
use std::collections::{HashMap, HashSet};

/// An event of the log now.
#[derive(Debug, Clone)]
pub(super) struct Present {
    pub at: At,
    /// The column, whatever is in it.
    pub hash: Vec<u8>,
    /// Whether the hash follows from the other columns.
    pub is_whole: bool,
}

/// How a block differs from the log.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// Leaves whose event is not in its place, with what is there instead.
    lost: Vec<(i64, Leaf, Option<At>)>,
    /// Events that are not among the leaves.
    strangers: Vec<(i64, Present)>,
    breaches: Vec<SealBreach>,
}

/// Walks along one block.
pub(super) struct BlockComparison<'a> {
    block: i64,
    leaves: std::iter::Peekable<Box<dyn Iterator<Item = Leaf> + Send + 'a>>,
    differences: Differences,
    /// What the leaves would be if the log were sealed now.
    now: Leaves,
}

impl<'a> BlockComparison<'a> {
    pub(super) fn new(block: i64, leaves: &'a Leaves) -> BlockComparison<'a> {
        let leaves: Box<dyn Iterator<Item = Leaf> + Send + 'a> = Box::new(leaves.iter());
        BlockComparison {
            block,
            leaves: leaves.peekable(),
            differences: Differences::default(),
            now: Leaves::default(),
        }
    }

    /// Takes the next event of the block's range.
    pub(super) fn take(&mut self, present: Present) {
        if let Ok(event_hash) = Hash::try_from(present.hash.as_slice()) {
            self.now.push(Leaf { position: present.at.position, event_hash });
        }
        while let Some(leaf) = self.leaves.next_if(|leaf| leaf.position < present.at.position) {
            self.differences.lost.push((self.block, leaf, None));
        }
        let leaf = self.leaves.next_if(|leaf| leaf.position == present.at.position);
        match leaf {
            Some(leaf) if leaf.event_hash == present.hash.as_slice() => self.take_sealed(&present),
            Some(leaf) => {
                self.differences.lost.push((self.block, leaf, Some(present.at)));
                self.differences.strangers.push((self.block, present));
            }
            None => self.differences.strangers.push((self.block, present)),
        }
    }

    /// Ends the block. The second answer is what the leaves would be if the log were sealed now.
    pub(super) fn finish(mut self) -> (Differences, Leaves) {
        let rest = self.leaves.map(|leaf| (self.block, leaf, None));
        self.differences.lost.extend(rest);
        (self.differences, self.now)
    }

    fn take_sealed(&mut self, present: &Present) {
        if !present.is_whole {
            self.differences.breaches.push(changed(self.block, present));
        }
    }
}

/// Where in the whole log lost events and their successors are.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Events that carry the hash of a lost one.
    pub same: HashMap<Hash, At>,
    /// Events that follow a lost one in its stream.
    pub next: HashMap<Hash, At>,
}

impl Differences {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lost.len() + self.strangers.len() + self.breaches.len()
    }

    pub(super) fn extend(&mut self, more: Differences) {
        self.lost.extend(more.lost);
        self.strangers.extend(more.strangers);
        self.breaches.extend(more.breaches);
    }

    /// Only what does not hang on the leaves: events whose hash does not follow from their columns.
    pub(super) fn of_columns(self) -> Differences {
        let strangers = self.strangers.iter().filter(|(_, present)| !present.is_whole);
        let breaches = strangers.map(|(block, present)| changed(*block, present));
        Differences {
            breaches: self.breaches.into_iter().chain(breaches).collect(),
            ..Differences::default()
        }
    }

    /// The sealed hashes of events that are not in their place.
    pub(super) fn lost_hashes(&self) -> Vec<&[u8]> {
        self.lost.iter().map(|(_, leaf, _)| leaf.event_hash.as_slice()).collect()
    }

    /// Names each difference, now that it is known where lost events stand.
    pub(super) fn named(self, found: &Found) -> Vec<SealBreach> {
        let lost: HashSet<Hash> = self.lost.iter().map(|(_, leaf, _)| leaf.event_hash).collect();
        let mut replaced = HashSet::new();
        let mut breaches = self.breaches;
        let is_moved = |present: &Present| {
            Hash::try_from(present.hash.as_slice()).is_ok_and(|hash| lost.contains(&hash))
        };
        let moved_in: HashSet<_> = self
            .strangers
            .iter()
            .filter(|(_, present)| is_moved(present))
            .map(|(_, present)| present.at.position)
            .collect();
        for (block, leaf, instead) in self.lost {
            if let Some(elsewhere) = found.same.get(&leaf.event_hash) {
                breaches.push(moved(block, &leaf, elsewhere));
                continue;
            }
            match instead.filter(|at| !moved_in.contains(&at.position)) {
                Some(at) => {
                    replaced.insert(at.position);
                    let detail = "the event was changed: its hash is not the one that was sealed";
                    breaches.push(SealBreach::new(Fault::EventChanged, block, detail).at(&at));
                }
                None => breaches.push(removed(block, &leaf, found.next.get(&leaf.event_hash))),
            }
        }
        for (block, present) in &self.strangers {
            let position = present.at.position;
            if !moved_in.contains(&position) && !replaced.contains(&position) {
                let detail = "the event was inserted: none was sealed at this position";
                breaches.push(SealBreach::new(Fault::EventInserted, *block, detail).at(&present.at));
            }
        }
        breaches.sort_by_key(|breach| (breach.block, breach.position));
        breaches
    }
}

fn changed(block: i64, present: &Present) -> SealBreach {
    let detail = "the event was changed: its columns do not give the hash that was sealed";
    SealBreach::new(Fault::EventChanged, block, detail).at(&present.at)
}

fn moved(block: i64, leaf: &Leaf, elsewhere: &At) -> SealBreach {
    let detail = format!(
        "the event was moved: sealed at position {}, it stands at position {}",
        leaf.position, elsewhere.position
    );
    SealBreach::new(Fault::EventMoved, block, detail).at(elsewhere).at_position(leaf.position)
}

/// A removed event is named by the one that follows it in its stream.
fn removed(block: i64, leaf: &Leaf, next: Option<&At>) -> SealBreach {
    let breach = |detail: &str| SealBreach::new(Fault::EventRemoved, block, detail);
    match next {
        Some(next) => {
            let at = At { position: leaf.position, version: next.version - 1, ..*next };
            breach("the event was removed").at(&at)
        }
        None => breach(
            "the event was removed; whose it was cannot be told, since nothing follows it in its stream",
        )
        .at_position(leaf.position),
    }
}
