//! The words of the API, which mean the same wherever they stand: single values, a generation, what an account holds, and the
//! moment of which it is told.

pub(crate) mod api_keys;
pub(crate) mod as_of;
pub(crate) mod bulk;
pub(crate) mod failure;
pub(crate) mod generation;
pub(crate) mod holdings;
pub(crate) mod hooks;
pub(crate) mod incidents;
pub(crate) mod moments;
pub(crate) mod role;
pub(crate) mod scalar;
pub(crate) mod scalars;
pub(crate) mod texts;
pub(crate) mod zones;
