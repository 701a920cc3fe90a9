//! Every command in every status, and what a status and a stream may be.

use super::{ALL, POLICY, Story, answer, at, credits, fail, failure, in_status, queue, request, start};
use crate::account::{Charge, Lot};
use crate::job::command::JobCommand;
use crate::job::decide::decide;
use crate::job::event::JobEvent;
use crate::job::failure::FailureClass;
use crate::job::late_cancel::LateCancel;
use crate::job::price::Price;
use crate::job::state::{JobState, Status};
use crate::refusal::Refusal;

#[test]
fn every_command_has_an_answer_in_every_status() {
    let commands = [
        ("start", start()),
        ("succeed", JobCommand::Succeed { fencing: 2, outputs: Vec::new(), provider: None }),
        ("fail", fail(2, FailureClass::Permanent)),
        ("forfeit", JobCommand::Forfeit { fencing: 2, backoff_milliseconds: 0, policy: POLICY }),
        ("dead-letter", JobCommand::DeadLetter { failure: failure(FailureClass::Transient) }),
        ("retry", JobCommand::Retry { run: None, reason: None }),
        ("discard", JobCommand::Discard { run: None, reason: None }),
        ("cancel", JobCommand::Cancel),
        ("cancel by user", JobCommand::CancelByUser { max_kept: None }),
        ("overdue", JobCommand::Overdue { limit_seconds: 1 }),
        ("rerun", JobCommand::Rerun),
        ("queue", queue(Price::Fixed(credits("4")))),
        ("refund", JobCommand::Refund { amount: None, reason: "r".into() }),
    ];
    #[rustfmt::skip]
    let expected = [
        //                queued               running           succeeded     failed        dead             cancelled     discarded
        ("start",       ["job.started",       "job_claimed",    "job_status", "job_status", "job_status",    "job_status", "job_status"]),
        ("succeed",     ["lease_lost",        "job.succeeded",  "lease_lost", "lease_lost", "lease_lost",    "lease_lost", "lease_lost"]),
        ("fail",        ["lease_lost",        "job.failed",     "lease_lost", "lease_lost", "lease_lost",    "lease_lost", "lease_lost"]),
        ("forfeit",     ["lease_lost",        "job.attempt_failed", "lease_lost", "lease_lost", "lease_lost",  "lease_lost", "lease_lost"]),
        ("dead-letter", ["job.dead_lettered", "job_claimed",    "job_status", "job_status", "already",       "job_status", "job_status"]),
        ("retry",       ["job_status",        "job_status",     "job_status", "job_status", "job.retried",   "job_status", "job_status"]),
        ("discard",     ["job_status",        "job_status",     "job_status", "job_status", "job.discarded", "job_status", "already"]),
        ("cancel",      ["job.cancelled",     "job.cancelled",  "job_status", "job_status", "job_status",    "already",    "job_status"]),
        ("cancel by user", ["job.cancelled",  "job.cancelled",  "job_status", "job_status", "job_status",    "already",    "job_status"]),
        ("overdue",     ["job.failed",        "job_status",     "job_status", "job_status", "job_status",    "job_status", "job_status"]),
        ("rerun",       ["job_status",        "job_status",     "job_status", "job.retried", "job_status",   "job.retried", "job.retried"]),
        ("queue",       ["job_exists",        "job_exists",     "job_exists", "job_exists", "job_exists",    "job_exists", "job_exists"]),
        ("refund",      ["job.refunded",      "job.refunded",   "job.refunded", "refund_too_large", "job.refunded", "refund_too_large", "refund_too_large"]),
    ];
    for ((name, command), (expected_name, row)) in commands.iter().zip(expected) {
        assert_eq!(*name, expected_name);
        for (status, expected) in ALL.into_iter().zip(row) {
            let story = in_status(status);
            assert_eq!(story.state().status, status);
            assert_eq!(answer(&story, command), expected, "{name} while {status}");
        }
    }
}

#[test]
fn a_job_that_does_not_exist_can_only_be_queued() {
    for command in [
        start(),
        JobCommand::Cancel,
        JobCommand::CancelByUser { max_kept: None },
        JobCommand::Retry { run: None, reason: None },
        JobCommand::Discard { run: None, reason: None },
        JobCommand::Rerun,
    ] {
        assert_eq!(decide(None, &command, at(0)), Err(Refusal::JobUnknown));
    }
    let (_, charge) = decide(None, &queue(Price::Fixed(credits("4"))), at(0)).unwrap();
    assert_eq!(charge, Some((Charge::Debit { amount: credits("4") }, 1)));
}

#[test]
fn a_lease_ends_and_a_pause_is_over_at_its_very_moment() {
    let dead_letter = JobCommand::DeadLetter { failure: failure(FailureClass::Transient) };
    // Claimed at second 2 for 60 seconds; what is asked comes a second after the story's last one.
    for (waited, claimed) in [(58, true), (59, false), (60, false)] {
        for command in [start(), dead_letter.clone()] {
            let answer = Story::started().wait(waited).decide(&command);
            assert_eq!(matches!(answer, Err(Refusal::JobClaimed)), claimed, "{waited}: {command:?}");
            assert_eq!(answer.is_ok(), !claimed, "{waited}: {command:?}");
        }
    }
    // Failed at second 3, to be tried again 5 seconds later.
    for (waited, due) in [(3, false), (4, true), (5, true)] {
        let answer = Story::started().failed(FailureClass::Transient).wait(waited).decide(&start());
        assert_eq!(matches!(answer, Err(Refusal::JobNotDue)), !due, "{waited}");
        assert_eq!(answer.is_ok(), due, "{waited}");
    }
}

#[test]
fn a_status_has_one_name_and_is_finished_or_not() {
    for status in ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        assert_eq!(status.to_string(), status.as_str());
        let waits = matches!(status, Status::Queued | Status::Running);
        assert_eq!(status.is_finished(), !waits, "{status}");
        let ended = in_status(status).state().finished_at.is_some();
        assert_eq!(status.is_finished(), ended, "{status}");
    }
}

#[test]
fn an_event_from_before_there_were_lots_was_paid_from_the_unnamed_one() {
    for (cost, paid) in [("4", vec![Lot::unnamed(credits("4"))]), ("0", Vec::new())] {
        let queued = JobEvent::Queued {
            request: request(),
            cost: credits(cost),
            per_second: None,
            late_cancel: LateCancel::REFUND,
            from: Vec::new(),
        };
        assert_eq!(JobState::apply(None, &queued, 1, at(0)).unwrap().paid_from, paid);
    }
}

#[test]
fn a_stream_that_cannot_be_is_folded_without_a_panic() {
    let uncounted = JobEvent::AttemptFailed {
        attempt: 1,
        failure: failure(FailureClass::Throttled),
        counted: false,
        retry_at: at(9),
        run: None,
        provider: None,
    };
    let state = JobState::apply(Story::queued().state, &uncounted, 2, at(1)).unwrap();
    assert_eq!((state.attempts, state.status), (0, Status::Queued));
}

#[test]
fn what_names_an_earlier_run_is_refused() {
    let again = Story::dead().then(&JobCommand::Retry { run: Some(1), reason: None }).then(&start());
    for (seen, command) in [1, 3].into_iter().flat_map(|seen| {
        [
            (seen, JobCommand::Retry { run: Some(seen), reason: None }),
            (seen, JobCommand::Discard { run: Some(seen), reason: None }),
        ]
    }) {
        assert_eq!(again.decide(&command), Err(Refusal::RunStale { seen, run: 2 }), "{command:?}");
    }
    let dead = Story::dead();
    assert!(dead.decide(&JobCommand::Discard { run: Some(1), reason: None }).is_ok());
    let given_up = Story::dead().then(&JobCommand::Discard { run: Some(1), reason: None });
    let repeated = given_up.decide(&JobCommand::Discard { run: Some(1), reason: None });
    assert!(repeated.unwrap().0.is_empty(), "a repeat writes nothing");
}

#[test]
fn why_a_dead_job_is_retried_or_given_up_is_written_down() {
    let (run, reason) = (Some(1), Some("the provider is back".to_owned()));
    let dead = Story::dead();
    let retry = JobCommand::Retry { run, reason: reason.clone() };
    let retried = dead.decide(&retry).unwrap().0;
    assert_eq!(
        retried,
        [JobEvent::Retried { run: 2, charged: None, from: Vec::new(), reason: reason.clone() }]
    );
    let discard = JobCommand::Discard { run, reason: reason.clone() };
    let discarded = dead.decide(&discard).unwrap().0;
    assert_eq!(discarded, [JobEvent::Discarded { refund_waits: false, reason }]);
}
