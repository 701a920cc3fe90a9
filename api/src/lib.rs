//! Turns HTTP into commands and queries, and refusals into problem documents.
//!
//! `resources` has one file a resource; `shell` stands around all of them; `auth`, `body`, `cursor`, `idempotency` and
//! `scalars` read requests strictly; `problem` is every way of saying no; `feed` tells who is waiting what changed;
//! `server` accepts and drains connections. This crate decides nothing about credits or jobs, knows no queue and
//! no provider, and writes to no table.

mod app;
mod as_of;
pub mod auth;
mod body;
mod bulk_grants;
mod csv;
mod cursor;
mod declared;
mod document;
mod download;
mod error;
mod failure;
mod feed;
mod freshness;
mod generation;
mod holdings;
mod idempotency;
mod observe;
mod options;
mod orders;
mod preference;
mod problem;
mod resources;
mod scalars;
mod server;
mod service;
mod shell;
mod statement;
mod static_file;

pub use error::Error;
pub use observe::{Ailment, Observed, observe};
pub use options::{ApiOptions, Limits, Warnings};
pub use service::openapi_document;

use app::App;
use service::Service;
use shell::Shell;
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
    server::serve(listener, Shell::new(app, Service::new()), &limits, &shutdown).await?;
    Ok(())
}
