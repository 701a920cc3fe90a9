//! What may be done with what was received: delete it, or choose when it shows again.
//!
//! Ten messages to a request and several requests at once. Each is answered for itself: one that fails leaves the
//! others as they are.

use super::error::Error;
use super::source::Source;
use super::{MOST_ENTRIES, MOST_REQUESTS, Queue, limits};
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
};
use futures::stream::{self, StreamExt};
use std::time::Duration;

/// What became of the messages of some receipts. With those that are not named here it was done.
#[derive(Debug, Default)]
pub struct Answered<'a> {
    /// SQS refused these for what they are: it knows no such delivery any more.
    pub stale: Vec<&'a str>,
    /// SQS could not, or did not say whether it did. Asking again is harmless.
    pub undone: Vec<&'a str>,
    /// Why a request failed as a whole, if one did.
    pub error: Option<Error>,
}

impl<'a> Answered<'a> {
    /// The receipts with which it was not done, for callers that give up when a request fails as a whole.
    ///
    /// # Errors
    /// When a request failed as a whole; what it held may be done or not.
    pub fn complete(self) -> Result<Vec<&'a str>, Error> {
        match self.error {
            Some(error) => Err(error),
            None => Ok([self.stale, self.undone].concat()),
        }
    }

    /// An entry that the answer forgot is undone.
    fn entries<'b>(
        receipts: &[&'a str],
        done: impl Iterator<Item = &'b str>,
        failed: &[BatchResultErrorEntry],
    ) -> Answered<'a> {
        let at = |id: &str| id.parse().ok().and_then(|place: usize| receipts.get(place).copied());
        let done: Vec<&str> = done.filter_map(at).collect();
        let refused = failed.iter().filter(|failed| failed.sender_fault);
        let stale: Vec<&str> = refused.filter_map(|failed| at(&failed.id)).collect();
        let is_open = |receipt: &&&str| !done.contains(receipt) && !stale.contains(receipt);
        Answered { undone: receipts.iter().filter(is_open).copied().collect(), stale, error: None }
    }

    fn and(mut self, other: Answered<'a>) -> Answered<'a> {
        self.stale.extend(other.stale);
        self.undone.extend(other.undone);
        self.error = self.error.or(other.error);
        self
    }
}

impl Queue {
    /// Deletes messages.
    pub async fn delete<'a>(&self, source: Source, receipts: &'a [String]) -> Answered<'a> {
        let receipts: Vec<&str> = receipts.iter().map(String::as_str).collect();
        let requests = receipts.chunks(MOST_ENTRIES).map(|batch| async move {
            self.delete_batch(source, batch).await.unwrap_or_else(|error| failed(batch, error))
        });
        together(requests.collect()).await
    }

    /// Hides messages for this long from now (nearly twelve hours at most; zero shows them at once).
    pub async fn hide<'a>(
        &self,
        source: Source,
        receipts: &'a [String],
        visibility: Duration,
    ) -> Answered<'a> {
        let pauses: Vec<_> = receipts.iter().map(|receipt| (receipt.as_str(), visibility)).collect();
        self.hide_each(source, &pauses).await
    }

    /// Hides each message for as long as it is told, as [`Queue::hide`] does.
    pub async fn hide_each<'a>(&self, source: Source, pauses: &[(&'a str, Duration)]) -> Answered<'a> {
        let requests = pauses.chunks(MOST_ENTRIES).map(|batch| async move {
            let receipts: Vec<&'a str> = batch.iter().map(|(receipt, _)| *receipt).collect();
            let answered = self.hide_batch(source, batch, &receipts).await;
            answered.unwrap_or_else(|error| failed(&receipts, error))
        });
        together(requests.collect()).await
    }

    async fn delete_batch<'a>(&self, source: Source, receipts: &[&'a str]) -> Result<Answered<'a>, Error> {
        let entries = receipts.iter().enumerate().map(|(place, receipt)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string());
            entry.receipt_handle(*receipt).build().map_err(Error::build("delete messages"))
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let request = self.client.delete_message_batch().queue_url(self.url(source));
        let answer = request.set_entries(Some(entries)).send().await;
        let answer = answer.map_err(self.failed(source, "delete messages"))?;
        let done = answer.successful.iter().map(|deleted| deleted.id.as_str());
        Ok(Answered::entries(receipts, done, &answer.failed))
    }

    async fn hide_batch<'a>(
        &self,
        source: Source,
        pauses: &[(&'a str, Duration)],
        receipts: &[&'a str],
    ) -> Result<Answered<'a>, Error> {
        let entries = pauses.iter().enumerate().map(|(place, (receipt, pause))| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(place.to_string());
            let entry = entry.receipt_handle(*receipt).visibility_timeout(limits::visibility_seconds(*pause));
            entry.build().map_err(Error::build("hide messages"))
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let request = self.client.change_message_visibility_batch().queue_url(self.url(source));
        let answer = request.set_entries(Some(entries)).send().await;
        let answer = answer.map_err(self.failed(source, "hide messages"))?;
        let done = answer.successful.iter().map(|hidden| hidden.id.as_str());
        Ok(Answered::entries(receipts, done, &answer.failed))
    }
}

fn failed<'a>(receipts: &[&'a str], error: Error) -> Answered<'a> {
    Answered { undone: receipts.to_vec(), error: Some(error), ..Answered::default() }
}

async fn together<'a>(requests: Vec<impl Future<Output = Answered<'a>>>) -> Answered<'a> {
    let answers = stream::iter(requests).buffer_unordered(MOST_REQUESTS);
    answers.fold(Answered::default(), async |all, answered| all.and(answered)).await
}

#[cfg(test)]
mod tests {
    use super::Answered;
    use aws_sdk_sqs::types::BatchResultErrorEntry;

    fn failed(id: &str, sender_fault: bool) -> BatchResultErrorEntry {
        let entry = BatchResultErrorEntry::builder().id(id).sender_fault(sender_fault).code("code");
        entry.build().unwrap()
    }

    #[test]
    fn what_is_neither_done_nor_refused_for_what_it_is_is_undone() {
        let receipts = ["done", "stale", "server trouble", "forgotten"];
        let answered = Answered::entries(
            &receipts,
            ["0", "nonsense", "9"].into_iter(),
            &[failed("1", true), failed("2", false)],
        );
        assert_eq!(answered.stale, ["stale"]);
        assert_eq!(answered.undone, ["server trouble", "forgotten"]);
    }
}
