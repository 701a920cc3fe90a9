//! The providers of the file: how each is reached, and how much it may be asked.

use super::adapter::Adapter;
use super::document::ProviderTable;
use super::keys::KeySource;
use super::problem::Problems;
use super::values::{self, said};
use super::webhook::{self, WebhookEntry};
use rust_decimal::Decimal;
use serde_json::Value;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// A provider as the file describes it.
#[derive(Debug, Clone)]
pub(crate) struct ProviderEntry {
    /// The name that routes use.
    pub name: String,
    /// How it is spoken to.
    pub adapter: Adapter,
    /// Where it is; `None`: where the adapter's service usually is.
    pub base_url: Option<String>,
    /// Where its key is, if it has one.
    pub key: Option<KeySource>,
    /// Hosts that outputs may be fetched from; none: what the adapter's service uses.
    pub output_hosts: Vec<String>,
    /// Most bytes of one output; `None`: as many as the adapter takes.
    pub max_output_bytes: Option<u64>,
    /// Whether it may be in this machine or a private network, and be asked without TLS.
    pub is_private: bool,
    /// Most calls at once.
    pub concurrency: Option<u32>,
    /// Most requests in such a time.
    pub rate: Option<(u32, Duration)>,
    /// Most US dollars a day.
    pub daily_cap: Option<Decimal>,
    /// Shortest time between two questions after one task; `None`: the adapter's own.
    pub poll_interval: Option<Duration>,
    /// How it reports by itself, if it does.
    pub webhook: Option<WebhookEntry>,
}

impl ProviderEntry {
    /// The simulated provider under a name.
    pub(super) fn simulated(name: &str) -> ProviderEntry {
        ProviderEntry {
            name: name.to_owned(),
            adapter: Adapter::Simulated,
            base_url: None,
            key: None,
            output_hosts: Vec::new(),
            max_output_bytes: None,
            is_private: false,
            concurrency: None,
            rate: None,
            daily_cap: None,
            poll_interval: None,
            webhook: None,
        }
    }

    /// The variables that are not set here, for whoever checks the file.
    pub(super) fn unset(&self) -> Vec<String> {
        let name = &self.name;
        let webhook = self.webhook.as_ref();
        let mut told: Vec<String> = webhook.into_iter().flat_map(|webhook| webhook.unset(name)).collect();
        told.extend(self.key.as_ref().and_then(|key| key.missing(name)));
        told
    }
}

/// Every provider that is right, and where its adapter is named.
pub(super) fn check_all(
    tables: Vec<(Spanned<String>, ProviderTable)>,
    problems: &mut Problems,
) -> Vec<(Range<usize>, ProviderEntry)> {
    tables.into_iter().filter_map(|(name, table)| check(&name, table, problems)).collect()
}

fn check(
    name: &Spanned<String>,
    table: ProviderTable,
    problems: &mut Problems,
) -> Option<(Range<usize>, ProviderEntry)> {
    let adapter = adapter(&table, problems);
    let needs_a_key = matches!(adapter, Some(Adapter::Fal | Adapter::Replicate));
    if needs_a_key && table.key_env.is_none() && table.key_file.is_none() {
        let message = "`key_env` is missing: name the environment variable that holds the key of the service, or a \
                       file with `key_file`";
        problems.add(table.adapter.span(), message);
    }
    if matches!(adapter, Some(Adapter::Simulated)) {
        refuse_what_a_service_needs(&table, problems);
    }
    let zero = [
        ("concurrency", table.concurrency.as_ref().filter(|most| *most.get_ref() == 0).map(Spanned::span)),
        (
            "max_output_bytes",
            table.max_output_bytes.as_ref().filter(|most| *most.get_ref() == 0).map(Spanned::span),
        ),
    ];
    for (key, span) in zero {
        span.into_iter().for_each(|span| problems.add(span, format!("`{key}` must be at least 1")));
    }
    let hosts = table.output_hosts.iter();
    let webhook = webhook::check(name, &table, adapter.as_ref(), problems);
    let entry = ProviderEntry {
        name: said(problems, "the provider's name", Some(name), values::name)?,
        adapter: adapter?,
        base_url: said(problems, "base_url", table.base_url.as_ref(), |url| {
            values::address(url, table.private)
        }),
        key: key(&table, problems),
        output_hosts: hosts.filter_map(|name| said(problems, "output_hosts", Some(name), host)).collect(),
        max_output_bytes: table.max_output_bytes.map(Spanned::into_inner),
        is_private: table.private,
        concurrency: table.concurrency.map(Spanned::into_inner),
        rate: said(problems, "rate", table.rate.as_ref(), values::rate),
        daily_cap: said(problems, "daily_cap", table.daily_cap.as_ref(), values::daily_cap),
        poll_interval: said(problems, "poll_interval", table.poll_interval.as_ref(), values::time),
        webhook,
    };
    Some((table.adapter.span(), entry))
}

fn key(table: &ProviderTable, problems: &mut Problems) -> Option<KeySource> {
    if let (Some(_), Some(file)) = (&table.key_env, &table.key_file) {
        problems.add(file.span(), "`key_file` stands beside `key_env`: leave one of them out");
    }
    let variable = said(problems, "key_env", table.key_env.as_ref(), values::variable);
    let file = said(problems, "key_file", table.key_file.as_ref(), values::file);
    variable.map(KeySource::Variable).or(file.map(KeySource::File))
}

fn adapter(table: &ProviderTable, problems: &mut Problems) -> Option<Adapter> {
    let name = table.adapter.get_ref().as_str();
    if name != "http" {
        let unused = table.http.iter();
        unused.for_each(|http| problems.add(http.span(), "`http` is only for adapter = \"http\""));
    }
    match (name, &table.http) {
        ("fal", _) => Some(Adapter::Fal),
        ("replicate", _) => Some(Adapter::Replicate),
        ("openai", _) => Some(Adapter::OpenAi),
        ("simulated", _) => Some(Adapter::Simulated),
        ("http", Some(http)) if table.base_url.is_some() => {
            let description = serde_json::from_value(Value::Object(http.get_ref().clone()));
            let described = description.map_err(|error| {
                problems.add(
                    http.span(),
                    format!("`http` cannot be used: {error}; docs/providers.md shows how it is written"),
                );
            });
            described.ok().map(Adapter::Http)
        }
        ("http", _) => {
            let message = "adapter \"http\" needs `base_url` and a table `http` that describes the service";
            problems.add(table.adapter.span(), message);
            None
        }
        _ => {
            let message =
                "`adapter` must be one of \"fal\", \"replicate\", \"openai\", \"http\", \"simulated\"";
            problems.add(table.adapter.span(), message);
            None
        }
    }
}

fn refuse_what_a_service_needs(table: &ProviderTable, problems: &mut Problems) {
    let given = [
        ("base_url", table.base_url.as_ref().map(Spanned::span)),
        ("key_env", table.key_env.as_ref().map(Spanned::span)),
        ("key_file", table.key_file.as_ref().map(Spanned::span)),
        ("output_hosts", table.output_hosts.first().map(Spanned::span)),
        ("max_output_bytes", table.max_output_bytes.as_ref().map(Spanned::span)),
        ("poll_interval", table.poll_interval.as_ref().map(Spanned::span)),
    ];
    for (key, span) in given {
        let message = || format!("the simulated provider is no service and has no `{key}`; leave it out");
        span.into_iter().for_each(|span| problems.add(span, message()));
    }
}

fn host(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_known = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if name.is_empty() || !name.chars().all(is_known) {
        return Err("must be names of hosts, such as \"*.fal.media\", without https:// and paths".into());
    }
    Ok(text.to_owned())
}
