//! A job: one paid generation, from queued to its end. Pure: no clock, no database, no await.

mod command;
mod decide;
#[cfg(test)]
mod decide_tests;
mod event;
mod failure;
mod give_back;
mod late_cancel;
mod output;
mod policy;
mod price;
pub(crate) mod request;
mod state;
mod users_words;

pub use command::JobCommand;
pub use decide::decide;
pub use event::JobEvent;
pub use failure::{Billed, Failure, FailureClass};
pub use give_back::{Charged, JobDecision};
pub use late_cancel::{InvalidLateCancel, LateCancel};
pub use output::Output;
pub use policy::RetryPolicy;
pub use price::Price;
pub use request::{JobRequest, Kind, MAX_MODEL_BYTES, MAX_PROMPT_CHARS, Params};
pub use state::{Attempt, JobState, Status};
