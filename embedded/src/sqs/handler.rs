//! Handles one request: counts it, refuses what the real SQS would refuse, and heals a queue that died.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use hyper::Response;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_http::{body::SqsResponseBody, dispatch::SqsHandler};
use rustack_sqs_model::{error::SqsError, operations::SqsOperation};

use super::{limits, registry::Registry};

type Answer = Result<Response<SqsResponseBody>, SqsError>;

/// Stands between the HTTP server and the queues.
#[derive(Debug)]
pub(super) struct Handler {
    registry: Arc<Registry>,
    queues: Arc<RustackSqsHandler>,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Handler {
    pub(super) fn new(registry: Registry) -> Handler {
        let queues = Arc::new(RustackSqsHandler::new(registry.provider()));
        Handler { registry: Arc::new(registry), queues, calls: Mutex::default() }
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
        Box::pin(async move {
            limits::check(operation, &body)?;
            registry.heal().await;
            let answer = queues.handle_operation(operation, body.clone()).await;
            if answer.is_ok() {
                registry.remember(operation, &body);
            }
            answer
        })
    }
}
