//! Keeps what is spent at a provider in a day within its cap.
//!
//! Work is counted before it is sent, at what the catalogue says that it costs, by one statement that also decides: so any
//! number of workers together stay within the cap. What a provider refuses before any work is taken off again. Everything
//! else stays counted, whatever became of it: an answer that was lost, a worker that died, a task that failed later. So the
//! sum may be too high and is not too low, as far as the catalogue knows what things cost. Where it cannot be read,
//! nothing is bought.

mod measure;
mod table;

pub(crate) use measure::measure;
pub(crate) use table::today;

use crate::error::Error;
use crate::provider::ProviderFailure;
use crate::station::Station;
use chrono::NaiveDate;
use ledger::catalogue::Route;
use ledger::error_chain;
use rust_decimal::Decimal;
use std::time::Duration;

/// After the sum could not be read.
const PAUSE: Duration = Duration::from_secs(5);

/// Of a cap, in percent: when so much is spent somebody should know.
const WARN_PERCENT: Decimal = Decimal::from_parts(80, 0, 0, false, 0);

/// What was counted for one call of a provider.
#[derive(Debug)]
pub(crate) struct Bought {
    provider: String,
    day: NaiveDate,
    usd: Decimal,
}

/// Counts what a request for this model costs at this route before it is sent; `None` if its provider has no cap.
///
/// # Errors
/// Why nothing may be sent; another provider may be asked.
pub(crate) async fn buy(
    station: &Station,
    cap: Option<Decimal>,
    (model, route): (&str, &Route),
    usd: Option<Decimal>,
) -> Result<Option<Bought>, ProviderFailure> {
    let Some(cap) = cap else { return Ok(None) };
    let Some(usd) = usd else {
        tracing::error!(
            provider = route.provider,
            "a route of a provider with a daily cap does not say what it costs"
        );
        return Err(ProviderFailure::spend_unknown(station.timings.cap_again));
    };
    let counted = count(station, &route.provider, usd, cap).await;
    if let Ok(Err(_too_dear)) = &counted {
        station.governing.was_too_dear(&route.provider, model, usd);
    }
    counted.unwrap_or_else(|error| {
        tracing::warn!(error = %error_chain(&error), "what was spent today cannot be read, so nothing is bought");
        Err(ProviderFailure::spend_unknown(PAUSE))
    })
}

/// Takes off again what a provider surely does not charge.
pub(crate) async fn give_back(station: &Station, bought: &Bought) {
    let taken_off = async {
        let client = station.spender.get().await?;
        table::give_back(&**client, &bought.provider, bought.day, bought.usd).await
    };
    let taken_off: Result<(), Error> = taken_off.await;
    if let Err(error) = taken_off {
        tracing::warn!(error = %error_chain(&error), provider = bought.provider, "what was not bought stays counted");
    }
}

async fn count(
    station: &Station,
    provider: &str,
    usd: Decimal,
    cap: Decimal,
) -> Result<Result<Option<Bought>, ProviderFailure>, Error> {
    let client = station.spender.get().await?;
    let Some(counted) = table::buy(&**client, provider, usd, cap).await? else {
        if table::reached(&**client, provider, cap).await? {
            metrics::counter!("cooly_provider_caps_reached_total", "provider" => provider.to_owned())
                .increment(1);
            tracing::error!(provider, cap_usd = %cap, "the daily cap of a provider is reached: nothing more is bought there today");
        }
        let wait = table::left_of_today(&**client).await?.min(station.timings.cap_again);
        return Ok(Err(ProviderFailure::spend_cap(wait)));
    };
    let is_most = counted.usd * Decimal::ONE_HUNDRED >= cap * WARN_PERCENT;
    if is_most && !counted.is_warned && table::warn(&**client, provider, counted.day, cap).await? {
        tracing::warn!(provider, spent_usd = %counted.usd, cap_usd = %cap, "most of a provider's daily cap is spent");
    }
    Ok(Ok(Some(Bought { provider: provider.to_owned(), day: counted.day, usd })))
}
