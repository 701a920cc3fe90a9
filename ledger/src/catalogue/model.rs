//! One model on offer, and what must be true of it.

use crate::credits::Credits;
use crate::job::request::{JobRequest, Kind};
use crate::job::{LateCancel, Price};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// What becomes of a job that a provider may have taken already, when the provider cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// It waits in the dead letters for a person.
    #[default]
    Person,
    /// It is sent again, and may be paid for twice.
    Again,
    /// It fails and is refunded; what it may have cost is lost.
    Fail,
}

impl OnUnknown {
    /// The name used in JSON and in the catalogue's file.
    pub fn as_str(self) -> &'static str {
        match self {
            OnUnknown::Person => "person",
            OnUnknown::Again => "again",
            OnUnknown::Fail => "fail",
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
    /// What one output, or one second of it, costs there, in US dollars; `None` where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Decimal>,
    /// What is sent with every request, as the service names it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub inputs: Map<String, Value>,
}

impl Route {
    /// A route of which nothing more is known.
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Route {
        Route { provider: provider.into(), model: model.into(), cost_usd: None, inputs: Map::new() }
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
    /// How long a provider may take for work that it has accepted, in seconds; `None`: as long as the provider may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// How old a run may get, in seconds, that nobody works on; then it is given up and refunded. `None`: as old as any may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_timeout_seconds: Option<u32>,
    /// The class of work that it is counted with; `None`: that of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What becomes of a job of which nobody can tell whether it was taken.
    #[serde(default)]
    pub on_unknown: OnUnknown,
    /// What a job keeps if its user cancels it once a provider has accepted the work.
    #[serde(default, skip_serializing_if = "LateCancel::is_refund")]
    pub late_cancel: LateCancel,
}

impl Model {
    /// The class of work that it is counted with.
    pub fn class(&self) -> &str {
        self.class.as_deref().unwrap_or(self.kind.as_str())
    }

    /// Whether it can be offered. What is priced by the second must have seconds, and not without bound, or nothing could
    /// be held for it. A provider that refused is not asked again in the same attempt, so it is named once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), InvalidModel> {
        if self.routes.is_empty() {
            return Err(InvalidModel::NoRoute { model: self.id.clone() });
        }
        for (place, route) in self.routes.iter().enumerate() {
            if self.routes[..place].iter().any(|earlier| earlier.provider == route.provider) {
                let (model, provider) = (self.id.clone(), route.provider.clone());
                return Err(InvalidModel::RouteTwice { model, provider });
            }
        }
        let has_seconds = self.kind == Kind::Video && self.max_seconds.is_some_and(|most| most > 0);
        match self.pricing {
            Pricing::PerSecond if !has_seconds => Err(InvalidModel::NoSeconds { model: self.id.clone() }),
            Pricing::PerSecond | Pricing::PerOutput => Ok(()),
        }
    }

    /// What a request costs the operator at a route, at most, in US dollars; `None` if the route does not say, or if there is no
    /// bound.
    pub fn cost_at(&self, route: &Route, request: &JobRequest) -> Option<Decimal> {
        let of_one = match self.pricing {
            Pricing::PerOutput => route.cost_usd?,
            Pricing::PerSecond => {
                let seconds = request.params.seconds.or(self.max_seconds)?;
                route.cost_usd?.checked_mul(seconds.into())?
            }
        };
        of_one.checked_mul(request.count.into())
    }

    pub(super) fn price_of(&self, request: &JobRequest) -> Option<Price> {
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
    /// Two of its routes lead to one provider.
    #[error("the model `{model}` names the provider `{provider}` in two routes; keep one of them")]
    RouteTwice {
        /// Its id.
        model: String,
        /// The provider.
        provider: String,
    },
    /// Nobody makes it.
    #[error("the model `{model}` has no route, so nobody could make it")]
    NoRoute {
        /// Its id.
        model: String,
    },
}
