//! The catalogue's file: which models are on offer, at what price, and which providers make them.
//!
//! `document` is how the file is written, `provider`, `class` and `model` say what must be true of its entries, `problem` where
//! in the file something is wrong. All problems are told at once. A key of a provider is never in the file: it names the
//! variable of the environment or the other file that holds it, and only a worker reads that. `keys` reads them there.
//! `live` keeps what is on offer now and reads the file again on SIGHUP.

mod adapter;
mod class;
mod document;
mod keys;
mod live;
mod model;
mod problem;
mod provider;
mod service;
mod simulated;
mod values;
mod webhook;

pub(crate) use keys::{KeySource, provider_key};
pub(crate) use live::{Live, Made};
pub(crate) use provider::ProviderEntry;
pub(crate) use service::{http_options, limits};
pub(crate) use webhook::{Signature, WebhookEntry};

use anyhow::Context;
use document::Document;
use ledger::catalogue::Catalogue;
use model::Known;
use problem::{Place, Problems};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use worker::Class;

/// What a file says.
pub(crate) struct Listing {
    /// The models.
    pub catalogue: Arc<Catalogue>,
    /// The providers, by name.
    pub providers: Vec<ProviderEntry>,
    /// The classes of work that have queues of their own, by name.
    pub classes: BTreeMap<String, Class>,
    /// What works and may not be meant.
    pub warnings: Vec<String>,
    /// Variables that some process needs and that are not set here. A process that needs one itself does not start.
    pub unset: Vec<String>,
}

/// The file, or the simulated models where there is none.
pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Listing> {
    let Some(file) = file else { return Ok(simulated::listing()) };
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| {
        format!("the catalogue {name} cannot be read; give --catalog a file that this user may read")
    })?;
    parse(&text).map_err(|problems| anyhow::anyhow!("the catalogue {name} cannot be used:\n{problems}"))
}

fn parse(text: &str) -> Result<Listing, Problems> {
    let mut problems = Problems::new(text);
    let document = Document::read(text, &mut problems);
    let checked = provider::check_all(document.providers, &mut problems);
    for (adapter, entry) in &checked {
        service::problem(entry).into_iter().for_each(|problem| problems.add(adapter.clone(), problem));
    }
    let providers: Vec<ProviderEntry> = checked.into_iter().map(|(_, entry)| entry).collect();
    let classes = class::check_all(document.classes, &mut problems);
    let named = document.provider_names;
    let capped = providers.iter().filter(|provider| provider.daily_cap.is_some());
    let capped = capped.map(|provider| provider.name.clone()).collect();
    let models = model::check_all(document.models, &Known { named, capped }, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let unset: Vec<String> = providers.iter().flat_map(ProviderEntry::unset).collect();
    let used: BTreeSet<&str> =
        models.iter().flat_map(|model| &model.routes).map(|route| route.provider.as_str()).collect();
    let idle = providers.iter().filter(|provider| !used.contains(provider.name.as_str()));
    let warnings = idle.map(|provider| format!("no model is made by the provider `{}`", provider.name));
    let warnings = warnings.chain(class::warnings(&classes, &models)).collect();
    let catalogue = Catalogue::new(models).map_err(|error| {
        // Each model was checked alone, and ids are told apart above: this is for what may come to be checked later.
        problems.add(Place::START, error.to_string());
        problems
    })?;
    Ok(Listing { catalogue: Arc::new(catalogue), providers, classes, warnings, unset })
}

#[cfg(test)]
mod tests;
