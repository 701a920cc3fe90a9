//! The statements of the read models behind one front, so that the projector, the rebuild and the comparison do not
//! care which one they work on.

use crate::batch::{JobChange, StreamKey, View};
use crate::error::Error;
use crate::read_model::ReadModel;
use crate::{balances, dead_letters, generations, history, overview, pending, usage};
use deadpool_postgres::Transaction;
use std::collections::HashMap;
use std::str::FromStr;
use uuid::Uuid;

impl ReadModel {
    /// The statement that reads the versions at which this read model's rows stand; `None` if its rows sum
    /// over streams. Its parameters are the account ids and the stream ids.
    fn heads(self) -> Option<&'static str> {
        match self {
            ReadModel::Balances => Some(balances::HEADS),
            ReadModel::History => Some(history::HEADS),
            ReadModel::Generations => Some(generations::HEADS),
            ReadModel::Pending => Some(pending::HEADS),
            ReadModel::DeadLetters => Some(dead_letters::HEADS),
            ReadModel::Usage | ReadModel::Overview => None,
        }
    }

    /// Whether a row must be there already for a job that changes: then its version tells whether an event
    /// was missed.
    fn has_row_before(self, job: &JobChange) -> bool {
        let status = job.before.as_ref().map(|before| before.status);
        match self {
            ReadModel::Generations => status.is_some(),
            ReadModel::Pending => status.is_some_and(|status| !status.is_finished()),
            ReadModel::DeadLetters => status == Some(ledger::job::Status::Dead),
            ReadModel::Balances | ReadModel::History | ReadModel::Usage | ReadModel::Overview => false,
        }
    }

    /// The streams of this view whose row must stand at the version before the batch, with that version.
    fn expected(self, view: &View<'_>) -> HashMap<StreamKey, i64> {
        let mut expected = HashMap::new();
        if self.reads_accounts() {
            let begun = view.accounts.iter().filter(|account| account.first_version > 1);
            expected.extend(begun.map(|account| (account.key(), account.first_version - 1)));
        }
        if self.reads_jobs() {
            let begun = view.jobs.iter().filter(|job| self.has_row_before(job));
            expected.extend(begun.map(|job| (job.key(), job.first_version - 1)));
        }
        expected
    }

    /// The streams whose rows missed an event, with the version at which the row stands.
    pub(crate) async fn gaps(
        self,
        transaction: &Transaction<'_>,
        view: &View<'_>,
    ) -> Result<Vec<(StreamKey, i64)>, Error> {
        let Some(sql) = self.heads() else { return Ok(Vec::new()) };
        let expected = self.expected(view);
        if expected.is_empty() {
            return Ok(Vec::new());
        }
        let (accounts, streams): (Vec<Uuid>, Vec<Uuid>) =
            expected.keys().map(|(account, stream)| (account.0, stream.0)).unzip();
        let statement = transaction.prepare_cached(sql).await?;
        let mut heads = HashMap::new();
        for row in transaction.query(&statement, &[&accounts, &streams]).await? {
            heads.insert((row.try_get::<_, Uuid>(0)?, row.try_get::<_, Uuid>(1)?), row.try_get::<_, i64>(2)?);
        }
        let stands = |(account, stream): StreamKey| heads.get(&(account.0, stream.0)).copied().unwrap_or(0);
        let behind = expected.into_iter().filter(|(key, version)| stands(*key) < *version);
        Ok(behind.map(|(key, _)| (key, stands(key))).collect())
    }

    /// Writes what the view says into this read model.
    pub(crate) async fn write(self, transaction: &Transaction<'_>, view: &View<'_>) -> Result<(), Error> {
        match self {
            ReadModel::Balances => balances::write(transaction, &view.accounts).await,
            ReadModel::History => history::write(transaction, &view.accounts).await,
            ReadModel::Generations => generations::write(transaction, &view.jobs).await,
            ReadModel::Pending => pending::write(transaction, &view.jobs).await,
            ReadModel::DeadLetters => dead_letters::write(transaction, &view.jobs).await,
            ReadModel::Usage => usage::write(transaction, &view.jobs).await,
            ReadModel::Overview => overview::write(transaction, view).await,
        }
    }
}

impl FromStr for ReadModel {
    type Err = Error;

    fn from_str(name: &str) -> Result<ReadModel, Error> {
        let found = ReadModel::ALL.into_iter().find(|model| model.name() == name);
        found.ok_or_else(|| Error::UnknownReadModel { name: name.to_owned() })
    }
}
