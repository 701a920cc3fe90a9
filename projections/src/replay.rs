//! Applies the log from its beginning to empty copies of read models, through the very code that keeps the
//! live ones. The copies come first in the connection's search path, so the statements find them under the
//! names they know.

use crate::apply::apply;
use crate::batch::Batch;
use crate::error::Error;
use crate::feed::Feed;
use crate::projector::DEFAULT_BATCH;
use crate::read_model::ReadModel;
use deadpool_postgres::{GenericClient, Transaction};
use ledger::Position;

/// A replay of the log for some read models.
pub(crate) struct Replay {
    models: Vec<ReadModel>,
    position: Position,
    feed: Feed,
}

impl Replay {
    pub(crate) fn new(models: Vec<ReadModel>) -> Replay {
        Replay { models, position: Position::START, feed: Feed::new(DEFAULT_BATCH) }
    }

    /// How far it is.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// After the transaction of an `advance` was rolled back.
    pub(crate) fn go_back(&mut self, position: Position) {
        self.position = position;
    }

    /// Leaves out the read models that are far enough.
    pub(crate) fn keep(&mut self, stays: impl Fn(ReadModel) -> bool) {
        self.models.retain(|model| stays(*model));
    }

    /// Goes on up to `until`, which must not pass what is safe to read; one transaction a batch, or one
    /// savepoint if the client is in a transaction. `progress` is told each position reached.
    pub(crate) async fn advance<Client: GenericClient>(
        &mut self,
        client: &mut Client,
        until: Position,
        mut progress: impl FnMut(Position),
    ) -> Result<(), Error> {
        while self.position < until {
            let mut transaction = client.transaction().await?;
            let batch =
                self.feed.read(&*transaction, ReadModel::side(&self.models), self.position, until).await?;
            match write(&mut transaction, &self.models, &batch).await {
                Ok(()) => self.feed.written(),
                Err(error) if error.is_about_data() && !self.feed.refused(&batch) => continue,
                Err(error) if error.is_about_data() => {
                    write_one_by_one(&mut transaction, &self.models, &batch).await?;
                }
                Err(error) => return Err(error),
            }
            transaction.commit().await?;
            self.position = batch.end;
            progress(self.position);
        }
        Ok(())
    }
}

/// Writes in a savepoint, so that what is refused leaves nothing behind.
async fn write(transaction: &mut Transaction<'_>, models: &[ReadModel], batch: &Batch) -> Result<(), Error> {
    let savepoint = transaction.transaction().await?;
    apply(&savepoint, models, batch).await?;
    savepoint.commit().await?;
    Ok(())
}

/// Writes a batch of one event to each read model by itself, and parks its stream in those that refuse it.
async fn write_one_by_one(
    transaction: &mut Transaction<'_>,
    models: &[ReadModel],
    batch: &Batch,
) -> Result<(), Error> {
    for model in models {
        match write(transaction, &[*model], batch).await {
            Err(error) if error.is_about_data() => {
                let refused = batch.refused(&ledger::error_chain(&error));
                write(transaction, &[*model], &refused).await?;
            }
            result => result?,
        }
    }
    Ok(())
}
