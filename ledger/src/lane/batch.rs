//! A batch: the commands that one INSERT will write, decided one by one as they come.

use super::memory::Memory;
use super::{Pending, Rules};
use crate::draft::{Draft, DraftedAll, Heads, Refused, Row};
use crate::error::Error;
use crate::ids::AccountId;
use std::collections::HashSet;
use tokio::time::Instant;

/// See the module.
pub(super) struct Batch {
    rules: Rules,
    pub(super) draft: Draft,
    /// How many commands it holds.
    commands: usize,
    /// Number of the next ones that are decided together.
    next_index: usize,
    keys: HashSet<(Option<AccountId>, String)>,
    accepted: Vec<(usize, Pending, DraftedAll)>,
    refused: Vec<(Pending, Refused)>,
    again: Vec<Pending>,
    /// Those whose key may have been used before.
    pub(super) repeats: Vec<Pending>,
    /// Those with heads that must be read first.
    pub(super) cold: Vec<Pending>,
}

/// A batch after everything in it was decided.
pub(super) struct Decided {
    pub(super) rows: Vec<Row>,
    pub(super) heads: Heads,
    /// How many numbers were given to commands.
    pub(super) indices: usize,
    /// Commands to answer once the rows are written; the number is the one their rows carry.
    pub(super) accepted: Vec<(usize, Pending, DraftedAll)>,
    /// Commands that are refused, once the rows are written.
    pub(super) refused: Vec<(Pending, Refused)>,
    /// Commands to decide again in the next batch.
    pub(super) again: Vec<Pending>,
}

impl Batch {
    pub(super) fn new(rules: Rules) -> Batch {
        Batch {
            draft: Draft::new(rules.refund_grace),
            rules,
            commands: 0,
            next_index: 0,
            keys: HashSet::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
            again: Vec::new(),
            repeats: Vec::new(),
            cold: Vec::new(),
        }
    }

    /// How many more commands it may take.
    pub(super) fn room(&self) -> usize {
        self.rules.batch.saturating_sub(self.commands)
    }

    /// Whether it was given nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.commands == 0
    }

    /// Whether nothing needs to be read before it is written.
    pub(super) fn is_decided(&self) -> bool {
        self.repeats.is_empty() && self.cold.is_empty()
    }

    /// Takes commands: decides them, or lays them aside until what they need was read.
    pub(super) fn take(&mut self, pending: Pending, memory: &Memory) {
        if pending.deadline <= Instant::now() {
            pending.fail(Error::Unavailable);
            return;
        }
        if let Err(skewed) = self.rules.clock.check() {
            pending.fail(skewed);
            return;
        }
        self.commands += pending.commands.len();
        let key = pending.first_key();
        // The key of a batch is that of the whole log, where it may stand at an account that this one is not about.
        let used = key.as_ref().is_some_and(|key| pending.together || memory.is_used(key));
        if key.is_some_and(|key| !self.keys.insert(key)) {
            // The same request twice in one batch: the second finds the first one's answer in the log.
            self.again.push(pending);
        } else if used || pending.dry_run {
            // A dry run writes nothing that could meet its key, so it is looked up before.
            self.repeats.push(pending);
        } else {
            self.admit(pending, memory);
        }
    }

    /// Takes commands whose key was not used before.
    pub(super) fn admit(&mut self, mut pending: Pending, memory: &Memory) {
        pending.fresh |= memory.sharing.reads_anew(Instant::now());
        if pending.fresh || !memory.recall(&pending, &mut self.draft) {
            self.cold.push(pending);
        } else {
            self.decide(pending);
        }
    }

    /// Decides commands whose heads the draft has.
    pub(super) fn decide(&mut self, mut pending: Pending) {
        let index = self.next_index;
        self.next_index += 1;
        let now = self.rules.clock.now();
        let drafted = if pending.dry_run {
            self.draft.preview(index, &pending.commands, pending.together, now)
        } else {
            self.draft.add(index, &pending.commands, pending.together, now)
        };
        match drafted {
            Ok(drafted) if drafted.each_writes || pending.fresh => {
                self.accepted.push((index, pending, drafted))
            }
            Err(refused) if pending.fresh => self.refused.push((pending, refused)),
            Ok(_) | Err(_) => {
                pending.fresh = true;
                self.again.push(pending);
            }
        }
    }

    /// The rows to write, and who is answered what then.
    pub(super) fn finish(self) -> Decided {
        metrics::histogram!("ledger_batch_commands").record(self.commands as f64);
        let (rows, heads) = self.draft.finish();
        let Batch { next_index: indices, accepted, refused, again, .. } = self;
        Decided { rows, heads, indices, accepted, refused, again }
    }

    /// Everything in it, undecided: what it was decided on is not so.
    pub(super) fn abandon(self) -> Vec<Pending> {
        let accepted = self.accepted.into_iter().map(|(_, pending, _)| pending);
        let refused = self.refused.into_iter().map(|(pending, _)| pending);
        accepted.chain(refused).chain(self.again).chain(self.repeats).chain(self.cold).collect()
    }
}

impl Decided {
    /// When the first of the commands must be answered; `None` if there is none.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let accepted = self.accepted.iter().map(|(_, pending, _)| pending.deadline);
        accepted.chain(self.refused.iter().map(|(pending, _)| pending.deadline)).min()
    }
}
