//! Lists: a page of one as JSON, or all of one as a file.
//!
//! `walk` is how a list is read, page after page, whoever reads it; `form` tells what a request wants and `answer` what it
//! gets; `export` sends the whole list at the pace of its reader, which `write` and `columns` put into bytes, and `places`
//! bounds how many are sent at once. Nothing here knows what is listed.

mod answer;
mod columns;
mod export;
mod form;
mod places;
mod walk;
mod write;

pub(crate) use answer::Listed;
pub(crate) use export::{export, export_rows, listed};
pub(crate) use form::{Asking, ListForm};
pub(crate) use places::Places;
pub(crate) use walk::{Part, Walk, split};
