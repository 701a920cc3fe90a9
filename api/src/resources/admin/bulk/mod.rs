//! Retrying or giving up many dead letters: `POST /admin/dlq/bulk-actions` and `/admin/dlq/cleanup`.
//!
//! With `Prefer: respond-async` an action is written down with the jobs that it is about, and a worker performs it: `later`
//! orders it, `actions` tells of one and changes it. Without, `at_once` does it inside the request, as releases before did.

pub(crate) mod actions;
pub(crate) mod operations;

mod at_once;
mod filter;
mod later;
mod order;
mod outcome;
mod told;
