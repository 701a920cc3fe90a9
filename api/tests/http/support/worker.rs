//! What a worker would do to a job, done to the ledger at once.

use super::server::{Server, context};
use super::{Reply, account};
use ledger::job::{Failure, FailureClass, JobCommand, JobState, Output, RetryPolicy};
use ledger::{Action, Command, JobId};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const POLICY: RetryPolicy = RetryPolicy { max_attempts: 1, give_up_after_seconds: 3_600 };

impl Server {
    /// Claims the job, stores `bytes` as its only output and finishes it.
    pub(crate) async fn succeed(&self, user: &str, id: &str, bytes: &'static [u8]) {
        self.succeed_with(user, id, bytes, None).await;
    }

    /// Claims the job, stores `bytes` as its only output, a clip if it has a length, and finishes it.
    pub(crate) async fn succeed_with(
        &self,
        user: &str,
        id: &str,
        bytes: &'static [u8],
        duration_milliseconds: Option<u64>,
    ) {
        self.succeed_as(user, id, bytes, |output| Output { duration_milliseconds, ..output }).await;
    }

    /// Claims the job, stores `bytes` as its only output, which is recorded as `told`, and finishes it.
    pub(crate) async fn succeed_as(
        &self,
        user: &str,
        id: &str,
        bytes: &'static [u8],
        told: impl FnOnce(Output) -> Output,
    ) {
        let fencing = self.begin(user, id).await;
        let key = format!("outputs/{}/{id}/1-{fencing}/0.png", account(user));
        self.outputs.put(&Path::from(key.as_str()), bytes.into()).await.unwrap();
        let output = told(Output {
            index: 0,
            key,
            content_type: "image/png".into(),
            width: 64,
            height: 64,
            bytes: bytes.len() as u64,
            duration_milliseconds: None,
            sha256: Some(hex::encode(Sha256::digest(bytes))),
            thumbnail: None,
        });
        self.command(user, id, JobCommand::Succeed { fencing, outputs: vec![output], provider: None }).await;
    }

    /// Claims the job and fails it for good: it is refunded.
    pub(crate) async fn fail(&self, user: &str, id: &str) {
        self.fail_as(user, id, FailureClass::Permanent, "content_refused").await;
    }

    /// Claims the job and uses up its attempts: it is dead.
    pub(crate) async fn kill(&self, user: &str, id: &str) {
        self.fail_as(user, id, FailureClass::Transient, "provider_unavailable").await;
    }

    pub(crate) async fn fail_as(&self, user: &str, id: &str, class: FailureClass, code: &str) {
        let fencing = self.begin(user, id).await;
        let failure = Failure { class, code: code.into(), message: "It did not work.".into(), billed: None };
        let command = JobCommand::FailAttempt {
            fencing,
            failure,
            backoff_milliseconds: 0,
            policy: POLICY,
            gives_up: false,
            provider: None,
        };
        self.command(user, id, command).await;
    }

    /// Claims the job and leaves it running.
    pub(crate) async fn begin(&self, user: &str, id: &str) -> i64 {
        let start = JobCommand::Start {
            worker: "test".into(),
            lease_seconds: 60,
            policy: POLICY,
            catalogue: std::sync::Arc::default(),
        };
        self.command(user, id, start).await.attempt.unwrap().fencing
    }

    /// Claims the job, and the provider accepts the work.
    pub(crate) async fn submit(&self, user: &str, id: &str) -> i64 {
        let fencing = self.begin(user, id).await;
        let submit = JobCommand::Submit {
            fencing,
            provider_task_id: "task".into(),
            deadline_seconds: 600,
            provider: Some("simulated".into()),
        };
        self.command(user, id, submit).await;
        fencing
    }

    /// Does to the job whatever is commanded.
    pub(crate) async fn command(&self, user: &str, id: &str, command: JobCommand) -> JobState {
        let job_id = JobId(Uuid::parse_str(id).unwrap());
        let action = Action::Job { job_id, command };
        let command = Command { account: account(user), context: context(), idempotency: None, action };
        self.ledger.execute(command).await.unwrap().jobs[0].1.as_ref().clone()
    }

    /// A dead generation of this user, as it was bought.
    pub(crate) async fn dead(&self, user: &str) -> Reply {
        let bought = self.user(user).buy("dead on arrival").await;
        self.kill(user, bought.id()).await;
        bought
    }
}
