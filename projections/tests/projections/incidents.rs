//! Incidents: what waits of a cause is what plain SQL says, and what was decided holds until something dies of it again.

use crate::stage::{PATIENCE, Stage, failure, now, policy, user, wait};
use chrono::{TimeDelta, Utc};
use deadpool_postgres::Object;
use ledger::job::{Failure, FailureClass, JobCommand};
use ledger::{JobId, Role, UserId};
use projections::incidents::{self, Deed, Event, Incident, NewChange, State, Terms, Written};
use projections::{ReadModel, rebuild};
use std::time::Duration;
use tokio::time::Instant;

fn died_of(message: &str) -> Failure {
    Failure { message: message.into(), ..failure(FailureClass::Transient, "provider_down") }
}

/// A job that died of this.
async fn dead(stage: &Stage, user: &UserId, model: &str, message: &str) -> JobId {
    let job = stage.queue(user, model).await;
    for _ in 0..policy().max_attempts {
        stage.fail(user, job, died_of(message)).await;
    }
    job
}

async fn all(stage: &Stage) -> Vec<Incident> {
    stage.applied().await;
    incidents::list(&**stage.pool.get().await.unwrap(), now()).await.unwrap().all
}

async fn operator(stage: &Stage) -> Object {
    stage.database.pool(Role::Operator, 1).unwrap().get().await.unwrap()
}

fn wish(deed: Deed, expected: u32) -> NewChange {
    let (actor, request_id) = ("admin:ada".to_owned(), "request".to_owned());
    NewChange { deed, expected, reason: Some("because".into()), actor, request_id, key: None, at: now() }
}

/// Decides something about the only incident, of which this revision was seen.
async fn decide(stage: &Stage, deed: Deed, expected: u32) -> Written {
    let seen = all(stage).await.remove(0);
    let stands = (seen.last.as_ref(), seen.state);
    let operator = operator(stage).await;
    incidents::change(&**operator, (&seen.id, &seen.subject), stands, &wish(deed, expected)).await.unwrap()
}

async fn state(stage: &Stage) -> State {
    all(stage).await[0].state
}

/// Waits until something came about by itself.
async fn comes_about(stage: &Stage, event: Event) {
    let until = Instant::now() + PATIENCE;
    while all(stage).await[0].last.as_ref().map(|last| last.event) != Some(event) {
        assert!(Instant::now() < until, "{event:?} did not come about");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_waits_of_a_cause_is_what_plain_sql_says() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 5_000);
    let (alice, bob) = (user("alice"), user("bob"));
    for user in [&alice, &bob] {
        stage.grant(user, 100).await;
    }
    for (user, model, message) in [
        (&alice, "sim-image", "task 1 timed out"),
        (&alice, "sim-image", "task 2 timed out"),
        (&bob, "sim-image", "Task 33 timed out"),
        (&bob, "sim-image", "no room"),
        (&bob, "sim-video", "task 4 timed out"),
    ] {
        dead(&stage, user, model, message).await;
    }
    let found = all(&stage).await;
    let told: Vec<_> = found
        .iter()
        .map(|incident| {
            let waiting = incident.waiting.as_ref().unwrap();
            (
                incident.id.clone(),
                waiting.jobs as i64,
                waiting.people as i64,
                waiting.charged,
                waiting.first_seen,
                waiting.last_seen,
            )
        })
        .collect();
    let plain =
        "select incident, count(*), count(distinct account_id), sum(charged), min(died_at), max(died_at)
        from dead_letters group by incident order by 4 desc, 2 desc, 6 desc";
    let rows = stage.owner().await.query(plain, &[]).await.unwrap();
    let expected: Vec<_> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5)))
        .collect();
    assert_eq!(told, expected);
    assert_eq!(
        told.iter().map(|(_, jobs, people, ..)| (*jobs, *people)).collect::<Vec<_>>(),
        [(3, 2), (1, 1), (1, 1)]
    );
    let first = &found[0];
    assert_eq!((first.state, first.subject.message.as_str()), (State::Open, "Task 33 timed out"));
    let waiting = first.waiting.as_ref().unwrap();
    assert_eq!((waiting.hours[0], waiting.hours.iter().sum::<u64>(), waiting.is_rising()), (3, 3, true));
    let client = stage.pool.get().await.unwrap();
    assert_eq!(incidents::get(&**client, &first.id, now()).await.unwrap().as_ref(), Some(first));
    assert_eq!(incidents::get(&**client, "1-0", now()).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_resolved_comes_back_when_a_job_dies_of_it_and_stays_back_when_that_is_retried() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 5_000);
    let alice = user("alice");
    stage.grant(&alice, 100).await;
    dead(&stage, &alice, "sim-image", "it is away").await;
    assert_eq!(decide(&stage, Deed::Resolve, 0).await, Written::Done);
    assert_eq!(state(&stage).await, State::Resolved, "what died before is no regression");
    assert_eq!(decide(&stage, Deed::Resolve, 0).await, Written::Done, "the same again");
    assert_eq!(decide(&stage, Deed::Reopen, 0).await, Written::Stale);
    let again = dead(&stage, &alice, "sim-image", "it is away").await;
    assert_eq!(state(&stage).await, State::Regressed);
    comes_about(&stage, Event::Regressed).await;
    stage.job(&alice, again, JobCommand::Retry { run: None, reason: None }).await;
    stage.succeed(&alice, again).await;
    assert_eq!(state(&stage).await, State::Regressed, "somebody should know of it");
    rebuild(&stage.database, ReadModel::DeadLetters, |_, _| {}).await.unwrap();
    assert_eq!(state(&stage).await, State::Regressed, "what was decided is beside the log");
    assert_eq!(decide(&stage, Deed::Resolve, 2).await, Written::Done);
    let seen = all(&stage).await.remove(0);
    assert_eq!((seen.state, seen.last.as_ref().unwrap().revision), (State::Resolved, 3));
    let history = incidents::history(&**stage.pool.get().await.unwrap(), &seen.id, 10).await.unwrap();
    let told: Vec<_> = history.iter().map(|change| (change.event, change.actor.as_str())).collect();
    assert_eq!(
        told,
        [(Event::Resolved, "admin:ada"), (Event::Regressed, "system"), (Event::Resolved, "admin:ada")]
    );
}

#[tokio::test]
async fn what_is_ignored_is_open_again_after_so_many_more() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 5_000);
    let alice = user("alice");
    stage.grant(&alice, 100).await;
    dead(&stage, &alice, "sim-image", "it is away").await;
    assert_eq!(decide(&stage, Deed::Ignore(Terms::More(2)), 0).await, Written::Done);
    dead(&stage, &alice, "sim-image", "it is away").await;
    assert_eq!(state(&stage).await, State::Ignored);
    let last = dead(&stage, &alice, "sim-image", "it is away").await;
    assert_eq!(state(&stage).await, State::Open);
    comes_about(&stage, Event::IgnoreOver).await;
    stage.job(&alice, last, JobCommand::Retry { run: None, reason: None }).await;
    assert_eq!(state(&stage).await, State::Open, "it is over for good");
}

#[tokio::test]
async fn what_is_ignored_is_open_again_when_its_time_is_over() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 5_000);
    let alice = user("alice");
    stage.grant(&alice, 100).await;
    dead(&stage, &alice, "sim-image", "it is away").await;
    let until = Utc::now() + TimeDelta::hours(1);
    assert_eq!(decide(&stage, Deed::Ignore(Terms::Until(until)), 0).await, Written::Done);
    assert_eq!(state(&stage).await, State::Ignored);
    wait(TimeDelta::hours(2));
    assert_eq!(state(&stage).await, State::Open);
    wait(TimeDelta::hours(-2));
    assert_eq!(decide(&stage, Deed::Ignore(Terms::Until(Utc::now())), 1).await, Written::Done);
    comes_about(&stage, Event::IgnoreOver).await;
}

#[tokio::test]
async fn an_incident_without_jobs_is_told_if_something_was_decided_about_it() {
    let stage = Stage::new().await;
    let _projector = stage.project("one", 5_000);
    let alice = user("alice");
    stage.grant(&alice, 100).await;
    let job = dead(&stage, &alice, "sim-image", "it is away").await;
    let other = dead(&stage, &alice, "sim-image", "no room").await;
    let seen = all(&stage).await;
    let away = seen.iter().find(|incident| incident.subject.message == "it is away").unwrap();
    let operator = operator(&stage).await;
    let decide = async |deed| {
        let about = (away.id.as_str(), &away.subject);
        incidents::change(&**operator, about, (None, State::Open), &wish(deed, 0)).await.unwrap()
    };
    assert_eq!(decide(Deed::Resolve).await, Written::Done);
    for job in [job, other] {
        stage.job(&alice, job, JobCommand::Discard { run: None, reason: None }).await;
    }
    let left = all(&stage).await;
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].id, left[0].state, &left[0].waiting), (&away.id, State::Resolved, &None));
    assert_eq!(decide(Deed::Reopen).await, Written::Done, "open it was when this looked");
    assert_eq!(decide(Deed::Resolve).await, Written::Raced);
}
