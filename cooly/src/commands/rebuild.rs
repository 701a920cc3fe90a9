//! `cooly rebuild`: fills one read model anew beside the old one and switches to it.

use super::database::{Opened, require_schema};
use crate::cli::RebuildOptions;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use ledger::Role;
use std::process::ExitCode;

pub(crate) async fn run(options: RebuildOptions) -> anyhow::Result<ExitCode> {
    let opened = Opened::for_tool(&options.database, &options.home).await?;
    let rebuilt = async {
        require_schema(&opened.database).await?;
        let mut client =
            opened.database.connect(Role::Owner).await.context("the database cannot be reached")?;
        let style = ProgressStyle::with_template("[{bar:30}] {human_pos}/{human_len} events, {eta} left")?;
        let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
        projections::rebuild(&mut client, &options.read_model, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })
        .await?;
        bar.finish_and_clear();
        anyhow::Ok(())
    };
    let rebuilt = rebuilt.await;
    opened.stop().await;
    rebuilt?;
    println!("{} was rebuilt from the log", options.read_model);
    Ok(ExitCode::SUCCESS)
}
