//! What a failed request means.

use super::names::NotPublic;
use crate::outputs::trouble::Trouble;
use std::error::Error;

/// Trouble that passes, but for a name that leads to no public address.
pub(super) fn failed(error: reqwest::Error) -> Trouble {
    if is_not_public(&error) {
        return Trouble::Refused("its host is not public");
    }
    Trouble::Passing(ledger::error_chain(&error.without_url()))
}

fn is_not_public(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<NotPublic>() {
            return true;
        }
        source = error.source();
    }
    false
}
