//! `GET /v1/models`: what is on offer, and at what price.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Caller, UserOnly};
use crate::serve::declared::{Answer, ReadList};
use crate::serve::listing::{Asking, ListForm, Listed, export_rows};
use crate::serve::parameter::Query;
use crate::words::scalars::{Amount, KindName, LateCancelTerms};
use ledger::catalogue::{Model, Pricing};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi};

/// What a price is the price of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Pricing", rename_all = "snake_case")]
enum PricingName {
    /// One output: taken when it is bought.
    PerOutput,
    /// One second of output: the most is set aside when it is bought, and what was made is charged.
    PerSecond,
}

impl From<Pricing> for PricingName {
    fn from(pricing: Pricing) -> PricingName {
        match pricing {
            Pricing::PerOutput => PricingName::PerOutput,
            Pricing::PerSecond => PricingName::PerSecond,
        }
    }
}

/// A model on offer.
#[derive(Debug, Object)]
struct ModelOffer {
    /// The name that requests use.
    id: String,
    /// The name that people read.
    title: String,
    /// What to expect of it.
    description: String,
    /// What it makes.
    kind: KindName,
    /// Price of one output, or of one second of output, in credits.
    price: Amount,
    /// Which of the two.
    pricing: PricingName,
    /// Most outputs of one request.
    max_count: u32,
    /// Longest side of an output, in pixels.
    max_side: u32,
    /// Longest clip, in seconds; null for pictures.
    max_seconds: Option<u32>,
    /// What cancelling keeps of the price once the provider has begun: `keep` for all of it, or a percentage such as `50%`.
    /// Left out where everything comes back, however late.
    #[oai(skip_serializing_if_is_none)]
    late_cancel: Option<LateCancelTerms>,
}

/// All models.
#[derive(Debug, Object)]
struct ModelList {
    items: Vec<ModelOffer>,
}

/// See the module.
pub(crate) struct Models;

#[OpenApi(tag = "Tag::Credits")]
impl Models {
    /// The models on offer
    #[oai(path = "/v1/models", method = "get", operation_id = "listModels")]
    #[expect(clippy::unused_async, reason = "operations are async by declaration")]
    async fn list(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        asking: Asking,
        /// The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
    ) -> Answer<Listed<ModelList>, ReadList> {
        let form = asking.file_of_one_page(format.0)?;
        let items: Vec<ModelOffer> = app.catalogue().models().map(ModelOffer::from).collect();
        if let Some(form) = form {
            return Ok(Listed::File(export_rows(&app, &caller, "models", form, items, false)?));
        }
        Ok(Listed::Page(ModelList { items }))
    }
}

impl From<&Model> for ModelOffer {
    fn from(model: &Model) -> ModelOffer {
        ModelOffer {
            id: model.id.clone(),
            title: model.title.clone(),
            description: model.description.clone(),
            kind: KindName(model.kind),
            price: Amount(model.price),
            pricing: model.pricing.into(),
            max_count: model.max_count,
            max_side: model.max_side,
            max_seconds: model.max_seconds,
            late_cancel: Some(model.late_cancel).filter(|terms| !terms.is_refund()).map(LateCancelTerms),
        }
    }
}
