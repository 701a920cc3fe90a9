//! How far the events of one account are sealed, and whether they are still what was sealed.
//!
//! A leaf does not say whose event it is, so an event of the account that was removed is not missed here:
//! [`super::verify_seals`] does that, and so does the account's own chain unless its end was cut off.

use super::breach::{At, Fault, SealBreach};
use crate::error::Error;
use crate::ids::{AccountId, Position};
use crate::store::seals;
use tokio_postgres::GenericClient;

/// What the seals say of an account.
#[derive(Debug, Clone, Default)]
pub struct AccountSeals {
    /// The newest seal that covers an event of the account.
    pub seal: Option<i64>,
    /// Position of the account's newest sealed event.
    pub position: Option<Position>,
    /// Events that are sealed and still the same.
    pub matching: u64,
    /// Events that no seal covers yet.
    pub unsealed: u64,
    /// Events that are not what was sealed.
    pub breaches: Vec<SealBreach>,
}

/// Compares each event of an account with its leaf: one statement for each block that holds some.
pub async fn account_seals(client: &impl GenericClient, account: AccountId) -> Result<AccountSeals, Error> {
    let events = seals::of_account(client, account).await?;
    let mut report = AccountSeals::default();
    let mut rest = events.as_slice();
    while let Some(first) = rest.first() {
        let Some((seal, leaves)) = seals::covering(client, first.position).await? else { break };
        let in_block = rest.partition_point(|event| event.position <= seal.last_position);
        let (block, later) = rest.split_at(in_block);
        let mut leaves = leaves.iter().peekable();
        for event in block {
            while leaves.next_if(|leaf| leaf.position < event.position).is_some() {}
            let leaf = leaves.next_if(|leaf| leaf.position == event.position);
            let at = At { position: event.position, account, stream: event.stream, version: event.version };
            let breach = |fault, detail: &str| SealBreach::new(fault, seal.number, detail).at(&at);
            match leaf {
                Some(leaf) if leaf.event_hash == event.hash.as_slice() => report.matching += 1,
                Some(_) => report.breaches.push(breach(
                    Fault::EventChanged,
                    "the event's hash is not the one that was sealed at its position",
                )),
                None => {
                    report.breaches.push(breach(Fault::EventInserted, "no event was sealed at this position"))
                }
            }
        }
        report.seal = Some(seal.number);
        report.position = block.last().map(|event| event.position);
        rest = later;
    }
    report.unsealed = rest.len() as u64;
    Ok(report)
}
