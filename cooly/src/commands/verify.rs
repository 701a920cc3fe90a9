//! `cooly verify`: proves the books from the database, or names every breach and ends with exit code 1.

use super::database::{Opened, require_schema};
use crate::cli::VerifyOptions;
use crate::progress;
use anyhow::Context;
use ledger::{Database, Role};
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(options: VerifyOptions) -> anyhow::Result<ExitCode> {
    let opened = Opened::for_tool(&options.database, &options.home).await?;
    let breaches = verify(&opened.database, &options).await;
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

async fn verify(database: &Database, options: &VerifyOptions) -> anyhow::Result<Vec<String>> {
    require_schema(database).await?;
    let mut client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    let bar = progress::bar("log");
    let found =
        ledger::verify::log_breaches(&mut client, |done, total| progress::show(&bar, done, total)).await;
    bar.finish_and_clear();
    let mut breaches: Vec<String> = found?
        .iter()
        .map(|breach| if options.json { json!(breach).to_string() } else { breach.to_string() })
        .collect();
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
