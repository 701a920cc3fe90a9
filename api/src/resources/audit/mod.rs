//! The log itself, and its proof.

pub(crate) mod export;
pub(crate) mod log;
pub(crate) mod seals;
