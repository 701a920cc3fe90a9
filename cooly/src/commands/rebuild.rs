//! `cooly rebuild`: fills one read model anew beside the old one and switches to it.

use super::database::{Opened, require_own_schema};
use crate::cli::RebuildOptions;
use crate::progress;
use projections::ReadModel;
use std::process::ExitCode;

pub(crate) async fn run(options: RebuildOptions) -> anyhow::Result<ExitCode> {
    let model: ReadModel = options.read_model.parse()?;
    let opened = Opened::for_tool(&options.database, &options.home).await?;
    let rebuilt = rebuild(&opened, model).await;
    opened.stop().await;
    rebuilt?;
    println!("{model} was rebuilt from the log");
    Ok(ExitCode::SUCCESS)
}

async fn rebuild(opened: &Opened, model: ReadModel) -> anyhow::Result<()> {
    require_own_schema(&opened.database).await?;
    let bar = progress::bar(model.name());
    let rebuilt =
        projections::rebuild(&opened.database, model, |done, total| progress::show(&bar, done, total)).await;
    bar.finish_and_clear();
    Ok(rebuilt?)
}
