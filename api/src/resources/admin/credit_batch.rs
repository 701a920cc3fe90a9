//! `POST /admin/credits/batch`: many orders about the credits of any accounts, all or none.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::admin::orders::{
    MadeAdjustment, MadeCapture, MadeGrant, MadeHold, MadeRefund, MadeRelease, MadeVoid, NewAdjustment,
    NewCapture, NewGrant, NewHold, NewRefund, NewRelease, NewVoid, Order, Placed, reached, refused,
    unknown_lot,
};
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{self, Body, Items, Strict, Tried, body};
use crate::serve::declared::{Answer, Orders};
use crate::serve::idempotency;
use crate::serve::parameter::Header;
use crate::serve::problem::{FieldError, Problem};
use crate::words::scalars::UserName;
use ledger::account::LotId;
use ledger::{
    AccountId, Action, BatchError, Command, ExecuteError, MAX_COMMANDS_PER_BATCH, Outcome, Refusal,
};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;
use poem_openapi::{Object, OpenApi};
use std::collections::BTreeMap;

/// Declares the orders that a batch may have: their names, and for each what asks for it and what tells of it.
macro_rules! orders {
    ($($(#[doc = $doc:literal])* $name:ident: $asked:ty => $made:ty,)*) => {
        /// One order: a user, and exactly one of the others.
        #[derive(Debug, Clone, Object)]
        struct CreditCommand {
            /// The account's owner, as in the `sub` of its token.
            user: UserName,
            $(
                $(#[doc = $doc])*
                #[oai(skip_serializing_if_is_none)]
                $name: Option<$asked>,
            )*
        }

        /// What one order did, under the name of the order.
        #[derive(Debug, Object)]
        struct CreditEffect {
            $(
                $(#[doc = $doc])*
                #[oai(skip_serializing_if_is_none)]
                $name: Option<$made>,
            )*
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];

        impl Body for CreditCommand {
            fn read(object: &mut body::Object<'_>) -> Option<CreditCommand> {
                let user = object.take("user");
                let named = NAMES.iter().filter(|name| object.has(name)).count();
                $(let $name = object.take(stringify!($name));)*
                if named != 1 {
                    object.misshapen(format!("must have exactly one of {}", NAMES.join(", ")));
                    return None;
                }
                Some(CreditCommand { user: user?, $($name: $name?,)* })
            }
        }

        impl CreditCommand {
            /// The name of the order that it is, and what the ledger is asked.
            fn asked(&self) -> Option<(&'static str, Action)> {
                let user = &self.user.0;
                $(if let Some(order) = &self.$name {
                    return Some((stringify!($name), order.action(user)));
                })*
                None
            }

            fn names_lot(&self) -> Option<LotId> {
                $(if let Some(order) = &self.$name {
                    return order.names_lot();
                })*
                None
            }

            fn made(&self, outcome: &Outcome) -> Result<CreditEffect, Problem> {
                let user = &self.user.0;
                Ok(CreditEffect {
                    $($name: self.$name.as_ref().map(|_| <$asked>::made(user, outcome)).transpose()?,)*
                })
            }
        }
    };
}

orders! {
    /// Give credits.
    grant: NewGrant => MadeGrant,
    /// Correct the balance.
    adjust: NewAdjustment => MadeAdjustment,
    /// Set credits aside.
    hold: NewHold => MadeHold,
    /// Spend a hold.
    capture: NewCapture => MadeCapture,
    /// Give back a hold.
    release: NewRelease => MadeRelease,
    /// Take back a grant.
    void: NewVoid => MadeVoid,
    /// Give back the price of a generation.
    refund: NewRefund => MadeRefund,
}

body! {
    /// Orders to be carried out together.
    struct CreditBatch {
        /// In the order in which they are carried out.
        commands: Items<CreditCommand, MAX_COMMANDS_PER_BATCH>,
    }
}

/// What the orders did.
#[derive(Debug, Object)]
struct CreditBatchMade {
    /// In the same order.
    items: Vec<CreditEffect>,
}

/// See the module.
pub(crate) struct CreditBatches;

#[OpenApi(tag = "Tag::Accounts")]
impl CreditBatches {
    /// Many orders at once
    ///
    /// Of any accounts, carried out one after the other, all or none: if one is refused, nothing is written, and the
    /// problem names its place.
    #[oai(path = "/admin/credits/batch", method = "post", operation_id = "orderCredits")]
    async fn create(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// Makes a repeat of the whole harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<CreditBatch>>,
    ) -> Answer<Placed<CreditBatchMade>, Orders> {
        let Tried { body: CreditBatch { commands: Items(orders) }, dry_run } = body.0;
        let idempotency = idempotency::of(key.0, "orderCredits", &orders.to_json())?;
        let mut commands = Vec::with_capacity(orders.len());
        for order in &orders {
            let asked = order.asked();
            let (_, action) =
                asked.ok_or_else(|| Problem::internal("a batch was read with nothing in it"))?;
            let (context, idempotency) = (caller.context(), idempotency.clone());
            commands.push(Command { account: order.user.0.account(), context, idempotency, action });
        }
        lots_exist(&app, &orders).await?;
        let done = match dry_run {
            true => app.ledger.preview_all(commands).await,
            false => app.ledger.execute_all(commands).await,
        };
        let outcomes = match done {
            Ok(outcomes) => outcomes,
            Err(BatchError { place, error }) => {
                return Err(not_done(&app, &orders, place, error).await.into());
            }
        };
        let items = orders.iter().zip(&outcomes).map(|(order, outcome)| order.made(outcome));
        let made = Json(CreditBatchMade { items: items.collect::<Result<_, _>>()? });
        let replayed = outcomes.iter().any(|outcome| outcome.replayed).then_some(true);
        let position = outcomes.iter().filter_map(|outcome| outcome.position).max();
        Ok(match dry_run {
            true => Placed::Tried(made, replayed),
            false => Placed::Made(made, position.map(|position| position.0), replayed),
        })
    }
}

/// That the lots which are named were granted at all, or may be by an order of the batch.
async fn lots_exist(app: &App, orders: &[CreditCommand]) -> Result<(), Problem> {
    let mut by_account: BTreeMap<AccountId, Vec<LotId>> = BTreeMap::new();
    let named: Vec<_> = orders.iter().map(|order| (order.user.0.account(), order.names_lot())).collect();
    for (account, lot) in named.iter().filter_map(|(account, lot)| Some((account, (*lot)?))) {
        by_account.entry(*account).or_default().push(lot);
    }
    for (account, lots) in by_account {
        let lots = reached(app, account, &lots).await?;
        if let Some(lot) = unknown_lot(app, account, &lots).await? {
            let place = named.iter().position(|asked| *asked == (account, Some(lot))).unwrap_or_default();
            return Err(at(place, "void", Refusal::LotUnknown { lot }.into()));
        }
    }
    Ok(())
}

/// Why none was carried out. A refusal is about one of them; anything else is about them all.
async fn not_done(app: &App, orders: &[CreditCommand], place: usize, error: ExecuteError) -> Problem {
    let order = orders.get(place).and_then(|order| Some((order, order.asked()?.0)));
    let is_about_one = matches!(&error, ExecuteError::Refused(refusal) if *refusal != Refusal::KeyReused);
    match order {
        Some((order, name)) if is_about_one => {
            at(place, name, refused(app, order.user.0.account(), error).await)
        }
        Some(_) | None => error.into(),
    }
}

/// The problem of one order of a batch, with its place.
fn at(place: usize, name: &str, mut problem: Problem) -> Problem {
    if problem.status.is_server_error() {
        return problem;
    }
    let place = format!("commands[{place}]");
    let errors = std::mem::take(&mut problem.errors);
    let message = problem.detail.clone();
    problem.detail = format!("{place}: {message}");
    problem.errors = match errors.is_empty() {
        true => vec![FieldError { field: place, message }],
        false => errors
            .into_iter()
            .map(|error| FieldError { field: format!("{place}.{name}.{}", error.field), ..error })
            .collect(),
    };
    problem
}
