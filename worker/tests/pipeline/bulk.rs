//! Actions on many dead jobs: each job once, whatever dies in between, and no further than somebody wants.

use crate::rig::{Rig, eventually};
use ledger::job::{Failure, FailureClass, JobCommand, JobEvent, Status};
use ledger::{AccountId, Action, Actor, Command, Context, Event, JobId, Role, UserId, read};
use projections::bulk::{self, Change, Choice, Deed, Frozen, NewAction, Outcome, State};
use projections::dead_letters::Filter;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// An action that nothing holds up.
fn fast(deed: Deed) -> NewAction {
    NewAction {
        id: Uuid::now_v7(),
        actor: "admin:ops".into(),
        request_id: "the-request".into(),
        key: None,
        reason: "the provider is back".into(),
        idempotency: None,
        deed,
        filter: serde_json::json!({}),
        rate: 500,
        canary: 0,
        pause_above_percent: 100,
    }
}

fn everything() -> Choice {
    Choice::Matching(Filter::default())
}

fn gave_up() -> JobCommand {
    let failure = Failure {
        class: FailureClass::Transient,
        code: "provider_down".into(),
        message: "nobody answered".into(),
        billed: None,
    };
    JobCommand::DeadLetter { failure }
}

fn retry(run: u32) -> JobCommand {
    JobCommand::Retry { run: Some(run), reason: None }
}

impl Rig {
    /// Jobs that are dead, in this order, and that the read model knows of. No worker may run.
    async fn dead(&self, model: &str, count: usize) -> Vec<JobId> {
        let before = self.dead_letters().await;
        let jobs = self.queue(model, count).await;
        for job in &jobs {
            self.ask(*job, gave_up()).await;
        }
        eventually("the dead are known", async || self.dead_letters().await == before + count as i64).await;
        jobs
    }

    async fn dead_letters(&self) -> i64 {
        let count = "select count(*) from dead_letters";
        self.reader().await.query_one(count, &[]).await.unwrap().get(0)
    }

    /// Waits until the read model knows the job in this run as dead.
    async fn until_dead_in(&self, job: JobId, run: i32) {
        let query = "select 1 from dead_letters where job_id = $1 and run = $2";
        let reader = self.reader().await;
        let is_there = async || !reader.query(query, &[&job.0, &run]).await.unwrap().is_empty();
        eventually("it has died once more", is_there).await;
    }

    /// Orders it as the API does, with no more rights than that has.
    async fn order(&self, new: NewAction, choice: Choice) -> bulk::Action {
        let mut client = self.database().pool(Role::Operator, 1).unwrap().get().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let frozen = bulk::freeze(&transaction, &new, &choice).await.unwrap();
        transaction.commit().await.unwrap();
        match frozen {
            Frozen::Made(action) => action,
            other => panic!("{other:?}"),
        }
    }

    async fn change(&self, id: Uuid, change: Change) -> bulk::Action {
        let client = self.database().connect(Role::Operator).await.unwrap();
        bulk::change(&client, id, change).await.unwrap().unwrap().unwrap()
    }

    async fn action(&self, id: Uuid) -> bulk::Action {
        bulk::get(&self.reader().await, id).await.unwrap().unwrap()
    }

    /// How many jobs of the action have each outcome.
    async fn outcomes(&self, id: Uuid) -> Vec<(Outcome, u64)> {
        let tally = bulk::counts(&self.reader().await, id, 1).await.unwrap();
        tally.0.into_iter().map(|(outcome, share)| (outcome, share.jobs)).collect()
    }

    async fn until_state(&self, id: Uuid, state: State) -> bulk::Action {
        eventually(state.as_str(), async || self.action(id).await.state == state).await;
        self.action(id).await
    }

    /// Waits until nothing more becomes of any of its jobs.
    async fn until_over(&self, id: Uuid) -> bulk::Action {
        eventually("the action is over", async || self.action(id).await.tally.is_some()).await;
        self.action(id).await
    }

    /// How often each of the jobs was retried.
    async fn retries(&self, jobs: &[JobId]) -> Vec<usize> {
        let mut retries = Vec::new();
        for job in jobs {
            retries.push(self.events(*job).await.iter().filter(|name| **name == "job.retried").count());
        }
        retries
    }

    /// Gives the job the command of the action, as a worker does that dies before it can note the answer.
    async fn begin_and_die(&self, action: &bulk::Action, job_id: JobId, command: JobCommand) {
        let context = Context {
            actor: Actor::Admin("ops".into()),
            request_id: action.request_id.clone(),
            causation_id: Some(action.id),
        };
        let action = Action::Job { job_id, command };
        let command = Command { account: self.account, context, idempotency: None, action };
        self.ledger.execute(command).await.unwrap();
    }
}

/// As if each command took long: the log cannot be written until the transaction ends.
async fn until_a_writer_waits(rig: &Rig) {
    let waits = "select count(*) from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query like '%insert into events%'";
    let owner = rig.owner().await;
    eventually("a command waits", async || owner.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) > 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_and_not_asked_for_yet_is_left_alone_once_somebody_has_stopped_the_action() {
    for (change, state) in [(Change::Pause, State::Paused), (Change::Abort, State::Aborted)] {
        let rig = Rig::start().await;
        rig.scripted.close();
        let jobs = rig.dead("scripted-image", 60).await;
        let ordered = rig.order(fast(Deed::Retry), everything()).await;
        // As a worker left them that died.
        let begun = "update bulk_items set outcome = 'begun'";
        let mut owner = rig.owner().await;
        owner.batch_execute(begun).await.unwrap();
        let slow = owner.transaction().await.unwrap();
        slow.batch_execute("lock table events in share row exclusive mode").await.unwrap();
        let worker = rig.worker("one");
        until_a_writer_waits(&rig).await;
        assert_eq!(rig.change(ordered.id, change).await.state, state);
        slow.commit().await.unwrap();
        eventually("nothing of it is begun any more", async || {
            rig.outcomes(ordered.id).await.iter().all(|(outcome, _)| *outcome != Outcome::Begun)
        })
        .await;
        worker.kill().await;
        let retried = rig.retries(&jobs).await.into_iter().sum::<usize>();
        assert!(retried > 0 && retried < 20, "{retried} of 60 in {}", state.as_str());
        let counted = rig.outcomes(ordered.id).await;
        assert_eq!(counted.iter().map(|(_, jobs)| jobs).sum::<u64>(), 60, "{counted:?}");
        assert!(counted.contains(&(Outcome::Waiting, 60 - retried as u64)), "{counted:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_is_retried_once_and_its_event_tells_who_why_and_by_which_action() {
    let rig = Rig::start().await;
    let jobs = rig.dead("scripted-image", 12).await;
    let spent = rig.spent().await;
    let ordered = rig.order(NewAction { canary: 3, ..fast(Deed::Retry) }, everything()).await;
    assert_eq!((ordered.items, ordered.state), (12, State::Canary));
    let worker = rig.worker("one");
    let over = rig.until_over(ordered.id).await;
    worker.stop().await;
    assert_eq!(over.state, State::Done);
    assert_eq!(over.tally.unwrap().of(Outcome::Succeeded).jobs, 12);
    assert_eq!(rig.retries(&jobs).await, [1; 12]);
    for job in &jobs {
        let events = read::stream(&rig.reader().await, rig.account, (*job).into()).await.unwrap();
        let retried = events.iter().find(|event| event.event.name() == "job.retried").unwrap();
        assert_eq!((retried.actor.as_str(), retried.request_id.as_str()), ("admin:ops", "the-request"));
        assert_eq!(retried.causation_id, Some(ordered.id));
        let Event::Job(JobEvent::Retried { reason, .. }) = &retried.event else { panic!("{retried:?}") };
        assert_eq!(reason.as_deref(), Some("the provider is back"));
    }
    assert_eq!(rig.spent().await, spent, "a retry is free");
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dies_after_the_order_is_no_part_of_it() {
    let rig = Rig::start().await;
    let jobs = rig.dead("scripted-image", 3).await;
    let ordered = rig.order(fast(Deed::Retry), everything()).await;
    // Somebody retries the first, which dies again; and another one dies.
    rig.ask(jobs[0], retry(1)).await;
    rig.ask(jobs[0], gave_up()).await;
    rig.until_dead_in(jobs[0], 2).await;
    let late = rig.dead("scripted-image", 1).await;

    let worker = rig.worker("one");
    let over = rig.until_over(ordered.id).await;
    worker.stop().await;
    let tally = over.tally.unwrap();
    assert_eq!((tally.of(Outcome::Changed).jobs, tally.of(Outcome::Succeeded).jobs), (1, 2));
    assert_eq!(rig.retries(&[jobs[0], late[0]]).await, [1, 0]);
    for (job, run) in [(jobs[0], 2), (late[0], 1)] {
        let job = rig.job(job).await;
        assert_eq!((job.status, job.run), (Status::Dead, run));
    }
    let changed = bulk::items(&rig.reader().await, ordered.id, Some(Outcome::Changed), 0, 10).await.unwrap();
    assert_eq!((changed[0].job_id, changed[0].code.as_deref()), (jobs[0], Some("run_stale")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_between_the_ledger_and_the_table_leaves_nothing_to_be_done_twice() {
    for deed in [Deed::Retry, Deed::Discard] {
        let rig = Rig::start().await;
        let jobs = rig.dead("scripted-image", 4).await;
        let ordered = rig.order(fast(deed), everything()).await;
        let begun = "update bulk_items set outcome = 'begun' where ordinal <= 3";
        rig.owner().await.execute(begun, &[]).await.unwrap();
        let command = match deed {
            Deed::Retry => retry(1),
            Deed::Discard => JobCommand::Discard { run: Some(1), reason: None },
        };
        // The first had been done; the second had not; the third was done by somebody else.
        rig.begin_and_die(&ordered, jobs[0], command.clone()).await;
        rig.ask(jobs[2], command).await;

        let worker = rig.worker("one");
        let tally = rig.until_over(ordered.id).await.tally.unwrap();
        worker.stop().await;
        let done = match deed {
            Deed::Retry => Outcome::Succeeded,
            Deed::Discard => Outcome::Discarded,
        };
        assert_eq!((tally.of(done).jobs, tally.of(Outcome::Changed).jobs), (3, 1), "{deed:?} {tally:?}");
        for job in &jobs {
            let events = rig.events(*job).await;
            let times = |name| events.iter().filter(|event| **event == name).count();
            assert_eq!(times("job.retried") + times("job.discarded"), 1, "{deed:?} {events:?}");
        }
        rig.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_had_begun_is_not_performed_once_somebody_has_stopped_the_action() {
    for change in [Change::Pause, Change::Abort] {
        let rig = Rig::start().await;
        let jobs = rig.dead("scripted-image", 4).await;
        let ordered = rig.order(fast(Deed::Retry), everything()).await;
        let begun = "update bulk_items set outcome = 'begun' where ordinal <= 3";
        rig.owner().await.execute(begun, &[]).await.unwrap();
        // The first had been done, the others had not.
        rig.begin_and_die(&ordered, jobs[0], retry(1)).await;
        rig.change(ordered.id, change).await;

        let worker = rig.worker("one");
        let expected = [(Outcome::Waiting, 3), (Outcome::Succeeded, 1)];
        eventually("begun jobs are looked for", async || rig.outcomes(ordered.id).await == expected).await;
        assert_eq!(rig.retries(&jobs).await, [1, 0, 0, 0], "{change:?}");
        if change == Change::Pause {
            rig.change(ordered.id, Change::Resume).await;
        }
        let tally = rig.until_over(ordered.id).await.tally.unwrap();
        worker.stop().await;
        let (succeeded, retries) = if change == Change::Pause { (4, [1; 4]) } else { (1, [1, 0, 0, 0]) };
        assert_eq!(tally.of(Outcome::Succeeded).jobs, succeeded, "{change:?}");
        assert_eq!(rig.retries(&jobs).await, retries, "{change:?}");
        rig.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_that_are_paused_and_forgotten_keep_no_later_one_from_its_end() {
    let rig = Rig::start().await;
    let jobs = rig.dead("scripted-image", 1).await;
    for _ in 0..16 {
        let forgotten = rig.order(fast(Deed::Retry), Choice::Named(vec![(jobs[0], None)])).await;
        rig.change(forgotten.id, Change::Pause).await;
    }
    let ended = rig.order(fast(Deed::Retry), everything()).await;
    rig.change(ended.id, Change::Abort).await;
    let worker = rig.worker("one");
    let over = rig.until_over(ended.id).await;
    worker.stop().await;
    assert_eq!(over.state, State::Aborted);
    assert_eq!(rig.retries(&jobs).await, [0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_goes_on_when_its_worker_is_killed() {
    const JOBS: usize = 200;
    let rig = Rig::start().await;
    let (mut jobs, spent) = (Vec::new(), rig.spent().await);
    for _ in 0..JOBS / 100 {
        jobs.extend(rig.dead("scripted-image", 100).await);
    }
    let ordered = rig.order(NewAction { rate: 150, ..fast(Deed::Discard) }, everything()).await;
    let count = async |outcome| rig.outcomes(ordered.id).await.iter().any(|(one, _)| *one == outcome);
    for name in ["first", "second"] {
        let worker = rig.worker(name);
        let before = rig.outcomes(ordered.id).await;
        eventually("it goes on", async || rig.outcomes(ordered.id).await != before).await;
        worker.kill().await;
    }
    assert!(count(Outcome::Discarded).await);
    let last = rig.worker("last");
    let tally = rig.until_over(ordered.id).await.tally.unwrap();
    last.stop().await;
    assert_eq!(tally.of(Outcome::Discarded).jobs, JOBS as u64, "{tally:?}");
    assert_eq!(rig.spent().await, spent, "each was refunded once");
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_duties_at_once_do_nothing_twice() {
    let rig = Rig::start().await;
    let mut options = rig.options("first");
    // It will not notice for a while that somebody else has taken its lease.
    options.timings.duty_lease = Duration::from_secs(120);
    let owner = async || {
        let owner = "select owner from leases where name = 'bulk'";
        let rows = rig.reader().await.query(owner, &[]).await.unwrap();
        rows.first().map_or_else(String::new, |row| row.get(0))
    };
    let mut jobs = Vec::new();
    for _ in 0..2 {
        jobs.extend(rig.dead("scripted-image", 100).await);
    }
    let ordered = rig.order(NewAction { rate: 100, ..fast(Deed::Retry) }, everything()).await;
    let first = rig.run(options);
    eventually("the first begins", async || rig.retries(&jobs[..1]).await == [1]).await;
    let end = "update leases set until = now() where name = 'bulk'";
    assert_eq!(rig.owner().await.execute(end, &[]).await.unwrap(), 1);
    let second = rig.worker("second");
    eventually("the second takes over", async || owner().await.starts_with("second")).await;
    let tally = rig.until_over(ordered.id).await.tally.unwrap();
    first.stop().await;
    second.stop().await;
    assert_eq!(tally.of(Outcome::Succeeded).jobs, 200, "{tally:?}");
    assert_eq!(rig.retries(&jobs).await, [1; 200]);
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_ends_badly_pauses_the_action_until_somebody_goes_on() {
    let rig = Rig::start().await;
    let jobs = rig.dead("sim-image-strict", 12).await;
    let order = NewAction { canary: 4, pause_above_percent: 50, ..fast(Deed::Retry) };
    let ordered = rig.order(order, everything()).await;
    let worker = rig.worker("one");
    let paused = rig.until_state(ordered.id, State::Paused).await;
    let cause = "4 of the 4 first jobs that ended did so badly, which is more than 50 %";
    assert_eq!((paused.cause.as_deref(), paused.canary_over), (Some(cause), false));
    assert_eq!(rig.outcomes(ordered.id).await, [(Outcome::Waiting, 8), (Outcome::Failed, 4)]);
    assert_eq!(rig.retries(&jobs).await, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], "those that died first");
    let resumed = rig.change(ordered.id, Change::Resume).await;
    assert_eq!((resumed.state, resumed.cause, resumed.judged_from), (State::Running, None, 5));
    let over = rig.until_over(ordered.id).await;
    worker.stop().await;
    assert_eq!(over.tally.unwrap().of(Outcome::Failed).jobs, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_waits_for_the_ends_of_the_canary() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let jobs = rig.dead("scripted-image", 6).await;
    let ordered = rig.order(NewAction { canary: 2, ..fast(Deed::Retry) }, everything()).await;
    let worker = rig.worker("one");
    eventually("the canary is at its provider", async || rig.scripted.waiting() == 2).await;
    // Another action that is done from its order to its end: the first had its turns meanwhile.
    let other = rig.order(fast(Deed::Discard), Choice::Named(vec![(jobs[5], Some(1))])).await;
    rig.until_over(other.id).await;
    assert_eq!(rig.retries(&jobs).await, [1, 1, 0, 0, 0, 0]);
    assert_eq!(rig.action(ordered.id).await.state, State::Canary);
    rig.scripted.open();
    let tally = rig.until_over(ordered.id).await.tally.unwrap();
    worker.stop().await;
    assert_eq!((tally.of(Outcome::Succeeded).jobs, tally.of(Outcome::Changed).jobs), (5, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_begun_while_it_is_paused_and_what_was_not_begun_when_it_ends_is_left_alone() {
    let rig = Rig::start().await;
    let jobs = rig.dead("scripted-image", 5).await;
    let paused =
        rig.order(fast(Deed::Retry), Choice::Named(jobs[..2].iter().map(|job| (*job, None)).collect()));
    let paused = paused.await;
    let ended = rig.order(fast(Deed::Retry), Choice::Named(vec![(jobs[2], Some(1))])).await;
    assert_eq!(rig.change(paused.id, Change::Pause).await.state, State::Paused);
    assert_eq!(rig.change(ended.id, Change::Abort).await.state, State::Aborted);
    let other = rig.order(fast(Deed::Retry), Choice::Named(vec![(jobs[3], None), (jobs[4], Some(7))])).await;
    assert_eq!((other.items, other.left_out), (1, 1), "one was seen in another run");
    let worker = rig.worker("one");
    rig.until_over(other.id).await;
    let tally = rig.until_over(ended.id).await.tally.unwrap();
    assert_eq!(tally.of(Outcome::Waiting).jobs, 1);
    assert_eq!(rig.retries(&jobs).await, [0, 0, 0, 1, 0]);
    // Twice is once, and what is over stays over.
    rig.change(paused.id, Change::Pause).await;
    rig.change(ended.id, Change::Abort).await;
    let client = rig.database().connect(Role::Operator).await.unwrap();
    let refused = bulk::change(&client, ended.id, Change::Resume).await.unwrap().unwrap();
    assert_eq!(refused.unwrap_err().state, State::Aborted);
    assert_eq!(rig.change(paused.id, Change::Resume).await.state, State::Canary);
    rig.until_over(paused.id).await;
    worker.stop().await;
    assert_eq!(rig.retries(&jobs).await, [1, 1, 0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_begun_than_the_rate_allows() {
    let rig = Rig::start().await;
    rig.dead("scripted-image", 20).await;
    let ordered = rig.order(NewAction { rate: 10, ..fast(Deed::Discard) }, everything()).await;
    let worker = rig.worker("one");
    let over = rig.until_over(ordered.id).await;
    worker.stop().await;
    // It begins with nothing, so twenty take two seconds at least, and longer on a slow machine.
    let took = over.ended_at.unwrap() - over.created_at;
    assert!(took >= chrono::TimeDelta::milliseconds(1_900), "{took} for 20 at 10 a second");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_jobs_are_given_up_and_each_user_is_refunded() {
    const USERS: usize = 100;
    const EACH: usize = 100;
    let rig = Rig::start().await;
    let mut commands = Vec::new();
    for user in 0..USERS {
        let name = format!("user-{user}");
        let account = UserId::try_from(name.clone()).unwrap().account();
        for job_id in rig.queue_of(&name, "scripted-image", EACH).await {
            let context =
                Context { actor: Actor::System("test"), request_id: "test".into(), causation_id: None };
            let action = Action::Job { job_id, command: gave_up() };
            commands.push(Command { account, context, idempotency: None, action });
        }
    }
    for some in commands.chunks(ledger::MAX_COMMANDS_PER_BATCH) {
        rig.ledger.execute_all(some.to_vec()).await.unwrap();
    }
    eventually("the dead are known", async || rig.dead_letters().await == (USERS * EACH) as i64).await;
    let ordered = rig.order(NewAction { rate: 5_000, ..fast(Deed::Discard) }, everything()).await;
    assert_eq!((ordered.items, ordered.charged.to_string().as_str()), (10_000, "40000"));
    let worker = rig.worker("one");
    let end = Instant::now() + Duration::from_secs(300);
    while rig.action(ordered.id).await.tally.is_none() {
        assert!(Instant::now() < end, "{:?}", rig.outcomes(ordered.id).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    worker.stop().await;
    assert_eq!(rig.outcomes(ordered.id).await, [(Outcome::Discarded, 10_000)]);
    let kept: Vec<AccountId> = rig.accounts_without_refund().await;
    assert_eq!(kept, []);
    rig.verify().await;
}

impl Rig {
    /// Accounts whose jobs were not all refunded.
    async fn accounts_without_refund(&self) -> Vec<AccountId> {
        let query = "select account_id from events where type in ('credits.debited', 'credits.refunded')
            group by account_id having sum(amount) <> 0";
        let rows = self.reader().await.query(query, &[]).await.unwrap();
        rows.iter().map(|row| AccountId(row.get(0))).collect()
    }
}
