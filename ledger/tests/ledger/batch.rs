//! Commands that belong together: all of them or none, in one INSERT, whatever accounts and lanes they are of.

use crate::support;

use futures::future::join_all;
use ledger::{BatchError, Command, ExecuteError, Ledger, MAX_COMMANDS_PER_BATCH, Outcome, Refusal, UserId};
use support::{bench, credits, grant, queue, user, with_key};

/// The place and the refusal of a batch; anything but a refusal fails the test.
async fn all(ledger: &Ledger, commands: Vec<Command>) -> Result<Vec<Outcome>, (usize, Refusal)> {
    ledger.execute_all(commands).await.map_err(|BatchError { place, error }| match error {
        ExecuteError::Refused(refusal) => (place, refusal),
        ExecuteError::Failed(error) => panic!("{}", ledger::error_chain(&error)),
    })
}

fn users(count: usize) -> Vec<UserId> {
    (0..count).map(|n| user(&format!("user-{n}"))).collect()
}

#[tokio::test]
async fn a_batch_over_many_accounts_is_one_insert() {
    let bench = bench().await;
    let users = users(40);
    let commands = users.iter().map(|user| grant(user, "2")).collect();
    let outcomes = all(&bench.ledger, commands).await.unwrap();
    assert_eq!(outcomes.len(), 40);
    assert!(outcomes.iter().all(|outcome| outcome.account.as_ref().unwrap().balance == credits("2")));
    assert_eq!(bench.count("true").await, 40);
    let client = bench.owner().await;
    let transactions: i64 =
        client.query_one("select count(distinct xmin::text) from events", &[]).await.unwrap().get(0);
    assert_eq!(transactions, 1);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn each_command_is_decided_after_the_one_before_it() {
    let bench = bench().await;
    let alice = user("alice");
    let (job, queued) = queue(&alice, "4");
    let cancel = support::on_job(&alice, job, ledger::job::JobCommand::Cancel);
    let outcomes = all(&bench.ledger, vec![grant(&alice, "5"), queued, queue(&alice, "1").1]).await.unwrap();
    let balances: Vec<_> = outcomes.iter().map(|outcome| outcome.account.as_ref().unwrap().balance).collect();
    assert_eq!(balances, [credits("5"), credits("1"), credits("0")]);
    all(&bench.ledger, vec![cancel, queue(&alice, "3").1]).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("1"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn one_refusal_leaves_nothing_of_the_batch_and_names_its_place() {
    let bench = bench().await;
    let users = users(9);
    bench.grant(&users[0], "1").await;
    for place in [0, 4, 8] {
        let mut commands: Vec<_> = users.iter().map(|user| grant(user, "2")).collect();
        commands[place] = queue(&users[place], "100").1;
        let (refused_at, refusal) = all(&bench.ledger, commands).await.unwrap_err();
        assert_eq!((refused_at, refusal.code()), (place, "credits_insufficient"));
    }
    assert_eq!(bench.count("true").await, 1, "only the first grant");
    let outcomes = all(&bench.ledger, users.iter().map(|user| grant(user, "2")).collect()).await.unwrap();
    assert_eq!(outcomes[0].account.as_ref().unwrap().balance, credits("3"), "no head was left changed");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_batch_and_its_accounts_other_lanes_see_each_other() {
    let bench = bench().await;
    let users = users(8);
    for round in 1..=10_u32 {
        all(&bench.ledger, users.iter().map(|user| grant(user, "1")).collect()).await.unwrap();
        for user in &users {
            let outcome = bench.grant(user, "1").await;
            assert_eq!(outcome.account.unwrap().balance, credits(&(round * 2).to_string()));
        }
    }
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_cross_each_other_in_two_processes_all_happen_once() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let users = users(6);
    let calls = (0..40).map(|n| {
        let ledger = if n % 2 == 0 { bench.ledger.clone() } else { other.clone() };
        let mut order = users.clone();
        order.rotate_left(n % 6);
        let commands = order.iter().map(|user| grant(user, "1")).collect();
        tokio::spawn(async move { all(&ledger, commands).await })
    });
    for answer in join_all(calls).await {
        answer.unwrap().unwrap();
    }
    for user in &users {
        assert_eq!(bench.balance(user).await, credits("40"));
    }
    assert_eq!(bench.count("true").await, 240);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_batch_repeated_under_its_key_is_answered_as_the_first_time() {
    let bench = bench().await;
    let users = users(5);
    let batch =
        |hash: u8| users.iter().map(|user| with_key(grant(user, "2"), "batch", hash)).collect::<Vec<_>>();
    let first = all(&bench.ledger, batch(1)).await.unwrap();
    for user in &users {
        bench.grant(user, "1").await;
    }
    for ledger in [bench.ledger.clone(), bench.other_process().await] {
        let again = all(&ledger, batch(1)).await.unwrap();
        for (first, again) in first.iter().zip(&again) {
            assert!(again.replayed && !first.replayed);
            assert_eq!((&first.account, &first.credits), (&again.account, &again.credits));
        }
        assert_eq!(all(&ledger, batch(2)).await.unwrap_err(), (0, Refusal::KeyReused));
    }
    assert_eq!(bench.count("true").await, 10);
}

#[tokio::test]
async fn a_key_that_only_a_part_of_a_batch_met_before_is_reused() {
    let bench = bench().await;
    let users = users(4);
    let batch = |users: &[UserId], hash: u8| {
        users.iter().map(|user| with_key(grant(user, "2"), "batch", hash)).collect::<Vec<_>>()
    };
    all(&bench.ledger, batch(&users[..2], 1)).await.unwrap();
    let mixed = [users[2].clone(), users[1].clone()];
    assert_eq!(all(&bench.ledger, batch(&mixed, 2)).await.unwrap_err(), (0, Refusal::KeyReused));
    let longer = all(&bench.ledger, batch(&users[..3], 1)).await.unwrap_err();
    assert_eq!(longer.1, Refusal::KeyReused, "more than was asked before is another request");
    assert_eq!(bench.count("true").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_sent_many_times_at_once_happens_once() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let users = users(5);
    let calls = (0..30).map(|n| {
        let ledger = if n % 2 == 0 { bench.ledger.clone() } else { other.clone() };
        let commands = users.iter().map(|user| with_key(grant(user, "2"), "batch", 1)).collect();
        async move { all(&ledger, commands).await.unwrap() }
    });
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|outcomes| !outcomes[0].replayed).count(), 1);
    assert_eq!(bench.count("true").await, 5);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_largest_batch_fits() {
    let bench = bench().await;
    let users = users(MAX_COMMANDS_PER_BATCH);
    let outcomes = all(&bench.ledger, users.iter().map(|user| grant(user, "1")).collect()).await.unwrap();
    assert_eq!(outcomes.len(), MAX_COMMANDS_PER_BATCH);
    assert_eq!(bench.count("true").await, MAX_COMMANDS_PER_BATCH as i64);
    assert!(all(&bench.ledger, Vec::new()).await.unwrap().is_empty());
}

/// A key names one batch in the whole log: other orders under it are refused whatever accounts they are about, and the
/// same ones are answered as before.
#[tokio::test]
async fn a_key_is_that_of_one_batch_whatever_its_accounts() {
    let bench = bench().await;
    let users = users(6);
    let batch = |users: &[UserId], hash: u8| -> Vec<Command> {
        users.iter().map(|user| with_key(grant(user, "2"), "may", hash)).collect()
    };
    let first = all(&bench.ledger, batch(&users[..2], 1)).await.unwrap();
    let other = bench.other_process().await;
    for ledger in [&bench.ledger, &other] {
        for others in [batch(&users[2..4], 2), batch(&users[1..3], 2), batch(&users[2..3], 2)] {
            let refused = all(ledger, others.clone()).await.unwrap_err();
            assert_eq!(refused, (0, Refusal::KeyReused));
            let previewed = ledger.preview_all(others).await.unwrap_err();
            assert!(matches!(previewed.error, ExecuteError::Refused(Refusal::KeyReused)));
        }
        let again = all(ledger, batch(&users[..2], 1)).await.unwrap();
        assert!(again.iter().all(|outcome| outcome.replayed));
        let newest = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| outcome.position).max();
        assert_eq!(newest(&again), newest(&first));
    }
    // The key of a single order is that of its account, as before.
    bench.ledger.execute(with_key(grant(&users[4], "2"), "may", 3)).await.unwrap();
    bench.ledger.execute(with_key(grant(&users[5], "2"), "may", 4)).await.unwrap();
    assert_eq!(bench.count("true").await, 4);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn of_batches_under_one_key_at_once_one_is_done() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let users = users(40);
    let races = users.chunks(2).enumerate().map(|(n, pair)| {
        let ledger = if n % 2 == 0 { bench.ledger.clone() } else { other.clone() };
        let commands: Vec<_> =
            pair.iter().map(|user| with_key(grant(user, "2"), "may", u8::try_from(n).unwrap())).collect();
        async move { all(&ledger, commands).await }
    });
    let answers = join_all(races).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(*refused, (0, Refusal::KeyReused));
    }
    assert_eq!(bench.count("true").await, 2);
}

/// Batches written before they had keys of their own: their first event is under a key of its account.
#[tokio::test]
async fn a_batch_of_an_earlier_release_is_still_known_by_its_key() {
    let bench = bench().await;
    let users = users(2);
    let batch = || users.iter().map(|user| with_key(grant(user, "2"), "may", 1)).collect::<Vec<_>>();
    let first = all(&bench.ledger, batch()).await.unwrap();
    let as_before = "set session_replication_role = replica;
        update events set idempotency_key = 'admin/0:may' where idempotency_key = 'batch/admin:may'";
    bench.owner().await.batch_execute(as_before).await.unwrap();
    for commands in [batch(), batch()[..1].to_vec()] {
        let again = all(&bench.other_process().await, commands).await.unwrap();
        assert!(again.iter().all(|outcome| outcome.replayed));
        assert_eq!(again[0].account, first[0].account);
    }
    assert_eq!(bench.count("true").await, 2);
}

#[tokio::test]
async fn a_void_may_name_a_lot_of_its_batch() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "1").await;
    let void = |lot: i64| support::on_account(&alice, support::void(ledger::account::LotId(lot)));
    let hold = support::on_account(&alice, support::hold("1"));
    let refused = all(&bench.ledger, vec![grant(&alice, "5"), hold, void(3)]).await.unwrap_err();
    assert_eq!(refused, (2, Refusal::LotUnknown { lot: ledger::account::LotId(3) }), "3 is a hold");
    let done = all(&bench.ledger, vec![grant(&alice, "5"), void(2)]).await.unwrap();
    assert_eq!(done[1].account.as_ref().unwrap().balance, credits("1"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}
