//! `dry_run`: the body of an order that may only be tried.

use super::place::{Body, Object as Fields};
use poem_openapi::Object;
use poem_openapi::types::{IsObjectType, ParseFromJSON, ToJSON};

/// A body, and whether it is only tried.
#[derive(Debug, Object)]
#[oai(rename = "Order")]
pub(crate) struct Tried<T: IsObjectType + ParseFromJSON + ToJSON> {
    #[oai(flatten)]
    pub body: T,
    /// Only say what this would do: the answer is 200, and nothing is written.
    #[oai(default)]
    pub dry_run: bool,
}

impl<T: Body + IsObjectType + ParseFromJSON + ToJSON> Body for Tried<T> {
    fn read(fields: &mut Fields<'_>) -> Option<Tried<T>> {
        let body = T::read(fields);
        let dry_run = fields.take("dry_run");
        Some(Tried { body: body?, dry_run: dry_run? })
    }
}
