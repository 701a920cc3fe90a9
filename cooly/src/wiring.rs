//! From settings to the options of each part.

use crate::catalog::{self, Live, Made, ProviderEntry};
use crate::home::Home;
use crate::outside::Outside;
use crate::settings::{
    AuthSettings, CatalogSettings, HookSettings, LedgerSettings, OutputSettings, QueueSettings,
    SealKeySettings, SealSettings, SimulatorSettings, WorkerSettings,
};
use anyhow::Context;
use api::auth::Keys;
use ledger::LedgerOptions;
use ledger::job::RetryPolicy;
use ledger::seal::{PublicKey, SealKey, SealOptions};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use worker::Sealing;
use worker::provider::Providers;
use worker::provider::http::HttpProvider;
use worker::provider::simulated::{Simulated, SimulatedOptions};

/// The keys that tokens are checked with, and whether they are the development key of the data folder.
pub(crate) struct Trust {
    pub keys: Keys,
    pub is_dev: bool,
}

/// Reads the configured key, or falls back to the data folder's own.
pub(crate) fn trust(settings: &AuthSettings, home: &Home) -> anyhow::Result<Trust> {
    if let Some(keys) = configured_keys(settings)? {
        return Ok(Trust { keys, is_dev: false });
    }
    let keys = Keys::hs256(home.dev_secret()?.as_bytes(), &settings.jwt_issuer, &settings.jwt_audience)?;
    Ok(Trust { keys, is_dev: true })
}

/// Reads the key that was configured, if one was.
pub(crate) fn configured_keys(settings: &AuthSettings) -> anyhow::Result<Option<Keys>> {
    let (issuer, audience) = (&settings.jwt_issuer, &settings.jwt_audience);
    if let Some(secret) = &settings.jwt_secret {
        let keys = Keys::hs256(secret.as_bytes(), issuer, audience);
        return keys.map(Some).context("COOLY_JWT_SECRET cannot be used");
    }
    if let Some(url) = &settings.jwt_jwks_url {
        return Keys::published(url, issuer, audience).map(Some).context("COOLY_JWT_JWKS_URL cannot be used");
    }
    let Some(path) = &settings.jwt_public_key else { return Ok(None) };
    let pem =
        std::fs::read(path).with_context(|| format!("the public key {} cannot be read", path.display()))?;
    let keys = Keys::public_pem(&pem, issuer, audience);
    keys.map(Some).with_context(|| format!("the public key {} cannot be used", path.display()))
}

/// The development key protects nothing from a network: whoever reads the data folder can make any token.
pub(crate) fn refuse_dev_key_on_a_network(trust: &Trust, listen: SocketAddr) -> anyhow::Result<()> {
    anyhow::ensure!(
        !trust.is_dev || listen.ip().is_loopback(),
        "{listen} can be reached from a network, and no JWT key is configured; \
         set COOLY_JWT_SECRET, COOLY_JWT_PUBLIC_KEY or COOLY_JWT_JWKS_URL, or listen on 127.0.0.1"
    );
    Ok(())
}

/// Where outputs are, and for how long.
#[derive(Clone)]
pub(crate) struct Outputs {
    pub store: Arc<dyn ObjectStore>,
    pub keep: Option<Duration>,
}

/// Opens the store of outputs.
pub(crate) fn outputs(settings: &OutputSettings, home: &Home) -> anyhow::Result<Outputs> {
    Ok(Outputs { store: output_store(settings, home)?, keep: settings.keep_outputs })
}

fn output_store(settings: &OutputSettings, home: &Home) -> anyhow::Result<Arc<dyn ObjectStore>> {
    match &settings.outputs {
        Some(place) => store_at(place),
        None => local_outputs(&home.outputs()?),
    }
}

/// Opens the store in this folder or at this URL; makes the folder when it is missing.
pub(crate) fn store_at(place: &str) -> anyhow::Result<Arc<dyn ObjectStore>> {
    if !place.contains("://") {
        std::fs::create_dir_all(place)
            .with_context(|| format!("the output folder {place} cannot be made"))?;
        return local_outputs(Path::new(place));
    }
    let url = place.parse().with_context(|| format!("{place} is not a folder or a URL"))?;
    let settings = std::env::vars().map(|(name, value)| (name.to_lowercase(), value));
    let (store, prefix) = object_store::parse_url_opts(&url, settings)
        .with_context(|| format!("{place} cannot be used as output store"))?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

/// Opens the store in a folder that is there.
pub(crate) fn local_outputs(folder: &Path) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let store = LocalFileSystem::new_with_prefix(folder)
        .with_context(|| format!("the output folder {} cannot be used", folder.display()))?;
    Ok(Arc::new(store))
}

/// What the ledger of a process decides by.
pub(crate) fn ledger(settings: &LedgerSettings) -> LedgerOptions {
    LedgerOptions { refund_grace: settings.refund_grace, ..LedgerOptions::default() }
}

/// What an API offers: the models, and an ear for the providers that report.
pub(crate) fn models(settings: &CatalogSettings, outside: Outside) -> anyhow::Result<Live> {
    let make = move |entries: &[ProviderEntry]| {
        Ok(Made { reception: outside.reception(entries)?, ..Made::default() })
    };
    Live::open(settings.catalog.clone(), Box::new(make))
}

/// What a worker offers: the models and the providers that make them.
pub(crate) fn offer(
    settings: &CatalogSettings,
    simulator: &SimulatorSettings,
    outside: Outside,
) -> anyhow::Result<Live> {
    let simulator = simulator.clone();
    let make = move |entries: &[ProviderEntry]| make_providers(entries, &simulator, &outside);
    Live::open(settings.catalog.clone(), Box::new(make))
}

/// What a process offers that is both.
pub(crate) fn both(
    settings: &CatalogSettings,
    simulator: &SimulatorSettings,
    outside: Outside,
) -> anyhow::Result<Live> {
    let simulator = simulator.clone();
    let make = move |entries: &[ProviderEntry]| {
        let reception = outside.reception(entries)?;
        Ok(Made { reception, ..make_providers(entries, &simulator, &outside)? })
    };
    Live::open(settings.catalog.clone(), Box::new(make))
}

fn make_providers(
    entries: &[ProviderEntry],
    simulator: &SimulatorSettings,
    outside: &Outside,
) -> anyhow::Result<Made> {
    let mut made = Made::default();
    let mut providers = Providers::new();
    for entry in entries {
        let key = catalog::provider_key(&entry.name, entry.key.as_ref(), &mut made.warnings)?;
        made.key_tags.extend(key.iter().map(|key| (entry.name.clone(), key.tag())));
        providers = match catalog::http_options(entry, key, outside.address(entry)?) {
            Some(options) => providers.with(&entry.name, HttpProvider::new(&options)?),
            None => providers.with(&entry.name, simulated(simulator)),
        };
    }
    Ok(Made { providers, ..made })
}

fn simulated(settings: &SimulatorSettings) -> Simulated {
    Simulated::new(SimulatedOptions {
        image_delay: settings.sim_image_delay,
        video_delay: settings.sim_video_delay,
        ..SimulatedOptions::default()
    })
}

/// The queue that was configured.
pub(crate) fn queue(settings: &QueueSettings) -> worker::queue::QueueSettings {
    let mut queue = worker::queue::QueueSettings::default();
    queue.endpoint.clone_from(&settings.sqs_endpoint);
    queue.region.clone_from(&settings.aws_region);
    // Servers other than Amazon's refuse message groups on standard queues.
    queue.fair = settings.sqs_endpoint.is_none();
    if let Some(name) = &settings.sqs_queue {
        queue.dlq_name = format!("{name}-dlq");
        queue.name.clone_from(name);
    }
    queue
}

/// Says that queues are away.
pub(crate) fn away(missing: &[String]) -> String {
    format!(
        "the queue is away: {}; jobs wait until it is made again, which a worker does by itself",
        missing.join(", ")
    )
}

/// The key that was configured to seal the log. What cannot be read is not repeated: it may be a secret with a
/// typing error.
pub(crate) fn seal_key(settings: &SealKeySettings) -> anyhow::Result<Option<SealKey>> {
    let Some(given) = &settings.seal_key else { return Ok(None) };
    if let Ok(key) = SealKey::parse(given.expose()) {
        return Ok(Some(key));
    }
    let content = std::fs::read(given.expose()).map_err(|error| {
        anyhow::anyhow!(
            "COOLY_SEAL_KEY is neither a seed of 32 bytes in hexadecimal or base64 nor a file that can be read \
             ({}); make a key with `cooly seal-key`",
            error.kind()
        )
    })?;
    SealKey::from_file(&content).map(Some).context("the file that COOLY_SEAL_KEY names cannot be used")
}

/// Seals with this key.
pub(crate) fn sealing(key: SealKey, settings: &SealSettings) -> Sealing {
    let options = SealOptions { block: settings.seal_block, after: settings.seal_after };
    Sealing { key: Arc::new(key), options }
}

/// The public keys that were given: each a key, or a file that holds one.
pub(crate) fn trusted_keys(given: &[String]) -> anyhow::Result<Vec<PublicKey>> {
    given.iter().map(|text| trusted_key(text)).collect()
}

fn trusted_key(text: &str) -> anyhow::Result<PublicKey> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let content = std::fs::read(text)
        .with_context(|| format!("--trust {text} is neither a public key nor a file that can be read"))?;
    PublicKey::from_file(&content).with_context(|| format!("the file {text} cannot be used with --trust"))
}

/// How customers are told what happens.
pub(crate) fn hooks(settings: &HookSettings) -> worker::Hooks {
    worker::Hooks { may_be_private: settings.private_webhooks, low_balance: settings.low_balance }
}

/// How often a job is tried.
pub(crate) fn policy(settings: &WorkerSettings) -> RetryPolicy {
    RetryPolicy { max_attempts: settings.max_attempts.max(1), ..RetryPolicy::default() }
}

/// How long things may take. A provider and the store get less time than the claim, so that an attempt ends as what it
/// is and is not taken over.
pub(crate) fn timings(settings: &WorkerSettings) -> worker::Timings {
    let usual = worker::Timings::default();
    let lease = settings.lease.max(Duration::from_secs(3));
    worker::Timings {
        lease,
        attempt: lease * 5 / 12,
        store: lease * 5 / 12,
        visibility: usual.visibility.min(lease),
        queue_linger: settings.queue_linger,
        reconcile_after: settings.reconcile_after.max(Duration::from_secs(1)),
        reconcile_every: usual.reconcile_every.min(settings.reconcile_after.max(Duration::from_secs(1))),
        ..usual
    }
}

/// What this worker is called in the log.
pub(crate) fn worker_name(settings: &WorkerSettings) -> String {
    settings.worker_name.clone().unwrap_or_else(|| format!("pid-{}", std::process::id()))
}
