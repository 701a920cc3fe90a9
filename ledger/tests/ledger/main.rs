//! The ledger on a real Postgres. One program, because each would be linked anew with everything that it uses.

mod account_properties;
mod append;
mod audit;
mod batch;
mod books;
mod clocks;
mod contention;
mod export;
mod golden;
mod holds;
mod idempotency;
mod job_credits;
mod late_cancel;
mod lots;
mod mark;
mod model;
mod naive;
mod preview;
mod seals;
mod support;
mod verify;
mod versions;
