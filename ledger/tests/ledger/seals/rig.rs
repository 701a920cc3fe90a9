//! A log of several accounts under seals, and what its owner can do to it.

use crate::support::{Bench, bench, fail, user};
use ledger::job::{FailureClass, JobCommand};
use ledger::seal::{
    Fault, SealBreach, SealKey, SealOptions, SealReport, Sealed, Trust, seal_next, verify_seals,
};
use ledger::{AccountId, Position, Role};
use std::time::Duration;
use tokio_postgres::Client;

pub(crate) const BLOCK: u32 = 4;

/// A log of several accounts under seals of four events each.
pub(crate) struct Sealing {
    pub(crate) bench: Bench,
    pub(crate) key: SealKey,
}

pub(crate) fn options(after: Duration) -> SealOptions {
    SealOptions { block: BLOCK, after }
}

impl Sealing {
    /// Fourteen events: three whole blocks and one of two.
    pub(crate) async fn start() -> Sealing {
        let bench = bench().await;
        let (alice, bob) = (user("alice"), user("bob"));
        bench.grant(&alice, "100").await;
        bench.grant(&bob, "50").await;
        let failed = bench.queued(&alice, "4").await;
        let fencing = bench.started(&alice, failed).await;
        bench.job(&alice, failed, fail(fencing, FailureClass::Permanent)).await.unwrap();
        let cancelled = bench.queued(&bob, "3").await;
        bench.job(&bob, cancelled, JobCommand::Cancel).await.unwrap();
        bench.queued(&alice, "2").await;
        bench.grant(&alice, "7").await;
        let sealing = Sealing { bench, key: SealKey::generate().unwrap().0 };
        assert_eq!(sealing.seal_all().await, 4);
        sealing
    }

    pub(crate) async fn sealer(&self) -> Client {
        self.bench.database.connect(Role::Sealer).await.unwrap()
    }

    /// The newest position; safe here, since nothing is being written.
    pub(crate) async fn newest(&self) -> Position {
        let row = self.bench.owner().await.query_one("select max(position) from events", &[]).await;
        Position(row.unwrap().get(0))
    }

    /// Seals everything that is there and says how many blocks that made.
    pub(crate) async fn seal_all(&self) -> u32 {
        self.seal_all_with(&self.key).await
    }

    pub(crate) async fn seal_all_with(&self, key: &SealKey) -> u32 {
        let (client, mark) = (self.sealer().await, self.newest().await);
        let mut blocks = 0;
        while let Sealed::Block(_) = seal_next(&client, key, mark, &options(Duration::ZERO)).await.unwrap() {
            blocks += 1;
        }
        blocks
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust { keys: vec![self.key.public_key()], ..Trust::default() }
    }

    pub(crate) async fn verify(&self, trust: &Trust) -> SealReport {
        self.verify_until(trust, usize::MAX).await
    }

    /// Stops where there are more than `most` breaches.
    pub(crate) async fn verify_until(&self, trust: &Trust, most: usize) -> SealReport {
        verify_seals(&mut self.bench.owner().await, trust, most, |_, _| {}).await.unwrap()
    }

    pub(crate) async fn breaches(&self) -> Vec<SealBreach> {
        self.verify(&self.trust()).await.breaches
    }

    /// Changes the database as only a superuser can: past triggers and foreign constraints.
    pub(crate) async fn tamper(&self, statement: &str) {
        let script = format!("set session_replication_role = replica; {statement}");
        self.bench.owner().await.batch_execute(&script).await.unwrap();
    }

    /// The block, position, account and version of the one event that meets a condition.
    pub(crate) async fn place(&self, condition: &str) -> (i64, Position, AccountId, i64) {
        let sql = format!(
            "select (select min(number) from seals where last_position >= position), position, account_id, version
             from events where {condition}"
        );
        let row = self.bench.owner().await.query_one(&sql, &[]).await.unwrap();
        (row.get(0), Position(row.get(1)), AccountId(row.get(2)), row.get(3))
    }
}

pub(crate) fn place_of(breach: &SealBreach) -> (i64, Position, AccountId, i64) {
    (breach.block, breach.position.unwrap(), breach.account.unwrap(), breach.version.unwrap())
}

pub(crate) fn faults(breaches: &[SealBreach]) -> Vec<Fault> {
    breaches.iter().map(|breach| breach.fault).collect()
}

pub(crate) const REFUND: &str = "type = 'credits.refunded' and amount = 4";
/// The last event of its job's stream.
pub(crate) const CANCELLED: &str = "type = 'job.cancelled'";

/// Computes every hash of an account's streams anew, as somebody would who can read the schema.
pub(crate) fn rewritten(account: AccountId) -> String {
    format!(
        "update events set actor = 'admin:mallory' where account_id = '{account}' and version = 1;
         do $$ declare one record; before bytea; begin
            for one in select stream_id, version from events where account_id = '{account}'
                order by stream_id, version loop
                if one.version = 1 then before := decode(repeat('00', 32), 'hex'); end if;
                update events e set prev_hash = before where stream_id = one.stream_id and version = one.version;
                update events e set hash = event_hash(e) where stream_id = one.stream_id and version = one.version
                    returning hash into before;
            end loop;
         end $$;"
    )
}
