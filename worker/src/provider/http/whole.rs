//! Outputs that come inside of an answer. What is too large to be kept is made and paid for all the same: a person decides.

use crate::provider::{Artifact, Origin, ProviderFailure};

/// The artifacts, if each that is here already is small enough.
pub(super) fn unless_too_large(
    artifacts: Vec<Artifact>,
    origin: &Origin,
) -> Result<Vec<Artifact>, ProviderFailure> {
    let mut lengths = artifacts.iter().filter_map(|artifact| artifact.content.length());
    if lengths.any(|length| length > origin.max_bytes) {
        Err(ProviderFailure::output_too_large())
    } else {
        Ok(artifacts)
    }
}

/// Most bytes that so many outputs take as base64.
pub(super) fn encoded_bytes(most: u64, count: u32) -> usize {
    let encoded = most.div_ceil(3).saturating_mul(4).saturating_mul(u64::from(count));
    usize::try_from(encoded).unwrap_or(usize::MAX / 2).min(usize::MAX / 2)
}
