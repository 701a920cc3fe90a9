//! A database, a queue, a projector and an account with credits, of one test; and the workers that it starts.

use crate::scripted::Scripted;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use embedded::sqs::{Sqs, SqsOptions};
use embedded::testing::{TestCluster, TestDatabase};
use ledger::account::AccountState;
use ledger::catalogue::{Catalogue, Model, Route};
use ledger::job::{JobCommand, JobEvent, JobRequest, JobState, Kind, Params, RetryPolicy, Status};
use ledger::{
    AccountId, Action, Actor, Command, Context, Credits, Database, Event, JobId, Ledger, LedgerOptions,
    MarkWatcher, NewJob, Outcome, RecordedEvent, Role, UserId, read,
};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use projections::ProjectorOptions;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use worker::provider::Providers;
use worker::provider::simulated::{self, Simulated, SimulatedOptions};
use worker::queue::{JobMessage, Letter, Queue, QueueSettings, StaticCredentials};
use worker::{Hooks, Offer, Timings, WorkerOptions};

/// Longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);
const OFTEN: Duration = Duration::from_millis(20);
const GRANTED: u64 = 10_000;

/// Name of the provider that every rig has, as [`Rig::scripted`].
pub(crate) const SCRIPTED: &str = "scripted";

/// Name of the provider of the model `other-video`. A test that uses it adds one under this name to its worker.
pub(crate) const OTHER_PROVIDER: &str = "other";

pub(crate) struct Rig {
    pub ledger: Ledger,
    pub account: AccountId,
    pub settings: QueueSettings,
    pub outputs: Arc<InMemory>,
    /// Runs the models `scripted-image`, `scripted-video` and `scripted-video-metered`, and is asked first for
    /// `either-image` and `either-video`.
    pub scripted: Scripted,
    pub sqs: Option<Sqs>,
    database: Database,
    mark: MarkWatcher,
    ended: CancellationToken,
    cloned: TestDatabase,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

/// A worker that runs in this process.
pub(crate) struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), worker::Error>>,
}

impl Running {
    /// Asks it to stop.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("the worker does not panic").expect("the worker ends well");
    }

    /// Ends it without any farewell.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()), "it was still running");
    }
}

impl Rig {
    pub(crate) async fn start() -> Rig {
        let rig = Rig::on("migrated", migrate).await;
        let user = UserId::try_from("alice".to_owned()).unwrap();
        let amount = Credits::whole(GRANTED).unwrap();
        let _granted = rig.execute(Action::grant(user, amount, "for the test")).await;
        rig
    }

    /// On a database that is prepared in another way, with whatever the user has there.
    pub(crate) async fn on(template: &str, prepare: impl AsyncFnOnce(&str) -> anyhow::Result<()>) -> Rig {
        let cloned = TestCluster::shared().await.database_from(template, prepare).await;
        let database = Database::new(cloned.url()).unwrap();
        let ledger = Ledger::open(&database, LedgerOptions::default()).await.unwrap();
        let ended = CancellationToken::new();
        let mark = MarkWatcher::spawn(&database, ledger.appended(), ended.clone());
        let projector = ProjectorOptions {
            database: database.clone(),
            mark: mark.subscribe(),
            owner: "test".into(),
            batch: 1_000,
        };
        tokio::spawn(projections::run(projector, ended.clone()));
        let (sqs, settings) = queue_settings().await;
        let user = UserId::try_from("alice".to_owned()).unwrap();
        Rig {
            account: user.account(),
            outputs: Arc::new(InMemory::new()),
            scripted: Scripted::default(),
            ledger,
            settings,
            sqs,
            database,
            mark,
            ended,
            cloned,
        }
    }

    pub(crate) fn database_url(&self) -> &str {
        self.cloned.url()
    }

    /// Options with short timings, to be changed as a test needs.
    pub(crate) fn options(&self, name: &str) -> WorkerOptions {
        WorkerOptions {
            ledger: self.ledger.clone(),
            database: self.database.clone(),
            mark: self.mark.subscribe(),
            queue: self.settings.clone(),
            offer: self.offer().fixed(),
            outputs: Arc::clone(&self.outputs) as Arc<dyn ObjectStore>,
            keep_outputs: None,
            name: name.to_owned(),
            concurrency: 16,
            poll_concurrency: 32,
            policy: RetryPolicy { max_attempts: 3, give_up_after_seconds: 600 },
            hooks: Hooks { may_be_private: true, low_balance: None },
            sealing: None,
            timings: Timings {
                backoff_base: Duration::from_millis(50),
                backoff_cap: Duration::from_millis(200),
                unknown_grace: Duration::from_millis(50),
                poison_pause: Duration::ZERO,
                late_answer: Duration::from_millis(200),
                receive_wait: Duration::from_secs(2),
                poll_every: Duration::from_millis(50),
                bulk_every: Duration::from_millis(50),
                hooks_every: Duration::from_millis(50),
                hook_pauses: [50, 100, 200].map(Duration::from_millis).to_vec(),
                sweep_pause: Duration::from_millis(100),
                duty_lease: Duration::from_secs(2),
                ..Timings::default()
            },
        }
    }

    /// What a worker offers with the usual options.
    pub(crate) fn offer(&self) -> Offer {
        let simulated = Simulated::new(SimulatedOptions {
            image_delay: Duration::from_millis(20),
            video_delay: Duration::from_millis(200),
            poll_interval: Duration::from_millis(50),
            ..SimulatedOptions::default()
        });
        let providers = Providers::new().with(simulated::PROVIDER, simulated);
        let providers = providers.with(SCRIPTED, self.scripted.clone());
        Offer { catalogue: Arc::new(catalogue()), providers, ..Offer::default() }
    }

    /// The same with this provider under the name [`OTHER_PROVIDER`].
    pub(crate) fn offer_with_other(&self, other: &Scripted) -> Offer {
        let offer = self.offer();
        Offer { providers: offer.providers.with(OTHER_PROVIDER, other.clone()), ..offer }
    }

    pub(crate) fn run(&self, options: WorkerOptions) -> Running {
        let shutdown = CancellationToken::new();
        Running { task: tokio::spawn(worker::run(options, shutdown.clone())), shutdown }
    }

    /// A worker with the usual options.
    pub(crate) fn worker(&self, name: &str) -> Running {
        self.run(self.options(name))
    }

    pub(crate) async fn execute(&self, action: Action) -> Outcome {
        self.execute_for(self.account, action).await
    }

    pub(crate) async fn execute_for(&self, account: AccountId, action: Action) -> Outcome {
        let context =
            Context { actor: Actor::User("alice".into()), request_id: "test".into(), causation_id: None };
        let command = Command { account, context, idempotency: None, action };
        self.ledger.execute(command).await.unwrap()
    }

    /// Queues jobs on a model with one command.
    pub(crate) async fn queue(&self, model: &str, count: usize) -> Vec<JobId> {
        let ids: Vec<JobId> = (0..count).map(|_| JobId::generate()).collect();
        self.queue_ids(model, &ids).await;
        ids
    }

    pub(crate) async fn queue_one(&self, model: &str) -> JobId {
        self.queue(model, 1).await[0]
    }

    pub(crate) async fn queue_ids(&self, model: &str, ids: &[JobId]) {
        self.queue_requests(ids.iter().map(|job_id| (*job_id, request(model)))).await;
    }

    /// Queues jobs of another user, who is given credits first.
    pub(crate) async fn queue_of(&self, user: &str, model: &str, count: usize) -> Vec<JobId> {
        let user = UserId::try_from(user.to_owned()).unwrap();
        let (account, amount) = (user.account(), Credits::whole(GRANTED).unwrap());
        let _granted = self.execute_for(account, Action::grant(user, amount, "for the test")).await;
        let ids: Vec<JobId> = (0..count).map(|_| JobId::generate()).collect();
        let jobs = new_jobs(ids.iter().map(|job_id| (*job_id, request(model))));
        let _queued = self.execute_for(account, Action::Queue { jobs }).await;
        ids
    }

    /// Queues a clip of so many seconds.
    pub(crate) async fn queue_clip(&self, model: &str, seconds: u32) -> JobId {
        let id = JobId::generate();
        let params = Params { seconds: Some(seconds), ..request(model).params };
        self.queue_requests([(id, JobRequest { params, ..request(model) })]).await;
        id
    }

    /// Queues a job under other terms for late cancels than its model's.
    pub(crate) async fn queue_under(&self, model: &str, terms: &str) -> JobId {
        let id = JobId::generate();
        let late_cancel = terms.parse().unwrap();
        let jobs = new_jobs([(id, request(model))]).into_iter().map(|job| NewJob { late_cancel, ..job });
        let _queued = self.execute(Action::Queue { jobs: jobs.collect() }).await;
        id
    }

    async fn queue_requests(&self, requests: impl IntoIterator<Item = (JobId, JobRequest)>) {
        let _queued = self.execute(Action::Queue { jobs: new_jobs(requests) }).await;
    }

    pub(crate) async fn cancel(&self, job_id: JobId) {
        self.ask(job_id, JobCommand::Cancel).await;
    }

    /// Gives a command about a job, as its user or an admin does.
    pub(crate) async fn ask(&self, job_id: JobId, command: JobCommand) {
        let _done = self.execute(Action::Job { job_id, command }).await;
    }

    pub(crate) async fn job(&self, id: JobId) -> JobState {
        let client = self.database.connect(Role::Reader).await.unwrap();
        read::job(&client, self.account, id).await.unwrap().unwrap()
    }

    /// The job once it has this status.
    pub(crate) async fn until(&self, id: JobId, status: Status) -> JobState {
        let client = self.database.connect(Role::Reader).await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let job = read::job(&client, self.account, id).await.unwrap().unwrap();
            if job.status == status {
                return job;
            }
            assert!(Instant::now() < deadline, "waits for {status}, is {job:?}");
            tokio::time::sleep(OFTEN).await;
        }
    }

    /// Waits until a provider has the job.
    pub(crate) async fn until_submitted(&self, id: JobId) {
        let submitted = async || self.events(id).await.last() == Some(&"job.submitted");
        eventually("the clip is submitted", submitted).await;
    }

    /// The names of a job's events, in order.
    pub(crate) async fn events(&self, id: JobId) -> Vec<&'static str> {
        self.job_events(id).await.iter().map(JobEvent::name).collect()
    }

    pub(crate) async fn job_events(&self, id: JobId) -> Vec<JobEvent> {
        let client = self.database.connect(Role::Reader).await.unwrap();
        let recorded = read::stream(&client, self.account, id.into()).await.unwrap();
        let events = recorded.into_iter().filter_map(|recorded| match recorded.event {
            Event::Job(event) => Some(event),
            Event::Account(_) => None,
        });
        events.collect()
    }

    /// How many credits were spent so far.
    pub(crate) async fn spent(&self) -> Credits {
        Credits::whole(GRANTED).unwrap().checked_sub(self.state(self.account).await.balance).unwrap()
    }

    pub(crate) async fn state(&self, account: AccountId) -> AccountState {
        let client = self.reader().await;
        read::account(&client, account).await.unwrap().unwrap().0
    }

    /// What happened to an account's credits, in order.
    pub(crate) async fn credit_events(&self, account: AccountId) -> Vec<RecordedEvent> {
        let client = self.reader().await;
        read::stream(&client, account, account.into()).await.unwrap()
    }

    /// The names of the account's credit events, in order, without the grant that it begins with.
    pub(crate) async fn credit_names(&self) -> Vec<&'static str> {
        let recorded = self.credit_events(self.account).await;
        recorded.iter().skip(1).map(|recorded| recorded.event.name()).collect()
    }

    /// The jobs that were claimed so far, in order, each time that one was.
    pub(crate) async fn starts(&self) -> Vec<JobId> {
        let query = "select stream_id from events where type = 'job.started' order by position";
        let rows = self.reader().await.query(query, &[]).await.unwrap();
        rows.iter().map(|row| JobId(row.get(0))).collect()
    }

    /// What the jobs that have not ended are at: how many have this event as their last.
    pub(crate) async fn unfinished(&self) -> Vec<(String, i64)> {
        let query = "
            select type, count(*) from (
                select distinct on (account_id, stream_id) type from events
                where stream_id <> account_id order by account_id, stream_id, position desc
            ) last where type <> 'job.succeeded' group by type order by type";
        let rows = self.reader().await.query(query, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Waits until the relay has dealt with all that is in the log now.
    pub(crate) async fn until_relayed(&self) {
        let reader = self.reader().await;
        let newest = "select max(position) from events";
        let newest: i64 = reader.query_one(newest, &[]).await.unwrap().get(0);
        eventually("the relay is as far as the log", async || {
            let sent = "select position from relay_checkpoints where relay = 'relay'";
            let sent = reader.query_opt(sent, &[]).await.unwrap();
            sent.is_some_and(|sent| sent.get::<_, i64>(0) >= newest)
        })
        .await;
    }

    pub(crate) async fn reader(&self) -> Client {
        self.database.connect(Role::Reader).await.unwrap()
    }

    pub(crate) async fn owner(&self) -> Client {
        self.database.connect(Role::Owner).await.unwrap()
    }

    /// Fails unless the books hold.
    pub(crate) async fn verify(&self) {
        let mut client = self.owner().await;
        let breaches = ledger::verify::log_breaches(&mut client, usize::MAX, |_, _| {}).await.unwrap();
        assert!(breaches.is_empty(), "{breaches:?}");
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The server of the queues as anybody with the right credentials reaches it.
    pub(crate) fn sqs_client(&self) -> aws_sdk_sqs::Client {
        let (id, secret) = match &self.sqs {
            Some(sqs) => (sqs.access_key().id.clone(), sqs.access_key().secret.clone()),
            None => ("cooly".to_owned(), "cooly".to_owned()),
        };
        let credentials = Credentials::builder().access_key_id(id).secret_access_key(secret);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials.provider_name("test").build())
            .endpoint_url(self.settings.endpoint.as_deref().unwrap())
            .build();
        aws_sdk_sqs::Client::from_conf(config)
    }

    /// Deletes a queue by its name, as an operator can by mistake.
    pub(crate) async fn delete_queue(&self, name: &str) {
        let client = self.sqs_client();
        let url = client.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap();
        client.delete_queue().queue_url(url).send().await.unwrap();
    }

    /// A message about a job in its first run.
    pub(crate) fn letter(&self, job_id: JobId) -> Letter {
        let message = JobMessage { account_id: self.account, job_id, run: 1 };
        Letter { message, model: None, delay: Duration::ZERO }
    }

    /// The queues, for looking at them. They are made as the worker makes them.
    pub(crate) async fn queues(&self) -> Queue {
        Queue::ensure(&self.settings, 10, Duration::from_secs(30)).await.unwrap()
    }
}

fn new_jobs(requests: impl IntoIterator<Item = (JobId, JobRequest)>) -> Vec<NewJob> {
    let catalogue = catalogue();
    let job = |(job_id, request): (JobId, JobRequest)| {
        let price = catalogue.quote(&request).unwrap();
        let late_cancel = catalogue.late_cancel(&request.model);
        NewJob { job_id, request: request.into(), price, late_cancel }
    };
    requests.into_iter().map(job).collect()
}

/// Waits until a condition holds.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFnMut() -> bool) {
    eventually_within(PATIENCE, what, holds).await;
}

/// Waits so long until a condition holds.
pub(crate) async fn eventually_within(patience: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(OFTEN).await;
    }
}

pub(crate) fn request(model: &str) -> JobRequest {
    let kind = if model.contains("video") { Kind::Video } else { Kind::Image };
    let params = Params { width: Some(64), height: Some(64), ..Params::default() };
    JobRequest { kind, model: model.into(), prompt: "a quiet lake at dawn".into(), count: 1, params }
}

fn catalogue() -> Catalogue {
    let simulated = Catalogue::new(simulated::models()).unwrap();
    let of = |name: &str, suffix: &str, providers: &[&str]| {
        let like =
            simulated.get(&format!("sim-{suffix}")).expect("there is a simulated model like it").clone();
        Model { id: format!("{name}-{suffix}"), routes: routes(providers), ..like }
    };
    let scripted = ["image", "video", "video-metered"].map(|suffix| of(SCRIPTED, suffix, &[SCRIPTED]));
    let other = of(OTHER_PROVIDER, "video", &[OTHER_PROVIDER]);
    let either = ["image", "video"].map(|suffix| of("either", suffix, &[SCRIPTED, OTHER_PROVIDER]));
    Catalogue::new(simulated.models().cloned().chain(scripted).chain([other]).chain(either)).unwrap()
}

fn routes(providers: &[&str]) -> Vec<Route> {
    providers.iter().map(|&provider| Route::new(provider, "made-there")).collect()
}

/// The usual catalogue after somebody changed one of its models.
pub(crate) fn catalogue_with(id: &str, change: impl FnOnce(&mut Model)) -> Arc<Catalogue> {
    let usual = catalogue();
    let mut model = usual.get(id).expect("it is in the catalogue").clone();
    change(&mut model);
    Arc::new(Catalogue::new(usual.models().cloned().chain([model])).unwrap())
}

/// The usual catalogue with a model that is made by these providers, best first.
pub(crate) fn catalogue_routing(id: &str, providers: &[&str]) -> Arc<Catalogue> {
    catalogue_with(id, |model| model.routes = routes(providers))
}

/// The embedded server, or the one that the environment names. Every test has queues of its own.
async fn queue_settings() -> (Option<Sqs>, QueueSettings) {
    let (sqs, mut settings) = match std::env::var("COOLY_TEST_SQS_ENDPOINT") {
        Ok(endpoint) => (None, QueueSettings::private(&endpoint, StaticCredentials::new("cooly", "cooly"))),
        Err(_) => {
            let sqs = Sqs::start(SqsOptions::default()).await.unwrap();
            let key = sqs.access_key();
            let credentials = StaticCredentials::new(&key.id, &key.secret);
            let settings = QueueSettings::private(sqs.endpoint(), credentials);
            (Some(sqs), settings)
        }
    };
    let suffix = uuid::Uuid::now_v7().simple().to_string();
    settings.name = format!("cooly-jobs-{suffix}");
    settings.dlq_name = format!("cooly-jobs-dlq-{suffix}");
    (sqs, settings)
}

async fn migrate(url: &str) -> anyhow::Result<()> {
    let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    migrations::apply(&mut client).await?;
    drop(client);
    driver.await??;
    Ok(())
}
