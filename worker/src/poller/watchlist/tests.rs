use super::super::check::Checked;
use super::{Key, SETTLED_REST, Watchlist, key_of};
use chrono::DateTime;
use ledger::job::{Kind, Status};
use ledger::{AccountId, JobId, Position};
use projections::pending::PendingTask;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

fn task(number: u128) -> PendingTask {
    PendingTask {
        account_id: AccountId(Uuid::from_u128(1)),
        job_id: JobId(Uuid::from_u128(number)),
        status: Status::Running,
        kind: Kind::Video,
        model: "clip".into(),
        run: 1,
        attempts: 1,
        worker: Some("one".into()),
        fencing: Some(2),
        provider_task_id: Some(number.to_string()),
        provider: Some("one".into()),
        queued_at: DateTime::UNIX_EPOCH,
        due_at: DateTime::UNIX_EPOCH,
        lease_until: None,
        last_position: Position(3),
    }
}

fn key(number: u128) -> Key {
    key_of(&task(number))
}

/// The numbers of all tasks that are due, in the order in which they are taken.
fn take_all(list: &mut Watchlist, now: Instant) -> Vec<Key> {
    std::iter::from_fn(|| list.take_due(now)).map(|(task, _)| key_of(&task)).collect()
}

#[test]
fn a_new_task_is_due_at_once_and_taken_once() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    list.add(task(1), now);
    list.add(task(1), now);
    assert_eq!(take_all(&mut list, now), [key(1)]);
    assert_eq!(take_all(&mut list, now + SECOND), [], "it is being checked");
}

#[test]
fn the_task_that_has_been_due_for_longest_is_taken_first() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    for number in 1..=3 {
        list.add(task(number), now);
    }
    for key in take_all(&mut list, now) {
        let later = if key == self::key(2) { SECOND } else { 2 * SECOND };
        list.finish(key, Checked::Later(now + later), now);
    }
    assert_eq!(list.next_due(), Some(now + SECOND));
    assert_eq!(take_all(&mut list, now), []);
    assert_eq!(take_all(&mut list, now + 2 * SECOND), [key(2), key(1), key(3)]);
    assert_eq!(list.next_due(), None);
}

#[test]
fn a_settled_task_is_asked_after_again_only_if_the_list_keeps_it() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    list.add(task(1), now);
    take_all(&mut list, now);
    list.finish(key(1), Checked::Settled, now);
    let rested = now + SETTLED_REST;
    list.add(task(1), rested - SECOND);
    assert_eq!(take_all(&mut list, rested), []);
    list.add(task(1), rested);
    assert_eq!(take_all(&mut list, rested), [key(1)]);
}

#[test]
fn tasks_that_left_the_list_are_forgotten() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    for number in 1..=3 {
        list.add(task(number), now);
    }
    take_all(&mut list, now);
    list.finish(key(1), Checked::Settled, now);
    list.finish(key(2), Checked::Later(now), now);
    list.finish(key(3), Checked::Later(now), now);
    list.keep_only(&HashSet::from([key(3)]));
    assert_eq!(take_all(&mut list, now), [key(3)], "what left is not asked after");
    assert_eq!(list.len(), 1);
}

#[test]
fn a_task_that_leaves_the_list_during_its_check_is_forgotten_when_the_check_ends() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    for number in 1..=3 {
        list.add(task(number), now);
    }
    take_all(&mut list, now);
    list.keep_only(&HashSet::new());
    assert_eq!(list.len(), 3);
    list.add(task(3), now);
    list.finish(key(1), Checked::Later(now), now);
    list.finish(key(2), Checked::Settled, now);
    list.finish(key(3), Checked::Later(now), now);
    assert_eq!(take_all(&mut list, now), [key(3)], "it is listed again");
    assert_eq!(list.len(), 1);
}

#[test]
fn a_task_that_comes_back_is_taken_once() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    list.add(task(1), now);
    list.keep_only(&HashSet::new());
    list.add(task(1), now + SECOND);
    assert_eq!(take_all(&mut list, now + SECOND), [key(1)], "the entry of its first time is dropped");
    assert_eq!(list.next_due(), None);
}

#[test]
fn questions_without_an_answer_are_asked_less_and_less_until_one_is_answered() {
    let (mut list, mut now) = (Watchlist::default(), Instant::now());
    list.add(task(1), now);
    let mut pause_after = |checked| {
        take_all(&mut list, now);
        list.finish(key(1), checked, now);
        let due = list.next_due().expect("it is asked after again");
        let pause = due - now;
        now = due;
        pause
    };
    let silence = Checked::Unanswered { interval: SECOND, retry_after: None };
    let pauses: Vec<Duration> = (0..4).map(|_| pause_after(silence)).collect();
    assert!(pauses[3] >= 8 * SECOND, "{pauses:?}");
    pause_after(Checked::Later(Instant::now()));
    assert!(pause_after(silence) <= 2 * SECOND, "it begins anew");
}

#[test]
fn a_report_makes_the_tasks_of_its_job_due_and_no_others() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    let hour = 3_600 * SECOND;
    for number in 1..=3 {
        list.add(task(number), now);
    }
    for key in take_all(&mut list, now) {
        list.finish(key, Checked::Later(now + hour), now);
    }
    let (account, job, _) = key(2);
    list.hasten(account, job, now + SECOND);
    list.hasten(account, job, now + SECOND);
    list.hasten(account, JobId(Uuid::from_u128(4)), now + SECOND);
    assert_eq!(take_all(&mut list, now + SECOND), [key(2)], "once, and no job that is not listed");
}

#[test]
fn a_report_that_comes_during_a_check_leads_to_one_more() {
    let (mut list, now) = (Watchlist::default(), Instant::now());
    list.add(task(1), now);
    take_all(&mut list, now);
    let (account, job, _) = key(1);
    list.hasten(account, job, now);
    list.finish(key(1), Checked::Later(now + SECOND), now);
    assert_eq!(take_all(&mut list, now), [key(1)], "what was answered may be older than the report");
    list.finish(key(1), Checked::Later(now + SECOND), now);
    assert_eq!(take_all(&mut list, now), [], "and no more than one");
}
