//! Webhooks: who asked for a task to be reported, and reporting it when it comes so far.
//!
//! A report is sent once, whatever it is answered: the services' own repeats are not built.

mod report;
pub(super) mod reporter;
mod send;
pub(super) mod sign;
pub(super) mod wanted;
