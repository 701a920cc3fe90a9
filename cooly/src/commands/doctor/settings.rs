//! The settings that a person writes: keys, and the file of models and providers.

use super::finding::Finding;
use crate::cli::{DoctorOptions, DoctorRole};
use crate::outside::Outside;
use crate::{catalog, wiring};

pub(super) fn look(options: &DoctorOptions) -> Vec<Finding> {
    let mut findings = Vec::new();
    if options.role.serves_requests() {
        findings.push(tokens(options));
    }
    if options.role.runs_jobs() {
        findings.push(seals(options));
    }
    if options.role != DoctorRole::Projector {
        findings.extend(models(options));
        findings.extend(webhooks(options));
    }
    findings
}

fn tokens(options: &DoctorOptions) -> Finding {
    const TOPIC: &str = "tokens";
    match wiring::configured_keys(&options.auth) {
        Ok(Some(_)) => {
            let (issuer, audience) = (&options.auth.jwt_issuer, &options.auth.jwt_audience);
            Finding::ok(TOPIC, format!("the key can be used; tokens must name {issuer} and {audience}"))
        }
        Ok(None) => Finding::warn(
            TOPIC,
            "no key is configured: the API makes one for itself and listens on loopback only",
            "set COOLY_JWT_SECRET, COOLY_JWT_PUBLIC_KEY or COOLY_JWT_JWKS_URL",
        ),
        Err(error) => Finding::fail(TOPIC, format!("{error:#}"), "mend the key"),
    }
}

fn seals(options: &DoctorOptions) -> Finding {
    const TOPIC: &str = "seals";
    match wiring::seal_key(&options.seals) {
        Ok(Some(key)) => Finding::ok(TOPIC, format!("the log is sealed for {}", key.public_key())),
        Ok(None) => Finding::warn(
            TOPIC,
            "no key is configured: nobody seals the log, unless another worker does",
            "make a key with `cooly seal-key` and set COOLY_SEAL_KEY for the workers",
        ),
        Err(error) => Finding::fail(TOPIC, format!("{error:#}"), "mend the key"),
    }
}

fn models(options: &DoctorOptions) -> Vec<Finding> {
    const TOPIC: &str = "models";
    let file = options.catalog.catalog.as_deref();
    let listing = match catalog::read(file) {
        Ok(listing) => listing,
        Err(error) => {
            let remedy = "mend it; `cooly catalog check FILE` says the same";
            return vec![Finding::fail(TOPIC, format!("{error:#}"), remedy)];
        }
    };
    let count = listing.catalogue.models().count();
    let found = format!("{count} on offer, made by {} providers", listing.providers.len());
    let mut findings = vec![match file {
        Some(_) => Finding::ok(TOPIC, found),
        None => Finding::warn(TOPIC, "the simulated models are on offer", "set COOLY_CATALOG to sell yours"),
    }];
    findings.extend(
        listing.warnings.iter().map(|warning| Finding::warn(TOPIC, warning.clone(), "look at the catalogue")),
    );
    // The API never asks a provider, so it needs none of the keys.
    if options.role.runs_jobs() {
        findings.extend(
            listing
                .unset
                .iter()
                .map(|unset| Finding::fail(TOPIC, unset.clone(), "set it in the environment of the workers")),
        );
    }
    findings
}

/// Providers that report must be told where to, and what they send be proved.
fn webhooks(options: &DoctorOptions) -> Vec<Finding> {
    const TOPIC: &str = "webhooks";
    let Ok(listing) = catalog::read(options.catalog.catalog.as_deref()) else { return Vec::new() };
    let reporting: Vec<_> = listing.providers.into_iter().filter(|entry| entry.webhook.is_some()).collect();
    if reporting.is_empty() {
        return Vec::new();
    }
    let tried = Outside::configured(&options.webhooks).and_then(|outside| {
        reporting.iter().try_for_each(|entry| outside.address(entry).map(drop))?;
        if options.role.serves_requests() {
            outside.reception(&reporting)?;
        }
        Ok(())
    });
    let names: Vec<&str> = reporting.iter().map(|entry| entry.name.as_str()).collect();
    vec![match tried {
        Ok(()) => Finding::ok(TOPIC, format!("{} can report here", names.join(", "))),
        Err(error) => Finding::fail(TOPIC, format!("{error:#}"), "set it, the same for every process"),
    }]
}
