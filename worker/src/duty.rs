//! Keeping duties alive: each starts over after a failure, and some run in one process at a time.

use crate::error::Error;
use crate::station::Station;
use futures::FutureExt;
use ledger::error_chain;
use projections::lease::run_while_held;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A duty that ran this long before it failed starts over at once.
const LONG_ENOUGH: Duration = Duration::from_secs(30);

/// Runs a duty until it returns by itself or `shutdown` comes; after a failure or a panic it starts over.
pub(crate) async fn supervise<Duty, Running>(
    name: &'static str,
    shutdown: CancellationToken,
    station: Arc<Station>,
    duty: Duty,
) where
    Duty: Fn(Arc<Station>, CancellationToken) -> Running,
    Running: Future<Output = Result<(), Error>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let begun = Instant::now();
        // On the heap: duties are large, and they nest.
        let running = Box::pin(duty(Arc::clone(&station), shutdown.clone()));
        match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => tracing::warn!(duty = name, error = %error_chain(&error), "a duty starts over"),
            // The panic itself is printed by the hook.
            Err(_panic) => tracing::error!(duty = name, "a duty panicked and starts over"),
        }
        metrics::counter!("cooly_duty_failures_total", "duty" => name).increment(1);
        if begun.elapsed() > LONG_ENOUGH {
            pause = FIRST_PAUSE;
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Performs a duty of which there is one, whenever this process holds its lease. `duty` gets the lease's
/// fencing number and a token that is cancelled when the lease is lost or at `shutdown`.
pub(crate) async fn lead<Duty, Running>(
    name: &'static str,
    station: Arc<Station>,
    shutdown: CancellationToken,
    duty: Duty,
) -> Result<(), Error>
where
    Duty: Fn(Arc<Station>, i64, CancellationToken) -> Running,
    Running: Future<Output = Result<(), Error>>,
{
    let duty = &duty;
    let (pool, owner, ttl) = (&station.writer, &station.identity, station.timings.duty_lease);
    run_while_held(pool, &station.alive, name, owner, ttl, shutdown, |fencing, held| {
        supervise(name, held, Arc::clone(&station), move |station, held| duty(station, fencing, held))
    })
    .await;
    Ok(())
}
