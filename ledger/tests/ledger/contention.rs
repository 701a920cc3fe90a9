//! Two processes on the same accounts, and connections that break.

use crate::support;

use embedded::testing::ChaosProxy;
use futures::future::join_all;
use ledger::{Credits, Database, ExecuteError, Ledger, LedgerOptions};
use support::{bench, credits, grant, queue, refusal, user, with_key};

#[tokio::test(flavor = "multi_thread")]
async fn of_64_debits_on_one_account_exactly_those_that_it_can_pay_succeed() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let hot = user("hot");
    bench.grant(&hot, "37").await;
    let debits = (0..64).map(|n| {
        let ledger = if n % 2 == 0 { bench.ledger.clone() } else { other.clone() };
        let (_, command) = queue(&hot, "1");
        tokio::spawn(async move { refusal(ledger.execute(command).await) })
    });
    let answers: Vec<_> = join_all(debits).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 37);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), "credits_insufficient");
    }
    assert_eq!(bench.balance(&hot).await, Credits::ZERO);
    assert_eq!(bench.count("type = 'credits.debited'").await, 37);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_many_accounts_without_losing_anything() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let users: Vec<_> = (0..10).map(|n| user(&format!("user-{n}"))).collect();
    let calls = (0..400).map(|n| {
        let ledger = if n % 2 == 0 { bench.ledger.clone() } else { other.clone() };
        let command = grant(&users[n % users.len()], "1");
        tokio::spawn(async move { refusal(ledger.execute(command).await) })
    });
    for answer in join_all(calls).await {
        let _ = answer.unwrap().unwrap();
    }
    for user in &users {
        assert_eq!(bench.balance(user).await, credits("40"));
    }
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_in_the_log_and_not_written_twice() {
    let bench = bench().await;
    let proxy = ChaosProxy::in_front_of(bench.held.url()).await;
    let database = Database::new(&proxy.url_for(bench.held.url())).unwrap();
    let ledger = Ledger::open(&database, LedgerOptions::default()).await.unwrap();
    let alice = user("alice");
    ledger.execute(grant(&alice, "100")).await.unwrap();
    for _ in 0..5 {
        let lost = proxy.replies_lost();
        proxy.cut_after_forwarding_request();
        let outcome = ledger.execute(queue(&alice, "1").1).await.unwrap();
        assert!(outcome.position.is_some());
        assert!(proxy.replies_lost() > lost, "the answer of the first try was lost");
    }
    assert_eq!(bench.count("type = 'job.queued'").await, 5);
    assert_eq!(bench.balance(&alice).await, credits("95"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_killed_under_load_loses_and_doubles_nothing() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "1000").await;
    let killer = bench.owner().await;
    let calls = (0..300).map(|n| {
        let ledger = bench.ledger.clone();
        let command = with_key(queue(&alice, "1").1, &format!("k{n}"), 1);
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(n)).await;
            ledger.execute(command).await
        })
    });
    let calls: Vec<_> = calls.collect();
    for _ in 0..10 {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                    where application_name = 'cooly-appender' and datname = current_database()";
        killer.query_one(kill, &[]).await.unwrap();
    }
    let mut accepted = 0;
    for (n, call) in calls.into_iter().enumerate() {
        match call.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(ExecuteError::Failed(_)) => {
                let repeat = with_key(queue(&alice, "1").1, &format!("k{n}"), 1);
                bench.ledger.execute(repeat).await.unwrap();
                accepted += 1;
            }
            Err(ExecuteError::Refused(refusal)) => panic!("{refusal}"),
        }
    }
    assert_eq!(accepted, 300);
    assert_eq!(bench.count("type = 'job.queued'").await, 300);
    assert_eq!(bench.balance(&alice).await, credits("700"));
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_a_command_is_answered_by_its_deadline_and_then_works_again() {
    let bench = bench().await;
    let proxy = ChaosProxy::in_front_of(bench.held.url()).await;
    let database = Database::new(&proxy.url_for(bench.held.url())).unwrap();
    let deadline = std::time::Duration::from_millis(800);
    let options = LedgerOptions { deadline, ..LedgerOptions::default() };
    let ledger = Ledger::open(&database, options).await.unwrap();
    let alice = user("alice");
    proxy.cut();
    let asked = std::time::Instant::now();
    let refused = ledger.execute(grant(&alice, "1")).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Failed(_)), "{refused}");
    assert!(asked.elapsed() < deadline * 4);
    proxy.restore();
    ledger.execute(grant(&alice, "1")).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("1"));
}

#[tokio::test]
async fn a_read_only_database_refuses_and_then_works_again() {
    let bench = bench().await;
    let owner = bench.owner().await;
    let alice = user("alice");
    let name = bench.held.name();
    owner
        .batch_execute(&format!("alter database {name} set default_transaction_read_only = on"))
        .await
        .unwrap();
    let ledger = bench.other_process().await;
    let refused = ledger.execute(grant(&alice, "1")).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Failed(ledger::Error::Unavailable)), "{refused}");
    owner
        .batch_execute(&format!(
            "set default_transaction_read_only = off; alter database {name} reset default_transaction_read_only"
        ))
        .await
        .unwrap();
    ledger.execute(grant(&alice, "1")).await.unwrap();
    assert_eq!(bench.balance(&alice).await, credits("1"));
}
