use crate::stage::Stage;
use projections::wait_for;
use std::time::{Duration, Instant};
#[tokio::test(flavor = "multi_thread")]
async fn speed() {
    let stage = Stage::new().await;
    let c = stage.owner().await;
    c.batch_execute(include_str!("million.sql")).await.unwrap();
    c.batch_execute("truncate account_balances, credit_history, generations, pending_tasks, dead_letters, usage_daily, overview_totals; update projection_checkpoints set position=0").await.unwrap();
    let t = Instant::now();
    let newest = stage.newest().await;
    let _p = stage.project("a", 5000);
    assert!(wait_for(&stage.pool, newest, Duration::from_secs(300)).await.unwrap());
    let n = stage.number("select count(*) from events").await;
    let s = t.elapsed().as_secs_f64();
    eprintln!(
        "{n} events in {s:.1}s = {:.0}/s; parked {}",
        n as f64 / s,
        stage.number("select count(*) from parked_streams").await
    );
    let t = Instant::now();
    let d = projections::compare_with_replay(&stage.database, |_, _| {}).await.unwrap();
    eprintln!("compare {:.1}s: {d:?}", t.elapsed().as_secs_f64());
    let t = Instant::now();
    projections::rebuild(&stage.database, projections::ReadModel::Generations, |_, _| {}).await.unwrap();
    eprintln!("rebuild generations {:.1}s", t.elapsed().as_secs_f64());
}
