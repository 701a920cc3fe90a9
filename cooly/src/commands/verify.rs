//! `cooly verify`: proves the books from the database, or names every breach and ends with exit code 1.

use super::database::{Opened, require_schema};
use crate::cli::VerifyOptions;
use crate::home::Home;
use crate::{progress, wiring};
use anyhow::Context;
use ledger::seal::{SealReport, Trust, verify_seals};
use ledger::{Database, Role};
use serde_json::json;
use std::process::ExitCode;
use tokio_postgres::Client;

pub(crate) async fn run(options: VerifyOptions) -> anyhow::Result<ExitCode> {
    let trust = trust(&options)?;
    let opened = Opened::for_tool(&options.database, &options.home).await?;
    let breaches = verify(&opened.database, &options, &trust).await;
    opened.stop().await;
    let breaches = breaches?;
    for breach in &breaches {
        println!("{breach}");
    }
    if breaches.is_empty() {
        if !options.json {
            println!("verified: every invariant holds");
        }
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("cooly: {} breaches; the first: {}", breaches.len(), breaches[0]);
    Ok(ExitCode::FAILURE)
}

/// The keys that were given, or the one of this machine; none if there is none.
fn trust(options: &VerifyOptions) -> anyhow::Result<Trust> {
    let mut keys = wiring::trusted_keys(&options.trust.trust)?;
    // Who names a key knows that the log is sealed; the key of this machine may be younger than its log.
    let sealed = !keys.is_empty();
    if keys.is_empty() {
        let own = match wiring::seal_key(&options.key)? {
            Some(key) => Some(key),
            None if options.database.database_url.is_none() => {
                Home::existing_seal_key(&options.home.data_dir)?
            }
            None => None,
        };
        keys.extend(own.map(|key| key.public_key()));
    }
    Ok(Trust { keys, kept: options.kept.clone(), sealed })
}

async fn verify(database: &Database, options: &VerifyOptions, trust: &Trust) -> anyhow::Result<Vec<String>> {
    require_schema(database).await?;
    let mut client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    let bar = progress::bar("log");
    let found = ledger::verify::log_breaches(&mut client, usize::MAX, |done, total| {
        progress::show(&bar, done, total)
    })
    .await;
    bar.finish_and_clear();
    let mut breaches: Vec<String> = found?
        .iter()
        .map(|breach| if options.json { json!(breach).to_string() } else { breach.to_string() })
        .collect();
    breaches.extend(rights(&client, options).await?);
    breaches.extend(seals(&mut client, options, trust).await?);
    if options.log_only {
        return Ok(breaches);
    }
    let bar = progress::bar("read models");
    let found =
        projections::compare_with_replay(database, |done, total| progress::show(&bar, done, total)).await;
    bar.finish_and_clear();
    breaches.extend(found?.iter().map(|difference| {
        let (model, detail) = (difference.model, &difference.detail);
        if options.json {
            json!({ "invariant": "projections", "read_model": model.name(), "detail": detail }).to_string()
        } else {
            format!("projections: {model}: {detail}")
        }
    }));
    Ok(breaches)
}

/// Roles, rights and guards that the database lacks.
async fn rights(client: &Client, options: &VerifyOptions) -> anyhow::Result<Vec<String>> {
    let missing = migrations::missing_rights(client).await?;
    Ok(missing
        .iter()
        .map(|missing| {
            if options.json {
                json!({ "invariant": "rights", "detail": missing.to_string(), "mend": missing.mend() })
                    .to_string()
            } else {
                format!("rights: {missing} is missing; `cooly migrate` mends it")
            }
        })
        .collect())
}

async fn seals(client: &mut Client, options: &VerifyOptions, trust: &Trust) -> anyhow::Result<Vec<String>> {
    let bar = progress::bar("seals");
    let report =
        verify_seals(client, trust, usize::MAX, |done, total| progress::show(&bar, done, total)).await;
    bar.finish_and_clear();
    let report = report?;
    // To standard error: the output is breaches and nothing else.
    tell(&report, trust);
    let line = |breach| if options.json { json!(breach).to_string() } else { format!("{breach}") };
    Ok(report.breaches.iter().map(line).collect())
}

/// Says what the seals cover, and how much their signatures are worth.
fn tell(report: &SealReport, trust: &Trust) {
    let Some(newest) = &report.newest else {
        eprintln!("cooly: the log has no seals; a worker with COOLY_SEAL_KEY makes them");
        return;
    };
    eprintln!(
        "cooly: {} seals over {} events, {} not sealed yet; keep this elsewhere for `--kept`: {newest}",
        report.seals, report.events, report.unsealed
    );
    if let Some(since) = report.oldest_unsealed.filter(|_| report.unsealed > 0) {
        eprintln!("cooly: the oldest event that is not sealed yet was recorded at {}", since.to_rfc3339());
    }
    if trust.keys.is_empty() {
        let keys: Vec<_> = report.keys.iter().map(ToString::to_string).collect();
        eprintln!(
            "cooly: no key to trust was given, so the seals prove only that log and seals fit together, not who made \
             them; signed by {}; give the key that you know with --trust",
            keys.join(", ")
        );
    }
}
