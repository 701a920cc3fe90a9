//! What has lapsed on idle accounts is written down by itself, once.

use crate::rig::{Rig, eventually};
use chrono::{DateTime, TimeDelta, Utc};
use ledger::account::{AccountCommand, AccountEvent, Grant, ReleaseReason};
use ledger::{Action, Actor, Command, Context, Credits, Event, UserId};
use std::time::Duration;

fn credits(whole: u64) -> Credits {
    Credits::whole(whole).unwrap()
}

fn soon() -> DateTime<Utc> {
    Utc::now() + TimeDelta::milliseconds(1_500)
}

/// A grant of 5 credits to somebody who does nothing with it.
fn grant(user: &str, expires_at: DateTime<Utc>) -> Command {
    let user: UserId = user.parse().unwrap();
    let account = user.account();
    let grant = Grant { expires_at: Some(expires_at), ..Grant::new(user, credits(5), "promo") };
    let context =
        Context { actor: Actor::Admin("ops".into()), request_id: "test".into(), causation_id: None };
    Command { account, context, idempotency: None, action: Action::Account(AccountCommand::Grant(grant)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_accounts_lot_expires_by_itself() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let expires_at = soon();
    let command = grant("bob", expires_at);
    let bob = command.account;
    rig.ledger.execute(command).await.unwrap();
    eventually("it is written down", async || rig.credit_events(bob).await.len() == 2).await;
    worker.stop().await;

    let events = rig.credit_events(bob).await;
    assert_eq!(events[1].event.name(), "credits.expired");
    assert_eq!(events[1].actor, "system:sweeper");
    let late = events[1].occurred_at - expires_at;
    assert!(TimeDelta::zero() <= late && late < TimeDelta::seconds(10), "late by {late}");
    let state = rig.state(bob).await;
    assert_eq!((state.balance, state.lots.len()), (Credits::ZERO, 0));
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_lapses_by_itself_and_its_credits_return() {
    let rig = Rig::start().await;
    let reason = "a reservation".to_owned();
    let hold = AccountCommand::Hold { amount: credits(40), reason, expires_at: Some(soon()) };
    let _held = rig.execute(Action::Account(hold)).await;
    assert_eq!((rig.state(rig.account).await.held, rig.spent().await), (credits(40), credits(40)));
    let worker = rig.worker("one");
    eventually("the credits are back", async || rig.spent().await == Credits::ZERO).await;
    worker.stop().await;

    let state = rig.state(rig.account).await;
    assert_eq!((state.held, state.holds.len()), (Credits::ZERO, 0));
    let events = rig.credit_events(rig.account).await;
    let released = &events.last().unwrap().event;
    assert!(
        matches!(released, Event::Account(AccountEvent::Released { reason: ReleaseReason::Expired, .. })),
        "{released:?}"
    );
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_read_model_learns_late_is_not_swept_later_for_that() {
    let rig = Rig::start().await;
    let mut options = rig.options("one");
    // No look by itself comes within a test.
    options.timings.sweep_every = Duration::from_secs(3_600);
    let worker = rig.run(options);
    eventually("it sweeps", async || rig.sweeper().await.starts_with("one")).await;
    let mut projector_waits = rig.owner().await;
    let held = projector_waits.transaction().await.unwrap();
    held.execute("select 1 from projection_checkpoints for update", &[]).await.unwrap();
    let command = grant("bob", soon());
    let bob = command.account;
    rig.ledger.execute(command).await.unwrap();
    // Longer than any number of looks that follow the news.
    tokio::time::sleep(Duration::from_secs(3)).await;
    held.commit().await.unwrap();
    eventually("it is written down", async || rig.credit_events(bob).await.len() == 2).await;
    worker.stop().await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sweepers_at_once_write_nothing_twice() {
    const ACCOUNTS: usize = 1_200;
    let rig = Rig::start().await;
    let mut options = rig.options("first");
    // It will not notice for a while that somebody else has taken its lease.
    options.timings.duty_lease = Duration::from_secs(120);
    // A read model that lags behind the news of the log is looked at again soon.
    options.timings.sweep_every = Duration::from_secs(2);
    let first = rig.run(options);
    eventually("the first one sweeps", async || rig.sweeper().await.starts_with("first")).await;
    rig.end_lease_of_the_sweeper().await;
    let mut options = rig.options("second");
    options.timings.duty_lease = Duration::from_millis(500);
    options.timings.sweep_every = Duration::from_secs(2);
    let second = rig.run(options);
    eventually("the second one sweeps as well", async || rig.sweeper().await.starts_with("second")).await;

    let expires_at = Utc::now() + TimeDelta::seconds(3);
    let grants: Vec<Command> = (0..ACCOUNTS).map(|n| grant(&format!("idle-{n}"), expires_at)).collect();
    for some in grants.chunks(ledger::MAX_COMMANDS_PER_BATCH) {
        rig.ledger.execute_all(some.to_vec()).await.unwrap();
    }
    eventually("all are swept", async || rig.expired().await.0 == ACCOUNTS).await;
    first.stop().await;
    second.stop().await;
    assert_eq!(rig.expired().await, (ACCOUNTS, ACCOUNTS), "one expiry each");
    rig.verify().await;
}

impl Rig {
    /// Who has the sweeper's lease.
    async fn sweeper(&self) -> String {
        let owner = "select owner from leases where name = 'sweeper'";
        let rows = self.reader().await.query(owner, &[]).await.unwrap();
        rows.first().map_or_else(String::new, |row| row.get(0))
    }

    async fn end_lease_of_the_sweeper(&self) {
        let end = "update leases set until = now() where name = 'sweeper'";
        assert_eq!(self.owner().await.execute(end, &[]).await.unwrap(), 1);
    }

    /// How many accounts had a lot expire, and how many expiries there are.
    async fn expired(&self) -> (usize, usize) {
        let count = "select count(distinct account_id), count(*) from events where type = 'credits.expired'";
        let row = self.reader().await.query_one(count, &[]).await.unwrap();
        let [accounts, events] = [0, 1].map(|place| row.get::<_, i64>(place) as usize);
        (accounts, events)
    }
}
