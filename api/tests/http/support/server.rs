//! A running server with a database of its own.

use super::client::Client;
use api::auth::{Environment, Keys, Role};
use api::{ApiOptions, Limits};
use deadpool_postgres::Pool;
use embedded::testing::{TestCluster, TestDatabase};
use ledger::catalogue::{Catalogue, Model, OnUnknown, Pricing, Route};
use ledger::job::{Kind, LateCancel};
use ledger::seal::{PublicKey, SealKey, SealOptions, Sealed, seal_next};
use ledger::{
    Action, Actor, ClockSource, Command, Context, Credits, Database, Ledger, LedgerOptions, MarkWatcher,
    Position, UserId,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use object_store::memory::InMemory;
use projections::ProjectorOptions;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use webhooks::Reception;

pub(crate) const SECRET: &[u8] = b"a secret that only these tests know, of 32 bytes or more";

/// Whether the projector and the mark run beside the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Background {
    Running,
    /// Nothing but requests touches the database.
    Absent,
}

/// How a server is to be.
pub(crate) struct Setup {
    pub limits: Limits,
    pub dev_tokens: bool,
    pub open_metrics: bool,
    pub background: Background,
    /// Through what the server reaches the database, if not directly.
    pub wire: Option<SocketAddr>,
    /// As whom it logs in, with this as the password too, if not as the owner.
    pub login: Option<&'static str>,
    /// Where the ledger has the time from.
    pub clock: ClockSource,
    /// The providers that may report.
    pub reception: Reception,
    pub keep_outputs: Option<Duration>,
    /// Where users get more credits.
    pub top_up_url: Option<String>,
    /// Below which a balance is low.
    pub low_balance: Option<Credits>,
    /// Whose API keys are taken.
    pub environment: Environment,
    /// What tokens are checked with, if not with the secret of the tests.
    pub keys: Option<Keys>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            limits: Limits::default(),
            dev_tokens: false,
            open_metrics: false,
            background: Background::Running,
            wire: None,
            login: None,
            clock: ClockSource::default(),
            reception: Reception::default(),
            keep_outputs: None,
            top_up_url: None,
            low_balance: None,
            environment: Environment::Test,
            keys: None,
        }
    }
}

pub(crate) struct Server {
    pub address: SocketAddr,
    pub keys: Keys,
    pub ledger: Ledger,
    pub outputs: Arc<InMemory>,
    /// As the database's owner.
    pub pool: Pool,
    pub shutdown: CancellationToken,
    pub serving: Option<JoinHandle<Result<(), api::Error>>>,
    background: Background,
    database: Arc<TestDatabase>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Server {
    pub(crate) async fn start() -> Server {
        Server::start_as(Setup::default()).await
    }

    pub(crate) async fn start_as(setup: Setup) -> Server {
        Server::start_on(Arc::new(migrated().await), setup).await
    }

    /// Another server on the same database.
    pub(crate) async fn beside(&self, setup: Setup) -> Server {
        Server::start_on(self.database.clone(), setup).await
    }

    /// Where its Postgres listens.
    pub(crate) fn database_address(&self) -> String {
        self.database.cluster().address()
    }

    async fn start_on(test_database: Arc<TestDatabase>, setup: Setup) -> Server {
        let direct = test_database.url();
        let url = match setup.wire {
            Some(wire) => direct.replace(&test_database.cluster().address(), &wire.to_string()),
            None => direct.to_owned(),
        };
        let url = match (setup.login, url.rsplit_once('@')) {
            (Some(login), Some((_, place))) => format!("postgres://{login}:{login}@{place}"),
            (None, _) => url,
            (Some(_), None) => panic!("no login in the address"),
        };
        let database = Database::new(&url).unwrap();
        let ledger =
            Ledger::open(&database, LedgerOptions { clock: setup.clock, ..LedgerOptions::default() })
                .await
                .unwrap();
        let shutdown = CancellationToken::new();
        let mark = match setup.background {
            Background::Running => project(&database, &ledger, &shutdown),
            // Never moves, and never tells that nobody will move it.
            Background::Absent => Box::leak(Box::new(watch::channel(Position::START))).1.clone(),
        };
        let outputs = Arc::new(InMemory::new());
        let keys = Keys::hs256(SECRET, "cooly", "cooly").unwrap();
        let trusted = setup.keys.unwrap_or_else(|| keys.clone());
        let options = ApiOptions {
            ledger: ledger.clone(),
            database: database.clone(),
            mark,
            catalogue: watch::channel(Arc::new(catalogue())).1,
            reception: watch::channel(Arc::new(setup.reception)).1,
            outputs: outputs.clone(),
            keep_outputs: setup.keep_outputs,
            keys: trusted,
            environment: setup.environment,
            dev_tokens: setup.dev_tokens,
            open_metrics: setup.open_metrics,
            metrics: recorder(),
            warnings: None,
            top_up_url: setup.top_up_url,
            low_balance: setup.low_balance,
            private_hooks: false,
            limits: setup.limits,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Some(tokio::spawn(api::serve(listener, options, shutdown.clone())));
        let pool = Database::new(direct).unwrap().pool(ledger::Role::Owner, 4).unwrap();
        let background = setup.background;
        Server {
            address,
            keys,
            ledger,
            outputs,
            pool,
            shutdown,
            serving,
            background,
            database: test_database,
        }
    }

    /// A client with a token of this role.
    pub(crate) fn client(&self, role: Role, sub: &str) -> Client {
        let token = self.keys.issue(role, &sub.parse().unwrap(), Duration::from_secs(600)).unwrap();
        Client::new(self.address, Some(token))
    }

    pub(crate) fn user(&self, sub: &str) -> Client {
        self.client(Role::User, sub)
    }

    pub(crate) fn admin(&self) -> Client {
        self.client(Role::Admin, "ops")
    }

    pub(crate) fn auditor(&self) -> Client {
        self.client(Role::Auditor, "eve")
    }

    /// A client with an API key, or whatever else is sent as one.
    pub(crate) fn with_key(&self, key: &str) -> Client {
        Client::new(self.address, Some(key.to_owned()))
    }

    pub(crate) fn stranger(&self) -> Client {
        Client::new(self.address, None)
    }

    /// A user that holds so many credits.
    pub(crate) async fn rich_user(&self, sub: &str, credits: u64) -> Client {
        let user: UserId = sub.parse().unwrap();
        let amount = Credits::whole(credits).unwrap();
        let command = Command {
            account: user.account(),
            context: context(),
            idempotency: None,
            action: Action::grant(user, amount, "for a test"),
        };
        self.ledger.execute(command).await.unwrap();
        self.user(sub)
    }

    /// Where the newest event is in the log.
    pub(crate) async fn newest_position(&self) -> i64 {
        let client = self.pool.get().await.unwrap();
        client.query_one("select max(position) from events", &[]).await.unwrap().get(0)
    }

    /// Seals everything that is in the log, in blocks of two events, and returns the public key.
    pub(crate) async fn seal(&self) -> PublicKey {
        let key = SealKey::generate().unwrap().0;
        let newest = Position(self.newest_position().await);
        let client = self.pool.get().await.unwrap();
        let options = SealOptions { block: 2, after: Duration::ZERO };
        client.batch_execute("set role cooly_sealer").await.unwrap();
        while let Sealed::Block(_) = seal_next(&**client, &key, newest, &options).await.unwrap() {}
        client.batch_execute("reset role").await.unwrap();
        key.public_key()
    }

    /// Events in the log.
    pub(crate) async fn log_length(&self) -> i64 {
        let client = self.pool.get().await.unwrap();
        client.query_one("select count(*) from events", &[]).await.unwrap().get(0)
    }

    /// That the books of these users verify, event by event.
    pub(crate) async fn verified(&self, users: &[&str]) {
        for user in users {
            let report = self.auditor().get(&format!("/audit/accounts/{user}/verify")).await.expect(200);
            assert_eq!(report.body["valid"], true, "{user}: {}", report.body);
        }
    }

    /// Waits until the read models show everything that was appended until now.
    pub(crate) async fn caught_up(&self) {
        assert!(self.background == Background::Running, "nothing will ever catch up");
        let newest = {
            let client = self.pool.get().await.unwrap();
            let row = client.query_one("select coalesce(max(position), 0) from events", &[]).await.unwrap();
            Position(row.get(0))
        };
        let patience = Duration::from_secs(30);
        assert!(projections::wait_for(&self.pool, newest, patience).await.unwrap(), "the projector hangs");
    }
}

pub(super) fn context() -> Context {
    Context { actor: Actor::Worker("test".into()), request_id: "test".into(), causation_id: None }
}

async fn migrated() -> TestDatabase {
    let cluster = TestCluster::shared().await;
    let migrate = async |url: &str| -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let database = Database::new(url)?;
        let mut client = database.connect(ledger::Role::Owner).await?;
        migrations::apply(&mut client).await?;
        Ok(())
    };
    cluster.database_from("migrated", migrate).await
}

fn project(database: &Database, ledger: &Ledger, shutdown: &CancellationToken) -> watch::Receiver<Position> {
    let mark = MarkWatcher::spawn(database, ledger.appended(), shutdown.clone()).subscribe();
    let options = ProjectorOptions {
        database: database.clone(),
        mark: mark.clone(),
        owner: "test".into(),
        batch: projections::DEFAULT_BATCH,
    };
    tokio::spawn(projections::run(options, shutdown.clone()));
    mark
}

/// One recorder for all tests of this process, since a process has only one.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap()).clone()
}

fn catalogue() -> Catalogue {
    let model = |id: &str, kind, price, max_seconds| Model {
        id: id.into(),
        title: format!("The {id}"),
        description: "For tests.".into(),
        kind,
        routes: vec![Route::new("simulated", id)],
        price: Credits::whole(price).unwrap(),
        pricing: Pricing::PerOutput,
        max_count: 4,
        max_side: 1_024,
        max_seconds,
        timeout_seconds: None,
        queue_timeout_seconds: None,
        class: None,
        on_unknown: OnUnknown::default(),
        late_cancel: LateCancel::REFUND,
    };
    let late = |terms: &str, model| Model { late_cancel: terms.parse().unwrap(), ..model };
    let film = Model { pricing: Pricing::PerSecond, ..model("sim-film", Kind::Video, 2, Some(10)) };
    let film = late("25%", film);
    let image = model("sim-image", Kind::Image, 4, None);
    let video = late("50%", model("sim-video", Kind::Video, 20, Some(10)));
    Catalogue::new([film, image, video]).unwrap()
}
