//! `cooly catalog`: looks at the file of models and providers without running anything.

use crate::catalog::{self, KeySource, Listing, ProviderEntry};
use crate::cli::{CatalogCheckOptions, CatalogCommand, CatalogShowOptions};
use ledger::catalogue::{Model, Route};
use serde_json::json;
use std::process::ExitCode;
use worker::Class;

pub(crate) fn run(command: CatalogCommand) -> anyhow::Result<ExitCode> {
    match command {
        CatalogCommand::Check(options) => check(&options),
        CatalogCommand::Show(options) => show(&options),
    }
}

fn check(options: &CatalogCheckOptions) -> anyhow::Result<ExitCode> {
    let listing = catalog::read(Some(&options.file))?;
    for warning in listing.warnings.iter().chain(&listing.unset) {
        eprintln!("cooly: warning: {warning}");
    }
    let models: Vec<&str> = listing.catalogue.models().map(|model| model.id.as_str()).collect();
    let providers: Vec<String> = listing.providers.iter().map(described).collect();
    println!("{}: {}", counted(models.len(), "model"), models.join(", "));
    println!("{}: {}", counted(providers.len(), "provider"), providers.join(", "));
    if !listing.classes.is_empty() {
        let classes: Vec<String> = listing.classes.iter().map(class).collect();
        println!("queues of their own: {}", classes.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn described(provider: &ProviderEntry) -> String {
    let webhooks = if provider.webhook.is_some() { ", webhooks" } else { "" };
    format!("{} ({}{webhooks})", provider.name, provider.adapter.name())
}

fn class((name, class): (&String, &Class)) -> String {
    let slots = class.slots.map(|slots| counted(slots.get(), "slot"));
    let queue = class.queue.as_ref().map(|queue| format!("queue {queue}"));
    match slots.into_iter().chain(queue).collect::<Vec<_>>().as_slice() {
        [] => name.clone(),
        told => format!("{name} ({})", told.join(", ")),
    }
}

fn show(options: &CatalogShowOptions) -> anyhow::Result<ExitCode> {
    let listing = catalog::read(options.file.as_deref())?;
    if options.json {
        println!("{}", as_json(&listing));
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["MODEL", "KIND", "CLASS", "PRICE", "MADE BY"].map(str::to_owned)];
    rows.extend(listing.catalogue.models().map(row));
    print!("{}", table(&rows));
    if !listing.classes.is_empty() {
        let mut rows = vec![["CLASS", "SLOTS", "QUEUE"].map(str::to_owned)];
        rows.extend(listing.classes.iter().map(class_row));
        print!("\n{}", table(&rows));
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(listing: &Listing) -> serde_json::Value {
    let providers = listing.providers.iter().map(|provider| {
        json!({
            "name": provider.name,
            "adapter": provider.adapter.name(),
            "base_url": provider.base_url,
            "key_env": provider.key.as_ref().and_then(KeySource::variable),
            "key_file": provider.key.as_ref().and_then(KeySource::file),
            "private": provider.is_private,
            "output_hosts": provider.output_hosts,
            "max_output_bytes": provider.max_output_bytes,
            "webhooks": provider.webhook.is_some(),
            "poll_interval_milliseconds": provider.poll_interval.map(|pause| pause.as_millis()),
        })
    });
    let models: Vec<&Model> = listing.catalogue.models().collect();
    let classes = listing
        .classes
        .iter()
        .map(|(name, class)| json!({ "name": name, "slots": class.slots, "queue": class.queue }));
    let (providers, classes) = (providers.collect::<Vec<_>>(), classes.collect::<Vec<_>>());
    json!({ "models": models, "providers": providers, "classes": classes })
}

fn row(model: &Model) -> [String; 5] {
    let routes: Vec<String> = model.routes.iter().map(route).collect();
    let price = format!("{} {}", model.price, model.pricing.as_str().replace('_', " "));
    let routes = routes.join(", then ");
    [model.id.as_str(), model.kind.as_str(), model.class(), price.as_str(), routes.as_str()]
        .map(str::to_owned)
}

fn class_row((name, class): (&String, &Class)) -> [String; 3] {
    let slots = class.slots.map_or_else(|| "--concurrency".to_owned(), |slots| slots.to_string());
    let queue = class.queue.clone().unwrap_or_else(|| format!("--sqs-queue and -{name}"));
    [name.clone(), slots, queue]
}

fn route(route: &Route) -> String {
    let cost = route.cost_usd.map(|cost| format!(" (costs {cost} USD)")).unwrap_or_default();
    format!("{}: {}{cost}", route.provider, route.model)
}

/// Columns as wide as what is in them.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut table = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        table.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        table.push('\n');
    }
    table
}
