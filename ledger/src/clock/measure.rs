//! Asks the database what time it is: once before the first command, then again and again, and at once when the two
//! clocks seem apart (a machine that slept, or whose clock was set).

use super::{Anchor, Clock, ClockSource, MAX_SKEW};
use crate::database::{Database, Role};
use crate::error::{Error, chain};
use crate::store::clock::DATABASE_CLOCK;
use chrono::{TimeDelta, Utc};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_postgres::{Client, Statement};

/// Questions of one measurement: the one that was answered fastest counts.
const QUESTIONS: usize = 3;
const EVERY: Duration = Duration::from_secs(10);
/// So that a clock that stays wrong does not keep the database busy.
const AT_MOST_EVERY: Duration = Duration::from_millis(200);
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// A clock that has been measured, and the work that keeps it so until the ledger closes.
pub(crate) async fn watch(
    database: &Database,
    source: ClockSource,
    mut closing: watch::Receiver<bool>,
) -> Result<(Clock, Option<impl Future<Output = ()> + Send + 'static>), Error> {
    if let ClockSource::Manual(_) = source {
        let unused = Anchor { database: Utc::now(), arrived: Instant::now(), round_trip: TimeDelta::zero() };
        return Ok((Clock::new(source, unused), None));
    }
    let mut asker = Asker::connect(database).await?;
    let clock = Clock::new(source, asker.ask().await?);
    let mut watched = Watched { clock: clock.clone(), apart: false };
    watched.report();
    let database = database.clone();
    let work = async move {
        loop {
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => return,
                () = tokio::time::sleep(EVERY) => {}
                () = watched.clock.inner.suspected.notified() => {}
            }
            match asker.ask_again(&database).await {
                Ok(anchor) => watched.clock.set(anchor),
                // The monotonic clock carries the last answer on.
                Err(error) => tracing::warn!(error = %chain(&error), "the database's clock cannot be read"),
            }
            watched.report();
            tokio::time::sleep(AT_MOST_EVERY).await;
        }
    };
    Ok((clock, Some(work)))
}

struct Asker {
    client: Client,
    question: Statement,
}

impl Asker {
    async fn connect(database: &Database) -> Result<Asker, Error> {
        let client = database.connect(Role::Reader).await?;
        let question = client.prepare(DATABASE_CLOCK).await?;
        Ok(Asker { client, question })
    }

    async fn ask_again(&mut self, database: &Database) -> Result<Anchor, Error> {
        if self.client.is_closed() {
            *self = tokio::time::timeout(LONGEST_ANSWER, Asker::connect(database))
                .await
                .map_err(|_| Error::Unavailable)??;
        }
        self.ask().await
    }

    async fn ask(&self) -> Result<Anchor, Error> {
        let questions = async {
            let mut best = self.ask_once().await?;
            for _ in 1..QUESTIONS {
                let next = self.ask_once().await?;
                if next.round_trip < best.round_trip {
                    best = next;
                }
            }
            Ok(best)
        };
        tokio::time::timeout(LONGEST_ANSWER, questions).await.unwrap_or(Err(Error::Unavailable))
    }

    async fn ask_once(&self) -> Result<Anchor, Error> {
        let asked = Instant::now();
        let database = self.client.query_one(&self.question, &[]).await?.try_get(0)?;
        let arrived = Instant::now();
        let round_trip = TimeDelta::from_std(arrived - asked).unwrap_or(TimeDelta::MAX);
        Ok(Anchor { database, arrived, round_trip })
    }
}

struct Watched {
    clock: Clock,
    apart: bool,
}

impl Watched {
    /// Keeps the metric, and says it once when the clocks come apart and once when they agree again.
    fn report(&mut self) {
        let skew = self.clock.skew();
        let seconds = skew.num_milliseconds() as f64 / 1_000.0;
        metrics::gauge!("ledger_clock_skew_seconds").set(seconds);
        let apart = skew.abs() > MAX_SKEW;
        if apart && !self.apart {
            tracing::error!(
                ahead_seconds = seconds,
                "this machine's clock and the database's are apart: nothing is written until both are set right"
            );
        } else if self.apart && !apart {
            tracing::info!(ahead_seconds = seconds, "the clocks agree again");
        }
        self.apart = apart;
    }
}
