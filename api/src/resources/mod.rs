//! One file a resource: its operations, its bodies, its answers.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod batch;
pub(crate) mod bulk;
pub(crate) mod bulk_grants;
pub(crate) mod credit_batch;
pub(crate) mod credits;
pub(crate) mod dead_letters;
pub(crate) mod dev_token;
pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod generations;
pub(crate) mod grants;
pub(crate) mod health;
pub(crate) mod holds;
pub(crate) mod metrics;
pub(crate) mod models;
pub(crate) mod outputs;
pub(crate) mod overview;
pub(crate) mod pages;
pub(crate) mod purchase;
pub(crate) mod quote;
pub(crate) mod refunds;
pub(crate) mod seals;
pub(crate) mod statement;
pub(crate) mod usage;

use poem_openapi::Tags;

/// The groups of the OpenAPI document.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Buy generations and follow them.
    Generations,
    /// What the caller holds, did and can buy.
    Credits,
    /// Accounts of all users.
    Accounts,
    /// Generations that used up their attempts: why, and what to do about them.
    DeadLetters,
    /// The log itself, and its proof.
    Audit,
    /// Health, metrics and what else operators need.
    Operations,
}
