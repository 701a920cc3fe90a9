//! `cooly verify`: proves the books from the database, or names every breach and ends with exit code 1.

use super::database::{Opened, require_schema};
use crate::cli::VerifyOptions;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
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
    let bar = bar("log");
    let found = ledger::verify::log_breaches(&mut client, |done, total| show(&bar, done, total)).await?;
    bar.finish_and_clear();
    let mut breaches: Vec<String> = found
        .iter()
        .map(|breach| if options.json { json!(breach).to_string() } else { breach.to_string() })
        .collect();
    if !options.log_only {
        let bar = self::bar("read models");
        let differences =
            projections::compare_with_replay(&mut client, |done, total| show(&bar, done, total)).await?;
        bar.finish_and_clear();
        breaches.extend(differences.iter().map(|difference| {
            if options.json {
                json!({ "invariant": "projections", "detail": difference.to_string() }).to_string()
            } else {
                format!("projections: {difference}")
            }
        }));
    }
    Ok(breaches)
}

fn bar(what: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{prefix:>12} [{bar:30}] {human_pos}/{human_len} events, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_prefix(what.to_owned())
}

fn show(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}
