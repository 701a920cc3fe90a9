//! Statements: what an account held at the start of a period, what happened to it since, and what it holds at
//! the end. Made from the log alone, and only handed out if it adds up.
//!
//! `period` says from when to when, `entry` puts an event in words and `about` tells which generation it is about, `book` reads and checks, `page` and `table` write
//! what people print and what spreadsheets read. This module knows no route.

mod about;
mod book;
mod entry;
mod page;
mod period;
mod table;

pub(crate) use book::{Book, Side, Totals};
pub(crate) use entry::Entry;
pub(crate) use page::{policy, write as page};
pub(crate) use period::Period;
pub(crate) use table::write as table;
