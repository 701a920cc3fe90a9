//! Sending, ten messages to a request.

use super::error::Error;
use super::fault::{Fault, by_entry};
use super::message::JobMessage;
use super::source::Source;
use super::{MOST_REQUESTS, Queue, limits};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::stream::{self, StreamExt};
use std::sync::Arc;
use std::time::Duration;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it says.
    pub message: JobMessage,
    /// The model of its job, if that is known.
    pub model: Option<Arc<str>>,
    /// How long it stays hidden; 15 minutes at most.
    pub delay: Duration,
}

impl Letter {
    /// The model of its job; nothing if that is not known.
    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or_default()
    }

    fn body(&self) -> String {
        self.message.encode_with(self.model.as_deref())
    }
}

impl Queue {
    /// Sends letters in as few requests as there can be and returns those that SQS did not acknowledge,
    /// because their entry or their request failed. What is not acknowledged may have been sent all the same.
    pub async fn send(&self, letters: &[Letter]) -> Vec<Letter> {
        let requests: Vec<_> = batches(letters).into_iter().map(|batch| self.send_batch(batch)).collect();
        let refused: Vec<Vec<Letter>> =
            stream::iter(requests).buffer_unordered(MOST_REQUESTS).collect().await;
        refused.concat()
    }

    /// Sends letters in one request, and tells of each why it was not acknowledged.
    pub(crate) async fn post(&self, letters: &[Letter]) -> Vec<Result<(), Fault>> {
        let bodies = letters.iter().map(Letter::body).collect();
        self.try_send_batch(&Batch { letters, bodies }).await
    }

    async fn send_batch(&self, batch: Batch<'_>) -> Vec<Letter> {
        let answers = self.try_send_batch(&batch).await;
        let failed = batch.letters.iter().zip(answers).filter(|(_, answer)| answer.is_err());
        failed.map(|(letter, _)| letter.clone()).collect()
    }

    async fn try_send_batch(&self, batch: &Batch<'_>) -> Vec<Result<(), Fault>> {
        let sent = async {
            let mut request = self.client.send_message_batch().queue_url(&self.jobs_url);
            for (place, (letter, body)) in batch.letters.iter().zip(&batch.bodies).enumerate() {
                request = request.entries(self.entry(place, letter, body).map_err(|error| {
                    tracing::error!(%error, "a message could not be built");
                    Fault::Passing
                })?);
            }
            request.send().await.map_err(|error| {
                let fault = Fault::of_request(&error, batch.letters.len());
                let error = self.failed(Source::Jobs, "take the messages")(error);
                tracing::warn!(%error, messages = batch.letters.len(), "a batch was not acknowledged");
                fault
            })
        };
        match sent.await {
            Ok(answer) => by_entry(batch.letters.len(), &answer),
            Err(fault) => vec![Err(fault); batch.letters.len()],
        }
    }

    fn entry(
        &self,
        place: usize,
        letter: &Letter,
        body: &str,
    ) -> Result<SendMessageBatchRequestEntry, Error> {
        let group = self.fair.then(|| letter.message.account_id.to_string());
        SendMessageBatchRequestEntry::builder()
            .id(place.to_string())
            .message_body(body)
            .delay_seconds(limits::delay_seconds(letter.delay))
            .set_message_group_id(group)
            .build()
            .map_err(Error::build("take the messages"))
    }
}

struct Batch<'a> {
    letters: &'a [Letter],
    bodies: Vec<String>,
}

fn batches(mut letters: &[Letter]) -> Vec<Batch<'_>> {
    let mut bodies: Vec<String> = letters.iter().map(Letter::body).collect();
    let mut batches = Vec::new();
    while !letters.is_empty() {
        let length = limits::batch_length(&bodies);
        let rest = bodies.split_off(length);
        let (batch, others) = letters.split_at(length);
        batches.push(Batch { letters: batch, bodies: std::mem::replace(&mut bodies, rest) });
        letters = others;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::{Letter, batches};
    use crate::queue::JobMessage;
    use ledger::{AccountId, JobId};
    use std::time::Duration;
    use uuid::Uuid;

    #[test]
    fn letters_go_in_tens_and_in_order() {
        let letters: Vec<Letter> = (0..25)
            .map(|number| Letter {
                message: JobMessage {
                    account_id: AccountId(Uuid::from_u128(1)),
                    job_id: JobId(Uuid::from_u128(number)),
                    run: 1,
                },
                model: Some("a-model".into()),
                delay: Duration::ZERO,
            })
            .collect();
        let batches = batches(&letters);
        assert_eq!(batches.iter().map(|batch| batch.letters.len()).collect::<Vec<_>>(), [10, 10, 5]);
        let bodies: Vec<&String> = batches.iter().flat_map(|batch| &batch.bodies).collect();
        assert!(letters.iter().zip(bodies).all(|(letter, body)| letter.body() == *body));
    }
}
