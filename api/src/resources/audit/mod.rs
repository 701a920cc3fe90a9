//! The log itself, and its proof.

pub(crate) mod books;
pub(crate) mod export;
pub(crate) mod log;
pub(crate) mod seals;
pub(crate) mod verify;
