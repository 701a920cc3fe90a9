//! The one server of a run with everything on it, and how each case is measured there.

use crate::baselines::{bare, conventional, row_lock};
use crate::case::{ACCOUNTS, Case, System};
use crate::child::Child;
use crate::commands;
use crate::crowd::{self, Accounts, Caller, Window};
use crate::figures::Figure;
use crate::meter::Meter;
use crate::ours::{self, Buyer, Make};
use crate::settings::{Part, Settings};
use crate::sharing;
use anyhow::{Context as _, Result};
use ledger::{Database, Ledger, LedgerOptions, Role, UserId};
use measure::orders;
use measure::server::{Server, write_back};
use measure::wal;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// GiB of WAL that the server is given: more than a round writes, or its last cases would have to wait for files.
const WAL: u64 = 6;

/// How much longer than a measurement pgbench runs.
const PGBENCH_LEAD: Duration = Duration::from_secs(2);

/// See the module.
pub(crate) struct Stage {
    /// Where Cooly's tables and those of the baselines are.
    pub(crate) database: Database,
    /// The login that may do everything.
    pub(crate) owner: Client,
    /// Reads costs.
    pub(crate) meter: Meter,
    /// The users of the accounts.
    pub(crate) users: Arc<[UserId]>,
    /// Events of one purchase, counted.
    pub(crate) events_per_command: u64,
    ledger: Ledger,
    lanes: usize,
    length: Duration,
    second_process: Option<Child>,
    server: Server,
}

impl Stage {
    /// Starts a private server and fills it.
    pub(crate) async fn set(settings: &Settings) -> Result<Stage> {
        let server = Server::start(env!("CARGO_TARGET_TMPDIR"), WAL).await?;
        let database = Database::new(server.url())?;
        let mut owner = database.connect(Role::Owner).await?;
        wal::prepare(&owner, WAL).await?;
        migrations::apply(&mut owner).await?;
        for schema in [bare::SCHEMA.to_owned(), row_lock::schema(), conventional::schema()] {
            owner.batch_execute(&schema).await?;
        }
        let meter = Meter::new(database.connect(Role::Owner).await?, server.postmaster()?);
        let lanes = settings.lanes;
        let ledger = Ledger::open(&database, LedgerOptions { lanes, ..LedgerOptions::default() }).await?;
        let sharing = settings.parts.contains(&Part::Processes);
        let users = ours::users(if sharing { sharing::ACCOUNTS_NEEDED } else { ACCOUNTS })?;
        orders::for_all(&ledger, &users, orders::grant).await?;
        let events_per_command = count_events(&ledger, &owner, &users[0]).await?;
        let second_process = if sharing { Some(sharing::start(server.url(), lanes).await?) } else { None };
        owner.batch_execute("vacuum analyze").await?;
        Ok(Stage {
            database,
            owner,
            meter,
            users,
            events_per_command,
            ledger,
            lanes,
            length: settings.length,
            second_process,
            server,
        })
    }

    /// Starts a round: what the rounds before left dirty is not paid for in it. Not before each case, since every
    /// page that is touched for the first time after a checkpoint is written to the WAL as a whole: a case of a few
    /// seconds would show little else.
    pub(crate) async fn begin_round(&self) -> Result<()> {
        Ok(self.owner.batch_execute("checkpoint").await?)
    }

    /// Measures a case once.
    pub(crate) async fn measure(&mut self, case: Case) -> Result<Figure> {
        tokio::task::spawn_blocking(write_back).await??;
        let accounts = case.place.accounts();
        match case.system {
            System::Cooly => self.buy(commands::purchase, case.callers, accounts).await,
            System::CoolyKeyed => self.buy(commands::keyed_purchase, case.callers, accounts).await,
            System::CoolyTwoShared | System::CoolyTwoDisjoint => self.share(case).await,
            System::Bare => self.pgbench(case.callers).await,
            System::RowLock if case.callers > crate::baselines::CONNECTIONS => {
                let callers = row_lock::pooled_callers(self.server.url(), case.callers).await?;
                self.crowd(callers, accounts).await
            }
            System::RowLock => {
                let callers = row_lock::own_callers(&self.database, case.callers).await?;
                self.crowd(callers, accounts).await
            }
            System::Conventional => {
                let callers = conventional::callers(&self.database, case.callers).await?;
                self.crowd(callers, accounts).await
            }
        }
    }

    async fn buy(&self, make: Make, callers: usize, accounts: Accounts) -> Result<Figure> {
        self.crowd(Buyer::crowd(&self.ledger, &self.users, make, callers), accounts).await
    }

    async fn crowd<C: Caller>(&self, callers: Vec<C>, accounts: Accounts) -> Result<Figure> {
        let window = Window::from_now(self.length);
        let load = crowd::run(callers, 0, accounts, window);
        let (tally, costs) = self.meter.around(window, load).await?;
        Ok(Figure::new(tally, costs, self.length))
    }

    async fn share(&mut self, case: Case) -> Result<Figure> {
        let child = self.second_process.as_mut().context("the second process was not started")?;
        let ours = (&self.database, self.lanes, &self.users);
        let (tally, costs) = sharing::measure(ours, child, &self.meter, case, self.length).await?;
        Ok(Figure::new(tally, costs, self.length))
    }

    async fn pgbench(&self, clients: usize) -> Result<Figure> {
        // It connects first, which costs CPU that no other case pays: the window begins after that.
        let warm = Instant::now() + PGBENCH_LEAD.mul_f64(0.75);
        let window = Window { warm, end: warm + self.length };
        let run = bare::run(self.server.url(), clients, (self.length + PGBENCH_LEAD).as_secs());
        let (per_second, costs) = self.meter.around(window, run).await?;
        Ok(Figure::of_rate(per_second, costs, self.length))
    }

    /// The URL of a database on the same server. Holds a password.
    pub(crate) fn url(&self, database: &str) -> String {
        self.server.url_of(database)
    }

    /// A ledger like that of the other parts, on another database.
    pub(crate) async fn ledger_on(&self, database: &Database) -> Result<Ledger> {
        Ok(Ledger::open(database, LedgerOptions { lanes: self.lanes, ..LedgerOptions::default() }).await?)
    }

    /// An empty database with Cooly's tables; one of this name goes first.
    pub(crate) async fn fresh_database(&self, name: &str) -> Result<Database> {
        self.drop_database(name).await?;
        self.owner.batch_execute(&format!("create database {name}")).await?;
        let database = Database::new(&self.url(name))?;
        migrations::apply(&mut database.connect(Role::Owner).await?).await?;
        Ok(database)
    }

    /// Gives its disk back.
    pub(crate) async fn drop_database(&self, name: &str) -> Result<()> {
        Ok(self.owner.batch_execute(&format!("drop database if exists {name} with (force)")).await?)
    }

    /// Ends everything.
    pub(crate) async fn strike(self) -> Result<()> {
        if let Some(child) = self.second_process {
            child.finish().await?;
        }
        self.ledger.close().await;
        self.server.stop().await;
        Ok(())
    }
}

/// How many events a purchase really is.
async fn count_events(ledger: &Ledger, owner: &Client, user: &UserId) -> Result<u64> {
    let count = "select count(*) from events where account_id = $1";
    let before: i64 = owner.query_one(count, &[&user.account().0]).await?.try_get(0)?;
    ledger.execute(commands::purchase(user)).await?;
    let after: i64 = owner.query_one(count, &[&user.account().0]).await?.try_get(0)?;
    Ok(u64::try_from(after - before)?)
}
