//! A fresh migrated database for each test, ledgers on it, and short ways to write commands.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod clock;
pub(crate) mod told;
pub(crate) mod wire;

use embedded::testing::{TestCluster, TestDatabase};
use ledger::account::{AccountCommand, AccountState, Grant, HoldId, LotId};
use ledger::job::{
    Failure, FailureClass, JobCommand, JobRequest, Kind, LateCancel, Output, Params, Price, RetryPolicy,
};
use ledger::{
    Action, Actor, Command, Context, Credits, Database, ExecuteError, Idempotency, IdempotencyKey, JobId,
    Ledger, LedgerOptions, NewJob, Outcome, Refusal, Role, UserId,
};
use std::sync::Arc;
use tokio_postgres::Client;

pub(crate) struct Bench {
    pub(crate) held: TestDatabase,
    pub(crate) database: Database,
    pub(crate) ledger: Ledger,
    options: LedgerOptions,
}

/// A migrated database of its own with a ledger on it.
pub(crate) async fn bench() -> Bench {
    bench_with(LedgerOptions::default()).await
}

pub(crate) async fn bench_with(options: LedgerOptions) -> Bench {
    let held = database().await;
    let database = Database::new(held.url()).unwrap();
    let ledger = Ledger::open(&database, options.clone()).await.unwrap();
    Bench { held, database, ledger, options }
}

pub(crate) async fn database() -> TestDatabase {
    TestCluster::shared()
        .await
        .database_from("migrated", async |url: &str| -> anyhow::Result<()> {
            let mut client = Database::new(url)?.connect(Role::Owner).await?;
            migrations::apply(&mut client).await?;
            Ok(())
        })
        .await
}

impl Bench {
    pub(crate) async fn owner(&self) -> Client {
        self.database.connect(Role::Owner).await.unwrap()
    }

    /// Another process on the same database.
    pub(crate) async fn other_process(&self) -> Ledger {
        Ledger::open(&self.database, self.options.clone()).await.unwrap()
    }

    pub(crate) async fn grant(&self, user: &UserId, amount: &str) -> Outcome {
        self.ledger.execute(grant(user, amount)).await.unwrap()
    }

    /// Executes a command that somebody gives about an account.
    pub(crate) async fn ask(&self, user: &UserId, command: AccountCommand) -> Result<Outcome, Refusal> {
        refusal(self.ledger.execute(on_account(user, command)).await)
    }

    /// Grants a lot with terms and returns its name.
    pub(crate) async fn lot(&self, grant: Grant) -> LotId {
        let user = grant.user.clone();
        let outcome = self.ask(&user, AccountCommand::Grant(grant)).await.unwrap();
        outcome.account.unwrap().lots.iter().map(|lot| lot.lot).max().unwrap()
    }

    /// Sets credits aside and returns the name of the hold.
    pub(crate) async fn hold(&self, user: &UserId, amount: &str) -> HoldId {
        let outcome = self.ask(user, hold(amount)).await.unwrap();
        outcome.account.unwrap().holds.last().unwrap().hold
    }

    /// Queues a job of this price and returns its id.
    pub(crate) async fn queued(&self, user: &UserId, cost: &str) -> JobId {
        let (job_id, command) = queue(user, cost);
        let _ = self.ledger.execute(command).await.unwrap();
        job_id
    }

    pub(crate) async fn job(
        &self,
        user: &UserId,
        job_id: JobId,
        command: JobCommand,
    ) -> Result<Outcome, Refusal> {
        refusal(self.ledger.execute(on_job(user, job_id, command)).await)
    }

    /// Starts an attempt and returns its fencing token.
    pub(crate) async fn started(&self, user: &UserId, job_id: JobId) -> i64 {
        let outcome = self.job(user, job_id, start()).await.unwrap();
        outcome.jobs[0].1.attempt.as_ref().unwrap().fencing
    }

    pub(crate) async fn state(&self, user: &UserId) -> AccountState {
        let client = self.owner().await;
        let read = ledger::read::account(&client, user.account()).await.unwrap();
        read.map(|(state, _)| state).unwrap_or_default()
    }

    /// The lots that the account has, in burn order, as `id:amount`.
    pub(crate) async fn lots(&self, user: &UserId) -> String {
        lots(&self.state(user).await.lots)
    }

    /// Names of the account's own events, in order.
    pub(crate) async fn story(&self, user: &UserId) -> Vec<String> {
        let client = self.owner().await;
        let account = user.account();
        let events = ledger::read::stream(&client, account, account.into()).await.unwrap();
        events.iter().map(|event| event.event.name().to_owned()).collect()
    }

    pub(crate) async fn balance(&self, user: &UserId) -> Credits {
        let client = self.owner().await;
        ledger::read::account(&client, user.account())
            .await
            .unwrap()
            .map_or(Credits::ZERO, |(s, _)| s.balance)
    }

    pub(crate) async fn breaches(&self) -> Vec<String> {
        let mut client = self.owner().await;
        let found = ledger::verify::log_breaches(&mut client, usize::MAX, |_, _| {}).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    pub(crate) async fn count(&self, condition: &str) -> i64 {
        let client = self.owner().await;
        client.query_one(&format!("select count(*) from events where {condition}"), &[]).await.unwrap().get(0)
    }
}

/// Infrastructure failures fail the test; a refusal is an answer.
pub(crate) fn refusal(outcome: Result<Outcome, ExecuteError>) -> Result<Outcome, Refusal> {
    match outcome {
        Ok(outcome) => Ok(outcome),
        Err(ExecuteError::Refused(refusal)) => Err(refusal),
        Err(ExecuteError::Failed(error)) => panic!("{}", ledger::error_chain(&error)),
    }
}

pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub(crate) fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

pub(crate) fn context(actor: Actor) -> Context {
    Context { actor, request_id: "test".into(), causation_id: None }
}

/// Lots as `id:amount`, in their order.
pub(crate) fn lots(lots: &[ledger::account::Lot]) -> String {
    lots.iter().map(|lot| format!("{}:{}", lot.lot, lot.amount)).collect::<Vec<_>>().join(" ")
}

pub(crate) fn on_account(user: &UserId, command: AccountCommand) -> Command {
    Command {
        account: user.account(),
        context: context(Actor::Admin("ops".into())),
        idempotency: None,
        action: Action::Account(command),
    }
}

pub(crate) fn grant(user: &UserId, amount: &str) -> Command {
    on_account(user, AccountCommand::Grant(Grant::new(user.clone(), credits(amount), "test")))
}

pub(crate) fn hold(amount: &str) -> AccountCommand {
    AccountCommand::Hold { amount: credits(amount), reason: "test".into(), expires_at: None }
}

pub(crate) fn capture(hold: HoldId, amount: &str) -> AccountCommand {
    AccountCommand::Capture { hold, amount: credits(amount) }
}

pub(crate) fn void(lot: LotId) -> AccountCommand {
    AccountCommand::Void { lot, reason: "test".into() }
}

pub(crate) fn adjust(user: &UserId, change: &str, clamp: bool) -> AccountCommand {
    let change = change.parse().unwrap();
    AccountCommand::Adjust { user: user.clone(), change, reason: "test".into(), clamp }
}

/// An admin's goodwill refund.
pub(crate) fn refund(amount: Option<&str>) -> JobCommand {
    JobCommand::Refund { amount: amount.map(credits), reason: "test".into() }
}

pub(crate) fn request(prompt: &str) -> Arc<JobRequest> {
    Arc::new(JobRequest {
        kind: Kind::Image,
        model: "sim-image".into(),
        prompt: prompt.into(),
        count: 1,
        params: Params::default(),
    })
}

pub(crate) fn queue(user: &UserId, cost: &str) -> (JobId, Command) {
    queue_at(user, Price::Fixed(credits(cost)))
}

pub(crate) fn queue_at(user: &UserId, price: Price) -> (JobId, Command) {
    queue_under(user, price, LateCancel::REFUND)
}

/// Queues a job under terms for late cancels.
pub(crate) fn queue_under(user: &UserId, price: Price, late_cancel: LateCancel) -> (JobId, Command) {
    let job_id = JobId::generate();
    let jobs = vec![NewJob { job_id, request: request("a lighthouse"), price, late_cancel }];
    let command = Command {
        account: user.account(),
        context: context(Actor::User(user.to_string())),
        idempotency: None,
        action: Action::Queue { jobs },
    };
    (job_id, command)
}

pub(crate) fn with_key(mut command: Command, key: &str, request_hash: u8) -> Command {
    let key = IdempotencyKey::try_from(key.to_owned()).unwrap();
    command.idempotency = Some(Idempotency { key, request_hash: [request_hash; 32] });
    command
}

pub(crate) fn on_job(user: &UserId, job_id: JobId, command: JobCommand) -> Command {
    Command {
        account: user.account(),
        context: context(Actor::Worker("test".into())),
        idempotency: None,
        action: Action::Job { job_id, command },
    }
}

/// What the account's own user asks of a job.
pub(crate) fn by_user(user: &UserId, job_id: JobId, command: JobCommand) -> Command {
    Command { context: context(Actor::User(user.to_string())), ..on_job(user, job_id, command) }
}

/// The provider accepted the attempt's work.
pub(crate) fn submit(fencing: i64) -> JobCommand {
    JobCommand::Submit {
        fencing,
        provider_task_id: "task".into(),
        deadline_seconds: 600,
        provider: Some("test".into()),
    }
}

pub(crate) fn start() -> JobCommand {
    JobCommand::Start {
        worker: "test".into(),
        lease_seconds: 60,
        policy: RetryPolicy::default(),
        catalogue: Arc::default(),
    }
}

pub(crate) fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "test_failure".into(), message: "it failed".into(), billed: None }
}

pub(crate) fn fail(fencing: i64, class: FailureClass) -> JobCommand {
    JobCommand::FailAttempt {
        fencing,
        failure: failure(class),
        backoff_milliseconds: 0,
        policy: RetryPolicy::default(),
        gives_up: false,
        provider: None,
    }
}

/// The attempt made something of this length, if it has one.
pub(crate) fn succeed(fencing: i64, milliseconds: Option<u64>) -> JobCommand {
    let output = Output {
        index: 0,
        key: "outputs/x".into(),
        content_type: "image/png".into(),
        width: 64,
        height: 64,
        bytes: 10,
        duration_milliseconds: milliseconds,
        sha256: None,
        thumbnail: None,
    };
    JobCommand::Succeed { fencing, outputs: vec![output], provider: None }
}
