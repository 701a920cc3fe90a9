//! A block of events and its seal: which bytes are leaves, which are hashed and which are signed.

use super::key::{PublicKey, SealKey};
use super::merkle;
use crate::chain::{GENESIS, Hash};
use crate::ids::Position;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the hashed bytes of a seal begin with, so that no other signature can be taken for one.
const SEAL_TAG: &[u8; 12] = b"cooly-seal/1";

/// One event of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Where it stood in the log.
    pub position: Position,
    /// Its hash in the chain of its stream.
    pub event_hash: Hash,
}

impl Leaf {
    /// Bytes of one leaf: 8 of the position, big-endian, and 32 of the event's hash.
    pub const BYTES: usize = 40;

    pub(super) fn to_bytes(self) -> [u8; Leaf::BYTES] {
        let mut bytes = [0; Leaf::BYTES];
        bytes[..8].copy_from_slice(&self.position.0.to_be_bytes());
        bytes[8..].copy_from_slice(&self.event_hash);
        bytes
    }
}

/// The leaves of a block as they are stored, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaves(Vec<u8>);

impl Leaves {
    /// `None` unless the bytes are whole leaves.
    pub fn new(bytes: Vec<u8>) -> Option<Leaves> {
        bytes.len().is_multiple_of(Leaf::BYTES).then_some(Leaves(bytes))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len() / Leaf::BYTES
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which they are stored.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Leaf> + ExactSizeIterator + '_ {
        self.0.chunks_exact(Leaf::BYTES).map(|bytes| {
            let (mut position, mut event_hash) = ([0; 8], GENESIS);
            position.copy_from_slice(&bytes[..8]);
            event_hash.copy_from_slice(&bytes[8..]);
            Leaf { position: Position(i64::from_be_bytes(position)), event_hash }
        })
    }

    /// Where the event at this position is among them.
    pub(super) fn index_of(&self, position: Position) -> Option<usize> {
        self.iter().position(|leaf| leaf.position == position)
    }

    /// Whether every position is greater than the one before it.
    pub(super) fn are_in_order(&self) -> bool {
        self.iter().is_sorted_by(|one, next| one.position < next.position)
    }

    pub(super) fn push(&mut self, leaf: Leaf) {
        self.0.extend(leaf.to_bytes());
    }

    /// The root of the tree over them.
    pub(super) fn root(&self) -> Hash {
        merkle::root(self.hashes())
    }

    /// The hashes that lead from one leaf to the root.
    pub(super) fn path(&self, index: usize) -> Vec<Hash> {
        merkle::path(self.hashes(), index)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn hashes(&self) -> impl Iterator<Item = Hash> + '_ {
        self.0.chunks_exact(Leaf::BYTES).map(merkle::leaf)
    }
}

/// A seal, without the leaves under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// 1, 2, 3, … without gaps.
    pub number: i64,
    /// Position of the block's first event.
    pub first_position: Position,
    /// Position of the block's last event.
    pub last_position: Position,
    /// How many events are in the block.
    pub events: u32,
    /// Merkle root over them.
    #[serde(with = "super::hexadecimal")]
    pub root: Hash,
    /// Hash of the previous seal; zero bytes for the first.
    #[serde(with = "super::hexadecimal")]
    pub prev_hash: Hash,
    /// SHA-256 of everything above.
    #[serde(with = "super::hexadecimal")]
    pub hash: Hash,
    /// Whose signature it is.
    pub public_key: PublicKey,
    /// Ed25519 signature of `hash`.
    #[serde(with = "super::hexadecimal")]
    pub signature: [u8; 64],
    /// The database's clock; neither hashed nor signed.
    pub sealed_at: DateTime<Utc>,
}

impl Seal {
    /// What `hash` must be: SHA-256 of `cooly-seal/1`, number, first position, last position and count (8 bytes
    /// each, big-endian), root, and the previous seal's hash.
    pub(super) fn computed_hash(&self) -> Hash {
        Sha256::new()
            .chain_update(SEAL_TAG)
            .chain_update(self.number.to_be_bytes())
            .chain_update(self.first_position.0.to_be_bytes())
            .chain_update(self.last_position.0.to_be_bytes())
            .chain_update(i64::from(self.events).to_be_bytes())
            .chain_update(self.root)
            .chain_update(self.prev_hash)
            .finalize()
            .into()
    }

    /// Hashes and signs it.
    pub(super) fn signed(mut self, key: &SealKey) -> Seal {
        self.hash = self.computed_hash();
        self.public_key = key.public_key();
        self.signature = key.sign(&self.hash);
        self
    }

    /// Whether the signature is that of its key.
    pub(super) fn is_signed(&self) -> bool {
        self.public_key.has_signed(&self.hash, &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaf, Leaves, Seal};
    use crate::ids::Position;
    use crate::seal::key::{PublicKey, SealKey};
    use chrono::DateTime;

    fn seal() -> Seal {
        Seal {
            number: 2,
            first_position: Position(11),
            last_position: Position(19),
            events: 8,
            root: [1; 32],
            prev_hash: [2; 32],
            hash: [0; 32],
            public_key: PublicKey([0; 32]),
            signature: [0; 64],
            sealed_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_hashed_bytes_of_a_seal_stay_what_they_are() {
        // Computed by another program from the description in docs/audit.md.
        let wanted = "621dd65c86f0268bb96eea1a8ebf044bd6e3b402dc6d9f360da8e0b4c2341b39";
        assert_eq!(hex::encode(seal().computed_hash()), wanted);
    }

    #[test]
    fn every_part_of_a_seal_is_in_its_hash() {
        let change: [fn(&mut Seal); 6] = [
            |seal| seal.number += 1,
            |seal| seal.first_position.0 += 1,
            |seal| seal.last_position.0 += 1,
            |seal| seal.events += 1,
            |seal| seal.root[31] ^= 1,
            |seal| seal.prev_hash[0] ^= 1,
        ];
        for (place, change) in change.iter().enumerate() {
            let mut changed = seal();
            change(&mut changed);
            assert_ne!(changed.computed_hash(), seal().computed_hash(), "part {place}");
        }
    }

    #[test]
    fn a_signature_holds_for_its_seal_alone() {
        let (key, _) = SealKey::generate().unwrap();
        let mut seal = seal().signed(&key);
        assert!(seal.is_signed());
        seal.hash[5] ^= 1;
        assert!(!seal.is_signed());
    }

    #[test]
    fn leaves_come_back_as_they_went_in() {
        let mut leaves = Leaves::default();
        let all = [3, 4, 9].map(|n| Leaf { position: Position(n), event_hash: [n as u8; 32] });
        all.into_iter().for_each(|leaf| leaves.push(leaf));
        assert_eq!(leaves.iter().collect::<Vec<_>>(), all);
        assert_eq!(
            (leaves.len(), leaves.index_of(Position(9)), leaves.index_of(Position(5))),
            (3, Some(2), None)
        );
        assert!(leaves.are_in_order());
        assert_eq!(Leaves::new(leaves.as_bytes().to_vec()), Some(leaves.clone()));
        assert_eq!(Leaves::new(leaves.as_bytes()[1..].to_vec()), None);
        leaves.push(all[2]);
        assert!(!leaves.are_in_order(), "the same position twice");
    }
}
