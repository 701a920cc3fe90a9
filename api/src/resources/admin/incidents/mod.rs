//! `/admin/dlq/incidents`: dead letters that share a cause, and what people decided about each cause. What is done to the dead
//! letters themselves is a bulk action with the incident as its filter.

pub(crate) mod operations;

mod order;
mod told;
