//! What the examples of the OpenAPI document name. `cooly --help` tells when a server makes them at its start; on any
//! other they name nothing, and the document is the same.

use uuid::Uuid;

/// The user whose token a development server gives away.
pub const USER: &str = "demo";

/// A user that an admin looks after.
pub const CUSTOMER: &str = "example";

/// A picture of [`USER`] that was made.
pub const PICTURE: Uuid = Uuid::from_u128(0x0198_0a5e_7c1d_7000_8000_0000_0000_0001);

/// One that [`USER`] bought and stopped before anybody began with it.
pub const CANCELLED: Uuid = Uuid::from_u128(0x0198_0a5e_7c1d_7000_8000_0000_0000_0002);

/// One of [`CUSTOMER`] that used up its attempts.
pub const DEAD: Uuid = Uuid::from_u128(0x0198_0a5e_7c1d_7000_8000_0000_0000_0003);

/// Another, to be given up.
pub const GIVEN_UP: Uuid = Uuid::from_u128(0x0198_0a5e_7c1d_7000_8000_0000_0000_0004);

/// What both died of: the name that follows from it.
pub const INCIDENT: &str = "1-eb46f103d8b1579c8f6003fcec09277e";

/// An action on both, which was ended before it began.
pub const ACTION: Uuid = Uuid::from_u128(0x0198_0a5e_7c1d_7000_8000_0000_0000_0005);

/// The API key of [`USER`]. Nobody has its secret.
pub const KEY: Uuid = Uuid::from_u128(0x0198_0a5e_7c1d_7000_8000_0000_0000_0006);

/// An endpoint. It is made by nobody, since it would be sent to: it stands for the one that you make.
pub const WEBHOOK: Uuid = Uuid::from_u128(0x0198_0a5e_7c1d_7000_8000_0000_0000_0007);

/// The hold of [`CUSTOMER`]: the second event of the account.
pub const HOLD: i64 = 2;

/// The first lot of [`USER`], and whatever else is numbered from here.
pub const FIRST: i64 = 1;
