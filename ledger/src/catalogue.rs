//! The models on offer: what each makes, what it costs, which provider runs it and what a request may ask of
//! it. Pricing lives in the ledger because a price is a decision about credits.

use crate::credits::Credits;
use crate::job::Price;
use crate::job::request::{JobRequest, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a model's price is the price of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// One output. Known beforehand, so it is debited when a job is queued.
    #[default]
    PerOutput,
    /// One second of output. Known afterwards, so the most is held and what was made is captured. For video
    /// models only.
    PerSecond,
}

impl Pricing {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Pricing::PerOutput => "per_output",
            Pricing::PerSecond => "per_second",
        }
    }
}

/// Where a model is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Name of the provider.
    pub provider: String,
    /// What the provider calls the model.
    pub model: String,
    /// What the provider is given besides the request, or instead of parts of it; how it is read is up to the provider.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub inputs: Map<String, Value>,
}

impl Route {
    /// To this provider's model of this name, with nothing besides the request.
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Route {
        Route { provider: provider.into(), model: model.into(), inputs: Map::new() }
    }
}

/// One model on offer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name that requests use, such as `sim-image`.
    pub id: String,
    /// What a person reads in a list.
    pub title: String,
    /// One sentence about what to expect of it.
    pub description: String,
    /// Image or video.
    pub kind: Kind,
    /// Where it is made, best first; at least one.
    pub routes: Vec<Route>,
    /// Price of one output, or of one second of output.
    pub price: Credits,
    /// Which of the two; one output where it is left out.
    #[serde(default)]
    pub pricing: Pricing,
    /// Most outputs of one request.
    pub max_count: u32,
    /// Longest side of an output, in pixels.
    pub max_side: u32,
    /// Longest clip, in seconds; `None` for images.
    pub max_seconds: Option<u32>,
}

impl Model {
    /// What is priced by the second must have seconds, and not without bound, or nothing could be held for it.
    fn check(&self) -> Result<(), InvalidModel> {
        if self.routes.is_empty() {
            return Err(InvalidModel::NoRoute { model: self.id.clone() });
        }
        let has_seconds = self.kind == Kind::Video && self.max_seconds.is_some_and(|most| most > 0);
        match self.pricing {
            Pricing::PerSecond if !has_seconds => Err(InvalidModel::NoSeconds { model: self.id.clone() }),
            Pricing::PerSecond | Pricing::PerOutput => Ok(()),
        }
    }

    fn price_of(&self, request: &JobRequest) -> Option<Price> {
        match self.pricing {
            Pricing::PerOutput => self.price.checked_mul(request.count).map(Price::Fixed),
            Pricing::PerSecond => {
                let seconds = request.params.seconds.or(self.max_seconds)?;
                let most = self.price.checked_mul(seconds)?.checked_mul(request.count)?;
                Some(Price::PerSecond { rate: self.price, most })
            }
        }
    }
}

/// A model that cannot be offered as it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModel {
    /// It has no bounded length that could be priced.
    #[error(
        "the model `{model}` is priced per second, so it must be a video model with `max_seconds` of 1 or more"
    )]
    NoSeconds {
        /// Its id.
        model: String,
    },
    /// Nobody makes it.
    #[error("the model `{model}` has no route, so nobody could make it")]
    NoRoute {
        /// Its id.
        model: String,
    },
}

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
    /// A parameter is outside what the model takes.
    #[error("{field} {problem}")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// What is wrong with it, starting with a verb.
        problem: String,
    },
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

    /// The model of this id.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.models.get(id)
    }

    /// What a request costs, or why it cannot be asked. A clip that is priced per second costs at most the seconds
    /// that were asked for, or the most that the model makes when none were.
    pub fn quote(&self, request: &JobRequest) -> Result<Price, QuoteError> {
        let model = self
            .get(&request.model)
            .filter(|model| model.kind == request.kind)
            .ok_or_else(|| QuoteError::UnknownModel { model: request.model.clone(), kind: request.kind })?;
        within("count", Some(request.count), 1, model.max_count)?;
        within("params.width", request.params.width, MIN_SIDE, model.max_side)?;
        within("params.height", request.params.height, MIN_SIDE, model.max_side)?;
        match model.max_seconds {
            Some(most) => within("params.seconds", request.params.seconds, 1, most)?,
            None if request.params.seconds.is_some() => {
                return Err(out_of_range("params.seconds", "is only for video models".into()));
            }
            None => {}
        }
        model
            .price_of(request)
            .ok_or_else(|| out_of_range("count", "makes a price above the largest amount".into()))
    }
}

fn within(field: &'static str, value: Option<u32>, least: u32, most: u32) -> Result<(), QuoteError> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(out_of_range(field, format!("must be between {least} and {most} for this model")))
        }
        _ => Ok(()),
    }
}

fn out_of_range(field: &'static str, problem: String) -> QuoteError {
    QuoteError::OutOfRange { field, problem }
}
