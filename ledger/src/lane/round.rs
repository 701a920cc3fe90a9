//! One round of a lane: read what is not remembered, decide, write, answer.
//!
//! Order of precedence for each command: its deadline; the answer of an earlier request under the same key;
//! the decision. A refusal is never answered from memory: heads that refuse are read again, then the key is
//! looked up, and only then the refusal stands. A refusal decided on rows of the same batch stands only once
//! those are written.

use super::connection::Failed;
use super::{Lane, Pending};
use crate::chain::Hash;
use crate::command::{Action, Outcome};
use crate::draft::{Draft, Drafted, Row, stored_key};
use crate::error::{Error, ExecuteError, chain};
use crate::head::{AccountHead, JobHead, JobKey};
use crate::ids::{AccountId, Position};
use crate::refusal::Refusal;
use chrono::Utc;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// Races lost in a row before a command gives up; the pauses in between add up to less than the deadline.
const MOST_LOST_RACES: u32 = 64;

/// A batch after it was decided.
struct Decided {
    rows: Vec<Row>,
    accounts: HashMap<AccountId, AccountHead>,
    jobs: HashMap<JobKey, JobHead>,
    /// Commands to answer once the rows are written; the number is the one their rows carry.
    accepted: Vec<(usize, Pending, Drafted)>,
    /// Commands that are refused, once the rows are written.
    refused: Vec<(Pending, Refusal)>,
    /// Commands to decide again in the next round.
    again: Vec<Pending>,
}

impl Lane {
    /// Runs one round; returns the batches that must be run again.
    pub(super) async fn round(&mut self, batch: Vec<Pending>) -> Vec<Vec<Pending>> {
        let batch = expire(batch);
        let batch = self.answer_repeats(batch).await;
        let Some(deadline) = batch.iter().map(|pending| pending.deadline).min() else { return Vec::new() };
        let (batch, draft) = match self.read_heads(&batch, deadline).await {
            Ok(draft) => (batch, draft),
            Err(error) => {
                fail_all(batch, &error);
                return Vec::new();
            }
        };
        let decided = self.decide(batch, draft);
        if decided.rows.is_empty() {
            return self.settle(decided, &[]).await;
        }
        match self.write(&decided.rows, deadline).await {
            Ok(positions) => self.settle(decided, &positions).await,
            Err(failed) => self.recover(decided, failed).await,
        }
    }

    /// Answers the commands whose key this lane has seen before; the others stay.
    async fn answer_repeats(&mut self, batch: Vec<Pending>) -> Vec<Pending> {
        let mut rest = Vec::with_capacity(batch.len());
        for pending in batch {
            let seen = stored_key(&pending.command, 0)
                .is_some_and(|(key, _)| self.used_keys.get(&(pending.command.account, key)).is_some());
            if seen {
                rest.extend(self.answer_repeat(pending).await);
            } else {
                rest.push(pending);
            }
        }
        rest
    }

    /// Answers a command if its key was used before; otherwise it comes back.
    async fn answer_repeat(&mut self, pending: Pending) -> Option<Pending> {
        let keys: Vec<(String, Option<Hash>)> = (0..places(&pending.command.action))
            .map_while(|place| stored_key(&pending.command, place))
            .collect();
        let Some((_, Some(request_hash))) = keys.first().cloned() else { return Some(pending) };
        let keys: Vec<String> = keys.into_iter().map(|(key, _)| key).collect();
        let account = pending.command.account;
        match self.connection.earlier(account, &keys, &request_hash, pending.deadline).await {
            Ok(Some(answer)) => {
                self.used_keys.insert((account, keys.into_iter().next()?), ());
                pending.answer(answer.map_err(ExecuteError::Refused));
                None
            }
            Ok(None) => Some(pending),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "an idempotency key could not be looked up");
                pending.fail(Error::Unavailable);
                None
            }
        }
    }

    /// Starts a draft with the heads of everything that the batch names.
    async fn read_heads(&mut self, batch: &[Pending], deadline: Instant) -> Result<Draft, Error> {
        let mut draft = Draft::new(Utc::now());
        let (mut accounts, mut jobs) = (HashSet::new(), HashSet::new());
        for pending in batch.iter().filter(|pending| pending.fresh) {
            accounts.insert(pending.command.account);
            jobs.extend(named_jobs(pending));
        }
        for pending in batch {
            let account = pending.command.account;
            if !accounts.contains(&account) && !draft.has_account(account) {
                match self.heads.account(account) {
                    Some(head) => draft.set_account(account, head.clone()),
                    None => drop(accounts.insert(account)),
                }
            }
            for key in named_jobs(pending) {
                if jobs.contains(&key) || draft.has_job(key) {
                    continue;
                }
                match self.heads.job(key) {
                    Some(head) => draft.set_job(key, head.clone()),
                    None => drop(jobs.insert(key)),
                }
            }
        }
        if accounts.is_empty() && jobs.is_empty() {
            return Ok(draft);
        }
        let accounts: Vec<_> = accounts.into_iter().collect();
        let jobs: Vec<_> = jobs.into_iter().collect();
        let (account_heads, job_heads) = self.connection.heads(&accounts, &jobs, deadline).await?;
        for (id, head) in account_heads {
            self.heads.keep_account(id, head.clone());
            draft.set_account(id, head);
        }
        for (key, head) in job_heads {
            self.heads.keep_job(key, head.clone());
            draft.set_job(key, head);
        }
        Ok(draft)
    }

    fn decide(&mut self, batch: Vec<Pending>, mut draft: Draft) -> Decided {
        let mut accepted = Vec::with_capacity(batch.len());
        let (mut refused, mut again) = (Vec::new(), Vec::new());
        let mut keys = HashSet::new();
        for (index, mut pending) in batch.into_iter().enumerate() {
            let key = stored_key(&pending.command, 0).map(|(key, _)| (pending.command.account, key));
            if key.is_some_and(|key| !keys.insert(key)) {
                // The same request twice in one batch: the second finds the first one's answer in the log.
                again.push(pending);
                continue;
            }
            match draft.add(index, &pending.command) {
                Ok(drafted) if drafted.writes || pending.fresh => accepted.push((index, pending, drafted)),
                Err(refusal) if pending.fresh => refused.push((pending, refusal)),
                Ok(_) | Err(_) => {
                    pending.fresh = true;
                    again.push(pending);
                }
            }
        }
        let (rows, accounts, jobs) = draft.finish();
        Decided { rows, accounts, jobs, accepted, refused, again }
    }

    /// Writes the rows; an unknown outcome is settled before this returns, or stays [`Failed::Unknown`].
    async fn write(&mut self, rows: &[Row], deadline: Instant) -> Result<Vec<Position>, Failed> {
        let mut unknown = false;
        loop {
            match self.connection.append(rows, deadline).await {
                Ok(positions) => return Ok(positions),
                Err(Failed::Unknown(error)) if Instant::now() < deadline => {
                    // The same rows again: whichever of the two is written, the other meets its key.
                    tracing::warn!(error = %chain(&error), rows = rows.len(), "an append's outcome is unknown");
                    unknown = true;
                }
                Err(Failed::Raced | Failed::KeyTaken) if unknown => {
                    let positions = self.connection.written(rows, deadline).await.map_err(Failed::Unknown)?;
                    return if positions.len() == rows.len() { Ok(positions) } else { Err(Failed::Raced) };
                }
                Err(Failed::Unavailable(error)) if unknown => return Err(Failed::Unknown(error)),
                Err(failed) => return Err(failed),
            }
        }
    }

    /// Remembers the new heads and answers everyone. Refusals with a key look it up first.
    async fn settle(&mut self, decided: Decided, positions: &[Position]) -> Vec<Vec<Pending>> {
        for (id, head) in decided.accounts {
            self.heads.keep_account(id, head);
        }
        for (key, head) in decided.jobs {
            self.heads.keep_job(key, head);
        }
        let mut last = HashMap::new();
        for (row, position) in decided.rows.iter().zip(positions) {
            let newest = last.entry(row.command).or_insert(*position);
            *newest = (*newest).max(*position);
        }
        if let Some(newest) = positions.iter().max() {
            self.appended.send_if_modified(|appended| {
                let newer = *newest > *appended;
                *appended = (*appended).max(*newest);
                newer
            });
        }
        metrics::counter!("ledger_events_appended_total").increment(positions.len() as u64);
        for (index, pending, drafted) in decided.accepted {
            if let Some((key, _)) = stored_key(&pending.command, 0).filter(|_| drafted.writes) {
                self.used_keys.insert((pending.command.account, key), ());
            }
            let Drafted { account, jobs, .. } = drafted;
            pending.answer(Ok(Outcome {
                position: last.get(&index).copied(),
                account,
                jobs,
                replayed: false,
            }));
        }
        for (pending, refusal) in decided.refused {
            if let Some(pending) = self.answer_repeat(pending).await {
                metrics::counter!("ledger_refusals_total", "code" => refusal.code()).increment(1);
                pending.answer(Err(refusal.into()));
            }
        }
        vec![decided.again]
    }

    /// Nothing was written, or it is not known. Forgets the heads that the batch stood on, and says who tries
    /// again with whom.
    async fn recover(&mut self, decided: Decided, failed: Failed) -> Vec<Vec<Pending>> {
        for id in decided.accounts.keys() {
            self.heads.forget_account(*id);
        }
        for key in decided.jobs.keys() {
            self.heads.forget_job(*key);
        }
        let refused = decided.refused.into_iter().map(|(pending, _)| pending);
        let accepted = decided.accepted.into_iter().map(|(_, pending, _)| pending);
        let mut batch: Vec<Pending> = accepted.chain(refused).collect();
        match failed {
            Failed::Raced | Failed::KeyTaken => {
                batch.extend(decided.again);
                self.after_a_race(batch).await
            }
            Failed::Unavailable(error) => {
                fail_all(batch, &error);
                vec![decided.again]
            }
            Failed::Unknown(error) => {
                tracing::error!(error = %chain(&error), "an append's outcome stays unknown");
                batch.into_iter().for_each(|pending| pending.fail(Error::OutcomeUnknown));
                vec![decided.again]
            }
            Failed::Rejected(error) => {
                let rest = halve_or_fail(batch, error);
                rest.into_iter().chain([decided.again]).collect()
            }
        }
    }

    /// Somebody else wrote to a stream or under a key of this batch. Its repeats are answered; what is left
    /// runs again, each account by itself from the second race on, so that a busy one does not hold up others.
    async fn after_a_race(&mut self, batch: Vec<Pending>) -> Vec<Vec<Pending>> {
        metrics::counter!("ledger_races_lost_total").increment(1);
        let mut left = Vec::new();
        for mut pending in batch {
            pending.fresh = true;
            pending.lost_races += 1;
            if pending.lost_races > MOST_LOST_RACES {
                pending.fail(Error::Contended);
            } else if let Some(pending) = self.answer_repeat(pending).await {
                left.push(pending);
            }
        }
        let most = left.iter().map(|pending| pending.lost_races).max().unwrap_or(0);
        if most < 2 {
            return vec![left];
        }
        tokio::time::sleep(jitter(most)).await;
        let mut by_account: HashMap<AccountId, Vec<Pending>> = HashMap::new();
        for pending in left {
            by_account.entry(pending.command.account).or_default().push(pending);
        }
        by_account.into_values().collect()
    }
}

/// Up to a few milliseconds, growing with the races lost, so that two processes fall out of step.
fn jitter(lost_races: u32) -> Duration {
    let most = u64::from(lost_races.min(10)) * 500;
    Duration::from_micros(rand::random_range(0..most))
}

/// How many credit events of a command carry its key.
fn places(action: &Action) -> usize {
    match action {
        Action::Queue { jobs } => jobs.len(),
        Action::Grant { .. } | Action::Adjust { .. } | Action::Job { .. } => 1,
    }
}

/// The jobs whose heads must be known. One that is being queued is new; should it not be, the primary key
/// says so and the next round reads it.
fn named_jobs(pending: &Pending) -> Vec<JobKey> {
    let account = pending.command.account;
    match &pending.command.action {
        Action::Job { job_id, .. } => vec![(account, *job_id)],
        Action::Queue { jobs } if pending.fresh => jobs.iter().map(|new| (account, new.job_id)).collect(),
        Action::Grant { .. } | Action::Adjust { .. } | Action::Queue { .. } => Vec::new(),
    }
}

fn expire(batch: Vec<Pending>) -> Vec<Pending> {
    let now = Instant::now();
    let (alive, late): (Vec<_>, Vec<_>) = batch.into_iter().partition(|pending| pending.deadline > now);
    late.into_iter().for_each(|pending| pending.fail(Error::Unavailable));
    alive
}

fn fail_all(batch: Vec<Pending>, error: &Error) {
    tracing::warn!(error = %chain(error), commands = batch.len(), "the log cannot be written");
    batch.into_iter().for_each(|pending| pending.fail(Error::Unavailable));
}

/// One of the commands cannot be stored: halves find it without hurting the others.
fn halve_or_fail(mut batch: Vec<Pending>, error: Error) -> Vec<Vec<Pending>> {
    if batch.len() > 1 {
        let second = batch.split_off(batch.len() / 2);
        return vec![batch, second];
    }
    batch.into_iter().for_each(|pending| {
        tracing::error!(error = %chain(&error), "a command was rejected by the database");
        pending.fail(Error::Unavailable);
    });
    Vec::new()
}
