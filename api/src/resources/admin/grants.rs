//! Credits that an admin gives, corrects or takes back.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::admin::orders::{
    MadeAdjustment, MadeGrant, MadeVoid, NewAdjustment, NewGrant, NewVoid, Placed, VoidReason, place,
};
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{Strict, Tried};
use crate::serve::declared::{Answer, Order, OrderOnOne};
use crate::words::scalars::{LotNumber, UserName};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};

/// See the module.
pub(crate) struct Grants;

#[OpenApi(tag = "Tag::Accounts")]
impl Grants {
    /// Grant credits
    ///
    /// Opens the account if need be. Each grant is a lot with its own terms.
    #[oai(path = "/admin/accounts/:user/grants", method = "post", operation_id = "grantCredits")]
    async fn grant(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<NewGrant>>,
    ) -> Answer<Placed<MadeGrant>, Order> {
        let Tried { body: order, dry_run } = body.0;
        Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run).await?)
    }

    /// Correct a balance
    ///
    /// Up or down; opens the account if need be. Never below what is available: more than that is refused, or with
    /// `clamp` as much is taken as is there.
    #[oai(path = "/admin/accounts/:user/adjustments", method = "post", operation_id = "adjustCredits")]
    async fn adjust(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<NewAdjustment>>,
    ) -> Answer<Placed<MadeAdjustment>, Order> {
        let Tried { body: order, dry_run } = body.0;
        Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run).await?)
    }

    /// Take back a grant
    ///
    /// Takes what is left of the lot, and whatever comes back to it later. What was spent of it stays spent.
    #[oai(path = "/admin/accounts/:user/lots/:lot/void", method = "post", operation_id = "voidLot")]
    async fn void(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// The lot: its `id`.
        lot: Path<LotNumber>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<VoidReason>>,
    ) -> Answer<Placed<MadeVoid>, OrderOnOne> {
        let Tried { body: why, dry_run } = body.0;
        let order = NewVoid { lot: lot.0, why };
        Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run).await?)
    }
}
