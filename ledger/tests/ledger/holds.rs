//! Holds in the log: set aside, then captured in part, released or lapsed; by people and by jobs.

use crate::support;

use futures::future::join_all;
use ledger::account::{AccountCommand, AccountEvent, Grant, HoldId};
use ledger::job::{FailureClass, JobCommand, Price, Status};
use ledger::{JobId, Refusal, UserId};
use support::clock::{options, second, until};
use support::{Bench, bench, bench_with, capture, credits, fail, hold, queue_at, succeed, user};

fn release(hold: HoldId) -> AccountCommand {
    AccountCommand::Release { hold }
}

/// Queues a clip of 2 credits a second that may cost up to 10.
async fn clip(bench: &Bench, user: &UserId) -> JobId {
    let (job, command) = queue_at(user, Price::PerSecond { rate: credits("2"), most: credits("10") });
    bench.ledger.execute(command).await.unwrap();
    job
}

#[tokio::test]
async fn what_a_capture_does_not_take_comes_back() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let held = bench.hold(&alice, "6").await;
    let state = bench.state(&alice).await;
    assert_eq!((state.balance, state.held), (credits("4"), credits("6")));
    let outcome = bench.ask(&alice, capture(held, "2.5")).await.unwrap();
    let [AccountEvent::Captured { amount, released, .. }] = outcome.credits.as_slice() else { panic!() };
    assert_eq!((*amount, *released), (credits("2.5"), credits("3.5")));
    let state = outcome.account.unwrap();
    assert_eq!((state.balance, state.held), (credits("7.5"), credits("0")));
    assert_eq!(bench.count("type = 'credits.captured' and amount = 3.5 and balance_after = 7.5").await, 1);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_capture_passes_the_hold_and_none_happens_twice() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let held = bench.hold(&alice, "6").await;
    let before = bench.count("true").await;
    let too_large = Refusal::CaptureTooLarge { asked: credits("6.000001"), held: credits("6") };
    assert_eq!(bench.ask(&alice, capture(held, "6.000001")).await.unwrap_err(), too_large);
    let enormous = bench.ask(&alice, capture(held, "1000000000000")).await.unwrap_err();
    assert_eq!(enormous.code(), "capture_too_large");
    assert_eq!(bench.ask(&alice, capture(held, "0")).await.unwrap_err(), Refusal::AmountZero);
    assert_eq!(bench.count("true").await, before, "nothing was half done");

    bench.ask(&alice, capture(held, "6")).await.unwrap();
    let over = Refusal::HoldNotOpen { hold: held };
    assert_eq!(bench.ask(&alice, capture(held, "1")).await.unwrap_err(), over);
    assert_eq!(bench.ask(&alice, release(held)).await.unwrap_err(), over);
    let other = bench.hold(&alice, "4").await;
    bench.ask(&alice, release(other)).await.unwrap();
    assert_eq!(
        bench.ask(&alice, capture(other, "1")).await.unwrap_err(),
        Refusal::HoldNotOpen { hold: other }
    );
    assert_eq!(bench.ask(&alice, release(HoldId(999))).await.unwrap_err().code(), "hold_not_open");
    assert_eq!(bench.balance(&alice).await, credits("4"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_hold_of_another_account_is_not_there() {
    let bench = bench().await;
    let (alice, mallory) = (user("alice"), user("mallory"));
    bench.grant(&alice, "10").await;
    bench.grant(&mallory, "10").await;
    let held = bench.hold(&alice, "6").await;
    assert_eq!(
        bench.ask(&mallory, capture(held, "1")).await.unwrap_err(),
        Refusal::HoldNotOpen { hold: held }
    );
    assert_eq!(bench.ask(&mallory, release(held)).await.unwrap_err(), Refusal::HoldNotOpen { hold: held });
    assert_eq!(bench.state(&alice).await.held, credits("6"));
}

#[tokio::test]
async fn a_hold_whose_time_is_over_is_released_by_the_next_command() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let AccountCommand::Hold { amount, reason, .. } = hold("6") else { panic!() };
    let command = AccountCommand::Hold { amount, reason, expires_at: Some(second(100)) };
    let held = bench.ask(&alice, command).await.unwrap().account.unwrap().holds[0].hold;
    until(100);
    assert_eq!(bench.ask(&alice, capture(held, "1")).await.unwrap_err(), Refusal::HoldNotOpen { hold: held });
    bench.queued(&alice, "10").await;
    assert_eq!(bench.story(&alice).await[2..], ["credits.released", "credits.debited"]);
    let past =
        AccountCommand::Hold { amount: credits("1"), reason: "test".into(), expires_at: Some(second(100)) };
    assert_eq!(bench.ask(&alice, past).await.unwrap_err(), Refusal::ExpiryInPast);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_hold_outlives_its_lot_and_ends_the_same_whoever_looks_when() {
    let mut ends = Vec::new();
    for looks in [vec![], vec![120], vec![120, 160], vec![100, 150, 400]] {
        until(0);
        let bench = bench_with(options()).await;
        let alice = user("alice");
        let lot = Grant { expires_at: Some(second(100)), ..Grant::new(alice.clone(), credits("10"), "test") };
        bench.lot(lot).await;
        let command = AccountCommand::Hold {
            amount: credits("4"),
            reason: "test".into(),
            expires_at: Some(second(150)),
        };
        bench.ask(&alice, command).await.unwrap();
        for look in looks {
            until(look);
            bench.ask(&alice, AccountCommand::Lapse).await.unwrap();
        }
        until(500);
        bench.ask(&alice, AccountCommand::Lapse).await.unwrap();
        assert_eq!(bench.breaches().await, Vec::<String>::new());
        ends.push(bench.state(&alice).await);
    }
    assert_eq!(support::lots(&ends[0].lots), "1:4");
    assert_eq!(ends[0].next_lapse(), Some(second(1_150)), "the grace begins when the hold ended");
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
}

#[tokio::test]
async fn a_clip_is_charged_for_its_seconds_and_never_more_than_was_held() {
    for (milliseconds, charged, balance) in [
        (Some(2_500), "5", "15"),
        (Some(60_000), "10", "10"),
        (Some(u64::MAX), "10", "10"),
        (Some(1), "0.002", "19.998"),
        // What nobody measured is not given away.
        (None, "10", "10"),
    ] {
        let bench = bench().await;
        let alice = user("alice");
        bench.grant(&alice, "20").await;
        let job = clip(&bench, &alice).await;
        let state = bench.state(&alice).await;
        assert_eq!((state.balance, state.held), (credits("10"), credits("10")));
        let fencing = bench.started(&alice, job).await;
        let done = bench.job(&alice, job, succeed(fencing, milliseconds)).await.unwrap();
        assert_eq!((done.jobs[0].1.charged, done.jobs[0].1.on_hold), (credits(charged), false));
        let state = done.account.unwrap();
        assert_eq!((state.balance, state.held), (credits(balance), credits("0")), "{milliseconds:?}");
        assert_eq!(bench.breaches().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_clip_that_is_not_made_costs_nothing_and_may_be_run_again() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let job = clip(&bench, &alice).await;
    let held = bench.state(&alice).await.holds[0].hold;
    for command in [capture(held, "1"), release(held)] {
        assert_eq!(bench.ask(&alice, command).await.unwrap_err(), Refusal::HoldOfJob { hold: held });
    }
    assert_eq!(bench.job(&alice, job, support::refund(None)).await.unwrap_err(), Refusal::PriceOnlyHeld);
    let fencing = bench.started(&alice, job).await;
    bench.job(&alice, job, fail(fencing, FailureClass::Permanent)).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("10"));

    bench.job(&alice, job, JobCommand::Rerun).await.unwrap();
    for _ in 0..3 {
        let fencing = bench.started(&alice, job).await;
        bench.job(&alice, job, fail(fencing, FailureClass::Transient)).await.unwrap();
    }
    assert_eq!(bench.state(&alice).await.held, credits("10"), "a dead job keeps its hold");
    bench.job(&alice, job, JobCommand::Retry { run: None, reason: None }).await.unwrap();
    let fencing = bench.started(&alice, job).await;
    let done = bench.job(&alice, job, succeed(fencing, Some(1_000))).await.unwrap();
    assert_eq!((done.jobs[0].1.status, done.jobs[0].1.charged), (Status::Succeeded, credits("2")));
    bench.job(&alice, job, support::refund(Some("0.5"))).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("8.5"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_end_one_hold_one_wins() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let alice = user("alice");
    bench.grant(&alice, "100").await;
    for round in 0..20 {
        let held = bench.hold(&alice, "5").await;
        let command = if round % 2 == 0 { capture(held, "1") } else { release(held) };
        let (one, two) = tokio::join!(
            bench.ledger.execute(support::on_account(&alice, capture(held, "1"))),
            other.execute(support::on_account(&alice, command)),
        );
        let answers = [support::refusal(one), support::refusal(two)];
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let refused = answers.into_iter().find_map(Result::err).unwrap();
        assert_eq!(refused, Refusal::HoldNotOpen { hold: held });
    }
    let ended = bench.count("type in ('credits.captured', 'credits.released')").await;
    assert_eq!((ended, bench.state(&alice).await.held), (20, credits("0")));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_holds_on_one_account_exactly_those_that_it_covers_succeed() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let hot = user("hot");
    bench.grant(&hot, "23").await;
    let holds = (0..64).map(|n| {
        let ledger = if n % 2 == 0 { bench.ledger.clone() } else { other.clone() };
        let command = support::on_account(&hot, hold("1"));
        tokio::spawn(async move { support::refusal(ledger.execute(command).await) })
    });
    let answers: Vec<_> = join_all(holds).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 23);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), "credits_insufficient");
    }
    let state = bench.state(&hot).await;
    assert_eq!((state.balance, state.held, state.holds.len()), (credits("0"), credits("23"), 23));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_held_keeps_its_room_under_the_largest_balance() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "1000000000000").await;
    let job = bench.queued(&alice, "5").await;
    bench.grant(&alice, "5").await;
    let held = bench.hold(&alice, "10").await;
    let refused = bench.job(&alice, job, support::refund(None)).await.unwrap_err();
    assert_eq!(refused, Refusal::BalanceTooLarge, "or the hold could not come back");
    bench.ask(&alice, release(held)).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("1000000000000"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}
