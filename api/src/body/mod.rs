//! Request bodies: read whole within a size and a time, parsed without mercy, and checked field by field so
//! that one answer names everything that is wrong.

mod extract;
mod fields;
mod strict;
mod values;

pub(crate) use extract::{Body, Strict};
pub(crate) use fields::Fields;
pub(crate) use values::{Wrong, boolean, change, credits, is_clean, prompt, scalar, text, whole};
