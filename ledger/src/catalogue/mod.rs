//! The models on offer: what each makes, what it costs, which provider runs it and what a request may ask of
//! it. Pricing lives in the ledger because a price is a decision about credits.

mod model;
#[cfg(test)]
mod tests;

pub use model::{InvalidModel, Model, OnUnknown, Pricing, Route};

use crate::credits::Credits;
use crate::job::request::{JobRequest, Kind};
use crate::job::{LateCancel, Price};
use std::collections::BTreeMap;

/// A balance is low that does not pay for so many outputs of the cheapest model, or seconds of them.
const LOW_OUTPUTS: u32 = 5;

/// Why the catalogue cannot price a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// No model of this name and kind.
    #[error("there is no {kind} model named `{model}`")]
    UnknownModel {
        /// The name asked for.
        model: String,
        /// The kind asked for.
        kind: Kind,
    },
    /// Parameters are outside what the model takes; one at least.
    #[error("{}", .0.iter().map(OutOfRange::to_string).collect::<Vec<_>>().join("; "))]
    OutOfRange(Vec<OutOfRange>),
}

/// A parameter that is outside what the model takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct OutOfRange {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it, starting with a verb.
    pub problem: String,
}

/// All models on offer, by id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    models: BTreeMap<String, Model>,
}

/// Shortest side of an output, in pixels.
pub const MIN_SIDE: u32 = 64;

impl Catalogue {
    /// A catalogue of these models; of two with one id the later wins.
    ///
    /// # Errors
    /// When a model cannot be offered as it says.
    pub fn new(models: impl IntoIterator<Item = Model>) -> Result<Catalogue, InvalidModel> {
        let checked = models.into_iter().map(|model| model.check().map(|()| (model.id.clone(), model)));
        Ok(Catalogue { models: checked.collect::<Result<_, _>>()? })
    }

    /// Every model, by id.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    /// Below which a balance counts as low where nobody says another: what pays for a few outputs of the cheapest model, or seconds of
    /// them. Nobody should be told only when nothing can be bought any more.
    pub fn low_balance(&self) -> Credits {
        let lowest = self.models().map(|model| model.price).filter(|price| !price.is_zero()).min();
        lowest.and_then(|price| price.checked_mul(LOW_OUTPUTS)).unwrap_or(Credits::ZERO)
    }

    /// The model of this id.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.models.get(id)
    }

    /// What a job of a model keeps if its user cancels it late; nothing if there is no such model.
    pub fn late_cancel(&self, model: &str) -> LateCancel {
        self.get(model).map(|model| model.late_cancel).unwrap_or_default()
    }

    /// What a request costs, or everything for which it cannot be asked. A clip that is priced per second costs at most the
    /// seconds that were asked for, or the most that the model makes when none were.
    pub fn quote(&self, request: &JobRequest) -> Result<Price, QuoteError> {
        let model = self
            .get(&request.model)
            .filter(|model| model.kind == request.kind)
            .ok_or_else(|| QuoteError::UnknownModel { model: request.model.clone(), kind: request.kind })?;
        let params = &request.params;
        let seconds = match model.max_seconds {
            Some(most) => within("params.seconds", params.seconds, 1, most),
            None => params.seconds.map(|_| out_of_range("params.seconds", "is only for video models".into())),
        };
        let wrong = [
            within("count", Some(request.count), 1, model.max_count),
            within("params.width", params.width, MIN_SIDE, model.max_side),
            within("params.height", params.height, MIN_SIDE, model.max_side),
            seconds,
        ];
        let wrong: Vec<OutOfRange> = wrong.into_iter().flatten().collect();
        if !wrong.is_empty() {
            return Err(QuoteError::OutOfRange(wrong));
        }
        let too_dear = || vec![out_of_range("count", "makes a price above the largest amount".into())];
        model.price_of(request).ok_or_else(|| QuoteError::OutOfRange(too_dear()))
    }
}

fn within(field: &'static str, value: Option<u32>, least: u32, most: u32) -> Option<OutOfRange> {
    let is_outside = value.is_some_and(|value| !(least..=most).contains(&value));
    is_outside.then(|| out_of_range(field, format!("must be between {least} and {most} for this model")))
}

fn out_of_range(field: &'static str, problem: String) -> OutOfRange {
    OutOfRange { field, problem }
}
