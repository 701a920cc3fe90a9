//! A fresh migrated database for each test, ledgers on it, and short ways to write commands.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod wire;

use embedded::testing::{TestCluster, TestDatabase};
use ledger::job::{Failure, FailureClass, JobCommand, JobRequest, Kind, Params, RetryPolicy};
use ledger::{
    Action, Actor, Command, Context, Credits, Database, ExecuteError, Idempotency, IdempotencyKey, JobId,
    Ledger, LedgerOptions, NewJob, Outcome, Refusal, Role, UserId,
};
use tokio_postgres::Client;

pub(crate) struct Bench {
    pub(crate) held: TestDatabase,
    pub(crate) database: Database,
    pub(crate) ledger: Ledger,
}

/// A migrated database of its own with a ledger on it.
pub(crate) async fn bench() -> Bench {
    let held = database().await;
    let database = Database::new(held.url()).unwrap();
    let ledger = Ledger::open(&database, LedgerOptions::default()).await.unwrap();
    Bench { held, database, ledger }
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
        Ledger::open(&self.database, LedgerOptions::default()).await.unwrap()
    }

    pub(crate) async fn grant(&self, user: &UserId, amount: &str) -> Outcome {
        self.ledger.execute(grant(user, amount)).await.unwrap()
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

    pub(crate) async fn balance(&self, user: &UserId) -> Credits {
        let client = self.owner().await;
        ledger::read::account(&client, user.account())
            .await
            .unwrap()
            .map_or(Credits::ZERO, |(s, _)| s.balance)
    }

    pub(crate) async fn breaches(&self) -> Vec<String> {
        let mut client = self.owner().await;
        let found = ledger::verify::log_breaches(&mut client, |_, _| {}).await.unwrap();
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

pub(crate) fn grant(user: &UserId, amount: &str) -> Command {
    Command {
        account: user.account(),
        context: context(Actor::Admin("ops".into())),
        idempotency: None,
        action: Action::Grant { user: user.clone(), amount: credits(amount), reason: "test".into() },
    }
}

pub(crate) fn request(prompt: &str) -> JobRequest {
    JobRequest {
        kind: Kind::Image,
        model: "sim-image".into(),
        prompt: prompt.into(),
        count: 1,
        params: Params::default(),
    }
}

pub(crate) fn queue(user: &UserId, cost: &str) -> (JobId, Command) {
    let job_id = JobId::generate();
    let jobs = vec![NewJob { job_id, request: request("a lighthouse"), cost: credits(cost) }];
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

pub(crate) fn start() -> JobCommand {
    JobCommand::Start { worker: "test".into(), lease_seconds: 60, policy: RetryPolicy::default() }
}

pub(crate) fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "test_failure".into(), message: "it failed".into() }
}

pub(crate) fn fail(fencing: i64, class: FailureClass) -> JobCommand {
    JobCommand::FailAttempt {
        fencing,
        failure: failure(class),
        backoff_milliseconds: 0,
        policy: RetryPolicy::default(),
    }
}
