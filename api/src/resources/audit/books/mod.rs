//! The books of the whole system: the trial balance, what is outstanding, and what became revenue.

mod form;
pub(crate) mod operations;
mod outstanding;
mod recognised;
mod sitting;
mod trial_balance;
mod words;
