//! The books of the whole system, from the log alone: what was owed to all users at two instants and what moved between
//! them, what is owed now by source and age, and what became revenue.
//!
//! Everything is of one moment: [`Books::open`] works out the safe mark and begins one read-only snapshot. Instants are turned into
//! positions first, and everything is summed between positions, so two intervals that meet share no event and miss none.
//! It trusts what was written; whether that is right is for [`verify`](crate::verify) to say.

mod interval;
mod outstanding;
mod recognised;
mod snapshot;
mod trial_balance;

pub use interval::{Edge, Interval};
pub use outstanding::{Age, Outstanding, OutstandingLots};
pub use recognised::{Recognised, RecognisedCredits};
pub use snapshot::{Books, BooksError, End};
pub use trial_balance::{Holdings, Line, TrialBalance};
