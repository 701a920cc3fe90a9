//! Customers are told what happens: signed, in order for each account, again until it is taken, and nobody because of somebody else any
//! later.

mod faults;
mod nobody_else;
mod pages;
mod told;

use crate::receiver::Receiver;
use crate::rig::Rig;
use deadpool_postgres::Object;
use ledger::{AccountId, Action, Credits, Position, Role, UserId};
use projections::hooks::{self, Added, Change, Delivery, Endpoint, NewEndpoint, Outcome, Topic};
use std::time::Duration;
use uuid::Uuid;
use webhooks::StandardSecret;
use worker::{Timings, WorkerOptions};

const GRANTS: [Topic; 1] = [Topic::CreditsGranted];

/// Makes an endpoint that is told all that the log says.
async fn endpoint(rig: &Rig, url: String, topics: &[Topic]) -> (Uuid, String) {
    endpoint_after(rig, url, topics, Position::START).await
}

async fn endpoint_after(rig: &Rig, url: String, topics: &[Topic], after: Position) -> (Uuid, String) {
    let secret = StandardSecret::generate().unwrap();
    let new = NewEndpoint {
        id: Uuid::now_v7(),
        url,
        topics: topics.to_vec(),
        user: None,
        description: None,
        after,
        secret: secret.clone(),
        actor: "admin:ops".into(),
        request_id: "test".into(),
        at: chrono::Utc::now(),
        idempotency: None,
    };
    let mut client = operator(rig).await;
    let transaction = client.transaction().await.unwrap();
    assert!(matches!(hooks::add(&transaction, &new).await.unwrap(), Added::Made(_)));
    transaction.commit().await.unwrap();
    (new.id, secret)
}

/// Whoever does what the API does.
async fn operator(rig: &Rig) -> Object {
    rig.database().pool(Role::Operator, 1).unwrap().get().await.unwrap()
}

async fn change(rig: &Rig, id: Uuid, change: Change) -> Endpoint {
    let mut client = operator(rig).await;
    let transaction = client.transaction().await.unwrap();
    let changed = hooks::change(&transaction, id, &change, chrono::Utc::now()).await.unwrap().unwrap();
    transaction.commit().await.unwrap();
    changed
}

async fn stands(rig: &Rig, id: Uuid) -> Endpoint {
    hooks::get(&rig.reader().await, id).await.unwrap().unwrap()
}

/// The newest deliveries to an endpoint, oldest event first.
async fn deliveries(rig: &Rig, id: Uuid) -> Vec<Delivery> {
    let mut found = hooks::deliveries(&rig.reader().await, id, None, None, 1_000).await.unwrap();
    found.sort_by_key(|delivery| delivery.position);
    found
}

/// The ids of the messages to an endpoint, oldest event first.
async fn told(rig: &Rig, id: Uuid) -> Vec<String> {
    deliveries(rig, id).await.iter().map(|delivery| delivery.message_id.to_string()).collect()
}

/// The ids of what was sent to a path, in order.
fn ids(shop: &Receiver, path: &str) -> Vec<String> {
    shop.got(path).iter().map(|got| got.id().to_owned()).collect()
}

async fn all_are(rig: &Rig, id: Uuid, count: usize, outcome: Outcome) -> bool {
    let found = deliveries(rig, id).await;
    found.len() == count && found.iter().all(|delivery| delivery.outcome == outcome)
}

async fn grant(rig: &Rig, times: usize) {
    for _ in 0..times {
        let user = UserId::try_from("alice".to_owned()).unwrap();
        let _granted = rig.execute(Action::grant(user, Credits::whole(1).unwrap(), "for the test")).await;
    }
}

/// Gives credits so many times, to fifty users in turn.
async fn grant_many(rig: &Rig, times: usize) {
    let users: Vec<String> = (0..times).map(|number| format!("user-{}", number % 50)).collect();
    grant_each(rig, &users.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// How many deliveries there are of which this holds.
async fn count(rig: &Rig, condition: &str) -> i64 {
    let query = format!("select count(*) from webhook_deliveries where {condition}");
    rig.reader().await.query_one(&query, &[]).await.unwrap().get(0)
}

/// A worker that does not wait long for its customers' answers, nor gives them up soon.
fn patient(rig: &Rig, name: &str) -> WorkerOptions {
    let options = rig.options(name);
    let timings = Timings {
        hook: Duration::from_secs(120),
        hook_pauses: vec![Duration::from_millis(50); 50],
        ..options.timings
    };
    WorkerOptions { timings, ..options }
}

fn account_of(user: &str) -> AccountId {
    UserId::try_from(user.to_owned()).unwrap().account()
}

/// Gives each of these users credits once.
async fn grant_each(rig: &Rig, users: &[&str]) {
    for user in users {
        let grant = Action::grant(user.parse().unwrap(), Credits::whole(1).unwrap(), "for the test");
        let _granted = rig.execute_for(account_of(user), grant).await;
    }
}
