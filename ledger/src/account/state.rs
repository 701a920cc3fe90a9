//! What an account amounts to. Written beside every event of the account, so that loading it reads one row.

use super::event::AccountEvent;
use crate::credits::Credits;
use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// The state of an account after its latest event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountState {
    /// The account's owner; `None` before the first event.
    pub user: Option<UserId>,
    /// Credits that can be spent.
    pub balance: Credits,
    /// Credits set aside for work whose price is not known yet.
    #[serde(default)]
    pub held: Credits,
}

impl AccountState {
    /// The state after one more event. Total: what was decided is a fact and always applies.
    pub fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Granted { user, .. } | AccountEvent::Adjusted { user, .. } => {
                self.user = Some(user.clone());
            }
            AccountEvent::Debited { .. } | AccountEvent::Refunded { .. } => {}
        }
        // A log that breaks this is caught by its own CHECK and by `verify`; clamping keeps `apply` total.
        self.balance = event.change().apply_to(self.balance).unwrap_or(Credits::ZERO);
    }
}
