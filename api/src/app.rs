//! What the operations share: one value for the life of the server, reached through the request.

use crate::error::Error;
use crate::options::{ApiOptions, Limits, Warnings};
use crate::resources::user::feed::Feed;
use crate::serve::auth::Keys;
use crate::serve::failure;
use crate::serve::listing::Places;
use crate::serve::problem::Problem;
use crate::serve::shell::Throttle;
use chrono::{DateTime, Utc};
use deadpool_postgres::{Object, Pool};
use ledger::catalogue::Catalogue;
use ledger::{Credits, Database, Ledger, Role};
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

/// A balance is low that does not pay for so many outputs of the cheapest model, or seconds of them.
const LOW_OUTPUTS: u32 = 5;

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
    pub keys: Keys,
    pub feed: Feed,
    pub throttle: Throttle,
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
    /// Starts the feed; connects to nothing yet.
    pub(crate) fn new(options: ApiOptions, shutdown: CancellationToken) -> Result<App, Error> {
        let limits = options.limits;
        let pool = options.database.pool(Role::Reader, limits.database_connections)?;
        let reports = options.database.pool(Role::Appender, limits.report_connections)?;
        let operators = options.database.pool(Role::Operator, OPERATORS)?;
        let shared = Shared {
            ledger: options.ledger,
            feed: Feed::spawn(pool.clone(), options.mark, shutdown.clone()),
            pool,
            reports,
            operators,
            database: options.database,
            outputs: options.outputs,
            keep_outputs: options.keep_outputs,
            keys: options.keys,
            throttle: Throttle::new(limits.requests_per_second, limits.burst),
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
            limits,
            shutdown,
            catalogue: options.catalogue,
            reception: options.reception,
        };
        Ok(App { shared: Arc::new(shared) })
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

    /// The models on offer now. One answer takes one of them.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.borrow())
    }

    /// Below which a balance counts as low: nobody should be told only when nothing can be bought any more.
    pub(crate) fn low_balance(&self) -> Credits {
        let derived = || {
            let catalogue = self.catalogue();
            let lowest = catalogue.models().map(|model| model.price).filter(|price| !price.is_zero()).min();
            lowest.and_then(|price| price.checked_mul(LOW_OUTPUTS)).unwrap_or(Credits::ZERO)
        };
        self.low_balance.unwrap_or_else(derived)
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
