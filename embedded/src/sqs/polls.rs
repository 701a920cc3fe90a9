//! Long polls, one at a time for each queue, and never answered in the middle of a batch.
//!
//! The server behind us takes a batch message by message, and gives the first to the poll that waits longest, the second to the
//! next, and so on: ten polls for one batch. The real SQS mostly hands out what it has. So only one poll of a queue waits at the
//! server, the others wait here in line, and one that was answered with less than it asked for waits until the batches that
//! are being sent are in, and takes what it still has room for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_model::{error::SqsError, input::ReceiveMessageInput, output::ReceiveMessageOutput};
use tokio::{
    sync::{OwnedRwLockReadGuard, RwLock},
    time::{Instant, timeout_at},
};

/// The polls of all queues.
#[derive(Debug, Default)]
pub(super) struct Polls {
    queues: Mutex<HashMap<String, Arc<Line>>>,
}

#[derive(Debug, Default)]
struct Line {
    /// Who has it waits at the server.
    turn: tokio::sync::Mutex<()>,
    /// Shared by the batches that are being sent.
    batches: Arc<RwLock<()>>,
}

impl Polls {
    /// Held while a batch is sent to this queue.
    pub(super) async fn batch(&self, queue_url: &str) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.line(queue_url).batches).read_owned().await
    }

    /// Receives as the input says.
    pub(super) async fn receive(
        &self,
        queues: &RustackSqs,
        input: ReceiveMessageInput,
    ) -> Result<ReceiveMessageOutput, SqsError> {
        let Some(wait) = input.wait_time_seconds.and_then(|wait| u64::try_from(wait).ok()).filter(|w| *w > 0)
        else {
            return queues.receive_message(input).await;
        };
        let until = Instant::now() + Duration::from_secs(wait);
        let line = self.line(&input.queue_url);
        let Ok(_turn) = timeout_at(until, line.turn.lock()).await else {
            return queues.receive_message(at_once(&input)).await;
        };
        let left = until.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
        let waiting = ReceiveMessageInput { wait_time_seconds: Some(left as i32), ..input.clone() };
        let mut received = queues.receive_message(waiting).await?;
        let room = i32::try_from(received.messages.len()).map_or(0, |count| most(&input) - count);
        if !received.messages.is_empty() && room > 0 {
            let _whole = line.batches.write().await;
            let rest = ReceiveMessageInput { max_number_of_messages: Some(room), ..at_once(&input) };
            // What was handed out already must arrive, whatever becomes of the rest.
            if let Ok(rest) = queues.receive_message(rest).await {
                received.messages.extend(rest.messages);
            }
        }
        Ok(received)
    }

    fn line(&self, queue_url: &str) -> Arc<Line> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        match queues.get(queue_url) {
            Some(line) => Arc::clone(line),
            None => Arc::clone(queues.entry(queue_url.to_owned()).or_default()),
        }
    }
}

fn most(input: &ReceiveMessageInput) -> i32 {
    input.max_number_of_messages.unwrap_or(1)
}

fn at_once(input: &ReceiveMessageInput) -> ReceiveMessageInput {
    ReceiveMessageInput { wait_time_seconds: Some(0), ..input.clone() }
}
