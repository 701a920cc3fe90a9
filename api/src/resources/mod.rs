//! One file a resource: its operations, its bodies, its answers. They lie by who uses them, each beside the helpers that only it
//! uses.

pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod operate;
pub(crate) mod user;

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
    /// Keys with which programs reach this API instead of a token: one's own, and those of everybody.
    ApiKeys,
    /// Where customers are told what happens, and what they were told.
    Webhooks,
    /// The log itself, and its proof.
    Audit,
    /// Health, metrics and what else operators need.
    Operations,
    /// Signing in on the pages of this server. Programs need none of it.
    Pages,
}
