//! `/admin/generations/{id}`: everything that is known of one generation, in every state and for ever.
//!
//! `story` puts it together from the events of its stream and of its account; `attempts`, `runs`, `money` and `standing` each tell
//! one side of it. Nothing here is from a read model but whose it is and which actions named it.

mod attempts;
pub(crate) mod found;
mod links;
mod money;
pub(crate) mod operations;
pub(crate) mod outputs;
mod runs;
mod standing;
mod story;
mod timeline;
