//! API keys: their values, how one is told, and how one is made and revoked, by whoever may.

mod make;
mod told;
mod values;

pub(crate) use make::{MadeKey, Wish, make, unknown};
pub(crate) use told::{ApiKey, ApiKeyPage};
pub(crate) use values::{KeyId, KeyName, KeyScopeName, KeyStateName};
