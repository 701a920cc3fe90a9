//! Why a call has no answer.

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It was not sent.
    Unsent,
    /// It may have been sent, and its answer did not come, or not whole.
    Lost,
    /// Its answer came and is larger than expected.
    TooLarge,
}
