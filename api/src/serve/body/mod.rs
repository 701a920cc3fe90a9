//! Request bodies: read whole within a size and a time, parsed without mercy, and checked field by field so
//! that one answer names everything that is wrong.

mod declare;
mod extract;
mod lines;
mod place;
#[cfg(test)]
mod read_tests;
mod strict;
mod tried;
mod values;

pub(crate) use declare::{Items, body};
pub(crate) use extract::{AsSent, Strict, check_encoding, note_received};
pub(crate) use lines::{Line, Lines};
pub(crate) use place::{Body, Object, Place, Readable, read};
pub(crate) use strict::parse;
pub(crate) use tried::Tried;
