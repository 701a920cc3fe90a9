//! The entries of a batch: which of them did not succeed.

/// Every place that is not among the acknowledged ids: an entry that the answer forgot counts as failed.
pub(super) fn places<'a>(count: usize, acknowledged: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let acknowledged: Vec<usize> = acknowledged.filter_map(|id| id.parse().ok()).collect();
    (0..count).filter(|place| !acknowledged.contains(place)).collect()
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn what_is_not_acknowledged_has_failed() {
        assert_eq!(places(4, ["0", "2"].into_iter()), [1, 3]);
        assert_eq!(places(2, ["nonsense"].into_iter()), [0, 1]);
        assert!(places(2, ["1", "0"].into_iter()).is_empty());
    }
}
