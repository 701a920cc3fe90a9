//! Who is asking: tokens and the keys that check them, sessions that keep them, API keys, and the role that each operation demands.

mod api_keys;
mod bearer;
mod caller;
mod checking;
mod claims;
mod jwk;
mod jwks;
mod keys;
mod on_behalf;
mod open;
pub(crate) mod session;
mod strangers;
mod uses;

pub(crate) use api_keys::Gate;
pub use apikeys::Environment;
pub(crate) use bearer::Validity;
pub(crate) use caller::{
    AdminOnly, Anyone, AuditorOnly, Caller, Demand, Officers, UserOnly, admitted, bearer_text,
};
pub use claims::{Role, UnknownRole};
pub use jwks::{AddressError, check_address};
pub use keys::{KeyError, Keys};
