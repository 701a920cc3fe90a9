//! SQS's own limits, kept before a request leaves: a server that does not check them would do something
//! else than the real one, and at least one crashes.

use std::time::Duration;

/// Most entries of a batch, and most messages of a receive.
pub(crate) const MOST_ENTRIES: usize = 10;

/// Most bytes of all bodies of a batch. SQS allows 1 MiB today; older servers stop here.
pub(super) const MOST_BATCH_BYTES: usize = 256 * 1024;

/// Twelve hours, counted from the receive even when it is prolonged later; ten minutes are left for that.
const LONGEST_VISIBILITY: u64 = 43_200 - 600;
const LONGEST_DELAY: u64 = 900;
const LONGEST_WAIT: u64 = 20;

/// A visibility timeout in seconds, rounded up: 0 to nearly 12 hours.
pub(super) fn visibility_seconds(wanted: Duration) -> i32 {
    whole_seconds(wanted, LONGEST_VISIBILITY)
}

/// A delay in seconds, rounded up: 0 to 15 minutes.
pub(super) fn delay_seconds(wanted: Duration) -> i32 {
    whole_seconds(wanted, LONGEST_DELAY)
}

/// How long a receive may wait, in seconds, rounded up: 0 to 20.
pub(super) fn wait_seconds(wanted: Duration) -> i32 {
    whole_seconds(wanted, LONGEST_WAIT)
}

/// How many messages a receive may ask for: 1 to 10.
pub(super) fn message_count(wanted: usize) -> i32 {
    i32::try_from(wanted.clamp(1, MOST_ENTRIES)).unwrap_or(1)
}

/// Rounded up: what was told to wait must not come back early and be delivered for nothing.
fn whole_seconds(wanted: Duration, most: u64) -> i32 {
    let seconds = wanted.as_secs().saturating_add(u64::from(wanted.subsec_nanos() > 0));
    i32::try_from(seconds.min(most)).unwrap_or(i32::MAX)
}

/// How many of the next bodies fit one batch; at least one, so that sending goes on.
pub(super) fn batch_length(bodies: &[String]) -> usize {
    let mut bytes = 0;
    let fitting = bodies.iter().take(MOST_ENTRIES).take_while(|body| {
        bytes += body.len();
        bytes <= MOST_BATCH_BYTES
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::{batch_length, delay_seconds, message_count, visibility_seconds, wait_seconds};
    use std::time::Duration;

    #[test]
    fn numbers_are_brought_within_what_sqs_takes() {
        assert_eq!(visibility_seconds(Duration::ZERO), 0);
        assert_eq!(visibility_seconds(Duration::from_secs(42_600)), 42_600);
        assert_eq!(visibility_seconds(Duration::from_secs(43_200)), 42_600);
        assert_eq!(visibility_seconds(Duration::MAX), 42_600);
        assert_eq!(delay_seconds(Duration::from_millis(900_001)), 900);
        assert_eq!(wait_seconds(Duration::from_secs(21)), 20);
        assert_eq!((message_count(0), message_count(7), message_count(11)), (1, 7, 10));
    }

    #[test]
    fn part_of_a_second_counts_as_one() {
        assert_eq!(delay_seconds(Duration::from_millis(1)), 1);
        assert_eq!(delay_seconds(Duration::from_millis(1001)), 2);
    }

    #[test]
    fn a_batch_holds_ten_entries_or_as_many_as_its_bytes_allow() {
        assert_eq!(batch_length(&vec!["small".to_owned(); 25]), 10);
        assert_eq!(batch_length(&vec!["x".repeat(100 * 1024); 5]), 2);
        assert_eq!(
            batch_length(&vec!["x".repeat(300 * 1024); 2]),
            1,
            "too large alone: the server refuses it"
        );
    }
}
