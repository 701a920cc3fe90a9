//! What operators and developers need around it.

pub(crate) mod dev_token;
pub(crate) mod docs;
pub(crate) mod document;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod pages;
pub(crate) mod problem_page;
mod shell;
pub(crate) mod webhooks;
