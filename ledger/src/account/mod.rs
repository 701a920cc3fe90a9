//! An account: the credits of one user. Pure: no clock, no database, no await.

mod command;
mod decide;
#[cfg(test)]
mod decide_tests;
mod event;
mod state;

pub use command::AccountCommand;
pub use decide::decide;
pub use event::{AccountEvent, RefundReason};
pub use state::AccountState;
