//! What a worker offers: the models, the providers that make them, and how hard those may be asked. All of it changes together when the catalogue is read
//! again, so whoever needs both takes one offer and keeps it for as long as the answer must not change.

use crate::governing::Limits;
use crate::provider::{Provider, Providers};
use ledger::catalogue::{Catalogue, OnUnknown, Route};
use ledger::job::JobRequest;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// See the module.
#[derive(Clone, Default)]
pub struct Offer {
    /// The models, and where each is made.
    pub catalogue: Arc<Catalogue>,
    /// The providers, by the names that the catalogue uses.
    pub providers: Providers,
    /// How hard each of them may be asked by this process; those without an entry without bound.
    pub limits: BTreeMap<String, Limits>,
    /// The most that may be spent at each of them in a day, by all processes together, in US dollars; at those without an entry
    /// without bound.
    pub daily_caps: BTreeMap<String, Decimal>,
    /// The classes of work that have queues of their own, by name; all others share one.
    pub classes: BTreeMap<String, Class>,
}

/// A class of work that has a queue of its own, and in each worker slots of its own: however long its jobs take, they take no
/// slot of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Class {
    /// Most of its jobs that run in one worker at once; `None`: as many as of all without a queue of their own.
    pub slots: Option<NonZeroUsize>,
    /// Name of its queue, whose DLQ is called the same with `-dlq`; `None`: the default queue's, a hyphen and the class.
    pub queue: Option<String>,
}

impl Offer {
    /// An offer that never changes.
    pub fn fixed(self) -> watch::Receiver<Arc<Offer>> {
        watch::channel(Arc::new(self)).1
    }

    /// Where this model is made, best first; nowhere if it is not on offer.
    pub(crate) fn routes(&self, model: &str) -> &[Route] {
        self.catalogue.get(model).map_or(&[], |model| &model.routes)
    }

    /// The name of the provider that is asked first for this model, whether this worker has it or not.
    pub(crate) fn first_provider(&self, model: &str) -> Option<&str> {
        self.routes(model).first().map(|route| route.provider.as_str())
    }

    /// The class of this model, if it has a queue of its own.
    pub(crate) fn class_of(&self, model: &str) -> Option<&str> {
        let class = self.catalogue.get(model)?.class();
        self.classes.get_key_value(class).map(|(name, _)| name.as_str())
    }

    /// Whether several providers make what is of this class.
    pub(crate) fn has_several_providers_of(&self, class: &str) -> bool {
        let models = self.catalogue.models().filter(|model| model.class() == class);
        let first: BTreeSet<&str> =
            models.filter_map(|model| model.routes.first()).map(|route| route.provider.as_str()).collect();
        first.len() > 1
    }

    /// The provider of this name.
    pub(crate) fn provider(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.providers.get(name)
    }

    /// What a request costs at a route, at most, in US dollars; `None` if nobody said.
    pub(crate) fn cost(&self, request: &JobRequest, route: &Route) -> Option<Decimal> {
        self.catalogue.get(&request.model).and_then(|model| model.cost_at(route, request))
    }

    /// How long a provider may take for work of this model that it accepted.
    pub(crate) fn deadline(&self, model: &str, provider: Option<&str>) -> Duration {
        let of_model = self.catalogue.get(model).and_then(|model| model.timeout_seconds);
        let of_provider = || provider.and_then(|name| self.provider(name)).map(|found| found.deadline());
        let of_model = of_model.map(|seconds| Duration::from_secs(seconds.into()));
        of_model.or_else(of_provider).unwrap_or_default()
    }

    /// What becomes of a job of this model of which nobody can tell whether it was taken.
    pub(crate) fn on_unknown(&self, model: &str) -> OnUnknown {
        self.catalogue.get(model).map_or(OnUnknown::default(), |model| model.on_unknown)
    }
}
