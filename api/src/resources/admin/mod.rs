//! What an admin does for users and about what failed.

pub(crate) mod accounts;
pub(crate) mod api_keys;
pub(crate) mod bulk;
pub(crate) mod bulk_grants;
pub(crate) mod credit_batch;
pub(crate) mod credit_orders;
pub(crate) mod dead_letter_list;
pub(crate) mod dead_letters;
pub(crate) mod generation;
pub(crate) mod grant_uploads;
pub(crate) mod hooks;
pub(crate) mod incidents;
pub(crate) mod orders;
pub(crate) mod overview;
