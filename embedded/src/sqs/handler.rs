//! Handles one request: counts it, refuses what the real SQS would refuse, and heals a queue that died.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use hyper::Response;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_http::{body::SqsResponseBody, dispatch::SqsHandler, response::json_response};
use rustack_sqs_model::{
    error::SqsError,
    input::{ReceiveMessageInput, SendMessageBatchInput},
    operations::SqsOperation,
    output::ReceiveMessageOutput,
};
use uuid::Uuid;

use super::{limits, polls::Polls, registry::Registry};

type Answer = Result<Response<SqsResponseBody>, SqsError>;

/// Stands between the HTTP server and the queues.
#[derive(Debug)]
pub(super) struct Handler {
    registry: Arc<Registry>,
    queues: Arc<RustackSqsHandler>,
    polls: Arc<Polls>,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Handler {
    pub(super) fn new(registry: Registry) -> Handler {
        let queues = Arc::new(RustackSqsHandler::new(registry.provider()));
        Handler { registry: Arc::new(registry), queues, polls: Arc::default(), calls: Mutex::default() }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, operation: SqsOperation) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(operation.as_str().to_owned()).or_default() += 1;
    }
}

impl SqsHandler for Handler {
    fn handle_operation(
        &self,
        operation: SqsOperation,
        body: Bytes,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        self.count(operation);
        let (registry, queues) = (Arc::clone(&self.registry), Arc::clone(&self.queues));
        let polls = Arc::clone(&self.polls);
        Box::pin(async move {
            limits::check(operation, &body)?;
            registry.heal().await;
            let answer = match Turn::of(operation, &body) {
                Turn::Poll(input) => {
                    polls.receive(&registry.provider(), *input).await.and_then(|got| answer_of(&got))
                }
                Turn::Batch(queue_url) => {
                    let _whole = polls.batch(&queue_url).await;
                    queues.handle_operation(operation, body.clone()).await
                }
                Turn::Other => queues.handle_operation(operation, body.clone()).await,
            };
            if answer.is_ok() {
                registry.remember(operation, &body);
            }
            answer
        })
    }
}

/// What polls and batches have to do with a request.
enum Turn {
    Poll(Box<ReceiveMessageInput>),
    /// A batch for this queue.
    Batch(String),
    /// Nothing, or it cannot be read, which the next reader says.
    Other,
}

impl Turn {
    fn of(operation: SqsOperation, body: &[u8]) -> Turn {
        match operation {
            SqsOperation::ReceiveMessage => {
                serde_json::from_slice(body).map_or(Turn::Other, |input| Turn::Poll(Box::new(input)))
            }
            SqsOperation::SendMessageBatch => serde_json::from_slice(body)
                .map_or(Turn::Other, |input: SendMessageBatchInput| Turn::Batch(input.queue_url)),
            _ => Turn::Other,
        }
    }
}

fn answer_of(received: &ReceiveMessageOutput) -> Answer {
    let json = serde_json::to_vec(received).map_err(|error| SqsError::internal_error(error.to_string()))?;
    Ok(json_response(json, &Uuid::new_v4().to_string()))
}
