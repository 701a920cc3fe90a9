//! Lots in the log: what lapses is written by whoever meets it, and credits come back to where they came from.

use crate::support;

use ledger::account::{AccountCommand, AccountEvent, Grant, Lot, Priority, Source};
use ledger::job::{FailureClass, JobCommand, Status};
use ledger::{LedgerOptions, Refusal, UserId};
use std::time::Duration;
use support::clock::{options, second, until};
use support::{adjust, bench, bench_with, credits, fail, grant, queue, refund, start, succeed, user, void};

/// A grant of a lot that burns with this priority and is gone at that second.
fn lot(user: &UserId, amount: &str, priority: u8, expires_at: Option<i64>) -> Grant {
    Grant {
        priority: Priority::try_from(priority).unwrap(),
        expires_at: expires_at.map(second),
        ..Grant::new(user.clone(), credits(amount), "test")
    }
}

#[tokio::test]
async fn lots_burn_by_priority_then_soonest_expiry_then_oldest_and_a_debit_says_so() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    for (amount, priority, expires_at) in
        [("1", 50, None), ("2", 50, Some(900)), ("4", 50, Some(500)), ("8", 10, None), ("16", 50, None)]
    {
        bench.lot(lot(&alice, amount, priority, expires_at)).await;
    }
    assert_eq!(bench.lots(&alice).await, "4:8 3:4 2:2 1:1 5:16");
    let (_, command) = queue(&alice, "15.5");
    let outcome = bench.ledger.execute(command).await.unwrap();
    let [AccountEvent::Debited { from, .. }] = outcome.credits.as_slice() else {
        panic!("{:?}", outcome.credits)
    };
    assert_eq!(support::lots(from), "4:8 3:4 2:2 1:1 5:0.5");
    assert_eq!(support::lots(&outcome.jobs[0].1.paid_from), support::lots(from));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_grant_says_of_its_lot_is_kept() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    let grant = Grant {
        effective_at: Some(second(10)),
        source: Source::Promo,
        metadata: [("campaign".to_owned(), "spring".to_owned())].into(),
        ..lot(&alice, "5", 7, Some(20))
    };
    let id = bench.lot(grant.clone()).await;
    let Grant { priority, effective_at, expires_at, source, amount, .. } = grant;
    let kept = Lot { lot: id, amount, priority, effective_at, expires_at, source, extended: false };
    assert_eq!(bench.state(&alice).await.lots, std::slice::from_ref(&kept));
    let origins = ledger::read::lot_origins(&bench.owner().await, alice.account(), &[id]).await.unwrap();
    assert_eq!(
        (origins.len(), &origins[0].lot, origins[0].metadata["campaign"].as_str()),
        (1, &kept, "spring")
    );

    let early = bench.ledger.execute(queue(&alice, "5").1).await;
    let short = Refusal::CreditsInsufficient { needed: credits("5"), available: credits("0") };
    assert_eq!(support::refusal(early).unwrap_err(), short);
    until(10);
    bench.queued(&alice, "5").await;
}

#[tokio::test]
async fn the_command_that_meets_a_lapsed_lot_writes_its_end_in_the_same_insert() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.lot(lot(&alice, "5", 50, Some(100))).await;
    bench.lot(lot(&alice, "7", 50, None)).await;
    until(100);
    let outcome = bench.ledger.execute(queue(&alice, "6").1).await.unwrap();
    assert_eq!(outcome.account.unwrap().balance, credits("1"));
    assert_eq!(outcome.credits.len(), 1, "what merely lapsed is not a part of the answer");
    let rows = bench
        .owner()
        .await
        .query("select type, xmin::text, occurred_at from events where version > 2 or type = 'job.queued' order by position", &[])
        .await
        .unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["credits.expired", "credits.debited", "job.queued"]);
    for row in &rows {
        assert_eq!(row.get::<_, &str>(1), rows[0].get::<_, &str>(1), "one transaction");
        assert_eq!(row.get::<_, chrono::DateTime<chrono::Utc>>(2), second(100));
    }
    assert_eq!(bench.count("true").await, 5);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refused_command_writes_nothing_of_what_lapsed() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.lot(lot(&alice, "5", 50, Some(100))).await;
    until(100);
    let refused = support::refusal(bench.ledger.execute(queue(&alice, "1").1).await).unwrap_err();
    assert_eq!(refused.code(), "credits_insufficient");
    assert_eq!(bench.count("true").await, 1);
    assert_eq!(bench.state(&alice).await.available(second(100)), credits("0"), "it is gone all the same");
}

#[tokio::test]
async fn what_a_batch_has_nothing_to_write_for_is_not_taken_from_memory() {
    let bench = bench_with(options()).await;
    let other = bench.other_process().await;
    let bob = user("bob");
    bench.grant(&bob, "1").await;
    // Some of them are of bob's lane, which does not know what the other process gave him.
    for n in 0..8 {
        let neighbour = user(&format!("user-{n}"));
        bench.grant(&neighbour, "1").await;
        let grant_of_bob = AccountCommand::Grant(lot(&bob, "5", 50, Some(100 * (n + 1))));
        other.execute(support::on_account(&bob, grant_of_bob)).await.unwrap();
        until(100 * (n + 1));
        let lapse = support::on_account(&bob, AccountCommand::Lapse);
        let outcomes = bench.ledger.execute_all(vec![grant(&neighbour, "1"), lapse]).await.unwrap();
        let swept = outcomes[1].account.as_ref().expect("what lapsed is written");
        assert_eq!(swept.balance, credits("1"));
    }
    assert_eq!(bench.count("type = 'credits.expired'").await, 8);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn sweeping_writes_what_lapsed_once_and_costs_nothing_after() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    for expires_at in [100, 200, 300] {
        bench.lot(lot(&alice, "5", 50, Some(expires_at))).await;
    }
    until(99);
    let nothing = bench.ask(&alice, AccountCommand::Lapse).await.unwrap();
    assert_eq!((nothing.position, nothing.account), (None, None));
    until(200);
    let swept = bench.ask(&alice, AccountCommand::Lapse).await.unwrap();
    assert_eq!(swept.account.unwrap().balance, credits("5"));
    for _ in 0..2 {
        assert_eq!(bench.ask(&alice, AccountCommand::Lapse).await.unwrap().position, None);
    }
    assert_eq!(bench.count("type = 'credits.expired'").await, 2);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_to_a_lapsed_lot_lives_for_the_grace() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.lot(lot(&alice, "5", 50, Some(100))).await;
    let job = bench.queued(&alice, "3").await;
    until(150);
    bench.job(&alice, job, JobCommand::Cancel).await.unwrap();
    assert_eq!(bench.story(&alice).await[2..], ["credits.expired", "credits.refunded"]);
    assert_eq!(bench.lots(&alice).await, "1:3");
    assert_eq!(bench.state(&alice).await.next_lapse(), Some(second(1_150)));
    until(1_149);
    bench.queued(&alice, "1").await;
    until(1_150);
    bench.ask(&alice, AccountCommand::Lapse).await.unwrap();
    assert_eq!(bench.lots(&alice).await, "");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

/// Whoever buys just before the end of a grace and cancels just after it does not keep the credits for ever.
#[tokio::test]
async fn the_grace_is_given_once() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.lot(lot(&alice, "5", 50, Some(100))).await;
    let (first, second_job) = (bench.queued(&alice, "3").await, bench.queued(&alice, "2").await);
    until(150);
    bench.job(&alice, first, JobCommand::Cancel).await.unwrap();
    assert_eq!(bench.state(&alice).await.next_lapse(), Some(second(1_150)));
    until(1_149);
    let again = bench.queued(&alice, "3").await;
    until(1_151);
    let outcome = bench.job(&alice, again, JobCommand::Cancel).await.unwrap();
    let told: Vec<_> = outcome.credits.iter().map(AccountEvent::name).collect();
    assert_eq!(told, ["credits.refunded", "credits.expired"], "it had its grace");
    assert_eq!(bench.lots(&alice).await, "");
    // What was taken before the lot lapsed has a grace of its own.
    bench.job(&alice, second_job, JobCommand::Cancel).await.unwrap();
    assert_eq!(bench.state(&alice).await.next_lapse(), Some(second(2_151)));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

/// A job ends even where the account has no room for its refund; the credits wait on the job and are not lost.
#[tokio::test]
async fn a_refund_that_does_not_fit_waits_on_the_job() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "5").await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(bench.queued(&alice, "1").await);
    }
    bench.grant(&alice, "999999999998").await;
    let [failed, cancelled, discarded] = jobs[..] else { panic!() };
    let fencing = bench.started(&alice, failed).await;
    let outcome = bench.job(&alice, failed, fail(fencing, FailureClass::Permanent)).await.unwrap();
    assert_eq!(outcome.credits, [], "nothing came back");
    bench.job(&alice, cancelled, JobCommand::Cancel).await.unwrap();
    let dead = JobCommand::DeadLetter { failure: support::failure(FailureClass::Transient) };
    bench.job(&alice, discarded, dead).await.unwrap();
    bench.job(&alice, discarded, JobCommand::Discard { run: None, reason: None }).await.unwrap();
    let client = bench.owner().await;
    for (job, status) in
        [(failed, Status::Failed), (cancelled, Status::Cancelled), (discarded, Status::Discarded)]
    {
        let state = ledger::read::job(&client, alice.account(), job).await.unwrap().unwrap();
        assert_eq!((state.status, state.charged), (status, credits("1")), "the price is seen to be kept");
    }
    assert_eq!(bench.breaches().await, Vec::<String>::new());

    // There is no room yet, and an admin is told so; once there is, the refund is made.
    let refused = bench.job(&alice, failed, refund(None)).await.unwrap_err();
    assert_eq!(refused, Refusal::BalanceTooLarge);
    bench.ask(&alice, adjust(&alice, "-10", false)).await.unwrap();
    let refunded = bench.job(&alice, failed, refund(None)).await.unwrap();
    assert_eq!(refunded.jobs[0].1.charged, credits("0"));
    // One that is run again is paid by what waits: its next end gives it back.
    let again = bench.job(&alice, cancelled, JobCommand::Rerun).await.unwrap();
    assert_eq!((again.credits.len(), again.jobs[0].1.charged), (0, credits("1")));
    let ended = bench.job(&alice, cancelled, JobCommand::Cancel).await.unwrap();
    assert_eq!((ended.credits[0].name(), ended.jobs[0].1.charged), ("credits.refunded", credits("0")));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn without_grace_what_comes_back_to_a_lapsed_lot_expires_at_once() {
    let bench = bench_with(LedgerOptions { refund_grace: Duration::ZERO, ..options() }).await;
    let alice = user("alice");
    bench.lot(lot(&alice, "5", 50, Some(100))).await;
    let job = bench.queued(&alice, "3").await;
    until(150);
    let outcome = bench.job(&alice, job, JobCommand::Cancel).await.unwrap();
    assert_eq!(outcome.account.unwrap().balance, credits("0"));
    let told: Vec<_> = outcome.credits.iter().map(AccountEvent::name).collect();
    assert_eq!(told, ["credits.refunded", "credits.expired"]);
    assert_eq!(bench.story(&alice).await[2..], ["credits.expired", "credits.refunded", "credits.expired"]);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_void_takes_what_is_left_and_what_comes_back_later() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    let bought = bench.lot(lot(&alice, "5", 40, None)).await;
    bench.grant(&alice, "1").await;
    let job = bench.queued(&alice, "2").await;
    let outcome = bench.ask(&alice, void(bought)).await.unwrap();
    let [AccountEvent::Voided { lot, amount, .. }] = outcome.credits.as_slice() else { panic!() };
    assert_eq!((*lot, *amount), (bought, credits("3")));
    assert_eq!(bench.ask(&alice, void(bought)).await.unwrap_err(), Refusal::LotVoided { lot: bought });
    let refunded = bench.job(&alice, job, JobCommand::Cancel).await.unwrap();
    assert_eq!(refunded.account.unwrap().balance, credits("1"));
    assert_eq!(bench.lots(&alice).await, "2:1");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_repeat_is_told_what_was_taken_back_too() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    let bought = bench.lot(lot(&alice, "5", 40, None)).await;
    let job = bench.queued(&alice, "2").await;
    bench.ask(&alice, void(bought)).await.unwrap();
    let refund = || support::with_key(support::on_job(&alice, job, refund(None)), "k", 1);
    let first = bench.ledger.execute(refund()).await.unwrap();
    assert_eq!(first.credits.len(), 2, "{:?}", first.credits);
    bench.ask(&alice, AccountCommand::Grant(lot(&alice, "9", 50, None))).await.unwrap();
    for ledger in [bench.ledger.clone(), bench.other_process().await] {
        let repeat = ledger.execute(refund()).await.unwrap();
        assert!(repeat.replayed);
        assert_eq!((&repeat.credits, &repeat.account), (&first.credits, &first.account));
        assert_eq!((repeat.position, &repeat.jobs), (first.position, &first.jobs));
    }
}

#[tokio::test]
async fn partial_refunds_give_the_longest_lived_lots_back_first() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    for (amount, expires_at) in [("3", Some(500)), ("3", Some(900)), ("3", None)] {
        bench.lot(lot(&alice, amount, 50, expires_at)).await;
    }
    let job = bench.queued(&alice, "9").await;
    let fencing = bench.started(&alice, job).await;
    bench.job(&alice, job, succeed(fencing, None)).await.unwrap();
    for (amount, lots) in [("2", "3:2"), ("2", "2:1 3:3"), ("4", "1:2 2:3 3:3"), ("1", "1:3 2:3 3:3")] {
        bench.job(&alice, job, refund(Some(amount))).await.unwrap();
        assert_eq!(bench.lots(&alice).await, lots, "after {amount}");
    }
    let nothing_left = bench.job(&alice, job, refund(Some("0.000001"))).await.unwrap_err();
    assert_eq!(nothing_left.code(), "refund_too_large");
    assert_eq!(bench.count("type = 'job.refunded'").await, 4);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_refund_passes_what_the_job_is_charged() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let job = bench.queued(&alice, "4").await;
    let ask = |amount: Option<&'static str>| bench.job(&alice, job, refund(amount));
    assert_eq!(ask(Some("4.000001")).await.unwrap_err().code(), "refund_too_large");
    assert_eq!(ask(Some("0")).await.unwrap_err().code(), "amount_zero");
    ask(Some("1")).await.unwrap();
    assert_eq!(ask(Some("3.5")).await.unwrap_err().code(), "refund_too_large");
    let failed = fail(bench.started(&alice, job).await, FailureClass::Permanent);
    bench.job(&alice, job, failed).await.unwrap();
    assert_eq!(
        bench.balance(&alice).await,
        credits("10"),
        "a failed job gives back what was left of its price"
    );
    assert_eq!(ask(None).await.unwrap_err().code(), "refund_too_large");
    assert_eq!(bench.job(&alice, job, start()).await.unwrap_err().code(), "job_status");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_adjustment_takes_what_is_there_only_when_asked_to() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.grant(&alice, "3").await;
    let refused = bench.ask(&alice, adjust(&alice, "-5", false)).await.unwrap_err();
    assert_eq!(refused, Refusal::AdjustmentTooLarge { asked: credits("5"), available: credits("3") });
    let outcome = bench.ask(&alice, adjust(&alice, "-5", true)).await.unwrap();
    let [AccountEvent::Adjusted { change, asked, .. }] = outcome.credits.as_slice() else { panic!() };
    assert_eq!((change.to_string().as_str(), asked.unwrap().to_string().as_str()), ("-3", "-5"));
    assert_eq!(bench.balance(&alice).await, credits("0"));
    let outcome = bench.ask(&alice, adjust(&alice, "2", false)).await.unwrap();
    assert_eq!(outcome.account.unwrap().lots[0].source, Source::Adjustment);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn time_never_runs_backwards_within_an_account() {
    let bench = bench_with(options()).await;
    let alice = user("alice");
    bench.lot(lot(&alice, "5", 50, Some(100))).await;
    until(100);
    bench.ask(&alice, AccountCommand::Lapse).await.unwrap();
    until(50);
    let behind = bench.other_process().await;
    let refused = support::refusal(behind.execute(queue(&alice, "1").1).await).unwrap_err();
    assert_eq!(refused.code(), "credits_insufficient", "what has lapsed does not come back");
    behind.execute(grant(&alice, "1")).await.unwrap();
    assert_eq!(bench.count("occurred_at < '2017-07-14 02:41:40Z'").await, 1, "the first grant");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}
