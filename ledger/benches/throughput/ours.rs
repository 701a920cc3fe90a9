//! Callers of the ledger.

use crate::crowd::Caller;
use anyhow::Result;
use ledger::{Command, Ledger, UserId};
use measure::orders;
use std::sync::Arc;

/// Makes a purchase for a user.
pub(crate) type Make = fn(&UserId) -> Command;

/// A caller of a ledger that it shares with all others.
#[derive(Clone)]
pub(crate) struct Buyer {
    ledger: Ledger,
    users: Arc<[UserId]>,
    make: Make,
}

impl Buyer {
    /// So many callers.
    pub(crate) fn crowd(ledger: &Ledger, users: &Arc<[UserId]>, make: Make, callers: usize) -> Vec<Buyer> {
        vec![Buyer { ledger: ledger.clone(), users: users.clone(), make }; callers]
    }
}

impl Caller for Buyer {
    async fn call(&mut self, account: usize) -> Result<()> {
        self.ledger.execute((self.make)(&self.users[account])).await?;
        Ok(())
    }
}

/// The users of so many accounts.
pub(crate) fn users(count: usize) -> Result<Arc<[UserId]>> {
    (0..count).map(orders::user).collect()
}
