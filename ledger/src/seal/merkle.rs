//! The Merkle tree of RFC 6962, section 2.1: leaves and nodes hash under different prefixes, and an odd node
//! at the end of a level moves up as it is. Knows nothing of events.

use crate::chain::Hash;
use sha2::{Digest, Sha256};

/// The hash of a leaf: `sha256(0x00 ‖ data)`.
pub(super) fn leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The hash of an inner node: `sha256(0x01 ‖ left ‖ right)`.
fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over these leaves; of no leaves, the hash of nothing.
pub(super) fn root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut level: Vec<Hash> = leaves.into_iter().collect();
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or_else(|| Sha256::digest([]).into())
}

/// The hashes that lead from the leaf at `index` to the root, from below.
pub(super) fn path(leaves: impl IntoIterator<Item = Hash>, mut index: usize) -> Vec<Hash> {
    let mut level: Vec<Hash> = leaves.into_iter().collect();
    let mut path = Vec::new();
    while level.len() > 1 {
        // The last node of an odd level has no sibling and moves up unchanged.
        path.extend(level.get(index ^ 1));
        level = above(&level);
        index /= 2;
    }
    path
}

/// The root that a path from the leaf at `index` of `count` leads to; `None` if it has not the right length.
pub(super) fn root_of(leaf: Hash, mut index: u64, count: u64, path: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    let (mut hash, mut last) = (leaf, count - 1);
    let mut siblings = path.iter();
    while last > 0 {
        if index % 2 == 1 {
            hash = node(siblings.next()?, &hash);
        } else if index < last {
            hash = node(&hash, siblings.next()?);
        }
        index /= 2;
        last /= 2;
    }
    siblings.next().is_none().then_some(hash)
}

fn above(level: &[Hash]) -> Vec<Hash> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node(left, right),
            // `chunks(2)` gives pairs and at most one single.
            _ => pair[0],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{leaf, path, root, root_of};
    use crate::chain::Hash;

    /// The inputs and roots that Certificate Transparency's own implementations test with.
    const KNOWN: [(&str, &str); 8] = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (
            "606162636465666768696a6b6c6d6e6f",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        (0..hexadecimal.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap())
            .collect()
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|n| leaf(&n.to_be_bytes())).collect()
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let mut so_far = Vec::new();
        for (input, wanted) in KNOWN {
            so_far.push(leaf(&bytes(input)));
            assert_eq!(hex::encode(root(so_far.iter().copied())), wanted, "{} leaves", so_far.len());
        }
        assert_eq!(
            hex::encode(root([])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "of no leaves"
        );
    }

    #[test]
    fn every_leaf_of_every_size_has_a_path_to_the_root_and_to_no_other() {
        for count in 1..=70 {
            let leaves = leaves(count);
            let wanted = root(leaves.iter().copied());
            for (index, leaf) in leaves.iter().enumerate() {
                let path = path(leaves.iter().copied(), index);
                let root_at = |index: usize, count: usize| root_of(*leaf, index as u64, count as u64, &path);
                assert_eq!(root_at(index, count), Some(wanted), "{index} of {count}");
                for other in (0..count).filter(|other| *other != index) {
                    assert_ne!(root_at(other, count), Some(wanted), "{index} as {other} of {count}");
                }
                assert_eq!(root_at(count, count), None, "past the end");
            }
        }
    }

    #[test]
    fn a_path_of_another_length_leads_nowhere() {
        let leaves = leaves(6);
        let mut path = path(leaves.iter().copied(), 2);
        path.push([0; 32]);
        assert_eq!(root_of(leaves[2], 2, 6, &path), None, "too long");
        assert_eq!(root_of(leaves[2], 2, 6, &path[..2]), None, "too short");
        assert_eq!(root_of(leaves[2], 2, 6, &[]), None, "empty");
    }
}
