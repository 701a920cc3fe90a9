//! What a process offers now. SIGHUP reads the file again: if it is right, it counts from then on, else the one before
//! stays, and a metric says so until a later one is right.

use super::{ProviderEntry, limits, read};
use anyhow::Context;
use ledger::catalogue::Catalogue;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use webhooks::Reception;
use worker::provider::Providers;
use worker::{Limits, Offer};

/// 1 while the file on disk cannot be used.
const RELOAD_FAILED: &str = "cooly_catalog_reload_failed";

/// What a process makes of the providers of the file; nothing where it has no use for it.
#[derive(Default)]
pub(crate) struct Made {
    /// Those that a worker asks.
    pub providers: Providers,
    /// Tells the keys apart with which it asks them.
    pub key_tags: BTreeMap<String, u64>,
    /// Those that may report to an API.
    pub reception: Reception,
    /// What works and may not be meant.
    pub warnings: Vec<String>,
}

/// Makes that.
pub(crate) type Maker = Box<dyn Fn(&[ProviderEntry]) -> anyhow::Result<Made> + Send + Sync>;

/// See the module.
pub(crate) struct Live {
    file: Option<PathBuf>,
    make: Maker,
    /// What was not quite right at the start; told once there are logs.
    warnings: Vec<String>,
    catalogue: watch::Sender<Arc<Catalogue>>,
    offer: watch::Sender<Arc<Offer>>,
    reception: watch::Sender<Arc<Reception>>,
}

impl Live {
    /// Reads the file, which must be right at the start.
    pub(crate) fn open(file: Option<PathBuf>, make: Maker) -> anyhow::Result<Live> {
        let (catalogue, offer) = (watch::Sender::default(), watch::Sender::default());
        let reception = watch::Sender::default();
        let mut live = Live { file, make, warnings: Vec::new(), catalogue, offer, reception };
        live.warnings = live.read()?;
        Ok(live)
    }

    /// The models, as they are now.
    pub(crate) fn catalogue(&self) -> watch::Receiver<Arc<Catalogue>> {
        self.catalogue.subscribe()
    }

    /// The models and the providers, as they are now.
    pub(crate) fn offer(&self) -> watch::Receiver<Arc<Offer>> {
        self.offer.subscribe()
    }

    /// The providers that may report, as they are now.
    pub(crate) fn reception(&self) -> watch::Receiver<Arc<Reception>> {
        self.reception.subscribe()
    }

    /// Begins to follow SIGHUP, until `shutdown`. Without a file the signal means what it usually does.
    pub(crate) fn follow(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        tell(&self.warnings);
        if self.file.is_none() {
            return Ok(());
        }
        let hangup = signal(SignalKind::hangup()).context("SIGHUP cannot be listened to")?;
        metrics::gauge!(RELOAD_FAILED).set(0.0);
        tokio::spawn(async move {
            shutdown.run_until_cancelled(self.read_again_on(hangup)).await;
        });
        Ok(())
    }

    async fn read_again_on(&self, mut hangup: Signal) {
        while hangup.recv().await.is_some() {
            let failed = match self.read() {
                Ok(warnings) => {
                    let models = self.catalogue.borrow().models().count();
                    tracing::info!(models, "the catalogue was read again and counts from now on");
                    tell(&warnings);
                    0.0
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(
                        error,
                        "the catalogue was read again and cannot be used: the one before it stays"
                    );
                    1.0
                }
            };
            metrics::gauge!(RELOAD_FAILED).set(failed);
        }
    }

    /// Reads the file and offers what it says. What is not quite right is told.
    fn read(&self) -> anyhow::Result<Vec<String>> {
        let listing = read(self.file.as_deref())?;
        let Made { providers, key_tags, reception, warnings } = (self.make)(&listing.providers)?;
        let limits_of = |entry: &ProviderEntry| {
            let key_tag = key_tags.get(&entry.name).copied();
            (entry.name.clone(), Limits { key_tag, ..limits(entry) })
        };
        let limits = listing.providers.iter().map(limits_of).collect();
        let caps = listing.providers.iter().filter_map(|entry| Some((entry.name.clone(), entry.daily_cap?)));
        let (catalogue, daily_caps) = (Arc::clone(&listing.catalogue), caps.collect());
        let classes = listing.classes;
        self.offer.send_replace(Arc::new(Offer { catalogue, providers, limits, daily_caps, classes }));
        self.catalogue.send_replace(listing.catalogue);
        self.reception.send_replace(Arc::new(reception));
        Ok([listing.warnings, warnings].concat())
    }
}

fn tell(warnings: &[String]) {
    warnings.iter().for_each(|warning| tracing::warn!("the catalogue: {warning}"));
}
