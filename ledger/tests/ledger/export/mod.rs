//! Exports are the log itself: every byte of every column, in every format, of one moment.

mod formats;
mod ranges;
mod rig;
mod seals;
mod streaming;
