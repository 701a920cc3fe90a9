//! Attempts, back-off, leases and their fencing tokens.

use super::{POLICY, Story, answer, at, fail, failure, refund, start};
use crate::account::RefundReason;
use crate::job::command::JobCommand;
use crate::job::event::JobEvent;
use crate::job::failure::{Billed, Failure, FailureClass};
use crate::job::output::Output;
use crate::job::policy::RetryPolicy;
use crate::job::state::Status;
use crate::refusal::Refusal;
use chrono::TimeDelta;

#[test]
fn a_permanent_failure_ends_the_job_and_gives_the_price_back() {
    let story = Story::started();
    let (events, charge) = story.decide(&fail(story.fencing(), FailureClass::Permanent)).unwrap();
    assert_eq!(events, [JobEvent::Failed { failure: failure(FailureClass::Permanent), refund_waits: false }]);
    assert_eq!(charge, refund(RefundReason::Failed, 1));
}

#[test]
fn a_run_that_is_too_old_is_given_up_and_given_back() {
    let overdue = JobCommand::Overdue { limit_seconds: 30 };
    assert_eq!(Story::queued().wait(28).decide(&overdue), Err(Refusal::JobNotDue));
    let (events, charge) = Story::queued().wait(29).decide(&overdue).unwrap();
    let JobEvent::Failed { failure, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!((failure.code.as_str(), failure.billed), ("queue_timeout", Some(Billed::No)));
    assert_eq!(charge, refund(RefundReason::Failed, 1));
}

#[test]
fn a_run_that_failed_before_waits_no_longer_than_another() {
    let overdue = JobCommand::Overdue { limit_seconds: 30 };
    // Queued at second 1, failed at second 3, to be tried again 5 seconds later.
    let failed = || Story::started().failed(FailureClass::Transient);
    assert_eq!(failed().wait(26).decide(&overdue), Err(Refusal::JobNotDue));
    assert!(failed().wait(27).decide(&overdue).is_ok());
}

#[test]
fn what_a_provider_may_have_made_is_not_given_up_for_waiting() {
    let started = Story::started();
    let unknown = Failure { billed: Some(Billed::Unknown), ..failure(FailureClass::Transient) };
    let lost = JobCommand::FailAttempt {
        fencing: started.fencing(),
        failure: unknown,
        backoff_milliseconds: 0,
        policy: RetryPolicy::default(),
        gives_up: false,
        provider: None,
    };
    let waiting = started.then(&lost).wait(3_600);
    assert_eq!(waiting.decide(&JobCommand::Overdue { limit_seconds: 30 }), Err(Refusal::JobNotDue));
}

#[test]
fn a_transient_failure_backs_off_until_the_attempts_are_used_up() {
    let mut story = Story::queued();
    for attempt in 1..=2 {
        story = story.wait(10).then(&start()).failed(FailureClass::Transient);
        assert_eq!((story.state().status, story.state().attempts), (Status::Queued, attempt));
        assert_eq!(story.state().retry_at, Some(at(story.now) + TimeDelta::seconds(5)));
        assert_eq!(story.decide(&start()), Err(Refusal::JobNotDue));
    }
    let story = story.wait(10).then(&start());
    let (events, charge) = story.decide(&fail(story.fencing(), FailureClass::Transient)).unwrap();
    assert_eq!(events, [JobEvent::DeadLettered { failure: failure(FailureClass::Transient) }]);
    assert_eq!(charge, None, "the credits stay spent so that a retry is free");
}

#[test]
fn a_throttled_attempt_costs_none_until_the_run_is_too_old() {
    let mut story = Story::queued();
    for _ in 0..20 {
        story = story.wait(10).then(&start()).failed(FailureClass::Throttled);
        assert_eq!((story.state().status, story.state().attempts), (Status::Queued, 0));
    }
    let story = story.wait(3_600).then(&start());
    let (events, _) = story.decide(&fail(story.fencing(), FailureClass::Throttled)).unwrap();
    assert_eq!(events[0].name(), "job.dead_lettered");
}

#[test]
fn a_lapsed_lease_lets_another_worker_take_over_and_fences_the_first_one_out() {
    let story = Story::started();
    let first = story.fencing();
    assert_eq!(story.decide(&start()), Err(Refusal::JobClaimed));
    let story = story.wait(60).then(&start());
    assert_eq!(story.state().attempts, 2);
    let late = JobCommand::Succeed { fencing: first, outputs: Vec::new(), provider: None };
    assert_eq!(story.decide(&late), Err(Refusal::LeaseLost));
    assert_eq!(story.decide(&fail(first, FailureClass::Permanent)), Err(Refusal::LeaseLost));
}

#[test]
fn a_late_worker_may_finish_while_nobody_took_over() {
    let story = Story::started().wait(3_000);
    let outputs = vec![Output {
        index: 0,
        key: "k".into(),
        content_type: "image/png".into(),
        width: 1,
        height: 1,
        bytes: 1,
        duration_milliseconds: None,
        sha256: None,
        thumbnail: None,
    }];
    let done = JobCommand::Succeed { fencing: story.fencing(), outputs: outputs.clone(), provider: None };
    let story = story.then(&done);
    assert_eq!((story.state().status, &story.state().outputs), (Status::Succeeded, &outputs));
}

#[test]
fn a_run_that_loses_every_worker_goes_to_the_dead_letters() {
    let story = Story::started().wait(61).then(&start()).wait(61).then(&start()).wait(61);
    let (events, _) = story.decide(&start()).unwrap();
    let [JobEvent::DeadLettered { failure }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(failure.code, "worker_lost");
}

fn forfeit(fencing: i64) -> JobCommand {
    JobCommand::Forfeit { fencing, backoff_milliseconds: 0, policy: POLICY }
}

#[test]
fn a_claim_that_is_forfeited_uses_up_an_attempt_and_the_next_one_may_begin_at_once() {
    let story = Story::started();
    let first = story.fencing();
    let (events, charge) = story.decide(&forfeit(first)).unwrap();
    let [JobEvent::AttemptFailed { failure, counted, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(
        (failure.code.as_str(), failure.billed, *counted),
        ("worker_lost", Some(Billed::Unknown), true)
    );
    assert_eq!(charge, None, "the credits stay spent");
    let story = story.then(&forfeit(first)).then(&start());
    assert_eq!(story.state().attempts, 2, "long before the lease of the first one would have lapsed");
    let late = JobCommand::Succeed { fencing: first, outputs: Vec::new(), provider: None };
    for command in [late, forfeit(first)] {
        assert_eq!(story.decide(&command), Err(Refusal::LeaseLost), "{command:?}");
    }
}

#[test]
fn the_last_attempt_that_is_forfeited_goes_to_the_dead_letters() {
    let mut story = Story::started();
    for _ in 0..2 {
        let lost = forfeit(story.fencing());
        story = story.then(&lost).then(&start());
    }
    assert_eq!(answer(&story, &forfeit(story.fencing())), "job.dead_lettered");
}

#[test]
fn what_a_provider_has_taken_is_not_forfeited() {
    let story = Story::started();
    let submit = submit(&story);
    let story = story.then(&submit);
    assert_eq!(story.decide(&forfeit(story.fencing())), Err(Refusal::JobClaimed));
}

#[test]
fn what_a_provider_has_taken_is_nobody_else_s_however_late_it_is() {
    let story = Story::started();
    let submit = submit(&story);
    let story = story.then(&submit).wait(600);
    assert_eq!(answer(&story, &start()), "job_claimed");
    assert_eq!(answer(&story, &submit), "already");
    let late = story.wait(100_000);
    let dead_letter = JobCommand::DeadLetter { failure: failure(FailureClass::Transient) };
    for taken in [&start(), &dead_letter] {
        assert_eq!(late.decide(taken), Err(Refusal::JobClaimed), "{taken:?}");
    }
    let (events, _) = late.decide(&fail(late.fencing(), FailureClass::Transient)).unwrap();
    assert_eq!(events[0].name(), "job.dead_lettered", "the poller ends it");
}

fn submit(story: &Story) -> JobCommand {
    let (fencing, provider_task_id) = (story.fencing(), "t".into());
    JobCommand::Submit { fencing, provider_task_id, deadline_seconds: 1_800, provider: None }
}

#[test]
fn what_must_not_be_tried_again_waits_for_a_person_at_the_first_attempt() {
    let story = Story::started();
    for class in [FailureClass::Transient, FailureClass::Throttled] {
        let mut command = fail(story.fencing(), class);
        let JobCommand::FailAttempt { gives_up, .. } = &mut command else {
            unreachable!("it is what `fail` makes")
        };
        *gives_up = true;
        assert_eq!(answer(&story, &command), "job.dead_lettered");
    }
}
