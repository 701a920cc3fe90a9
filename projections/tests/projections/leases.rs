//! One holder at a time, and a number that grows with every change of hands.

use crate::stage::{PATIENCE, Stage};
use deadpool_postgres::Pool;
use ledger::Role;
use projections::alive::Alive;
use projections::lease::{Lease, run_while_held};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const MINUTE: Duration = Duration::from_secs(60);

fn pool(stage: &Stage) -> Pool {
    stage.database.pool(Role::Projector, 3).unwrap()
}

fn alive(stage: &Stage) -> Alive {
    Alive::new(&stage.database).unwrap()
}

async fn expire(stage: &Stage, name: &str) {
    let expire = "update leases set until = now() - interval '1 second' where name = $1";
    stage.owner().await.execute(expire, &[&name]).await.unwrap();
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_ends() {
    let stage = Stage::new().await;
    let pool = pool(&stage);
    let acquire = async |owner| Lease::acquire(&pool, "duty", owner, MINUTE).await.unwrap();
    let first = acquire("a").await.expect("nobody holds it");
    assert_eq!(first.fencing(), 1);
    assert!(acquire("b").await.is_none());
    assert!(acquire("a").await.is_none(), "not even under the same name");
    assert!(first.renew().await.unwrap());
    expire(&stage, "duty").await;
    assert!(first.renew().await.unwrap(), "late, but nobody took it");
    expire(&stage, "duty").await;
    let second = acquire("b").await.expect("it has lapsed");
    assert_eq!(second.fencing(), 2);
    assert!(!first.renew().await.unwrap(), "the number shows that it is another's");
    first.release().await.unwrap();
    assert!(acquire("c").await.is_none(), "who lost it cannot release it");
    second.release().await.unwrap();
    assert_eq!(acquire("c").await.expect("it was given up").fencing(), 3);
    assert!(Lease::acquire(&pool, "another duty", "a", MINUTE).await.unwrap().is_some());
}

#[tokio::test]
async fn of_many_that_ask_at_once_one_gets_it() {
    let stage = Stage::new().await;
    let pool = pool(&stage);
    let asked = (0..20).map(|number| {
        let pool = pool.clone();
        tokio::spawn(async move { Lease::acquire(&pool, "duty", &number.to_string(), MINUTE).await.unwrap() })
    });
    let mut holders = 0;
    for asked in asked.collect::<Vec<_>>() {
        holders += usize::from(asked.await.unwrap().is_some());
    }
    assert_eq!(holders, 1);
}

#[tokio::test]
async fn a_duty_moves_on_when_its_holder_stops_and_never_runs_twice() {
    let stage = Stage::new().await;
    let ttl = Duration::from_millis(600);
    let running = AtomicI64::new(0);
    let (tell, mut told) = mpsc::unbounded_channel();
    let ends = [CancellationToken::new(), CancellationToken::new()];
    let pools = [pool(&stage), pool(&stage)];
    let alives = [alive(&stage), alive(&stage)];
    let duty = |node: usize| {
        let (tell, running) = (tell.clone(), &running);
        run_while_held(
            &pools[node],
            &alives[node],
            "duty",
            "node",
            ttl,
            ends[node].clone(),
            move |fencing, held| {
                let tell = tell.clone();
                async move {
                    assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "two hold it at once");
                    tell.send((node, fencing)).unwrap();
                    held.cancelled().await;
                    running.fetch_sub(1, Ordering::SeqCst);
                }
            },
        )
    };
    let script = async {
        let (first, fencing) = told.recv().await.unwrap();
        assert_eq!(fencing, 1);
        ends[first].cancel();
        let (second, fencing) = told.recv().await.unwrap();
        assert_eq!((second, fencing), (1 - first, 2));
        ends[second].cancel();
    };
    let all = async { tokio::join!(duty(0), duty(1), script) };
    tokio::time::timeout(PATIENCE, all).await.expect("the duty moved on");
}

#[tokio::test]
async fn work_is_told_when_its_lease_is_taken_away() {
    let stage = Stage::new().await;
    let pool = pool(&stage);
    let end = CancellationToken::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let ttl = Duration::from_millis(300);
    let alive = alive(&stage);
    let duty = run_while_held(&pool, &alive, "duty", "a", ttl, end.clone(), |fencing, held| {
        let tell = tell.clone();
        async move {
            tell.send(fencing).unwrap();
            held.cancelled().await;
            tell.send(-fencing).unwrap();
        }
    });
    let script = async {
        assert_eq!(told.recv().await, Some(1));
        let take = "update leases set owner = 'b', fencing = 7, until = now() + interval '1 hour'";
        stage.owner().await.batch_execute(take).await.unwrap();
        assert_eq!(told.recv().await, Some(-1), "cancelled");
        expire(&stage, "duty").await;
        assert_eq!(told.recv().await, Some(8), "taken again once it had lapsed");
        end.cancel();
    };
    let all = async { tokio::join!(duty, script) };
    tokio::time::timeout(PATIENCE, all).await.expect("told in time");
}

/// A process that is killed gives nothing up; its connections end with it, and that is seen.
#[tokio::test]
async fn a_duty_moves_on_at_once_when_its_holder_is_killed() {
    let stage = Stage::new().await;
    let end = CancellationToken::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let run = |node: &'static str| {
        let (pool, alive, end, tell) = (pool(&stage), alive(&stage), end.clone(), tell.clone());
        tokio::spawn(async move {
            run_while_held(&pool, &alive, "duty", node, MINUTE, end, |fencing, held| {
                let tell = tell.clone();
                async move {
                    tell.send((node, fencing)).unwrap();
                    held.cancelled().await;
                }
            })
            .await;
        })
    };
    let first = run("first");
    assert_eq!(told.recv().await, Some(("first", 1)));
    let second = run("second");
    let waiting = tokio::time::timeout(Duration::from_secs(3), told.recv()).await;
    assert!(waiting.is_err(), "it is held by one that lives");
    first.abort();
    let next = tokio::time::timeout(MINUTE / 4, told.recv()).await.expect("long before the lease ends");
    assert_eq!(next, Some(("second", 2)));
    end.cancel();
    second.await.unwrap();
}
