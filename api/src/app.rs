//! What the operations share: one value for the life of the server, reached through the request.

use crate::error::Error;
use crate::options::{ApiOptions, Limits, Warnings};
use crate::resources::user::feed::Feed;
use crate::serve::auth::{Gate, Keys, Validity};
use crate::serve::failure;
use crate::serve::listing::Places;
use crate::serve::problem::Problem;
use crate::serve::shell::Throttle;
use chrono::{DateTime, Utc};
use deadpool_postgres::{Object, Pool};
use ledger::catalogue::Catalogue;
use ledger::{Credits, Database, Ledger, Position, Role, mark};
use metrics_exporter_prometheus::PrometheusHandle;
use object_store::ObjectStore;
use poem::Request;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use webhooks::Reception;

/// Connections for bulk actions: orders of admins are few.
const OPERATORS: usize = 2;

/// How long whoever is writing to the log is waited for by those who must know where it ends.
const MARK_PATIENCE: Duration = Duration::from_secs(2);

/// Longest that anything goes on that one request began.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// An API key may ask so many times as often as one user: one for a back end asks for many.
const USERS_OF_KEY: u32 = 10;

/// Sums over the whole log at once: each has a database connection of its own, and others wait for their turn.
const BOOKS: usize = 2;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    shared: Arc<Shared>,
}

/// The parts.
pub(crate) struct Shared {
    pub ledger: Ledger,
    pub pool: Pool,
    /// For writing down what providers report, and for nothing else.
    pub reports: Pool,
    /// For ordering bulk actions and changing their state.
    operators: Pool,
    /// For what must not take a place in the pool.
    pub database: Database,
    pub outputs: Arc<dyn ObjectStore>,
    pub keep_outputs: Option<Duration>,
    /// Checks tokens.
    pub keys: Keys,
    /// Checks API keys.
    pub gate: Gate,
    pub feed: Feed,
    pub throttle: Throttle,
    /// How often one API key may ask, whomever it names and whatever it is answered.
    pub bearers: Throttle,
    /// Permits for `Prefer: wait`.
    pub waits: Semaphore,
    /// Permits for uploads that are worked on as they come.
    pub uploads: Arc<Semaphore>,
    /// Permits for exports of the log.
    pub exports: Arc<Semaphore>,
    /// Places for exports of lists.
    pub list_exports: Arc<Places>,
    /// Permits for sums over the whole log.
    pub books: Semaphore,
    pub dev_tokens: bool,
    pub open_metrics: bool,
    pub metrics: PrometheusHandle,
    pub warnings: Option<Warnings>,
    pub top_up_url: Option<String>,
    low_balance: Option<Credits>,
    /// Whether customers' webhooks may go to addresses that are not public.
    pub private_hooks: bool,
    pub limits: Limits,
    pub shutdown: CancellationToken,
    catalogue: watch::Receiver<Arc<Catalogue>>,
    reception: watch::Receiver<Arc<Reception>>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl App {
    /// Starts the feed, and what keeps keys up to date; connects to no database yet.
    pub(crate) fn new(options: ApiOptions, shutdown: CancellationToken) -> Result<App, Error> {
        let limits = options.limits;
        let pool = options.database.pool(Role::Reader, limits.database_connections)?;
        let reports = options.database.pool(Role::Appender, limits.report_connections)?;
        let operators = options.database.pool(Role::Operator, OPERATORS)?;
        let clock = options.ledger.clock().clone();
        let gate = Gate::new(options.environment, clock, pool.clone(), operators.clone());
        let shared = Shared {
            ledger: options.ledger,
            gate,
            feed: Feed::spawn(pool.clone(), options.mark, shutdown.clone()),
            pool,
            reports,
            operators,
            database: options.database,
            outputs: options.outputs,
            keep_outputs: options.keep_outputs,
            keys: options.keys,
            throttle: Throttle::new(limits.requests_per_second, limits.burst),
            bearers: Throttle::new(
                limits.requests_per_second.saturating_mul(USERS_OF_KEY),
                limits.burst.saturating_mul(USERS_OF_KEY),
            ),
            waits: Semaphore::new(limits.waits),
            uploads: Arc::new(Semaphore::new(limits.uploads)),
            exports: Arc::new(Semaphore::new(limits.exports)),
            list_exports: Places::new(limits.list_exports, limits.list_exports_of_one),
            books: Semaphore::new(BOOKS),
            dev_tokens: options.dev_tokens,
            open_metrics: options.open_metrics,
            metrics: options.metrics,
            warnings: options.warnings,
            top_up_url: options.top_up_url,
            low_balance: options.low_balance,
            private_hooks: options.private_hooks,
            limits,
            shutdown,
            catalogue: options.catalogue,
            reception: options.reception,
        };
        let app = App { shared: Arc::new(shared) };
        tokio::spawn(app.keys.clone().follow(app.shutdown.clone()));
        let watched = app.clone();
        tokio::spawn(async move { watched.gate.follow(&watched.shutdown).await });
        Ok(app)
    }

    /// The app that serves this request.
    pub(crate) fn of(request: &Request) -> Result<App, Problem> {
        let app = request.extensions().get::<App>().cloned();
        app.ok_or_else(|| Problem::internal("a request came in around the shell"))
    }

    /// What time it is for the ledger: what lapses and what is valid is compared with nothing else.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.ledger.clock().now()
    }

    /// Returns once a token or a key is good no more, or after a day: either may live longer than a timer can run.
    pub(crate) async fn over(&self, validity: Validity) {
        let left = validity.expires_at.map_or(LONGEST, |end| (end - self.now()).to_std().unwrap_or_default());
        let timed = tokio::time::sleep(left.min(LONGEST));
        match validity.key {
            None => timed.await,
            Some(key) => tokio::select! {
                () = timed => {}
                () = self.gate.ended(key) => {}
            },
        }
    }

    /// The models on offer now. One answer takes one of them.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.borrow())
    }

    /// Below which a balance counts as low.
    pub(crate) fn low_balance(&self) -> Credits {
        self.low_balance.unwrap_or_else(|| self.catalogue().low_balance())
    }

    /// Where the log ends now: all that was written before lies up to it. What this process follows of the log lags behind that.
    pub(crate) async fn end_of_log(&self) -> Result<Position, Problem> {
        let client = self.reader().await?;
        mark::settled(&client, MARK_PATIENCE).await?.ok_or_else(|| {
            let detail =
                "a transaction has been writing to the log for too long; try again when it has ended";
            Problem::unavailable("log_unsettled", detail)
        })
    }

    /// The providers that may report now.
    pub(crate) fn reception(&self) -> Arc<Reception> {
        Arc::clone(&self.reception.borrow())
    }

    /// A connection for bulk actions. Everything else is served without the role that this needs.
    pub(crate) async fn operator(&self) -> Result<Object, Problem> {
        self.operators.get().await.map_err(failure::of_operators)
    }

    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<Object, Problem> {
        Ok(self.pool.get().await?)
    }
}
