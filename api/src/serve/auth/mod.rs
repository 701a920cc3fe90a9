//! Who is asking: bearer tokens, the keys that check them, and the role that each operation demands.

mod caller;
mod claims;
mod keys;

pub(crate) use caller::{AdminOnly, AuditorOnly, Caller, Demand, Officers, UserOnly, admitted};
pub use claims::{Role, UnknownRole};
pub use keys::{KeyError, Keys};
