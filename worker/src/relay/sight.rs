//! Which models nobody could make now: every route of theirs is shut, for every worker that is here.
//!
//! Whatever is not known counts as open: a worker that does not tell, a provider that this process does not have, a cost that
//! nobody named. A job too many that is let out comes back, one that is held back for nothing waits.

use crate::error::Error;
use crate::governing::ToldShut;
use crate::offer::Offer;
use crate::spend;
use crate::station::Station;
use ledger::catalogue::{Model, Route};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What workers and the database tell of the routes.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// What each worker that is here says, and how long ago.
    pub workers: Vec<(ToldShut, Duration)>,
    /// What was spent today at providers with a daily cap, in US dollars.
    pub spent: BTreeMap<String, Decimal>,
}

/// A model that nobody could make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// Nothing is to be sent.
    Shut,
    /// One job may go out, and tells for the others.
    ToBeTried,
}

/// How a route is for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Open,
    ToBeTried,
    Shut,
}

pub(super) async fn look(station: &Station) -> Result<Sight, Error> {
    let client = station.reader.get().await?;
    let workers = station.roll.told(&**client).await?;
    let offer = station.offer();
    let capped: Vec<&str> = offer.daily_caps.keys().map(String::as_str).collect();
    let spent = match capped.is_empty() {
        true => BTreeMap::new(),
        false => spend::today(&**client, &capped).await?.into_iter().collect(),
    };
    Ok(Sight { workers, spent })
}

impl Sight {
    /// The models of this offer that nobody could make now.
    pub(super) fn closed(&self, offer: &Offer) -> BTreeMap<Arc<str>, Closed> {
        let closed = offer.catalogue.models().filter_map(|model| {
            let best = model.routes.iter().map(|route| self.way(offer, model, route)).min()?;
            let closed = match best {
                Way::Open => return None,
                Way::ToBeTried => Closed::ToBeTried,
                Way::Shut => Closed::Shut,
            };
            Some((Arc::from(model.id.as_str()), closed))
        });
        closed.collect()
    }

    fn way(&self, offer: &Offer, model: &Model, route: &Route) -> Way {
        if offer.provider(&route.provider).is_none() {
            return Way::Open;
        }
        let ways = self.workers.iter().map(|(told, age)| way_of_worker(told, *age, route));
        ways.min().unwrap_or(Way::Open).max(self.purse(offer, model, route))
    }

    /// How far a daily cap is in the way of a route of which something was refused for it (which is how a cap is told to be
    /// reached). Requests of one model cost more or less: while the smallest there is still fits, one that was refused says
    /// nothing for sure about the others.
    fn purse(&self, offer: &Offer, model: &Model, route: &Route) -> Way {
        let provider = &route.provider;
        let (Some(cap), Some(spent), Some(least)) =
            (offer.daily_caps.get(provider), self.spent.get(provider), route.cost_usd)
        else {
            return Way::Open;
        };
        let refused = self.workers.iter().flat_map(|(told, _)| &told.refused);
        let of_route = refused.filter(|cost| cost.provider == *provider && cost.model == model.id);
        match of_route.map(|cost| cost.usd).min() {
            Some(_) if *spent + least > *cap => Way::Shut,
            Some(usd) if *spent + usd > *cap => Way::ToBeTried,
            Some(_) | None => Way::Open,
        }
    }
}

/// How the route is for one worker, `age` after it said so.
fn way_of_worker(told: &ToldShut, age: Duration, route: &Route) -> Way {
    let is_of_route = |model: &Option<String>| model.as_ref().is_none_or(|model| *model == route.model);
    let gates = told.gates.iter().filter(|gate| gate.provider == route.provider && is_of_route(&gate.model));
    let ways = gates.map(|gate| match gate.seconds > age.as_secs_f64() {
        true => Way::Shut,
        false if gate.is_tried => Way::ToBeTried,
        false => Way::Open,
    });
    ways.max().unwrap_or(Way::Open)
}

#[cfg(test)]
mod tests {
    use super::{Closed, Sight};
    use crate::governing::{RefusedCost, ToldGate, ToldShut};
    use crate::offer::Offer;
    use crate::provider::Providers;
    use crate::provider::simulated::{self, Simulated, SimulatedOptions};
    use ledger::catalogue::{Catalogue, Model, Route};
    use rust_decimal::Decimal;
    use std::sync::Arc;
    use std::time::Duration;

    const MODEL: &str = "sim-image";

    /// A model with these providers as its routes, of which all but `missing` are there.
    fn offer(providers: &[&str]) -> Offer {
        let usual = Catalogue::new(simulated::models()).unwrap();
        let routes = providers.iter().map(|provider| Route::new(*provider, "made-there")).collect();
        let model = Model { routes, ..usual.get(MODEL).unwrap().clone() };
        let there = providers.iter().filter(|provider| **provider != "missing");
        let there = there.fold(Providers::new(), |there, provider| {
            there.with(provider, Simulated::new(SimulatedOptions::default()))
        });
        Offer { catalogue: Arc::new(Catalogue::new([model]).unwrap()), providers: there, ..Offer::default() }
    }

    fn gate(provider: &str, model: Option<&str>, seconds: f64, is_tried: bool) -> ToldGate {
        ToldGate { provider: provider.into(), model: model.map(str::to_owned), seconds, is_tried }
    }

    /// What it is about, the model's providers, what the workers say is shut, and what follows.
    type Case<'a> = (&'a str, &'a [&'a str], Vec<Vec<ToldGate>>, Option<Closed>);

    fn sight(workers: Vec<Vec<ToldGate>>) -> Sight {
        let told = |gates| (ToldShut { gates, ..ToldShut::default() }, Duration::from_secs(2));
        Sight { workers: workers.into_iter().map(told).collect(), ..Sight::default() }
    }

    fn of(providers: &[&str], sight: &Sight) -> Option<Closed> {
        sight.closed(&offer(providers)).get(MODEL).copied()
    }

    #[test]
    fn a_model_is_closed_only_if_each_route_is_shut_for_every_worker() {
        let shut = gate("one", Some("made-there"), 9.0, true);
        let whole = gate("two", None, 9.0, false);
        let of_another = gate("one", Some("another"), 9.0, true);
        let due = gate("one", Some("made-there"), 1.0, true);
        let over = gate("two", None, 1.0, false);
        let cases: [Case<'_>; 12] = [
            ("nobody is here", &["one"], vec![], None),
            ("nothing is shut", &["one"], vec![vec![]], None),
            ("its only route is", &["one"], vec![vec![shut.clone()]], Some(Closed::Shut)),
            ("another model is", &["one"], vec![vec![of_another]], None),
            ("one worker does not say so", &["one"], vec![vec![shut.clone()], vec![]], None),
            ("all workers do", &["one"], vec![vec![shut.clone()], vec![shut.clone()]], Some(Closed::Shut)),
            ("its other route is open", &["one", "two"], vec![vec![shut.clone()]], None),
            ("both are shut", &["one", "two"], vec![vec![shut.clone(), whole.clone()]], Some(Closed::Shut)),
            (
                "one may be tried",
                &["one"],
                vec![vec![shut.clone()], vec![due.clone()]],
                Some(Closed::ToBeTried),
            ),
            (
                "tried for one, shut for others",
                &["one"],
                vec![vec![due, gate("one", None, 9.0, true)]],
                Some(Closed::Shut),
            ),
            ("what it asked for is over", &["two"], vec![vec![over]], None),
            ("its other provider is elsewhere", &["one", "missing"], vec![vec![shut, whole]], None),
        ];
        for (which, providers, workers, expected) in cases {
            assert_eq!(of(providers, &sight(workers)), expected, "{which}");
        }
    }

    #[test]
    fn a_cap_shuts_a_route_once_nothing_fits_and_has_one_tried_while_only_what_is_dear_does_not() {
        let usd = |text: &str| text.parse::<Decimal>().unwrap();
        let refused = RefusedCost { provider: "one".into(), model: MODEL.into(), usd: usd("0.5") };
        let told = ToldShut { refused: vec![refused], ..ToldShut::default() };
        let workers = vec![(told, Duration::ZERO), (ToldShut::default(), Duration::ZERO)];
        let offer = offer(&["one"]);
        let mut model = offer.catalogue.get(MODEL).unwrap().clone();
        model.routes[0].cost_usd = Some(usd("0.25"));
        let catalogue = Arc::new(Catalogue::new([model]).unwrap());
        for (spent, cap, expected) in [
            ("1.8", "2", Some(Closed::Shut)),
            ("1.6", "2", Some(Closed::ToBeTried)),
            ("1.5", "2", None),
            ("0", "2", None),
            ("1.6", "3", None),
            // A request that is dearer than a whole day's cap holds back no smaller ones.
            ("0", "0.4", Some(Closed::ToBeTried)),
        ] {
            let spent_there = [("one".to_owned(), usd(spent))].into();
            let sight = Sight { workers: workers.clone(), spent: spent_there };
            let daily_caps = [("one".to_owned(), usd(cap))].into();
            let offer = Offer { daily_caps, catalogue: Arc::clone(&catalogue), ..offer.clone() };
            assert_eq!(sight.closed(&offer).get(MODEL).copied(), expected, "{spent} of {cap}");
        }
    }
}
