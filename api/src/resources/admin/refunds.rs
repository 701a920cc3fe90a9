//! Prices of generations that an admin gives back as a matter of goodwill.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::admin::orders::{MadeRefund, NewRefund, Placed, place};
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::body::{Strict, Tried};
use crate::serve::declared::{Answer, OrderOnOne};
use crate::words::scalars::UserName;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};

/// See the module.
pub(crate) struct Refunds;

#[OpenApi(tag = "Tag::Accounts")]
impl Refunds {
    /// Refund a generation
    ///
    /// Wholly or in part, whatever became of it, and never more than is charged for it. The credits come back to the
    /// lots that they were taken from.
    #[oai(path = "/admin/accounts/:user/refunds", method = "post", operation_id = "refundGeneration")]
    async fn refund(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// Makes a repeat harmless: the same key and request get the same answer, for ever.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Strict<Tried<NewRefund>>,
    ) -> Answer<Placed<MadeRefund>, OrderOnOne> {
        let Tried { body: order, dry_run } = body.0;
        Ok(place(&app, &caller, &user.0.0, key.0, &order, dry_run).await?)
    }
}
