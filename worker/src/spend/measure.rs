//! Tells what is spent and what may be.

use super::table;
use crate::error::Error;
use crate::station::Station;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(15);

/// Tells until `shutdown`.
pub(crate) async fn measure(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    while !shutdown.is_cancelled() {
        round(&station).await?;
        shutdown.run_until_cancelled(sleep(EVERY)).await;
    }
    Ok(())
}

async fn round(station: &Station) -> Result<(), Error> {
    let offer = station.offer();
    if offer.daily_caps.is_empty() {
        return Ok(());
    }
    let capped: Vec<&str> = offer.daily_caps.keys().map(String::as_str).collect();
    let client = station.reader.get().await?;
    for (provider, usd) in table::today(&**client, &capped).await? {
        if let Some(cap) = offer.daily_caps.get(&provider) {
            metrics::gauge!("cooly_provider_spend_cap_usd", "provider" => provider.clone()).set(shown(*cap));
        }
        metrics::gauge!("cooly_provider_spend_usd", "provider" => provider).set(shown(usd));
    }
    Ok(())
}

/// For people to look at; nothing is decided by it.
fn shown(usd: Decimal) -> f64 {
    usd.to_f64().unwrap_or(f64::NAN)
}
