//! A preview answers what would happen and leaves no trace.

use crate::support;

use ledger::account::{AccountCommand, AccountEvent, AccountState};
use ledger::{Command, Refusal, UserId};
use std::sync::Arc;
use support::{Bench, adjust, bench, capture, credits, grant, hold, on_account, queue, user, void, with_key};

/// One command of every kind that can be accepted on an account with a lot, a hold and a job.
async fn commands(bench: &Bench, alice: &UserId) -> Vec<Command> {
    let lot = bench.lot(ledger::account::Grant::new(alice.clone(), credits("10"), "test")).await;
    let held = bench.hold(alice, "2").await;
    let job = bench.queued(alice, "1").await;
    let mut commands: Vec<Command> = vec![
        adjust(alice, "-9", true),
        adjust(alice, "3", false),
        hold("1"),
        capture(held, "1"),
        AccountCommand::Release { hold: held },
        void(lot),
    ]
    .into_iter()
    .map(|command| on_account(alice, command))
    .collect();
    commands.push(grant(alice, "5"));
    commands.push(queue(alice, "2").1);
    commands.push(support::on_job(alice, job, support::refund(Some("0.5"))));
    commands
}

fn told(outcome: &ledger::Outcome) -> (Option<Arc<AccountState>>, Vec<AccountEvent>, usize) {
    (outcome.account.clone(), outcome.credits.clone(), outcome.jobs.len())
}

#[tokio::test]
async fn a_preview_answers_what_executing_does_and_writes_nothing() {
    let bench = bench().await;
    let alice = user("alice");
    for place in 0..9 {
        let command = commands(&bench, &alice).await[place].clone();
        let (before, events) = (bench.state(&alice).await, bench.count("true").await);
        let first = bench.ledger.preview(command.clone()).await.unwrap();
        let second = bench.other_process().await.preview(command.clone()).await.unwrap();
        assert_eq!((first.position, second.position), (None, None));
        assert_eq!(told(&first), told(&second), "{command:?}");
        assert_eq!((bench.state(&alice).await, bench.count("true").await), (before, events));

        let executed = bench.ledger.execute(command).await.unwrap();
        assert_eq!(told(&executed), told(&first));
        assert!(executed.position.is_some());
    }
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_preview_is_refused_as_executing_would_be() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "1").await;
    for command in [
        queue(&alice, "2").1,
        grant(&alice, "0"),
        on_account(&alice, adjust(&alice, "-2", false)),
        on_account(&alice, hold("1.5")),
        on_account(&alice, capture(ledger::account::HoldId(1), "1")),
        on_account(&alice, void(ledger::account::LotId(9))),
    ] {
        let previewed = support::refusal(bench.ledger.preview(command.clone()).await).unwrap_err();
        let executed = support::refusal(bench.ledger.execute(command).await).unwrap_err();
        assert_eq!(previewed, executed);
    }
    assert_eq!(bench.count("true").await, 1);
}

#[tokio::test]
async fn a_preview_sees_what_its_key_did_and_does_not_use_it_up() {
    let bench = bench().await;
    let alice = user("alice");
    let keyed = |amount: &str, hash: u8| with_key(grant(&alice, amount), "k", hash);
    bench.ledger.preview(keyed("5", 1)).await.unwrap();
    let first = bench.ledger.execute(keyed("7", 2)).await.unwrap();
    assert!(!first.replayed, "the preview did not use the key up");
    bench.grant(&alice, "1").await;
    for ledger in [bench.ledger.clone(), bench.other_process().await] {
        let again = ledger.preview(keyed("7", 2)).await.unwrap();
        assert!(again.replayed);
        assert_eq!((again.position, &again.account), (first.position, &first.account));
        let reused = support::refusal(ledger.preview(keyed("5", 1)).await).unwrap_err();
        assert_eq!(reused, Refusal::KeyReused);
    }
    assert_eq!(bench.balance(&alice).await, credits("8"));
}

#[tokio::test]
async fn a_preview_sees_what_another_process_wrote() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let alice = user("alice");
    bench.grant(&alice, "5").await;
    other.execute(queue(&alice, "5").1).await.unwrap();
    let refused = support::refusal(bench.ledger.preview(queue(&alice, "1").1).await).unwrap_err();
    assert_eq!(refused.code(), "credits_insufficient");
    other.execute(grant(&alice, "3")).await.unwrap();
    let previewed = bench.ledger.preview(queue(&alice, "1").1).await.unwrap();
    assert_eq!(previewed.account.unwrap().balance, credits("2"));
}

#[tokio::test]
async fn a_batch_is_previewed_in_order_and_named_where_it_is_refused() {
    let bench = bench().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let batch = |price: &str| vec![grant(&alice, "5"), grant(&bob, "1"), queue(&alice, price).1];
    let outcomes = bench.ledger.preview_all(batch("4")).await.unwrap();
    assert_eq!(outcomes[2].account.as_ref().unwrap().balance, credits("1"));
    let refused = bench.ledger.preview_all(batch("6")).await.unwrap_err();
    assert_eq!(refused.place, 2);
    assert_eq!(bench.count("true").await, 0);
}
