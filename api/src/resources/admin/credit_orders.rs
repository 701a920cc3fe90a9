//! Orders of an admin about the credits of one account: give, correct, take back, set aside, spend, refund.
//!
//! All of them are authorised, named by a key, tried and placed in the same way, so the operations are one table.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::admin::orders::{
    CaptureAmount, MadeAdjustment, MadeCapture, MadeGrant, MadeHold, MadeRefund, MadeRelease, MadeVoid,
    NewAdjustment, NewCapture, NewGrant, NewHold, NewRefund, NewRelease, NewVoid, Placed, VoidReason, place,
};
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{Strict, Tried};
use crate::serve::declared::{Answer, CreditOrder, Order, OrderOnOne, PlainOrderOnOne, ReadFile};
use crate::serve::listing::{Asking, ListForm, Listed, export_rows};
use crate::serve::parameter::{Header, Path, Query};
use crate::serve::problem::Problem;
use crate::words::as_of;
use crate::words::holdings::{self, HoldView};
use crate::words::scalars::{HoldNumber, LotNumber, UserName};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

/// The open holds of an account.
#[derive(Debug, Object)]
struct HoldList {
    /// Oldest first.
    items: Vec<HoldView>,
}

/// Declares the operations: of each its address and id, its body, what tells of what was done, and the refusals that it
/// declares. Where the address names more than the account, `of` reads that and `with` makes the order of both. What is
/// no order in a body stands among the `others`: an address has all its methods in one place.
macro_rules! operations {
    (orders {$(
        $(#[$doc:meta])*
        $operation:ident($path:tt, $id:tt, $asked:ty
            $(, of $(#[$part_doc:meta])* $part:ident: $kind:ty, with $given:ident => $make:expr)?
        ) -> $made:ty, $declared:ty;
    )+} others { $($other:tt)* }) => {
        /// See the module.
        pub(crate) struct CreditOrders;

        #[OpenApi(tag = "Tag::Accounts")]
        impl CreditOrders {
            $(
                $(#[$doc])*
                #[oai(path = $path, method = "post", operation_id = $id)]
                async fn $operation(
                    &self,
                    caller: Caller<AdminOnly>,
                    app: Data<&App>,
                    /// The user, as in the `sub` of its token.
                    user: Path<UserName>,
                    $($(#[$part_doc])* $part: Path<$kind>,)?
                    /// Makes a repeat harmless: the same key and request get the same answer, for ever.
                    #[oai(name = "Idempotency-Key")]
                    key: Header<Option<String>>,
                    body: Strict<Tried<$asked>>,
                ) -> Answer<Placed<$made>, $declared> {
                    let Tried { body: order, dry_run } = body.0;
                    $(let $given = order;
                    let order = $make;)?
                    Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run).await?)
                }
            )+

            $($other)*
        }
    };
}

operations! {
    orders {
        /// Grant credits
        ///
        /// Opens the account if need be. Each grant is a lot with its own terms.
        grant("/admin/accounts/:user/grants", "grantCredits", NewGrant) -> MadeGrant, Order;

        /// Correct a balance
        ///
        /// Up or down; opens the account if need be. Never below what is available: more than that is refused, or with
        /// `clamp` as much is taken as is there.
        adjust("/admin/accounts/:user/adjustments", "adjustCredits", NewAdjustment) -> MadeAdjustment, Order;

        /// Take back a grant
        ///
        /// Takes what is left of the lot, and whatever comes back to it later. What was spent of it stays spent.
        void("/admin/accounts/:user/lots/:lot/void", "voidLot", VoidReason,
            of
            /// The lot: its `id`.
            lot: LotNumber, with why => NewVoid { lot: lot.0, why }
        ) -> MadeVoid, OrderOnOne;

        /// Set credits aside
        ///
        /// For work whose price is known only afterwards: capture what it cost, or release the hold.
        hold("/admin/accounts/:user/holds", "holdCredits", NewHold) -> MadeHold, CreditOrder;

        /// Spend a hold
        ///
        /// Wholly or in part; the rest comes back. It ends the hold.
        capture("/admin/accounts/:user/holds/:hold/capture", "captureHold", CaptureAmount,
            of
            /// The hold: its `id`.
            hold: HoldNumber, with capture => NewCapture { hold: hold.0, capture }
        ) -> MadeCapture, OrderOnOne;

        /// Refund a generation
        ///
        /// Wholly or in part, whatever became of it, and never more than is charged for it. The credits come back to the
        /// lots that they were taken from.
        refund("/admin/accounts/:user/refunds", "refundGeneration", NewRefund) -> MadeRefund, OrderOnOne;
    }

    others {
        /// List open holds
        ///
        /// Read from the log, so it is never stale. All of them, on one page.
        #[oai(path = "/admin/accounts/:user/holds", method = "get", operation_id = "listHolds")]
        async fn list(
            &self,
            caller: Caller<AdminOnly>,
            app: Data<&App>,
            asking: Asking,
            /// The user, as in the `sub` of its token.
            user: Path<UserName>,
            /// The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides.
            format: Query<Option<ListForm>>,
        ) -> Answer<Listed<HoldList>, ReadFile> {
            let form = asking.file_of_one_page(format.0)?;
            let account = user.0.0.account();
            let viewed = as_of::current(&app, account).await?;
            if viewed.events == 0 {
                return Err(Problem::not_found("there is no such account; `GET /admin/accounts` lists them").into());
            }
            let items = holdings::holds(&app.reader().await?, account, &viewed.state.holds).await?;
            if let Some(form) = form {
                return Ok(Listed::File(export_rows(&app, &caller, "holds", form, items, false)?));
            }
            Ok(Listed::Page(HoldList { items }))
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
}
