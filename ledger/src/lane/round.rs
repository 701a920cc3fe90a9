//! One round of a lane: read what is not remembered, write, answer, and gather the next batch meanwhile.

use super::batch::{Batch, Decided};
use super::connection::{Connection, Failed};
use super::{Inbox, Lane, Pending};
use crate::chain::Hash;
use crate::command::Outcome;
use crate::draft::{Draft, Drafted, DraftedAll, Refused, Row, Streams};
use crate::error::{Error, chain};
use crate::ids::{AccountId, Position};
use crate::refusal::Refusal;
use crate::store::keys::Holder;
use crate::stored_key::{KeyPlace, KeyPlaces, stored_key};
use std::collections::{HashMap, HashSet, VecDeque};
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// Races lost in a row from which each account of a batch runs by itself: turns, which come before, did not help.
const APART: u32 = 7;

/// Races lost in a row before a command gives up; the pauses in between add up to less than the deadline.
const MOST_LOST_RACES: u32 = 64;

impl Lane {
    /// Executes commands to their end, and those that come in meanwhile. What cannot be written whole is added
    /// to `again`, to be run by itself.
    pub(super) async fn carry_through(
        &mut self,
        pendings: Vec<Pending>,
        inbox: &mut Inbox,
        again: &mut VecDeque<Vec<Pending>>,
    ) {
        let mut batch = Batch::new(self.rules.clone());
        pendings.into_iter().for_each(|pending| batch.take(pending, &self.memory));
        let mut answers = Answers::default();
        while !batch.is_empty() {
            if !batch.is_decided() {
                std::mem::take(&mut answers).send();
            }
            let mut decided = self.complete(batch).await;
            self.memory.expect(std::mem::take(&mut decided.heads));
            // What must be run by itself is not kept waiting by what comes in.
            let more = if again.is_empty() { Some(&mut *inbox) } else { None };
            let (written, mut next) =
                self.write_and_gather(&decided, std::mem::take(&mut answers), more).await;
            match written {
                Ok(positions) => {
                    let left;
                    (answers, left) = self.settle(decided, &positions).await;
                    left.into_iter().for_each(|pending| next.take(pending, &self.memory));
                }
                Err(failed) => {
                    self.memory.forget(&Streams::of(&decided.rows));
                    again.extend(self.recover(decided, failed).await);
                    again.push_back(next.abandon());
                    return;
                }
            }
            batch = next;
        }
        answers.send();
    }

    /// Reads what the batch lacks and decides what is left of it.
    async fn complete(&mut self, mut batch: Batch) -> Decided {
        for pending in std::mem::take(&mut batch.repeats) {
            if let Some(pending) = self.answer_repeat(pending).await {
                batch.admit(pending, &self.memory);
            }
        }
        let cold = std::mem::take(&mut batch.cold);
        if let Some(deadline) = cold.iter().map(|pending| pending.deadline).min() {
            match self.read_in_turn(&cold, &mut batch.draft, deadline).await {
                Ok(()) => cold.into_iter().for_each(|pending| batch.decide(pending)),
                Err(error) => fail_all(cold, &error),
            }
        }
        batch.finish()
    }

    /// Answers commands if their key was used before; otherwise they come back.
    async fn answer_repeat(&mut self, pending: Pending) -> Option<Pending> {
        match self.look_up(&pending).await {
            Ok(LookedUp::New) => return Some(pending),
            Ok(LookedUp::Answered(outcomes)) => {
                if let Some(key) = pending.first_key() {
                    self.memory.note_used(key);
                }
                pending.answer(Ok(outcomes));
            }
            Ok(LookedUp::Refused { place, refusal }) => pending.refuse(place, refusal),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "an idempotency key could not be looked up");
                pending.fail(Error::Unavailable);
            }
        }
        None
    }

    async fn look_up(&mut self, pending: &Pending) -> Result<LookedUp, Error> {
        let reused = |place| LookedUp::Refused { place, refusal: Refusal::KeyReused };
        if self.is_key_of_others(pending).await? {
            return Ok(reused(0));
        }
        let mut outcomes = Vec::with_capacity(pending.commands.len());
        let mut missing = None;
        for (place, keyed) in keyed(pending).into_iter().enumerate() {
            let Some(Keyed { account, keys, request_hash }) = keyed else { return Ok(LookedUp::New) };
            let mut found = None;
            for keys in keys {
                found = self.connection.earlier(account, &keys, &request_hash, pending.deadline).await?;
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some(Ok(outcome)) => outcomes.push(outcome),
                Some(Err(refusal)) => return Ok(LookedUp::Refused { place, refusal }),
                // One is enough to know that it was not asked before; but if the write met a key, see which.
                None if outcomes.is_empty() && pending.lost_races == 0 => return Ok(LookedUp::New),
                None => missing = Some(place),
            }
        }
        Ok(match missing {
            None => LookedUp::Answered(outcomes),
            Some(_) if outcomes.is_empty() => LookedUp::New,
            // A part of what is asked was written under the key, so that was another request.
            Some(place) => reused(place),
        })
    }

    /// Whether other commands were given together under the key of these, whatever accounts they were about.
    async fn is_key_of_others(&mut self, pending: &Pending) -> Result<bool, Error> {
        let Some(first) = pending.commands.first().filter(|_| pending.together) else { return Ok(false) };
        let Some((key, request_hash)) = stored_key(first, KeyPlace::Batch) else { return Ok(false) };
        let holder = self.connection.holder_of_batch(&key, pending.deadline).await?;
        Ok(holder.is_some_and(|holder| holder != Holder { account: first.account, request_hash }))
    }

    /// Reads heads; while other processes write to the same accounts, from here to the end of the INSERT is this
    /// lane's turn, so that nobody decides on the same heads meanwhile.
    async fn read_in_turn(
        &mut self,
        cold: &[Pending],
        draft: &mut Draft,
        deadline: Instant,
    ) -> Result<(), Error> {
        if self.memory.sharing.takes_turns(Instant::now()) {
            self.connection.take_turn(self.rules.lane, deadline).await?;
        }
        self.read_heads(cold, draft, deadline).await
    }

    /// Gives the draft the heads of everything that these commands name. A head that the batch itself will move
    /// is not read: if it was not so, nothing of the batch will be written.
    async fn read_heads(
        &mut self,
        cold: &[Pending],
        draft: &mut Draft,
        deadline: Instant,
    ) -> Result<(), Error> {
        let (mut accounts, mut jobs) = (HashSet::new(), HashSet::new());
        let moved = draft.moved();
        for pending in cold {
            let known = !pending.fresh && self.memory.recall(pending, draft);
            if !known {
                accounts.extend(pending.accounts().filter(|id| !moved.accounts.contains(id)));
                jobs.extend(pending.jobs().filter(|key| !moved.jobs.contains(key)));
            }
        }
        let accounts: Vec<_> = accounts.into_iter().collect();
        let jobs: Vec<_> = jobs.into_iter().collect();
        if accounts.is_empty() && jobs.is_empty() {
            return Ok(());
        }
        let (account_heads, job_heads) = self.connection.heads(&accounts, &jobs, deadline).await?;
        for (id, head) in account_heads {
            draft.set_account(id, head);
        }
        for (key, head) in job_heads {
            draft.set_job(key, head);
        }
        Ok(())
    }

    /// Writes the rows, if there are any, and ends the turn. Meanwhile it answers those before them, so that nothing
    /// keeps the rows waiting, and decides what comes in.
    async fn write_and_gather(
        &mut self,
        decided: &Decided,
        answers: Answers,
        mut inbox: Option<&mut Inbox>,
    ) -> (Result<Vec<Position>, Failed>, Batch) {
        let Lane { connection, memory, rules, .. } = self;
        let mut next = Batch::new(rules.clone());
        let lane = rules.lane;
        let mut writing = std::pin::pin!(async {
            let written = match decided.deadline().filter(|_| !decided.rows.is_empty()) {
                Some(deadline) => write(connection, &decided.rows, deadline).await,
                None => Ok(Vec::new()),
            };
            connection.end_turn(lane).await;
            written
        });
        let sent = futures::poll!(&mut writing);
        answers.send();
        if let Poll::Ready(written) = sent {
            return (written, next);
        }
        loop {
            let room = next.room();
            let more = async {
                match &mut inbox {
                    Some(inbox) => inbox.more(room).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                written = &mut writing => return (written, next),
                pendings = more => pendings.into_iter().for_each(|pending| next.take(pending, memory)),
            }
        }
    }

    /// What to answer to whom, and the commands that must be decided again. Refusals are answered here: those with a key
    /// look it up first.
    async fn settle(&mut self, decided: Decided, positions: &[Position]) -> (Answers, Vec<Pending>) {
        if !positions.is_empty() {
            self.memory.sharing.note_written();
        }
        let mut last = vec![None; decided.indices];
        for (row, position) in decided.rows.iter().zip(positions) {
            last[row.command] = last[row.command].max(Some(*position));
        }
        if let Some(newest) = positions.iter().max() {
            self.appended.send_if_modified(|appended| {
                let newer = *newest > *appended;
                *appended = (*appended).max(*newest);
                newer
            });
        }
        metrics::counter!("ledger_events_appended_total").increment(positions.len() as u64);
        for (_, pending, drafted) in &decided.accepted {
            if let Some(key) = pending.first_key().filter(|_| drafted.writes) {
                self.memory.note_used(key);
            }
        }
        let mut answers = Answers { accepted: decided.accepted, last };
        if !decided.refused.is_empty() {
            std::mem::take(&mut answers).send();
        }
        for (pending, Refused { place, refusal }) in decided.refused {
            if let Some(pending) = self.answer_repeat(pending).await {
                pending.refuse(place, refusal);
            }
        }
        (answers, decided.again)
    }

    /// Nothing was written, or it is not known. Says who tries again with whom.
    async fn recover(&mut self, decided: Decided, failed: Failed) -> Vec<Vec<Pending>> {
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
    /// runs again, in the end each account by itself, so that a busy one does not hold up others.
    async fn after_a_race(&mut self, batch: Vec<Pending>) -> Vec<Vec<Pending>> {
        metrics::counter!("ledger_races_lost_total").increment(1);
        let in_a_row = batch.iter().map(|pending| pending.lost_races + 1).max().unwrap_or(0);
        self.memory.sharing.note_race(in_a_row, Instant::now());
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
        if most < APART {
            return vec![left];
        }
        tokio::time::sleep(jitter(most)).await;
        let mut by_account: HashMap<Option<AccountId>, Vec<Pending>> = HashMap::new();
        for pending in left {
            let first = pending.commands.first().map(|command| command.account);
            by_account.entry(first).or_default().push(pending);
        }
        by_account.into_values().collect()
    }
}

/// What to answer to commands whose rows are written.
#[derive(Default)]
struct Answers {
    accepted: Vec<(usize, Pending, DraftedAll)>,
    /// The newest position of each command, by its number.
    last: Vec<Option<Position>>,
}

impl Answers {
    fn send(self) {
        for (index, pending, drafted) in self.accepted {
            let position = self.last[index];
            let outcomes = drafted.commands.into_iter().map(|drafted| outcome(drafted, position)).collect();
            pending.answer(Ok(outcomes));
        }
    }
}

/// Writes the rows; an unknown outcome is settled before this returns, or stays [`Failed::Unknown`].
async fn write(
    connection: &mut Connection,
    rows: &[Row],
    deadline: Instant,
) -> Result<Vec<Position>, Failed> {
    let mut unknown = false;
    loop {
        match connection.append(rows, deadline).await {
            Ok(positions) => return Ok(positions),
            Err(Failed::Unknown(error)) if Instant::now() < deadline => {
                // The same rows again: whichever of the two is written, the other meets its key.
                tracing::warn!(error = %chain(&error), rows = rows.len(), "an append's outcome is unknown");
                unknown = true;
            }
            Err(Failed::Raced | Failed::KeyTaken) if unknown => {
                let positions = connection.written(rows, deadline).await.map_err(Failed::Unknown)?;
                return if positions.len() == rows.len() { Ok(positions) } else { Err(Failed::Raced) };
            }
            Err(Failed::Unavailable(error)) if unknown => return Err(Failed::Unknown(error)),
            Err(failed) => return Err(failed),
        }
    }
}

/// Up to a few milliseconds, growing with the races lost, so that two processes fall out of step.
fn jitter(lost_races: u32) -> Duration {
    let most = u64::from(lost_races.min(10)) * 500;
    Duration::from_micros(rand::random_range(0..most))
}

fn outcome(drafted: Drafted, position: Option<Position>) -> Outcome {
    let Drafted { at, account, credits, jobs, writes: _ } = drafted;
    Outcome { position, at, account, credits, jobs, replayed: false }
}

/// What the log knows of commands' key.
enum LookedUp {
    /// It was not used before.
    New,
    /// It was used by the same commands, and this is what they led to.
    Answered(Vec<Outcome>),
    /// It was used by others.
    Refused { place: usize, refusal: Refusal },
}

/// Where the log has the effects of a command, if it was executed before.
struct Keyed {
    account: AccountId,
    /// The keys that its credit events are stored under: as they are now, then as they were before batches had keys
    /// of their own.
    keys: Vec<Vec<String>>,
    request_hash: Hash,
}

/// The commands with their keys; `None` for one without.
fn keyed(pending: &Pending) -> Vec<Option<Keyed>> {
    let (mut now, mut before) = (KeyPlaces::new(pending.together), KeyPlaces::new(false));
    let with_keys = pending.commands.iter().map(|command| {
        let (now, before) = (now.of(command), before.of(command));
        let (_, request_hash) = stored_key(command, *now.first()?)?;
        let mut keys = vec![now];
        keys.extend((before != keys[0]).then_some(before));
        let stored = |place: KeyPlace| stored_key(command, place).map(|(key, _)| key);
        Some(Keyed {
            account: command.account,
            keys: keys.into_iter().map(|places| places.into_iter().filter_map(stored).collect()).collect(),
            request_hash: request_hash?,
        })
    });
    with_keys.collect()
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
