//! `cooly export`: the log, or one account, as a file or on standard output.
//!
//! A file is written under a temporary name beside its place and renamed once it is whole and on the disk, with its
//! manifest beside it. Whatever fails before leaves nothing under the name that was asked for.

use super::database::{Opened, require_schema};
use crate::cli::{ExportDataset, ExportFormat, ExportOptions};
use crate::{progress, shutdown};
use anyhow::{Context, bail};
use indicatif::ProgressBar;
use ledger::export::{Dataset, Export, Format, Manifest, Selection};
use ledger::{Database, Role};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) async fn run(options: ExportOptions) -> anyhow::Result<ExitCode> {
    let selection = selection(&options);
    anyhow::ensure!(!selection.is_backwards(), "--until must not lie before --since");
    let format = format(&options);
    let opened = Opened::for_tool(&options.database, &options.home).await?;
    let exported = tokio::select! {
        exported = export(&opened.database, &options, selection, format) => exported,
        signalled = shutdown::signalled() => signalled.and_then(|()| bail!("interrupted: the export is not whole")),
    };
    opened.stop().await;
    let manifest = exported?;
    if let Some(out) = &options.out {
        println!("{}: {} events, {} seals", out.display(), manifest.events, manifest.seals);
    }
    Ok(ExitCode::SUCCESS)
}

fn selection(options: &ExportOptions) -> Selection {
    Selection {
        dataset: match options.dataset {
            ExportDataset::Events => Dataset::Events,
            ExportDataset::Seals => Dataset::Seals,
        },
        account: options.user.as_ref().map(ledger::UserId::account),
        since: options.since,
        until: options.until,
    }
}

fn format(options: &ExportOptions) -> Format {
    match options.format {
        ExportFormat::Ndjson => Format::Ndjson,
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Parquet => Format::Parquet,
    }
}

async fn export(
    database: &Database,
    options: &ExportOptions,
    selection: Selection,
    format: Format,
) -> anyhow::Result<Manifest> {
    require_schema(database).await?;
    let client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    let mut export = Export::open(client, selection, format).await?;
    let bar = progress::bar("export");
    let written = match &options.out {
        Some(out) => to_file(&mut export, out, &bar).await,
        None => copy(&mut export, &mut io::stdout(), &bar)
            .await
            .context("standard output does not take the export"),
    };
    bar.finish_and_clear();
    let manifest = written?;
    let beside = options.out.as_deref().map(|out| with_suffix(out, ".manifest.json"));
    if let Some(path) = options.manifest.clone().or(beside) {
        let line = manifest.to_json() + "\n";
        std::fs::write(&path, line)
            .with_context(|| format!("the manifest {} cannot be written", path.display()))?;
    }
    Ok(manifest)
}

async fn to_file(export: &mut Export, out: &Path, bar: &ProgressBar) -> anyhow::Result<Manifest> {
    let partial = Partial(with_suffix(out, &format!(".{}.partial", std::process::id())));
    let cannot = || format!("{} cannot be written", out.display());
    let mut file = File::create(&partial.0).with_context(cannot)?;
    let manifest = copy(export, &mut file, bar).await.with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    std::fs::rename(&partial.0, out).with_context(cannot)?;
    Ok(manifest)
}

/// A file that is removed unless it was renamed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Not there any more once it was renamed.
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn copy(export: &mut Export, out: &mut impl Write, bar: &ProgressBar) -> anyhow::Result<Manifest> {
    while let Some(chunk) = export.next_chunk().await? {
        out.write_all(&chunk)?;
        match export.progress() {
            Some((done, total)) => progress::show(bar, done, total),
            None => bar.set_position(export.events()),
        }
    }
    out.flush()?;
    export.manifest().cloned().context("the export ended without a manifest")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
