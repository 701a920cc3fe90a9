//! Many grants of one upload: `source` reads the lines as they come, `line` makes a grant of each, `names` keeps each from
//! being granted twice, `run` has them executed and tells what became of them. A line stands for itself: what is wrong with one stops no other.

mod line;
mod names;
mod run;
mod source;

pub(crate) use line::GrantLine;
pub(crate) use run::Run;
pub(crate) use source::{Format, Source};
