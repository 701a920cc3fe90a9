//! How the file is written. Every entry is read by itself, so that a mistake in one does not hide those in others.

use super::problem::Problems;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// An amount as it may be written: in quotes, or as a whole number.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write an amount, such as \"4\" or \"0.5\"")]
pub(super) enum Scalar {
    Text(String),
    Whole(i64),
    #[expect(dead_code, reason = "that it is one is enough to refuse it")]
    Fraction(f64),
}

/// `[providers.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderTable {
    pub adapter: Spanned<String>,
    pub base_url: Option<Spanned<String>>,
    pub key_env: Option<Spanned<String>>,
    pub key_file: Option<Spanned<String>>,
    #[serde(default)]
    pub output_hosts: Vec<Spanned<String>>,
    pub max_output_bytes: Option<Spanned<u64>>,
    #[serde(default)]
    pub private: bool,
    pub concurrency: Option<Spanned<u32>>,
    pub rate: Option<Spanned<String>>,
    pub daily_cap: Option<Spanned<String>>,
    pub poll_interval: Option<Spanned<String>>,
    pub webhooks: Option<Spanned<bool>>,
    pub webhook_secret_env: Option<Spanned<String>>,
    pub webhook_keys_url: Option<Spanned<String>>,
    pub http: Option<Spanned<Map<String, Value>>>,
}

/// `[classes.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassTable {
    pub slots: Option<Spanned<u64>>,
    pub queue: Option<Spanned<String>>,
}

/// `[[models]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelTable {
    pub id: Spanned<String>,
    pub title: Option<String>,
    #[serde(default)]
    pub description: String,
    pub kind: Spanned<String>,
    pub price: Spanned<Scalar>,
    pub pricing: Option<Spanned<String>>,
    pub max_count: Option<Spanned<u32>>,
    pub max_side: Option<Spanned<u32>>,
    pub max_seconds: Option<Spanned<u32>>,
    pub timeout: Option<Spanned<String>>,
    pub queue_timeout: Option<Spanned<String>>,
    pub class: Option<Spanned<String>>,
    pub on_unknown: Option<Spanned<String>>,
    pub late_cancel: Option<Spanned<String>>,
    pub routes: Spanned<Vec<RouteTable>>,
}

/// One of `routes`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteTable {
    pub provider: Spanned<String>,
    pub model: Spanned<String>,
    pub cost: Option<Spanned<Scalar>>,
    #[serde(default)]
    pub inputs: Map<String, Value>,
}

/// A file, entry by entry.
#[derive(Default)]
pub(super) struct Document {
    pub providers: Vec<(Spanned<String>, ProviderTable)>,
    /// Those that cannot be read are named too: a route that leads to one is no second mistake.
    pub provider_names: BTreeSet<String>,
    pub classes: Vec<(Spanned<String>, ClassTable)>,
    pub models: Vec<ModelTable>,
}

impl Document {
    pub(super) fn read(text: &str, problems: &mut Problems) -> Document {
        let mut document = Document::default();
        let (table, errors) = DeTable::parse_recoverable(text);
        errors.iter().for_each(|error| problems.add_error(error));
        if !problems.is_empty() {
            return document;
        }
        let mut has_models = false;
        for (key, value) in table.into_inner() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("providers", DeValue::Table(_)) => document.read_providers(value, problems),
                ("classes", DeValue::Table(_)) => document.classes = read_named(value, problems),
                ("models", DeValue::Array(_)) => {
                    has_models = true;
                    document.read_models(value, problems);
                }
                ("providers", _) => {
                    problems.add(value.span(), "write one table for each provider: [providers.NAME]");
                }
                ("classes", _) => {
                    problems.add(value.span(), "write one table for each class: [classes.NAME]");
                }
                ("models", _) => problems.add(value.span(), "write one table for each model: [[models]]"),
                (other, _) => {
                    let known =
                        "a catalogue has [providers.NAME], [classes.NAME] and [[models]] and nothing else";
                    problems.add(key.span(), format!("unknown key `{other}`: {known}"));
                }
            }
        }
        if !has_models && problems.is_empty() {
            problems.add(0..0, "the catalogue has no models, so nothing could be bought; add [[models]]");
        }
        document
    }

    fn read_providers(&mut self, table: Spanned<DeValue<'_>>, problems: &mut Problems) {
        let DeValue::Table(table) = table.into_inner() else { return };
        for (name, entry) in table {
            let name = Spanned::new(name.span(), name.into_inner().into_owned());
            self.provider_names.insert(name.get_ref().clone());
            if let Some(entry) = read(entry, problems) {
                self.providers.push((name, entry));
            }
        }
    }

    fn read_models(&mut self, array: Spanned<DeValue<'_>>, problems: &mut Problems) {
        let span = array.span();
        let DeValue::Array(array) = array.into_inner() else { return };
        if array.is_empty() {
            problems.add(span, "the catalogue has no models, so nothing could be bought; add [[models]]");
        }
        self.models.extend(array.into_iter().filter_map(|entry| read(entry, problems)));
    }
}

/// Tables under their names.
fn read_named<Entry: DeserializeOwned>(
    table: Spanned<DeValue<'_>>,
    problems: &mut Problems,
) -> Vec<(Spanned<String>, Entry)> {
    let DeValue::Table(table) = table.into_inner() else { return Vec::new() };
    let named = table.into_iter().map(|(name, entry)| {
        let name = Spanned::new(name.span(), name.into_inner().into_owned());
        read(entry, problems).map(|entry| (name, entry))
    });
    named.flatten().collect()
}

fn read<Entry: DeserializeOwned>(value: Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Entry> {
    Entry::deserialize(ValueDeserializer::from(value)).map_err(|error| problems.add_error(&error)).ok()
}
