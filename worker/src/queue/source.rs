//! The two queues by name.

/// Which of the two queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The queue of jobs.
    Jobs,
    /// Its dead-letter queue.
    DeadLetters,
}

impl Source {
    /// The name of the queue in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Source::Jobs => "jobs",
            Source::DeadLetters => "dead_letters",
        }
    }
}
