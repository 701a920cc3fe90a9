//! What does not fit parks its stream and stops nothing else.

use crate::stage::{Stage, user};
use crate::story::Story;
use ledger::job::Status;
use projections::{ReadModel, balances, compare_with_replay, generations, overview, rebuild};

async fn parked(stage: &Stage) -> Vec<(String, i64, Option<i64>)> {
    let query = "select projection, version, expected_version from parked_streams order by projection";
    let rows = stage.owner().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn a_missed_money_event_parks_the_account_and_no_other() {
    let stage = Stage::new().await;
    let (alice, bob) = (user("alice"), user("bob"));
    stage.grant(&alice, 10).await;
    stage.grant(&alice, 10).await;
    stage.grant(&bob, 10).await;
    let _projector = stage.project("live", 5_000);
    stage.applied().await;
    let miss = "update account_balances set version = 1, balance = 10 where user_id = 'alice'";
    stage.owner().await.batch_execute(miss).await.unwrap();
    stage.grant(&alice, 10).await;
    stage.grant(&bob, 10).await;
    stage.applied().await;

    let models = ["account_balances", "credit_history", "overview_totals"];
    assert_eq!(parked(&stage).await, models.map(|model| (model.to_owned(), 3, Some(2))));
    let client = stage.pool.get().await.unwrap();
    let shown = async |user: &ledger::UserId| {
        let shown = balances::get(&**client, user.account()).await.unwrap().unwrap();
        (shown.version, shown.balance.to_string())
    };
    assert_eq!(shown(&alice).await, (1, "10".into()), "left as it was, not guessed");
    assert_eq!(shown(&bob).await, (2, "20".into()));
    assert_eq!(overview::get(&**client).await.unwrap().parked_streams, 1);

    stage.grant(&alice, 10).await;
    stage.applied().await;
    assert_eq!(shown(&alice).await, (1, "10".into()), "a parked stream stays parked");
    let told = compare_with_replay(&stage.database, |_, _| {}).await.unwrap();
    assert!(told.iter().any(|told| told.detail.contains("is parked at version 3")), "{told:?}");
    for model in [ReadModel::Balances, ReadModel::History, ReadModel::Overview] {
        rebuild(&stage.database, model, |_, _| {}).await.unwrap();
    }
    assert_eq!(shown(&alice).await, (4, "40".into()));
    assert_eq!(parked(&stage).await, []);
    assert_eq!(compare_with_replay(&stage.database, |_, _| {}).await.unwrap(), []);
    stage.grant(&alice, 10).await;
    stage.applied().await;
    assert_eq!(shown(&alice).await, (5, "50".into()), "taken up again");
}

#[tokio::test]
async fn a_missed_job_event_shows_in_each_table_that_has_the_job() {
    for (table, model) in [("generations", ReadModel::Generations), ("pending_tasks", ReadModel::Pending)] {
        let stage = Stage::new().await;
        let alice = user("alice");
        stage.grant(&alice, 10).await;
        let job = stage.queue(&alice, "sim-image").await;
        let fencing = stage.start(&alice, job).await;
        stage.catch_up(5_000).await;
        let miss = format!("update {table} set version = 1");
        stage.owner().await.batch_execute(&miss).await.unwrap();
        let succeed = ledger::job::JobCommand::Succeed { fencing, outputs: Vec::new(), provider: None };
        stage.job(&alice, job, succeed).await;
        stage.catch_up(5_000).await;
        let streams = parked(&stage).await;
        assert!(streams.contains(&(model.name().to_owned(), 3, Some(2))), "{table}: {streams:?}");
        let client = stage.pool.get().await.unwrap();
        let shown = generations::get(&**client, alice.account(), job).await.unwrap().unwrap();
        assert_eq!(shown.status, Status::Running, "{table}");
    }
}

/// Appends an event as only a broken or a newer program would.
async fn append_raw(stage: &Stage, name: &str, account: ledger::UserId, stream: uuid::Uuid, payload: &str) {
    let insert = "
        insert into events (account_id, stream_id, version, event_id, type, schema_version, job_id, amount,
            balance_after, state, payload, actor, request_id, occurred_at, prev_hash, hash)
        select account, stream, 1 + (select count(*) from events where account_id = account and stream_id = stream),
            gen_random_uuid(), $3, 1, case when account <> stream then stream end, amount, amount, state,
            $4::text::json, 'system:test', 'r', now(), '', ''
        from (values ($1::uuid, $2::uuid)) as key(account, stream)
        left join (values (5, '{}'::json)) as money(amount, state) on account = stream";
    let owner = stage.owner().await;
    owner.execute(insert, &[&account.account().0, &stream, &name, &payload]).await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_read_parks_its_stream_and_the_log_goes_on() {
    let stage = Stage::new().await;
    let mallory = user("mallory");
    append_raw(&stage, "credits.minted", mallory.clone(), mallory.account().0, "{}").await;
    let story = Story::tell(&stage).await;
    let dave = user("dave");
    append_raw(&stage, "job.paused", dave.clone(), uuid::Uuid::now_v7(), r#"{"type":"job.paused"}"#).await;
    stage.grant(&user("erin"), 7).await;
    stage.catch_up(5_000).await;
    let client = stage.pool.get().await.unwrap();
    assert_eq!(
        balances::get(&**client, mallory.account()).await.unwrap(),
        None,
        "its first event is unreadable"
    );
    let erin = balances::get(&**client, user("erin").account()).await.unwrap().unwrap();
    assert_eq!(erin.balance.to_string(), "7");
    let video = generations::get(&**client, story.bob.account(), story.video).await.unwrap().unwrap();
    assert_eq!(video.status, Status::Running);
    let streams = parked(&stage).await;
    assert_eq!(streams.len(), 3 + 5, "the account in three read models, the job in five: {streams:?}");
    rebuild(&stage.database, ReadModel::Balances, |_, _| {}).await.unwrap();
    assert_eq!(parked(&stage).await.len(), 8, "a rebuild meets the same event and parks it again");
}

#[tokio::test]
async fn a_row_that_the_table_refuses_parks_its_stream_and_the_log_goes_on() {
    let stage = Stage::new().await;
    let story = Story::tell(&stage).await;
    let request = r#"{"kind":"image","model":"m","prompt":"p","count":0,"params":{}}"#;
    let queued = format!(r#"{{"type":"job.queued","request":{request},"cost":"1"}}"#);
    let job = uuid::Uuid::now_v7();
    append_raw(&stage, "job.queued", story.alice.clone(), job, &queued).await;
    stage.grant(&user("erin"), 7).await;
    stage.catch_up(5_000).await;
    assert_eq!(parked(&stage).await, [("generations".to_owned(), 1, None)], "the others can take it");
    let reason = "select count(*) from parked_streams where reason like '%generations_counts_sane%'";
    assert_eq!(stage.number(reason).await, 1);
    assert_eq!(stage.number("select count(*) from generations").await, 10, "all but the refused one");
    assert_eq!(stage.number("select count(*) from pending_tasks").await, 5);
    assert_eq!(stage.number("select count(*) from account_balances").await, 3);
    let told = compare_with_replay(&stage.database, |_, _| {}).await.unwrap();
    assert_eq!(told.len(), 1, "the replay parks it too, so only the parking is told: {told:?}");
}
