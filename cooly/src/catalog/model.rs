//! The models of the file.

use super::document::{ModelTable, RouteTable};
use super::problem::Problems;
use super::values::{self, said};
use ledger::catalogue::{InvalidModel, MIN_SIDE, Model, OnUnknown, Pricing, Route};
use ledger::job::Kind;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use worker::provider::http::check_inputs;

/// What a model may be asked for where the file says nothing.
const MAX_COUNT: u32 = 1;
const MAX_SIDE: u32 = 1_024;

const KINDS: [(&str, Kind); 2] = [("image", Kind::Image), ("video", Kind::Video)];
const PRICINGS: [(&str, Pricing); 2] =
    [("per_output", Pricing::PerOutput), ("per_second", Pricing::PerSecond)];
const ON_UNKNOWN: [(&str, OnUnknown); 3] =
    [("person", OnUnknown::Person), ("again", OnUnknown::Again), ("fail", OnUnknown::Fail)];

/// The providers that routes may name.
pub(super) struct Known {
    /// Those that the file names.
    pub named: BTreeSet<String>,
    /// Those with a daily cap, which can only be kept to where it is known what things cost.
    pub capped: BTreeSet<String>,
}

/// Every model that is right; `providers` are those that the file names.
pub(super) fn check_all(tables: Vec<ModelTable>, providers: &Known, problems: &mut Problems) -> Vec<Model> {
    let mut ids = BTreeSet::new();
    let mut models = Vec::new();
    for table in tables {
        if !ids.insert(table.id.get_ref().clone()) {
            let message =
                format!("there is a model `{}` above already; give this one another id", table.id.get_ref());
            problems.add(table.id.span(), message);
        }
        models.extend(check(table, providers, problems));
    }
    models
}

fn check(table: ModelTable, providers: &Known, problems: &mut Problems) -> Option<Model> {
    let (pricing_span, routes_span) = (table.pricing.as_ref().map(Spanned::span), table.routes.span());
    let routes = table.routes.into_inner().into_iter();
    let routes: Vec<Option<Route>> = routes.map(|route| check_route(route, providers, problems)).collect();
    let price = values::credits(table.price.get_ref());
    let price = price.map_err(|message| problems.add(table.price.span(), message)).ok();
    let within = 1..=u32::MAX;
    // All of it is looked at before anything is given up.
    let id = said(problems, "id", Some(&table.id), values::name);
    let kind = said(problems, "kind", Some(&table.kind), |kind| values::one_of(kind, &KINDS));
    let pricing = said(problems, "pricing", table.pricing.as_ref(), |word| values::one_of(word, &PRICINGS));
    let max_count = most(problems, "max_count", table.max_count, within.clone());
    let max_side = most(problems, "max_side", table.max_side, MIN_SIDE..=u32::MAX);
    let seconds_span = table.max_seconds.as_ref().map(Spanned::span);
    let max_seconds = most(problems, "max_seconds", table.max_seconds, within);
    let timeout_seconds = said(problems, "timeout", table.timeout.as_ref(), values::seconds);
    let queue_timeout_seconds =
        said(problems, "queue_timeout", table.queue_timeout.as_ref(), values::seconds);
    let class = said(problems, "class", table.class.as_ref(), values::name);
    let on_unknown =
        said(problems, "on_unknown", table.on_unknown.as_ref(), |word| values::one_of(word, &ON_UNKNOWN));
    let late_cancel = said(problems, "late_cancel", table.late_cancel.as_ref(), values::late_cancel);
    if let (Some(Kind::Image), Some(span)) = (kind, seconds_span) {
        problems.add(span, "`max_seconds` is only for video models; leave it out");
    }
    let model = Model {
        id: id?,
        title: table.title.unwrap_or_else(|| table.id.get_ref().clone()),
        description: table.description,
        kind: kind?,
        routes: routes.into_iter().collect::<Option<_>>()?,
        price: price?,
        pricing: pricing.unwrap_or_default(),
        max_count: max_count.unwrap_or(MAX_COUNT),
        max_side: max_side.unwrap_or(MAX_SIDE),
        max_seconds,
        timeout_seconds,
        queue_timeout_seconds,
        class,
        on_unknown: on_unknown.unwrap_or_default(),
        late_cancel: late_cancel.unwrap_or_default(),
    };
    let refused = model.check().map_err(|invalid| {
        let place = place_of(&invalid, pricing_span, routes_span);
        problems.add(place, invalid.to_string());
    });
    refused.ok().map(|()| model)
}

/// Where the key is that a refusal is about.
fn place_of(invalid: &InvalidModel, pricing: Option<Range<usize>>, routes: Range<usize>) -> Range<usize> {
    match invalid {
        InvalidModel::NoSeconds { .. } => pricing.unwrap_or(routes),
        InvalidModel::NoRoute { .. } | InvalidModel::RouteTwice { .. } => routes,
    }
}

fn check_route(table: RouteTable, providers: &Known, problems: &mut Problems) -> Option<Route> {
    let cost = table.cost.map(|cost| {
        values::dollars(cost.get_ref()).map_err(|message| problems.add(cost.span(), message)).ok()
    });
    if table.model.get_ref().is_empty() {
        problems.add(table.model.span(), "`model` must be what the provider calls the model");
        return None;
    }
    let provider = table.provider.get_ref();
    if !providers.named.contains(provider) {
        let known: Vec<&str> = providers.named.iter().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let message =
            format!("no provider is named `{provider}`; add [providers.{provider}], or use one of: {known}");
        problems.add(table.provider.span(), message);
        return None;
    }
    if cost.is_none() && providers.capped.contains(provider) {
        let message = format!(
            "`cost` is missing: the provider `{provider}` has a `daily_cap`, which can only be kept to if every route to it \
             says what an output costs"
        );
        problems.add(table.provider.span(), message);
        return None;
    }
    let place = table.model.span();
    let route = Route::new(provider.as_str(), table.model.into_inner());
    let route = Route { cost_usd: cost.unwrap_or_default(), inputs: table.inputs, ..route };
    let checked = check_inputs(&route).map_err(|message| problems.add(place, message));
    checked.ok().map(|()| route)
}

fn most(
    problems: &mut Problems,
    key: &str,
    value: Option<Spanned<u32>>,
    within: RangeInclusive<u32>,
) -> Option<u32> {
    let value = value?;
    if within.contains(value.get_ref()) {
        return Some(value.into_inner());
    }
    problems.add(value.span(), format!("`{key}` must be at least {}", within.start()));
    None
}
