//! The two queues of a pair by name.

/// Which of the two queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The queue of jobs.
    Jobs,
    /// Its dead-letter queue.
    DeadLetters,
}

impl Source {
    /// The name of the queue in metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Source::Jobs => "jobs",
            Source::DeadLetters => "dead_letters",
        }
    }
}
