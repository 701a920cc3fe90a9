//! Turns HTTP into commands and queries, and refusals into problem documents.
//!
//! `serve` is how a request is served, whatever it asks; `words` are the values that mean the same everywhere; `resources`
//! are what can be asked, by who asks it. This crate decides nothing about credits or jobs, knows no queue and no provider,
//! and writes to no table.

mod app;
mod error;
pub mod examples;
mod options;
mod resources;
mod serve;
mod service;
mod words;

pub use error::Error;
pub use options::{ApiOptions, Limits, Warnings};
pub use serve::auth;
pub use serve::observe::{Ailment, Observed, observe};
pub use service::openapi_document;

use app::App;
use resources::operate::problem_page;
use serve::server;
use serve::shell::Shell;
use service::Service;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves on a bound listener until shutdown, then finishes the requests in work within `limits.drain`.
pub async fn serve(
    listener: TcpListener,
    options: ApiOptions,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let app = App::new(options, shutdown.clone())?;
    let limits = app.limits.clone();
    let shell = Shell::new(app, Service::new(), problem_page::page);
    server::serve(listener, shell, &limits, &shutdown).await?;
    Ok(())
}
