//! Sending a report, to whatever address it is wanted at, and noting what became of it.

use std::time::Duration;

use reqwest::{Client, header::CONTENT_TYPE, redirect};

use super::sign::Signed;
use crate::providers::record::Report;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) fn client() -> reqwest::Result<Client> {
    Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(PATIENCE).build()
}

/// Sends it once. An address may hold what nobody else should know, so none is logged.
pub(super) async fn send(client: &Client, url: &str, report: &Signed) -> Report {
    let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(report.body.clone());
    for (name, value) in &report.headers {
        request = request.header(*name, value);
    }
    let status = match request.send().await {
        Ok(response) => Some(response.status().as_u16()),
        Err(error) => {
            let error = error.without_url();
            tracing::warn!(%error, "a webhook could not be delivered");
            None
        }
    };
    tracing::info!(status, "a webhook was sent");
    let headers = report.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Report { url: url.to_owned(), headers, body: report.body.clone(), status }
}
