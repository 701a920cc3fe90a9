//! Receiving, and looking at how much there is to receive.

use super::client::{ATTEMPT, timeouts};
use super::error::Error;
use super::source::Source;
use super::{Queue, limits};
use aws_sdk_sqs::Config;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// One delivery of a message.
#[derive(Debug, Clone)]
pub struct Received {
    /// The message's id at SQS.
    pub id: String,
    /// Names this delivery; for deleting and hiding the message.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// How often it was delivered, this time included.
    pub receive_count: u32,
    /// When it was sent, by the clock of SQS. A move to the DLQ does not change it.
    pub sent_at: Option<DateTime<Utc>>,
}

/// About how many messages a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: u64,
    /// Received and not yet deleted.
    pub in_flight: u64,
    /// Sent with a delay that has not passed.
    pub delayed: u64,
}

impl Queue {
    /// Receives up to `most` messages (ten at most), each hidden for `visibility`. Waits until there is one, or
    /// for `wait`.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn receive(
        &self,
        source: Source,
        most: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<Received>, Error> {
        let patience = wait + ATTEMPT;
        let request = self
            .client
            .receive_message()
            .queue_url(self.url(source))
            .max_number_of_messages(limits::message_count(most))
            .wait_time_seconds(limits::wait_seconds(wait))
            .visibility_timeout(limits::visibility_seconds(visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .customize()
            .config_override(Config::builder().timeout_config(timeouts(patience, patience)));
        let answer = request.send().await.map_err(self.failed(source, "hand out messages"))?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(received).collect())
    }

    /// About how many messages there are; SQS counts loosely.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn depth(&self, source: Source) -> Result<Depth, Error> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.client.get_queue_attributes().queue_url(self.url(source));
        let answer = request.set_attribute_names(Some(names.to_vec())).send().await;
        let counted =
            answer.map_err(self.failed(source, "count its messages"))?.attributes.unwrap_or_default();
        let [visible, in_flight, delayed] =
            names.map(|name| counted.get(&name).and_then(|count| count.parse().ok()).unwrap_or(0));
        Ok(Depth { visible, in_flight, delayed })
    }

    /// Deletes every message of the queue of jobs. The relay sends again what is still to be done.
    ///
    /// # Errors
    /// When the queue does not answer, or was purged within the last minute.
    pub async fn purge(&self) -> Result<(), Error> {
        let purged = self.client.purge_queue().queue_url(&self.jobs_url).send().await;
        purged.map(drop).map_err(self.failed(Source::Jobs, "purge"))
    }
}

/// A delivery without a receipt cannot be settled in any way; it comes again.
fn received(message: Message) -> Option<Received> {
    let attribute = |name| message.attributes.as_ref()?.get(&name);
    let count = attribute(MessageSystemAttributeName::ApproximateReceiveCount);
    let sent_at = attribute(MessageSystemAttributeName::SentTimestamp);
    Some(Received {
        receive_count: count.and_then(|count| count.parse().ok()).unwrap_or(1),
        sent_at: sent_at.and_then(|sent| DateTime::from_timestamp_millis(sent.parse().ok()?)),
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
    })
}
