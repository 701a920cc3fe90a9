//! From an entry of the file to a provider over HTTP, and to how hard it may be asked.

use super::adapter::Adapter;
use super::provider::ProviderEntry;
use std::num::NonZeroU32;
use webhooks::Address;
use worker::provider::http::{self, HttpOptions, HttpProvider, ProviderKey};
use worker::{BreakerSettings, Limits, Rate};

/// Stands in for a key while a file is only looked at: whether there is one is told apart.
const ANY_KEY: &str = "unknown";

/// What a provider over HTTP is given; `None` for one that needs no service.
pub(crate) fn http_options(
    entry: &ProviderEntry,
    key: Option<ProviderKey>,
    webhook: Option<Address>,
) -> Option<HttpOptions> {
    let adapter = match &entry.adapter {
        Adapter::Fal => http::Adapter::Fal,
        Adapter::Replicate => http::Adapter::Replicate,
        Adapter::OpenAi => http::Adapter::OpenAi,
        Adapter::Http(description) => http::Adapter::Generic(description.clone()),
        Adapter::Simulated => return None,
    };
    let usual = HttpOptions::new(&entry.name, adapter);
    Some(HttpOptions {
        base_url: entry.base_url.clone(),
        key,
        output_hosts: entry.output_hosts.clone(),
        max_output_bytes: entry.max_output_bytes.unwrap_or(usual.max_output_bytes),
        webhook,
        is_private: entry.is_private,
        poll_interval: entry.poll_interval.unwrap_or(usual.poll_interval),
        ..usual
    })
}

/// What keeps an entry from becoming a provider, whatever its key is.
pub(super) fn problem(entry: &ProviderEntry) -> Option<String> {
    let key = entry.key.is_some().then(|| ProviderKey::parse(ANY_KEY).ok()).flatten();
    HttpProvider::new(&http_options(entry, key, None)?).err().map(|invalid| invalid.problem)
}

/// How hard it may be asked by one process. A service that fails again and again is left alone for a while; what is
/// simulated fails because somebody asked it to.
pub(crate) fn limits(entry: &ProviderEntry) -> Limits {
    let is_service = !matches!(entry.adapter, Adapter::Simulated);
    let rate = entry.rate.and_then(|(count, per)| Some(Rate { count: NonZeroU32::new(count)?, per }));
    Limits {
        concurrency: entry.concurrency.and_then(NonZeroU32::new),
        rate,
        breaker: is_service.then(BreakerSettings::default),
        key_tag: None,
    }
}
