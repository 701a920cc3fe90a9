//! Customers' webhooks: where they want to be told what happens, and what each of them was told or is still to be.
//!
//! Not a read model: no stream has it. `endpoint` and `delivery` are how rows are read; `register` and `secrets` are what admins do
//! to endpoints, `order` what they do to deliveries, `read` tells of both. `told` and `due` are for the one duty that works out what
//! is to be told and sends it, `forget` for what was kept for long enough; what it writes, it writes after [`hold`] in the same
//! transaction.

mod delivery;
mod due;
mod endpoint;
mod forget;
mod order;
mod read;
mod register;
mod secrets;
mod told;

pub use delivery::{Delivery, Outcome, Topic};
pub use due::{Due, Lane, Room, Settled, Verdict, Word, due, lock, note, promote, settle};
pub use endpoint::{Disabled, Endpoint, Replay, Why};
pub use forget::{forget_deleted, forget_settled, give_up};
pub use order::{redeliver, replay, send_test};
pub use read::{deliveries, delivery, get, list};
pub use register::{Added, Change, MOST_ENDPOINTS, NewEndpoint, add, change, delete};
pub use secrets::{Rotated, Secrets, rotate, secrets};
pub use told::{Counts, Listener, Message, counts, hold, listeners, move_replay, tell, tell_again};

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("hooks: add an endpoint", register::ADD),
    ("hooks: repeated", register::REPEATED),
    ("hooks: how many endpoints", register::COUNT),
    ("hooks: change an endpoint", register::CHANGE),
    ("hooks: bring forward", register::BRING_FORWARD),
    ("hooks: delete an endpoint", register::DELETE),
    ("hooks: add a secret", secrets::ADD),
    ("hooks: retire a secret", secrets::RETIRE),
    ("hooks: forget retired secrets", secrets::FORGET),
    ("hooks: forget all secrets", secrets::FORGET_ALL),
    ("hooks: secrets", secrets::READ),
    ("hooks: add a test", order::ADD_TEST),
    ("hooks: redeliver", order::REDELIVER),
    ("hooks: replay", order::REPLAY),
    ("hooks: endpoint", read::GET),
    ("hooks: endpoints", read::LIST),
    ("hooks: delivery", read::DELIVERY),
    ("hooks: deliveries", read::DELIVERIES),
    ("hooks: deliveries of an outcome", read::DELIVERIES_OF),
    ("hooks: hold", told::HOLD),
    ("hooks: listeners", told::LISTENERS),
    ("hooks: tell", told::TELL),
    ("hooks: tell again", told::TELL_AGAIN),
    ("hooks: move a replay", told::MOVE_REPLAY),
    ("hooks: counts", told::COUNTS),
    ("hooks: forget settled", forget::FORGET_SETTLED),
    ("hooks: what has waited for too long", forget::TOO_LONG),
    ("hooks: give up", forget::GIVE_UP),
    ("hooks: forget deliveries of the deleted", forget::FORGET_DELIVERIES),
    ("hooks: forget the deleted", forget::FORGET_ENDPOINTS),
    ("hooks: due", due::DUE),
    ("hooks: lock endpoints", due::LOCK),
    ("hooks: settle", due::SETTLE),
    ("hooks: promote", due::PROMOTE),
    ("hooks: note how endpoints do", due::NOTE),
    ("hooks: disable endpoints", due::DISABLE),
];
