//! What a failed request means.

use crate::outputs::trouble::Trouble;
use crate::public_names::is_not_public;

/// Trouble that passes, but for a name that leads to no public address.
pub(super) fn failed(error: reqwest::Error) -> Trouble {
    if is_not_public(&error) {
        return Trouble::Refused("its host is not public");
    }
    Trouble::Passing(ledger::error_chain(&error.without_url()))
}
