//! A migrated database with a ledger on it, and short words for what tests do to them.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Pool;
use embedded::testing::TestCluster;
use ledger::account::{AccountCommand, AccountState};
use ledger::job::{
    Failure, FailureClass, JobCommand, JobRequest, JobState, Kind, LateCancel, Output, Params, Price,
    RetryPolicy,
};
use ledger::{
    Action, Actor, Change, ClockSource, Command, Context, Credits, Database, JobId, Ledger, LedgerOptions,
    MarkWatcher, NewJob, Outcome, Position, Role, UserId,
};
use projections::{ProjectorOptions, wait_for};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Long enough for a busy machine; no test waits this long unless something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

thread_local! {
    /// By how much the ledger's clock is ahead. Everything of a test runs on one thread, its own.
    static AHEAD: Cell<TimeDelta> = const { Cell::new(TimeDelta::zero()) };
}

/// What time it is for the ledger.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now() + AHEAD.get()
}

/// Lets time pass for the ledger.
pub(crate) fn wait(time: TimeDelta) {
    AHEAD.set(AHEAD.get() + time);
}

pub(crate) struct Stage {
    pub url: String,
    pub database: Database,
    pub ledger: Ledger,
    pub pool: Pool,
    mark: MarkWatcher,
    _end: DropGuard,
}

impl Stage {
    pub(crate) async fn new() -> Stage {
        // An earlier test may have used this thread.
        AHEAD.set(TimeDelta::zero());
        let cluster = TestCluster::shared().await;
        let migrate = async |url: &str| {
            let (mut client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
            tokio::spawn(connection);
            migrations::apply(&mut client).await.map(drop)
        };
        let url = cluster.database_from("migrated", migrate).await.url().to_owned();
        let database = Database::new(&url).unwrap();
        let ledger = Ledger::open(
            &database,
            LedgerOptions { clock: ClockSource::Manual(now), ..LedgerOptions::default() },
        )
        .await
        .unwrap();
        let end = CancellationToken::new();
        let mark = MarkWatcher::spawn(&database, ledger.appended(), end.clone());
        let pool = database.pool(Role::Reader, 4).unwrap();
        Stage { url, database, ledger, pool, mark, _end: end.drop_guard() }
    }

    /// A connection as the superuser.
    pub(crate) async fn owner(&self) -> Client {
        self.database.connect(Role::Owner).await.unwrap()
    }

    /// Starts a projector; it ends when the returned guard goes.
    pub(crate) fn project(&self, owner: &str, batch: usize) -> DropGuard {
        self.project_through(&self.url, owner, batch)
    }

    /// Starts a projector that reaches the database by another way.
    pub(crate) fn project_through(&self, url: &str, owner: &str, batch: usize) -> DropGuard {
        let end = CancellationToken::new();
        let options = ProjectorOptions {
            database: Database::new(url).unwrap(),
            mark: self.mark.subscribe(),
            owner: owner.to_owned(),
            batch,
        };
        tokio::spawn(projections::run(options, end.clone()));
        end.drop_guard()
    }

    /// The newest position of the log.
    pub(crate) async fn newest(&self) -> Position {
        let newest = "select coalesce(max(position), 0) from events";
        Position(self.pool.get().await.unwrap().query_one(newest, &[]).await.unwrap().get(0))
    }

    /// Waits until every read model shows the whole log.
    pub(crate) async fn applied(&self) {
        let newest = self.newest().await;
        assert!(
            wait_for(&self.pool, newest, PATIENCE).await.unwrap(),
            "the projector did not reach {newest}"
        );
    }

    /// Starts a projector for as long as it takes to show the whole log.
    pub(crate) async fn catch_up(&self, batch: usize) {
        let _projector = self.project("catch-up", batch);
        self.applied().await;
    }

    pub(crate) async fn number(&self, query: &str) -> i64 {
        self.owner().await.query_one(query, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn execute(&self, user: &UserId, actor: Actor, action: Action) -> Outcome {
        let context = Context { actor, request_id: "request".into(), causation_id: None };
        let command = Command { account: user.account(), context, idempotency: None, action };
        self.ledger.execute(command).await.expect("the story is a legal one")
    }

    /// Asks something of an account as an admin.
    pub(crate) async fn account(&self, user: &UserId, command: AccountCommand) -> Outcome {
        self.execute(user, Actor::Admin("ada".into()), Action::Account(command)).await
    }

    pub(crate) async fn grant(&self, user: &UserId, amount: u64) -> Arc<AccountState> {
        let action = Action::grant(user.clone(), credits(amount), "welcome");
        self.execute(user, Actor::Admin("ada".into()), action).await.account.unwrap()
    }

    pub(crate) async fn adjust(&self, user: &UserId, change: &str, clamp: bool) {
        let change: Change = change.parse().unwrap();
        let (user, reason) = (user.clone(), "correction".to_owned());
        self.account(&user.clone(), AccountCommand::Adjust { user, change, reason, clamp }).await;
    }

    /// Queues one job that costs 4.
    pub(crate) async fn queue(&self, user: &UserId, model: &str) -> JobId {
        self.queue_at(user, model, Price::Fixed(credits(4))).await
    }

    pub(crate) async fn queue_at(&self, user: &UserId, model: &str, price: Price) -> JobId {
        self.queue_under(user, model, price, LateCancel::REFUND).await
    }

    /// Queues one job under terms for late cancels.
    pub(crate) async fn queue_under(
        &self,
        user: &UserId,
        model: &str,
        price: Price,
        late_cancel: LateCancel,
    ) -> JobId {
        let job_id = JobId::generate();
        let jobs = vec![NewJob { job_id, request: request(model).into(), price, late_cancel }];
        let _ = self.execute(user, Actor::User(user.to_string()), Action::Queue { jobs }).await;
        job_id
    }

    /// Asks something of a job and returns it as it is then.
    pub(crate) async fn job(&self, user: &UserId, job_id: JobId, command: JobCommand) -> Arc<JobState> {
        let action = Action::Job { job_id, command };
        self.execute(user, Actor::Worker("w1".into()), action).await.jobs[0].1.clone()
    }

    /// Asks something of a job in the name of its user.
    pub(crate) async fn by_user(&self, user: &UserId, job_id: JobId, command: JobCommand) -> Arc<JobState> {
        let action = Action::Job { job_id, command };
        self.execute(user, Actor::User(user.to_string()), action).await.jobs[0].1.clone()
    }

    /// Claims a job, and the provider accepts the work.
    pub(crate) async fn submit(&self, user: &UserId, job: JobId) {
        let submit = JobCommand::Submit {
            fencing: self.start(user, job).await,
            provider_task_id: "task".into(),
            deadline_seconds: 600,
            provider: None,
        };
        self.job(user, job, submit).await;
    }

    /// Claims a job and returns the claim's token.
    pub(crate) async fn start(&self, user: &UserId, job: JobId) -> i64 {
        let start = JobCommand::Start {
            worker: "w1".into(),
            lease_seconds: 60,
            policy: policy(),
            catalogue: Arc::default(),
        };
        self.job(user, job, start).await.attempt.as_ref().expect("it is running").fencing
    }

    pub(crate) async fn succeed(&self, user: &UserId, job: JobId) {
        let fencing = self.start(user, job).await;
        self.job(user, job, JobCommand::Succeed { fencing, outputs: vec![output()], provider: None }).await;
    }

    /// Makes a clip of this length.
    pub(crate) async fn film(&self, user: &UserId, job: JobId, milliseconds: u64) {
        let fencing = self.start(user, job).await;
        let clip = Output { duration_milliseconds: Some(milliseconds), ..output() };
        self.job(user, job, JobCommand::Succeed { fencing, outputs: vec![clip], provider: None }).await;
    }

    /// Starts a job and fails the attempt; a permanent failure ends it.
    pub(crate) async fn fail(&self, user: &UserId, job: JobId, failure: Failure) {
        let fencing = self.start(user, job).await;
        let command = JobCommand::FailAttempt {
            fencing,
            failure,
            backoff_milliseconds: 0,
            policy: policy(),
            gives_up: false,
            provider: None,
        };
        self.job(user, job, command).await;
    }

    /// Fails a job until its attempts are used up.
    pub(crate) async fn kill(&self, user: &UserId, job: JobId) {
        for _ in 0..policy().max_attempts {
            self.fail(user, job, failure(FailureClass::Transient, "provider_down")).await;
        }
    }
}

pub(crate) fn policy() -> RetryPolicy {
    RetryPolicy { max_attempts: 2, ..RetryPolicy::default() }
}

pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub(crate) fn credits(amount: u64) -> Credits {
    Credits::whole(amount).unwrap()
}

pub(crate) fn request(model: &str) -> JobRequest {
    let kind = if model.contains("video") { Kind::Video } else { Kind::Image };
    let params = Params { width: Some(512), ..Params::default() };
    JobRequest { kind, model: model.into(), prompt: "a fox in \"snow\", ☃".into(), count: 1, params }
}

pub(crate) fn output() -> Output {
    let (key, content_type) = ("outputs/a/b/1-2/0.png".into(), "image/png".into());
    Output {
        index: 0,
        key,
        content_type,
        width: 512,
        height: 512,
        bytes: 1_234,
        duration_milliseconds: None,
        sha256: None,
        thumbnail: None,
    }
}

pub(crate) fn failure(class: FailureClass, code: &str) -> Failure {
    Failure { class, code: code.into(), message: "it did not work".into(), billed: None }
}
