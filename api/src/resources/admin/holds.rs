//! Credits that an admin sets aside, spends or gives back.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::admin::orders::{
    CaptureAmount, MadeCapture, MadeHold, MadeRelease, NewCapture, NewHold, NewRelease, Placed, place,
};
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{Strict, Tried};
use crate::serve::declared::{Answer, CreditOrder, OrderOnOne, PlainOrderOnOne, ReadOne};
use crate::serve::problem::Problem;
use crate::words::as_of;
use crate::words::holdings::{self, HoldView};
use crate::words::scalars::{HoldNumber, UserName};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// The open holds of an account.
#[derive(Debug, Object)]
struct HoldList {
    /// Oldest first.
    items: Vec<HoldView>,
}

/// See the module.
pub(crate) struct Holds;

#[OpenApi(tag = "Tag::Accounts")]
impl Holds {
    /// List open holds
    ///
    /// Read from the log, so it is never stale. All of them, on one page.
    #[oai(path = "/admin/accounts/:user/holds", method = "get", operation_id = "listHolds")]
    async fn list(
        &self,
        _caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
    ) -> Answer<Json<HoldList>, ReadOne> {
        let account = user.0.0.account();
        let viewed = as_of::current(&app, account).await?;
        if viewed.events == 0 {
            return Err(Problem::not_found("there is no such account").into());
        }
        let items = holdings::holds(&app.reader().await?, account, &viewed.state.holds).await?;
        Ok(Json(HoldList { items }))
    }

    /// Set credits aside
    ///
    /// For work whose price is known only afterwards: capture what it cost, or release the hold.
    #[oai(path = "/admin/accounts/:user/holds", method = "post", operation_id = "holdCredits")]
    async fn hold(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<NewHold>>,
    ) -> Answer<Placed<MadeHold>, CreditOrder> {
        let Tried { body: order, dry_run } = body.0;
        Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run).await?)
    }

    /// Spend a hold
    ///
    /// Wholly or in part; the rest comes back. It ends the hold.
    #[oai(path = "/admin/accounts/:user/holds/:hold/capture", method = "post", operation_id = "captureHold")]
    async fn capture(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// The hold: its `id`.
        hold: Path<HoldNumber>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<CaptureAmount>>,
    ) -> Answer<Placed<MadeCapture>, OrderOnOne> {
        let Tried { body: capture, dry_run } = body.0;
        let order = NewCapture { hold: hold.0, capture };
        Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run).await?)
    }

    /// Give back a hold
    ///
    /// Nothing of it is spent. It ends the hold.
    #[oai(path = "/admin/accounts/:user/holds/:hold/release", method = "post", operation_id = "releaseHold")]
    async fn release(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// The hold: its `id`.
        hold: Path<HoldNumber>,
        /// Only say what this would do: the answer is 200, and nothing is written.
        dry_run: Query<Option<bool>>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
    ) -> Answer<Placed<MadeRelease>, PlainOrderOnOne> {
        let order = NewRelease { hold: hold.0 };
        Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run.0.unwrap_or(false)).await?)
    }
}
