//! What an admin may order to be done to the credits of an account: one file an order, with the body that asks for
//! it, the command that it becomes and the answer that tells what it did.
//!
//! Every order can be tried (`dry_run`): the same answer, and nothing is written. `resources` gives each an address
//! of its own, and all of them one in which they are executed together.

mod adjustment;
mod grant;
mod hold;
mod order;
mod place;
mod refund;
mod standing;
mod void;

pub(crate) use adjustment::{MadeAdjustment, NewAdjustment};
pub(crate) use grant::{MadeGrant, NewGrant};
pub(crate) use hold::{CaptureAmount, MadeCapture, MadeHold, MadeRelease, NewCapture, NewHold, NewRelease};
pub(crate) use order::Order;
pub(crate) use place::{Placed, place, reached, refused, unknown_lot};
pub(crate) use refund::{MadeRefund, NewRefund};
pub(crate) use standing::{LotPart, parts};
pub(crate) use void::{MadeVoid, NewVoid, VoidReason};
