//! What stands around every operation: request ids, deadlines, caps, rates, headers, metrics, the access log,
//! and the rule that every error leaves as a problem document.

mod guard;
mod headers;
mod outer;
mod parameters;
mod request_id;
mod scope;
mod throttle;

pub(crate) use guard::{Guarded, RouteTemplate, check_headers};
pub(crate) use outer::{LONGEST_WAIT, Shell};
pub(crate) use scope::Scope;
pub(crate) use throttle::Throttle;
