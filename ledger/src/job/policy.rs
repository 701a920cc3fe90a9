//! How long a failing job is tried again.

/// The budget of one run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts that may fail before the job is dead-lettered; at least 1.
    pub max_attempts: u32,
    /// Age of the run, in seconds, past which even a throttled job is dead-lettered.
    pub give_up_after_seconds: i64,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy { max_attempts: 3, give_up_after_seconds: 24 * 3600 }
    }
}
