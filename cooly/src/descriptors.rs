//! File descriptors: every connection, file and child process takes some, and a process may have only so many.
//!
//! Strangers decide how many connections the API has. If those could take the last descriptor, nothing else would work:
//! no append, no lease, no message. So some are kept for what the process itself needs, and connections have the rest.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than any part of this process can use.
const ENOUGH: u64 = 65_536;

/// Kept for Postgres, the queue, providers, outputs and the like.
pub(crate) const RESERVED: u64 = 160;

/// Fewer connections than this are no service.
const FEWEST: u64 = 32;

/// Asks for as many descriptors as the administrator allows, and returns how many there may be.
pub(crate) fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let now = current.unwrap_or(ENOUGH);
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if now >= wanted {
        return now;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, descriptors = now, "the limit of open files could not be raised");
            now
        }
    }
}

/// How many of `wanted` connections there may be under a limit of so many descriptors.
pub(crate) fn connections(wanted: usize, descriptors: u64) -> usize {
    let left = descriptors.saturating_sub(RESERVED).max(FEWEST);
    let connections = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
    if connections < wanted {
        tracing::warn!(
            descriptors,
            connections,
            "the limit of open files is low: the API takes fewer connections than it could; raise it with \
             `ulimit -n` or LimitNOFILE"
        );
    }
    connections
}

#[cfg(test)]
mod tests {
    use super::connections;

    #[test]
    fn what_the_process_needs_is_never_given_to_strangers() {
        for (descriptors, expected) in [(65_536, 4_096), (4_256, 4_096), (1_024, 864), (256, 96), (64, 32)] {
            assert_eq!(connections(4_096, descriptors), expected, "{descriptors}");
        }
    }
}
