//! How this installation is reached by providers that report: which address they are given, and how what they send is proved.

use crate::catalog::{ProviderEntry, Signature, WebhookEntry};
use crate::home::Home;
use crate::settings::WebhookSettings;
use anyhow::Context;
use std::net::{Ipv4Addr, SocketAddr};
use webhooks::{Address, Described, KeySet, Reception, Signing, StandardSecret, WebhookKey};
use zeroize::Zeroizing;

/// See the module.
pub(crate) struct Outside {
    public_url: Option<String>,
    /// Where providers of this machine reach us, if we are not told better.
    own_url: Option<String>,
    key: Option<WebhookKey>,
}

impl Outside {
    /// Of a process that is told everything.
    pub(crate) fn configured(settings: &WebhookSettings) -> anyhow::Result<Outside> {
        let key = settings.webhook_key.as_ref().map(|secret| WebhookKey::new(secret.expose().as_bytes()));
        let key = key.transpose().context("COOLY_WEBHOOK_KEY cannot be used")?;
        Ok(Outside { public_url: settings.public_url.clone(), own_url: None, key })
    }

    /// Of a process that does everything itself: it has a key of its own, and private providers find it where it listens.
    pub(crate) fn of_one_process(
        settings: &WebhookSettings,
        home: &Home,
        listen: SocketAddr,
    ) -> anyhow::Result<Outside> {
        let outside = Outside::configured(settings)?;
        let mut reached = listen;
        if reached.ip().is_unspecified() {
            reached.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let key = match outside.key {
            Some(key) => key,
            None => WebhookKey::new(home.webhook_secret()?.as_bytes()).context(
                "the file webhook.key of the data folder cannot be used; delete it and a new one is made",
            )?,
        };
        Ok(Outside { own_url: Some(format!("http://{reached}")), key: Some(key), ..outside })
    }

    /// Where this provider is to report; `None` if it is not to.
    pub(crate) fn address(&self, entry: &ProviderEntry) -> anyhow::Result<Option<Address>> {
        if entry.webhook.is_none() {
            return Ok(None);
        }
        let own = self.own_url.as_deref().filter(|_| entry.is_private);
        let name = &entry.name;
        let url = self.public_url.as_deref().or(own).with_context(|| {
            format!(
                "the provider `{name}` has webhooks on and does not know where to send them: set COOLY_PUBLIC_URL to where it \
                 reaches the API, or take `webhooks` out of the catalogue"
            )
        })?;
        anyhow::ensure!(
            url.starts_with("https://") || entry.is_private,
            "COOLY_PUBLIC_URL begins with http://, and the provider `{name}` is not private: use https://"
        );
        Ok(Some(Address::new(url, name, self.key(name)?)))
    }

    /// Who may report.
    pub(crate) fn reception(&self, entries: &[ProviderEntry]) -> anyhow::Result<Reception> {
        let mut reception = Reception::default();
        for entry in entries {
            if let Some(webhook) = &entry.webhook {
                let signing = signing(&entry.name, webhook)?;
                reception = reception.with(&entry.name, self.key(&entry.name)?, signing);
            }
        }
        Ok(reception)
    }

    fn key(&self, provider: &str) -> anyhow::Result<WebhookKey> {
        self.key.clone().with_context(|| {
            format!(
                "the provider `{provider}` has webhooks on, and nothing shows which of their addresses are ours: set \
                 COOLY_WEBHOOK_KEY to the same secret for every process, such as of `openssl rand -hex 32`"
            )
        })
    }
}

fn signing(provider: &str, webhook: &WebhookEntry) -> anyhow::Result<Signing> {
    match &webhook.signature {
        Signature::Fal { keys_url } => {
            let keys = KeySet::at(keys_url.as_deref().unwrap_or(KeySet::OF_FAL));
            Ok(Signing::Fal(keys.context("TLS cannot be set up on this machine")?))
        }
        Signature::Replicate { secret_env } => {
            let secret = StandardSecret::parse(&secret(provider, secret_env)?);
            Ok(Signing::Standard(secret.with_context(|| format!("{secret_env} cannot be used"))?))
        }
        Signature::Described { report, id, secret_env } => {
            let secret = secret_env.as_deref().map(|variable| secret(provider, variable)).transpose()?;
            let described = Described::new(report, secret.as_deref().map_or("", |secret| secret), id);
            let variable = secret_env.as_deref().unwrap_or_default();
            Ok(Signing::Described(described.with_context(|| format!("{variable} cannot be used"))?))
        }
    }
}

fn secret(provider: &str, variable: &str) -> anyhow::Result<Zeroizing<String>> {
    let secret = Zeroizing::new(std::env::var(variable).unwrap_or_default());
    anyhow::ensure!(
        !secret.is_empty(),
        "the secret that the provider `{provider}` signs webhooks with is missing: set {variable} in the environment of \
         the API"
    );
    Ok(secret)
}
