//! Tells customers of credits that will be gone soon. No event says so: it is time that passes. So who has such credits is looked up now
//! and then, and a message is named by the account and the lot: whoever was told of one is not told again.

use super::context::{MOST_PAIRS, pass_over};
use super::message;
use crate::error::Error;
use crate::station::Station;
use chrono::{DateTime, Utc};
use ledger::read::{self, AccountNow};
use ledger::{AccountId, error_chain};
use projections::balances::{self, Lapse};
use projections::hooks::{self, Listener, Message, Topic};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Accounts looked at at once.
const PAGE: i64 = 500;

pub(super) async fn foresee(
    station: &Station,
    fencing: i64,
    news: &Notify,
    held: &CancellationToken,
) -> Result<(), Error> {
    while !held.is_cancelled() {
        look(station, fencing, news, held).await?;
        held.run_until_cancelled(tokio::time::sleep(station.timings.foresee_every)).await;
    }
    Ok(())
}

/// Looks at every account of which something will lapse soon, if anybody wants to know.
async fn look(station: &Station, fencing: i64, news: &Notify, held: &CancellationToken) -> Result<(), Error> {
    let now = station.now();
    let until = now + station.timings.foresight;
    let mut last: Option<Lapse> = None;
    while !held.is_cancelled() {
        let client = station.reader.get().await?;
        let mut listeners = hooks::listeners(&**client).await?;
        listeners.retain(|listener| listener.topics.contains(&Topic::CreditsExpiring));
        if listeners.is_empty() {
            return Ok(());
        }
        let page = balances::lapsed(&**client, until, last, PAGE).await?;
        let accounts: Vec<AccountId> = page.iter().map(|(_, account)| *account).collect();
        let found = read::accounts_now(&**client, &accounts).await?;
        drop(client);
        let mut known = Vec::new();
        for account in found {
            match account {
                Ok(account) => known.push(account),
                Err((position, error)) => pass_over(position, &error_chain(&error)),
            }
        }
        tell(station, fencing, news, &listeners, &known, (now, until)).await?;
        last = page.last().copied();
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
    Ok(())
}

/// Writes down what these accounts will lose between two instants.
async fn tell(
    station: &Station,
    fencing: i64,
    news: &Notify,
    listeners: &[Listener],
    accounts: &[AccountNow],
    between: (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    let of_lots: Vec<Message> =
        accounts.iter().flat_map(|account| message::expiring(account, between)).collect();
    for messages in of_lots.chunks((MOST_PAIRS / listeners.len()).max(1)) {
        let mut client = station.hooks.pool.get().await?;
        let transaction = client.transaction().await?;
        let told = hooks::hold(&*transaction, fencing).await?.ok_or(Error::Fenced)?;
        let mut pairs: Vec<(Uuid, usize)> = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            // What happened to the account before comes first: the next look finds this again.
            let wants = |listener: &&Listener| {
                message.position <= told
                    && listener.account.is_none_or(|account| account == message.account_id)
            };
            pairs.extend(listeners.iter().filter(wants).map(|listener| (listener.id, place)));
        }
        let now = station.now();
        let lanes = hooks::tell(&*transaction, messages, &pairs, now).await?;
        hooks::promote(&*transaction, &lanes, now).await?;
        transaction.commit().await?;
        if !lanes.is_empty() {
            metrics::counter!("cooly_webhook_messages_total").increment(messages.len() as u64);
            news.notify_one();
        }
    }
    Ok(())
}
