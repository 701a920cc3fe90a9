//! Remembers which queues exist, so that one that died can be made again.
//!
//! Each queue is a task of the server; a panic ends it and leaves the name answering errors for ever. The
//! queue is then created again, empty, with the attributes it had: messages are lost, the service is not.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_model::{
    input::{
        CreateQueueInput, DeleteQueueInput, GetQueueAttributesInput, PurgeQueueInput, SetQueueAttributesInput,
    },
    operations::SqsOperation,
};

/// The queues of one server.
#[derive(Debug)]
pub(super) struct Registry {
    provider: Arc<RustackSqs>,
    known: Mutex<BTreeMap<String, CreateQueueInput>>,
    // One healer at a time; requests that arrive meanwhile wait for it.
    healing: tokio::sync::Mutex<()>,
}

impl Registry {
    pub(super) fn new(provider: Arc<RustackSqs>) -> Registry {
        Registry { provider, known: Mutex::default(), healing: tokio::sync::Mutex::default() }
    }

    pub(super) fn provider(&self) -> Arc<RustackSqs> {
        Arc::clone(&self.provider)
    }

    /// Notes what a successful request did to the set of queues.
    pub(super) fn remember(&self, operation: SqsOperation, body: &[u8]) {
        match operation {
            SqsOperation::CreateQueue => {
                if let Ok(queue) = serde_json::from_slice::<CreateQueueInput>(body) {
                    // A repeated create names fewer attributes than the queue has.
                    self.known().entry(queue.queue_name.clone()).or_insert(queue);
                }
            }
            SqsOperation::SetQueueAttributes => {
                if let Ok(change) = serde_json::from_slice::<SetQueueAttributesInput>(body)
                    && let Some(queue) = self.known().get_mut(name_in(&change.queue_url))
                {
                    queue.attributes.extend(change.attributes);
                }
            }
            SqsOperation::DeleteQueue => {
                if let Ok(queue) = serde_json::from_slice::<DeleteQueueInput>(body) {
                    self.known().remove(name_in(&queue.queue_url));
                }
            }
            _ => {}
        }
    }

    /// Creates again every queue that died. Costs a glance when none did.
    pub(super) async fn heal(&self) {
        if self.provider.is_ready() {
            return;
        }
        let _alone = self.healing.lock().await;
        if self.provider.is_ready() {
            return;
        }
        let queues: Vec<CreateQueueInput> = self.known().values().cloned().collect();
        for queue in queues {
            if !self.is_alive(&queue.queue_name).await {
                self.create_again(queue).await;
            }
        }
    }

    /// Empties every queue.
    pub(super) async fn purge(&self) -> io::Result<()> {
        let names: Vec<String> = self.known().keys().cloned().collect();
        for name in names {
            let purge = PurgeQueueInput { queue_url: url_of(&name) };
            self.provider.purge_queue(purge).await.map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Ends every queue.
    pub(super) async fn close(&self) {
        self.provider.shutdown_all().await;
    }

    async fn is_alive(&self, name: &str) -> bool {
        let attributes = GetQueueAttributesInput { queue_url: url_of(name), ..Default::default() };
        self.provider.get_queue_attributes(attributes).await.is_ok()
    }

    async fn create_again(&self, queue: CreateQueueInput) {
        tracing::warn!(queue = queue.queue_name, "a queue of the private SQS died; creating it again, empty");
        let gone = DeleteQueueInput { queue_url: url_of(&queue.queue_name) };
        let deleted = self.provider.delete_queue(gone).await.map(drop);
        let created = self.provider.create_queue(queue).await.map(drop);
        if let Err(error) = deleted.and(created) {
            tracing::error!(%error, "a queue of the private SQS could not be created again");
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, CreateQueueInput>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name_in(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

/// Only the last part of a queue URL is read by the server.
fn url_of(name: &str) -> String {
    format!("http://127.0.0.1/000000000000/{name}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustack_sqs_core::{config::SqsConfig, provider::RustackSqs};
    use rustack_sqs_model::input::{ChangeMessageVisibilityInput, ReceiveMessageInput, SendMessageInput};

    use super::{CreateQueueInput, GetQueueAttributesInput, Registry, SqsOperation, url_of};

    /// A queue with one message in flight, and the receipt of that message.
    async fn one_message_in_flight(registry: &Registry) -> String {
        let body = r#"{"QueueName":"jobs","Attributes":{"VisibilityTimeout":"77"}}"#;
        let queue: CreateQueueInput = serde_json::from_str(body).unwrap();
        registry.provider.create_queue(queue).await.unwrap();
        registry.remember(SqsOperation::CreateQueue, body.as_bytes());
        let message =
            SendMessageInput { queue_url: url_of("jobs"), message_body: "1".into(), ..Default::default() };
        registry.provider.send_message(message).await.unwrap();
        let receive = ReceiveMessageInput { queue_url: url_of("jobs"), ..Default::default() };
        let received = registry.provider.receive_message(receive).await.unwrap();
        received.messages[0].receipt_handle.clone().unwrap()
    }

    #[tokio::test]
    async fn a_queue_that_died_comes_back_with_its_attributes() {
        let registry = Registry::new(Arc::new(RustackSqs::new(SqsConfig::default())));
        let receipt_handle = one_message_in_flight(&registry).await;
        // Past the limits of this server, straight to the queue: it panics.
        let poison = ChangeMessageVisibilityInput {
            queue_url: url_of("jobs"),
            receipt_handle,
            visibility_timeout: -1,
        };
        assert!(registry.provider.change_message_visibility(poison).await.is_err());

        registry.heal().await;

        assert!(registry.provider.is_ready());
        let ask = GetQueueAttributesInput { queue_url: url_of("jobs"), attribute_names: vec!["All".into()] };
        let attributes = registry.provider.get_queue_attributes(ask).await.unwrap().attributes;
        assert_eq!(attributes["VisibilityTimeout"], "77");
        assert_eq!(attributes["ApproximateNumberOfMessages"], "0");
    }
}
