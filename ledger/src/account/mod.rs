//! An account: the credits of one user, in lots and holds. Pure: no clock, no database, no await.

mod allocate;
mod command;
mod decide;
#[cfg(test)]
mod decide_tests;
mod event;
#[cfg(test)]
mod event_tests;
mod hold;
mod lot;
mod occasion;
mod state;

pub(crate) use allocate::burn;
pub use allocate::lapse;
pub use command::{AccountCommand, Charge, ForRun, Grant, RunCredits};
pub use decide::{MAX_HOLDS, MAX_LOTS, decide, decide_charge};
pub use event::{AccountEvent, Metadata, RefundReason};
pub use hold::{Hold, HoldId, ReleaseReason};
pub use lot::{InvalidPriority, Lot, LotId, Priority, Source};
pub(crate) use lot::{take_last, total};
pub use occasion::Occasion;
pub use state::AccountState;
