//! The roll of workers: every process says each few seconds that it is here, and what it had claimed is given to others
//! when it has been silent for too long.
//!
//! Two processes must never both believe that a claim is theirs to send. Whoever is taken for gone begins a new *term*
//! when it is heard again, and what it claimed in an earlier one is lost to it. It learns of that only with its next word,
//! so it sends nothing while its last word is older than half of the silence for which it would be taken for gone: what it
//! did send was then on its way for the other half before anybody else could begin. Silence is judged by the database's
//! clock, one's own last word by the monotonic one, from before it was said.
//!
//! Workers of releases without a roll are not on it; their claims end with their leases.
//!
//! With its word each process tells what it cannot ask of providers now, and says so at once when that changes: the relay
//! holds back what no worker that is here could make.

mod table;

use crate::error::Error;
use crate::governing::{Governing, Shut, ToldShut};
use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use ledger::{Database, Role, error_chain};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::GenericClient;
use tokio_util::sync::CancellationToken;

/// After a word that could not be said.
const PAUSE: Duration = Duration::from_millis(500);

/// Between a word and the next one that is said only because something changed.
const SOON: Duration = Duration::from_millis(200);

/// How long the last word may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Since when a process is here without having been taken for gone; by the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term(DateTime<Utc>);

impl Term {
    /// Whether what happened at this instant happened in this term or a later one.
    pub(crate) fn has_begun_by(self, instant: DateTime<Utc>) -> bool {
        self.0 <= instant
    }
}

/// This process's place on the roll.
pub(crate) struct Roll {
    /// Of one connection, so that no other duty keeps it waiting.
    pool: Pool,
    identity: String,
    silence: Duration,
    last: watch::Sender<Option<Word>>,
}

/// A word that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    term: Term,
    /// Before it was said.
    said: Instant,
    /// When the first of an unbroken row of words was said, each heard soon enough after the one before.
    unbroken_from: Instant,
}

impl Word {
    /// The word that follows `last`.
    fn after(last: Option<Word>, term: Term, said: Instant, silence: Duration) -> Word {
        let goes_on = last.filter(|last| last.term == term && said - last.said < silence / 2);
        Word { term, said, unbroken_from: goes_on.map_or(said, |last| last.unbroken_from) }
    }

    fn is_fresh(&self, now: Instant, silence: Duration) -> bool {
        self.fresh_for(now, silence).is_some()
    }

    /// How long it stays fresh; `None` if it is not any more.
    fn fresh_for(&self, now: Instant, silence: Duration) -> Option<Duration> {
        (silence / 2).checked_sub(now - self.said).filter(|left| !left.is_zero())
    }
}

impl Roll {
    /// A place that nothing is said from yet. `identity` names the process among all that ever ran.
    pub(crate) fn new(database: &Database, identity: &str, silence: Duration) -> Result<Roll, Error> {
        let pool = database.pool(Role::Projector, 1)?;
        Ok(Roll { pool, identity: identity.to_owned(), silence, last: watch::Sender::new(None) })
    }

    /// The term that this process is in. Waits while nobody would hear of what it claims: others would take that away.
    pub(crate) async fn term(&self) -> Term {
        loop {
            self.wait_for(|last| last.is_some_and(|word| word.is_fresh(Instant::now(), self.silence))).await;
            if let Some(term) = self.known_term() {
                return term;
            }
        }
    }

    fn known_term(&self) -> Option<Term> {
        self.last.borrow().map(|word| word.term)
    }

    /// Whether what was claimed in this term is still this process's to send. Waits while that is not known.
    pub(crate) async fn vouches_for(&self, term: Term) -> bool {
        let is_known = |last: &Option<Word>| {
            last.is_some_and(|word| word.term != term || word.is_fresh(Instant::now(), self.silence))
        };
        self.wait_for(is_known).await;
        self.known_term() == Some(term)
    }

    /// Waits until this process is not heard any more: until its last word is no longer fresh.
    pub(crate) async fn falls_silent(&self) {
        let mut last = self.last.subscribe();
        loop {
            let word = *last.borrow_and_update();
            let Some(left) = word.and_then(|word| word.fresh_for(Instant::now(), self.silence)) else {
                return;
            };
            // The sender is ours, so the next word is all that can come before.
            let _ = timeout(left, last.changed()).await;
        }
    }

    /// Whether this process has been heard without a gap for as long as others may be silent. Whoever was cut off from
    /// the database itself knows nothing of others.
    fn may_judge(&self) -> bool {
        let now = Instant::now();
        self.last
            .borrow()
            .is_some_and(|word| word.is_fresh(now, self.silence) && now - word.unbroken_from >= self.silence)
    }

    /// Whether the worker of this name was heard of lately. One that is not on the roll was not.
    pub(crate) async fn is_here(&self, client: &impl GenericClient, worker: &str) -> Result<bool, Error> {
        table::is_here(client, worker, self.silence).await
    }

    /// Takes for gone whoever was silent for too long, and names them.
    pub(crate) async fn take_for_gone(&self, client: &impl GenericClient) -> Result<Vec<String>, Error> {
        if self.may_judge() { table::take_for_gone(client, self.silence).await } else { Ok(Vec::new()) }
    }

    /// Strikes off those who have been gone for so long.
    pub(crate) async fn forget(&self, client: &impl GenericClient, gone: Duration) -> Result<(), Error> {
        table::forget(client, gone).await
    }

    /// What each worker that is here cannot ask of providers, and how long ago it said so; what one of an earlier release
    /// says of that is nothing.
    pub(crate) async fn told(&self, client: &impl GenericClient) -> Result<Vec<(ToldShut, Duration)>, Error> {
        table::told(client, self.silence).await
    }

    /// Says every so often that this process is here, until it has ended, and then that it is gone.
    pub(crate) async fn stay(&self, every: Duration, governing: &Governing, ended: CancellationToken) {
        ended.run_until_cancelled(self.words(every, governing)).await;
        if let Ok(Err(error)) = timeout(GOODBYE, self.say_goodbye()).await {
            tracing::debug!(error = %error_chain(&error), "this worker goes without a word");
        }
    }

    async fn words(&self, every: Duration, governing: &Governing) {
        loop {
            let shut = governing.shut(Instant::now());
            match self.say_here(&shut).await {
                Ok(()) => {
                    sleep(SOON.min(every)).await;
                    // It may be that what changed is as it was.
                    let changed = async {
                        while governing.shut(Instant::now()) == shut {
                            governing.changed().await
                        }
                    };
                    let _ = timeout(every.saturating_sub(SOON), changed).await;
                }
                Err(error) => {
                    tracing::warn!(error = %error_chain(&error), "this worker cannot say that it is here");
                    sleep(PAUSE.min(every)).await;
                }
            }
        }
    }

    async fn wait_for(&self, holds: impl FnMut(&Option<Word>) -> bool) {
        // The sender is ours, so it does not end while we wait.
        let _ = self.last.subscribe().wait_for(holds).await;
    }

    async fn say_here(&self, shut: &Shut) -> Result<(), Error> {
        let said = Instant::now();
        let client = self.pool.get().await?;
        let told = shut.told(Instant::now());
        let (since, others) = table::say_here(&**client, &self.identity, self.silence, &told).await?;
        let term = Term(since);
        if self.known_term().is_some_and(|before| before != term) {
            metrics::counter!("cooly_worker_terms_lost_total").increment(1);
            tracing::warn!("this worker was silent for so long that others took over what it had claimed");
        }
        self.last.send_modify(|last| *last = Some(Word::after(*last, term, said, self.silence)));
        metrics::gauge!("cooly_workers").set((others + 1) as f64);
        Ok(())
    }

    async fn say_goodbye(&self) -> Result<(), Error> {
        let client = self.pool.get().await?;
        table::say_goodbye(&**client, &self.identity).await
    }
}

#[cfg(test)]
mod tests {
    use super::{Term, Word};
    use chrono::DateTime;
    use std::time::Duration;
    use tokio::time::Instant;

    const SILENCE: Duration = Duration::from_secs(30);

    fn term(seconds: i64) -> Term {
        Term(DateTime::from_timestamp(seconds, 0).unwrap())
    }

    #[test]
    fn a_row_of_words_goes_on_until_one_is_late_or_a_term_is_lost() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let first = Word::after(None, term(1), at(0), SILENCE);
        let second = Word::after(Some(first), term(1), at(10), SILENCE);
        assert_eq!((first.unbroken_from, second.unbroken_from), (at(0), at(0)));
        let late = Word::after(Some(second), term(1), at(25), SILENCE);
        assert_eq!(late.unbroken_from, at(25), "a gap in which others may have been silent for us alone");
        let lost = Word::after(Some(second), term(2), at(15), SILENCE);
        assert_eq!(lost.unbroken_from, at(15));
    }

    #[test]
    fn a_word_is_fresh_for_half_of_the_silence() {
        let begun = Instant::now();
        let word = Word::after(None, term(1), begun, SILENCE);
        assert!(word.is_fresh(begun + Duration::from_secs(14), SILENCE));
        assert!(!word.is_fresh(begun + Duration::from_secs(15), SILENCE));
    }
}
