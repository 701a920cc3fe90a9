//! Random commands, through two processes and a real log, against a model too simple to be wrong: a number for
//! the balance and a status for each job. Every answer must agree, and the log must verify at the end.

mod support;

use ledger::job::{FailureClass, JobCommand, Status};
use ledger::{Action, Actor, Change, Command, JobId, Ledger, Outcome, Refusal, UserId};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use rust_decimal::Decimal;
use support::{Bench, bench, context, fail, grant, on_job, queue, refusal, start, user, with_key};

/// One thing that somebody does. Jobs are named by the order in which they were queued.
#[derive(Debug, Clone)]
enum Step {
    Grant(u32),
    Adjust(i32),
    Queue { cost: u32, key: Option<u8> },
    Start(usize),
    Succeed(usize),
    Fail(usize, FailureClass),
    Cancel(usize),
    Retry(usize),
    Discard(usize),
    Rerun(usize),
}

fn steps() -> impl Strategy<Value = Vec<(Step, bool)>> {
    let job = 0..6_usize;
    let class = prop_oneof![
        1 => Just(FailureClass::Permanent),
        3 => Just(FailureClass::Transient),
        1 => Just(FailureClass::Throttled)
    ];
    let step = prop_oneof![
        1 => (0..40_u32).prop_map(Step::Grant),
        1 => (-30..30_i32).prop_map(Step::Adjust),
        3 => (0..15_u32, proptest::option::of(0..3_u8)).prop_map(|(cost, key)| Step::Queue { cost, key }),
        4 => job.clone().prop_map(Step::Start),
        2 => job.clone().prop_map(Step::Succeed),
        4 => (job.clone(), class).prop_map(|(job, class)| Step::Fail(job, class)),
        1 => job.clone().prop_map(Step::Cancel),
        1 => job.clone().prop_map(Step::Retry),
        1 => job.clone().prop_map(Step::Discard),
        1 => job.prop_map(Step::Rerun),
    ];
    proptest::collection::vec((step, any::<bool>()), 1..60)
}

/// A job as the model knows it.
struct ModelJob {
    id: JobId,
    cost: i64,
    status: Status,
    failed_attempts: u32,
    fencing: i64,
}

#[derive(Default)]
struct Model {
    balance: i64,
    jobs: Vec<ModelJob>,
    keys: std::collections::HashMap<u8, (u32, usize)>,
}

impl Model {
    /// What the step must answer: `Ok` if it is accepted, or the refusal's code.
    fn expect(&mut self, step: &Step) -> Result<(), &'static str> {
        match *step {
            Step::Grant(0) | Step::Adjust(0) => Err("amount_zero"),
            Step::Grant(amount) => self.add(i64::from(amount)),
            Step::Adjust(change) if self.balance + i64::from(change) < 0 => Err("adjustment_too_large"),
            Step::Adjust(change) => self.add(i64::from(change)),
            Step::Queue { cost, key } => self.queue(cost, key),
            Step::Start(job) => self.with(job, |job| match job.status {
                Status::Queued => (Ok(Status::Running), 0),
                Status::Running => (Err("job_claimed"), 0),
                _ => (Err("job_status"), 0),
            }),
            Step::Succeed(job) => self.with(job, |job| match job.status {
                Status::Running => (Ok(Status::Succeeded), 0),
                _ => (Err("lease_lost"), 0),
            }),
            Step::Fail(job, class) => self.with(job, |job| match (job.status, class) {
                (Status::Running, FailureClass::Permanent) => (Ok(Status::Failed), job.cost),
                (Status::Running, FailureClass::Throttled) => (Ok(Status::Queued), 0),
                (Status::Running, FailureClass::Transient) => {
                    job.failed_attempts += 1;
                    (Ok(if job.failed_attempts < 3 { Status::Queued } else { Status::Dead }), 0)
                }
                _ => (Err("lease_lost"), 0),
            }),
            Step::Cancel(job) => self.with(job, |job| match job.status {
                Status::Queued | Status::Running => (Ok(Status::Cancelled), job.cost),
                Status::Cancelled => (Ok(Status::Cancelled), 0),
                _ => (Err("job_status"), 0),
            }),
            Step::Retry(job) => self.with(job, |job| match job.status {
                Status::Dead => {
                    job.failed_attempts = 0;
                    (Ok(Status::Queued), 0)
                }
                _ => (Err("job_status"), 0),
            }),
            Step::Discard(job) => self.with(job, |job| match job.status {
                Status::Dead => (Ok(Status::Discarded), job.cost),
                Status::Discarded => (Ok(Status::Discarded), 0),
                _ => (Err("job_status"), 0),
            }),
            Step::Rerun(job) => {
                let balance = self.balance;
                self.with(job, |job| match job.status {
                    Status::Failed | Status::Cancelled | Status::Discarded if balance < job.cost => {
                        (Err("credits_insufficient"), 0)
                    }
                    Status::Failed | Status::Cancelled | Status::Discarded => {
                        job.failed_attempts = 0;
                        (Ok(Status::Queued), -job.cost)
                    }
                    _ => (Err("job_status"), 0),
                })
            }
        }
    }

    fn add(&mut self, change: i64) -> Result<(), &'static str> {
        self.balance += change;
        Ok(())
    }

    fn queue(&mut self, cost: u32, key: Option<u8>) -> Result<(), &'static str> {
        if let Some((first_cost, _)) = key.and_then(|key| self.keys.get(&key)) {
            return if *first_cost == cost { Ok(()) } else { Err("idempotency_key_reused") };
        }
        if self.balance < i64::from(cost) {
            return Err("credits_insufficient");
        }
        self.balance -= i64::from(cost);
        let id = JobId(uuid::Uuid::nil());
        let cost_number = i64::from(cost);
        self.jobs.push(ModelJob {
            id,
            cost: cost_number,
            status: Status::Queued,
            failed_attempts: 0,
            fencing: 0,
        });
        key.map(|key| self.keys.insert(key, (cost, self.jobs.len() - 1)));
        Ok(())
    }

    fn with(
        &mut self,
        job: usize,
        decide: impl FnOnce(&mut ModelJob) -> (Result<Status, &'static str>, i64),
    ) -> Result<(), &'static str> {
        let Some(job) = self.jobs.get_mut(job) else { return Err("job_unknown") };
        let (status, change) = decide(job);
        job.status = status?;
        self.balance += change;
        Ok(())
    }
}

fn command(model: &Model, user: &UserId, step: &Step) -> Command {
    let unknown = (JobId(uuid::Uuid::from_u128(7)), 0);
    let named = |job: usize| model.jobs.get(job).map_or(unknown, |job| (job.id, job.fencing));
    let about = |job: usize, command: JobCommand| on_job(user, named(job).0, command);
    match *step {
        Step::Grant(amount) => grant(user, &amount.to_string()),
        Step::Adjust(change) => Command {
            account: user.account(),
            context: context(Actor::Admin("ops".into())),
            idempotency: None,
            action: Action::Adjust {
                user: user.clone(),
                change: Change::new(Decimal::from(change)).unwrap(),
                reason: "test".into(),
            },
        },
        Step::Queue { cost, key } => {
            let command = queue(user, &cost.to_string()).1;
            key.map_or(command.clone(), |key| with_key(command, &format!("key-{key}"), cost as u8))
        }
        Step::Start(job) => about(job, start()),
        Step::Succeed(job) => about(job, JobCommand::Succeed { fencing: named(job).1, outputs: Vec::new() }),
        Step::Fail(job, class) => about(job, fail(named(job).1, class)),
        Step::Cancel(job) => about(job, JobCommand::Cancel),
        Step::Retry(job) => about(job, JobCommand::Retry),
        Step::Discard(job) => about(job, JobCommand::Discard),
        Step::Rerun(job) => about(job, JobCommand::Rerun),
    }
}

/// Gives the model what only the log knows: ids and fencing tokens.
fn learn(model: &mut Model, step: &Step, outcome: &Outcome) {
    match (step, outcome.jobs.first()) {
        (Step::Queue { key, .. }, Some((id, _))) => {
            let index =
                key.and_then(|key| model.keys.get(&key)).map_or(model.jobs.len() - 1, |(_, index)| *index);
            model.jobs[index].id = *id;
        }
        (Step::Start(job), Some((_, state))) => {
            model.jobs[*job].fencing = state.attempt.as_ref().unwrap().fencing;
        }
        _ => {}
    }
}

async fn play(bench: &Bench, other: &Ledger, steps: Vec<(Step, bool)>) -> Result<(), TestCaseError> {
    let user = user(&format!("model-{}", uuid::Uuid::now_v7()));
    let client = bench.owner().await;
    let mut model = Model::default();
    for (place, (step, elsewhere)) in steps.iter().enumerate() {
        let ledger = if *elsewhere { other } else { &bench.ledger };
        let command = command(&model, &user, step);
        let expected = model.expect(step);
        let answer: Result<Outcome, Refusal> = refusal(ledger.execute(command).await);
        let agreed = answer.as_ref().map(|_| ()).map_err(Refusal::code);
        proptest::prop_assert_eq!(agreed, expected, "step {}: {:?}", place, step);
        if let Ok(outcome) = &answer {
            learn(&mut model, step, outcome);
        }
        let state = ledger::read::account(&client, user.account()).await.unwrap();
        let balance = state.map_or(Decimal::ZERO, |(state, _)| state.balance.get());
        proptest::prop_assert_eq!(balance, Decimal::from(model.balance), "after step {}: {:?}", place, step);
    }
    for job in &model.jobs {
        let state = ledger::read::job(&client, user.account(), job.id).await.unwrap().unwrap();
        proptest::prop_assert_eq!(state.status, job.status);
    }
    let proof = ledger::verify::account_breaches(&client, user.account()).await.unwrap();
    proptest::prop_assert_eq!(proof.breaches, vec![]);
    Ok(())
}

#[test]
fn random_commands_through_two_processes_agree_with_a_simple_model() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (bench, other) = runtime.block_on(async {
        let bench = bench().await;
        let other = bench.other_process().await;
        (bench, other)
    });
    let config = Config {
        cases: 60,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&steps(), |steps| runtime.block_on(play(&bench, &other, steps)));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    runtime.block_on(async { assert_eq!(bench.breaches().await, Vec::<String>::new()) });
}
