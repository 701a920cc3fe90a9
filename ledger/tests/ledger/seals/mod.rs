//! Sealed blocks: when they are sealed, that every kind of tampering with the sealed log is found and named, and
//! that an event can be proved without a database.

mod chain;
mod events;
mod proofs;
mod rig;
mod sealing;
mod sql;
