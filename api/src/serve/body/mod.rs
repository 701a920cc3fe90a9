//! Request bodies: read whole within a size and a time, parsed without mercy, and checked field by field so
//! that one answer names everything that is wrong.

mod extract;
mod fields;
mod lines;
mod strict;
mod tried;
mod values;

pub(crate) use extract::{Body, Strict, check_encoding, note_received};
pub(crate) use fields::Fields;
pub(crate) use lines::{Line, Lines};
pub(crate) use strict::parse;
pub(crate) use tried::Tried;
pub(crate) use values::{
    Wrong, boolean, change, credits, is_clean, metadata, moment, number, prompt, scalar, text, whole,
};
