//! A repeated request has one effect and one answer.

use crate::support;

use futures::future::join_all;
use ledger::{Credits, Refusal};
use support::{bench, credits, grant, queue, refusal, user, with_key};

#[tokio::test]
async fn a_hundred_repeats_at_once_have_one_effect_and_one_answer() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let alice = user("alice");
    bench.grant(&alice, "1000").await;
    let repeats = (0..100).map(|n| {
        let ledger = if n % 2 == 0 { bench.ledger.clone() } else { other.clone() };
        let (_, command) = queue(&alice, "7");
        async move { refusal(ledger.execute(with_key(command, "click-1", 1)).await).unwrap() }
    });
    let answers = join_all(repeats).await;
    for answer in &answers {
        assert_eq!(answer.jobs, answers[0].jobs);
        assert_eq!(answer.position, answers[0].position);
        assert_eq!(answer.account.as_ref().unwrap().balance, credits("993"));
    }
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(bench.count("type = 'job.queued'").await, 1);
    assert_eq!(bench.balance(&alice).await, credits("993"));
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_even_when_the_credits_are_gone() {
    let bench = bench().await;
    let bob = user("bob");
    bench.grant(&bob, "10").await;
    let (job, command) = queue(&bob, "6");
    let first = bench.ledger.execute(with_key(command, "k", 1)).await.unwrap();
    let fencing = bench.started(&bob, job).await;
    bench.job(&bob, job, support::fail(fencing, ledger::job::FailureClass::Transient)).await.unwrap();

    for ledger in [bench.ledger.clone(), bench.other_process().await] {
        let (_, command) = queue(&bob, "6");
        let repeat = ledger.execute(with_key(command, "k", 1)).await.unwrap();
        assert!(repeat.replayed);
        assert_eq!(repeat.jobs, first.jobs, "the job as it was then, not as it is now");
        assert_eq!(repeat.position, first.position);
    }
    assert_eq!(bench.balance(&bob).await, credits("4"));
}

#[tokio::test]
async fn the_same_key_with_another_request_is_refused() {
    let bench = bench().await;
    let carol = user("carol");
    bench.grant(&carol, "10").await;
    bench.ledger.execute(with_key(queue(&carol, "1").1, "k", 1)).await.unwrap();
    for ledger in [bench.ledger.clone(), bench.other_process().await] {
        let reused = refusal(ledger.execute(with_key(queue(&carol, "1").1, "k", 2)).await).unwrap_err();
        assert_eq!(reused, Refusal::KeyReused);
    }
    let both = [with_key(queue(&carol, "1").1, "j", 1), with_key(queue(&carol, "1").1, "j", 2)];
    let answers = join_all(both.map(|command| bench.ledger.execute(command))).await;
    let answers: Vec<_> = answers.into_iter().map(refusal).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().any(|answer| matches!(answer, Err(Refusal::KeyReused))));
    assert_eq!(bench.balance(&carol).await, credits("8"));
}

#[tokio::test]
async fn users_admins_and_accounts_do_not_share_keys() {
    let bench = bench().await;
    let (dora, emil) = (user("dora"), user("emil"));
    bench.ledger.execute(with_key(grant(&dora, "10"), "k", 1)).await.unwrap();
    bench.ledger.execute(with_key(queue(&dora, "1").1, "k", 2)).await.unwrap();
    bench.ledger.execute(with_key(grant(&emil, "10"), "k", 3)).await.unwrap();
    assert_eq!(bench.balance(&dora).await, credits("9"));
    assert_eq!(bench.balance(&emil).await, credits("10"));
}

#[tokio::test]
async fn a_refused_request_can_be_sent_again_under_its_key_once_it_can_be_paid() {
    let bench = bench().await;
    let fay = user("fay");
    bench.grant(&fay, "1").await;
    let refused = refusal(bench.ledger.execute(with_key(queue(&fay, "5").1, "k", 1)).await).unwrap_err();
    assert_eq!(refused.code(), "credits_insufficient");
    bench.grant(&fay, "4").await;
    let accepted = bench.ledger.execute(with_key(queue(&fay, "5").1, "k", 1)).await.unwrap();
    assert_eq!(accepted.account.unwrap().balance, Credits::ZERO);
}

#[tokio::test]
async fn a_batch_of_jobs_is_answered_whole_when_repeated() {
    let bench = bench().await;
    let gil = user("gil");
    bench.grant(&gil, "10").await;
    let batch = || {
        let (_, mut command) = queue(&gil, "2");
        let (_, more) = queue(&gil, "3");
        if let (ledger::Action::Queue { jobs }, ledger::Action::Queue { jobs: more }) =
            (&mut command.action, more.action)
        {
            jobs.extend(more);
        }
        with_key(command, "k", 1)
    };
    let first = bench.ledger.execute(batch()).await.unwrap();
    let repeat = bench.other_process().await.execute(batch()).await.unwrap();
    assert_eq!(repeat.jobs, first.jobs);
    assert_eq!(repeat.jobs.len(), 2);
    assert_eq!(repeat.account, first.account);
    assert_eq!(repeat.position, first.position);
    assert_eq!(bench.balance(&gil).await, credits("5"));
}
