//! What an account holds: the sums, and what they consist of, lot by lot and hold by hold.
//!
//! The account's last event knows what is left of each lot; what it was and why is in the event that made it.

use crate::app::App;
use crate::resources::admin::orders::LotPart;
use crate::serve::problem::Problem;
use crate::words::as_of::Viewed;
use crate::words::scalars::{Age, Amount, GenerationId, HoldNumber, Instant, LotNumber, SourceName};
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Object as Connection;
use ledger::account::{AccountEvent, Hold, Lot, Metadata};
use ledger::read::{self, LotOrigin};
use ledger::{AccountId, Event, Outcome};
use poem_openapi::Object;
use std::collections::HashMap;
use std::time::Duration;

/// How far ahead expiry is told of, if not asked otherwise.
const EXPIRING_WITHIN: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What an account holds.
#[derive(Debug, Object)]
// Part of other objects alone; `Balance` is what a user is told.
#[oai(rename = "AccountHolds")]
pub(crate) struct Balance {
    /// The moment that this is about.
    pub as_of: Instant,
    /// Credits that can be spent.
    pub available: Amount,
    /// Credits that can only be spent later.
    pub pending: Amount,
    /// Credits set aside: they come back, or are spent.
    pub held: Amount,
    /// What the available and pending credits consist of, in the order in which they are spent.
    pub lots: Vec<LotView>,
    /// What is set aside, oldest first.
    pub holds: Vec<HoldView>,
    /// Of the available credits, those that will be gone soon unless they are spent.
    pub expiring_soon: Expiring,
    /// When the next lot expires; null if none ever does.
    pub next_expiry: Option<Instant>,
}

/// Credits that will be gone.
#[derive(Debug, Object)]
pub(crate) struct Expiring {
    /// How many.
    pub amount: Amount,
    /// By then.
    pub before: Instant,
}

/// Credits that were given together, under the same terms.
#[derive(Debug, Object)]
pub(crate) struct LotView {
    /// Names it within its account; absent in a dry run, where there is none yet.
    #[oai(skip_serializing_if_is_none)]
    pub id: Option<LotNumber>,
    /// How many were given; null for what was given before there were lots.
    pub amount: Option<Amount>,
    /// How many are left.
    pub remaining: Amount,
    /// When they are spent among the others: 0 first, 100 last.
    pub priority: u8,
    /// Where they come from.
    pub source: SourceName,
    /// From when they can be spent; null for at once.
    pub effective_at: Option<Instant>,
    /// From when they are gone; null for never.
    pub expires_at: Option<Instant>,
    /// When they were given.
    pub granted_at: Option<Instant>,
    /// Why.
    pub reason: Option<String>,
    /// What the granting system wanted to find again; for admins only.
    #[oai(skip_serializing_if_is_none)]
    pub metadata: Option<Metadata>,
}

/// Credits that are set aside.
#[derive(Debug, Object)]
pub(crate) struct HoldView {
    /// Names it within its account; absent in a dry run, where there is none yet.
    #[oai(skip_serializing_if_is_none)]
    pub id: Option<HoldNumber>,
    /// How many: the most that can be captured.
    pub amount: Amount,
    /// What for.
    pub reason: Option<String>,
    /// The generation that they may pay for; such a hold ends with it.
    pub generation_id: Option<GenerationId>,
    /// From when they come back by themselves; null for never.
    pub expires_at: Option<Instant>,
    /// Since when.
    pub held_at: Option<Instant>,
    /// The lots that they were taken from.
    pub from: Vec<LotPart>,
}

impl Balance {
    /// Of an account at some moment. Metadata is for officers.
    pub(crate) async fn of(
        app: &App,
        account: AccountId,
        viewed: Viewed,
        expiring_within: Option<Age>,
        with_metadata: bool,
    ) -> Result<Balance, Problem> {
        let Viewed { state, at, .. } = viewed;
        let within = expiring_within.map_or(EXPIRING_WITHIN, |age| age.0);
        let before = at + TimeDelta::from_std(within).unwrap_or_default();
        let client = app.reader().await?;
        Ok(Balance {
            as_of: Instant(at),
            available: Amount(state.available(at)),
            pending: Amount(state.pending(at)),
            held: Amount(state.held),
            lots: lots(&client, account, &state.lots, with_metadata).await?,
            holds: holds(&client, account, &state.holds).await?,
            expiring_soon: Expiring { amount: Amount(state.expiring(at, before)), before: Instant(before) },
            next_expiry: state.lots.iter().filter_map(|lot| lot.expires_at).min().map(Instant),
        })
    }
}

/// These lots, with what the events that made them say.
async fn lots(
    client: &Connection,
    account: AccountId,
    lots: &[Lot],
    with_metadata: bool,
) -> Result<Vec<LotView>, Problem> {
    let ids: Vec<_> = lots.iter().map(|lot| lot.lot).collect();
    let origins = read::lot_origins(&***client, account, &ids).await?;
    let mut origins: HashMap<_, _> = origins.into_iter().map(|origin| (origin.lot.lot, origin)).collect();
    let shown = lots.iter().map(|lot| {
        let origin = origins.remove(&lot.lot);
        LotView { metadata: metadata(origin.as_ref(), with_metadata), ..LotView::of(lot, origin) }
    });
    Ok(shown.collect())
}

fn metadata(origin: Option<&LotOrigin>, with_metadata: bool) -> Option<Metadata> {
    origin.filter(|_| with_metadata).map(|origin| origin.metadata.clone())
}

/// These holds, with what the events that made them say.
pub(crate) async fn holds(
    client: &Connection,
    account: AccountId,
    holds: &[Hold],
) -> Result<Vec<HoldView>, Problem> {
    let versions: Vec<i64> = holds.iter().map(|hold| hold.hold.0).collect();
    let events = read::account_events_at(&***client, account, &versions).await?;
    let mut made: HashMap<i64, (DateTime<Utc>, String)> = HashMap::new();
    for recorded in events {
        if let Event::Account(AccountEvent::Held { hold, reason, .. }) = recorded.event {
            made.insert(hold.0, (recorded.occurred_at, reason));
        }
    }
    let shown = holds.iter().map(|hold| {
        let (held_at, reason) = made.remove(&hold.hold.0).unzip();
        HoldView { held_at: held_at.map(Instant), ..HoldView::of(hold, reason.unwrap_or_default()) }
    });
    Ok(shown.collect())
}

impl LotView {
    fn of(lot: &Lot, origin: Option<LotOrigin>) -> LotView {
        let (amount, granted_at, reason) = match origin {
            Some(LotOrigin { lot, reason, occurred_at, .. }) => {
                (Some(Amount(lot.amount)), Some(Instant(occurred_at)), Some(reason))
            }
            None => (None, None, None),
        };
        LotView {
            id: Some(LotNumber(lot.lot)),
            amount,
            remaining: Amount(lot.amount),
            priority: lot.priority.get(),
            source: SourceName(lot.source),
            effective_at: lot.effective_at.map(Instant),
            expires_at: lot.expires_at.map(Instant),
            granted_at,
            reason,
            metadata: None,
        }
    }

    /// A lot that a command just made, or would make.
    pub(crate) fn new_in(outcome: &Outcome, lot: &Lot, reason: String, metadata: Metadata) -> LotView {
        LotView {
            id: outcome.position.map(|_| LotNumber(lot.lot)),
            amount: Some(Amount(lot.amount)),
            granted_at: Some(Instant(outcome.at)),
            reason: Some(reason),
            metadata: Some(metadata),
            ..LotView::of(lot, None)
        }
    }
}

impl HoldView {
    fn of(hold: &Hold, reason: String) -> HoldView {
        HoldView {
            id: Some(HoldNumber(hold.hold)),
            amount: Amount(hold.amount),
            reason: Some(reason).filter(|reason| !reason.is_empty()),
            generation_id: hold.job_id.map(GenerationId),
            expires_at: hold.expires_at.map(Instant),
            held_at: None,
            from: crate::resources::admin::orders::parts(&hold.from),
        }
    }

    /// A hold that a command just made, or would make.
    pub(crate) fn new_in(outcome: &Outcome, hold: &Hold, reason: String) -> HoldView {
        HoldView {
            id: outcome.position.map(|_| HoldNumber(hold.hold)),
            held_at: Some(Instant(outcome.at)),
            ..HoldView::of(hold, reason)
        }
    }
}
