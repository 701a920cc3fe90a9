//! What the pipeline relies on in a queue server, asked of the server itself: the embedded one, the one that
//! `COOLY_TEST_SQS_ENDPOINT` names, or Amazon's own (`COOLY_TEST_SQS_AWS=1`, with credentials and region as AWS' tools find
//! them). The queues are made for the test and deleted afterwards. Where a server is known to differ, [`DIFFERENCES`] says
//! so, and the test holds it to that: one that was mended is noticed.

use crate::rig::eventually;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use embedded::sqs::{Sqs, SqsOptions};
use std::collections::HashSet;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Embedded,
    Moto,
    Amazon,
}

/// What a server is known to do otherwise than Amazon's documentation says, and that the pipeline gets along with.
const DIFFERENCES: &[(Kind, &str)] = &[
    (Kind::Moto, "an empty message is taken"),
    // Amazon's names it among the failed entries and sends the others. What the worker sends is never out of bounds.
    (Kind::Embedded, "one entry that is out of bounds fails the whole batch"),
];

/// A server and one queue of a test.
struct Ground {
    kind: Kind,
    client: Client,
    queue: String,
    _embedded: Option<Sqs>,
}

fn config(endpoint: &str, id: &str, secret: &str) -> Config {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(
            Credentials::builder().access_key_id(id).secret_access_key(secret).provider_name("test").build(),
        )
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build()
}

async fn connect() -> (Kind, Client, Option<Sqs>) {
    if std::env::var_os("COOLY_TEST_SQS_AWS").is_some() {
        let found = aws_config::defaults(BehaviorVersion::latest()).load().await;
        return (Kind::Amazon, Client::new(&found), None);
    }
    if let Ok(endpoint) = std::env::var("COOLY_TEST_SQS_ENDPOINT") {
        return (Kind::Moto, Client::from_conf(config(&endpoint, "cooly", "cooly")), None);
    }
    let sqs = Sqs::start(SqsOptions::default()).await.unwrap();
    let client = Client::from_conf(config(sqs.endpoint(), &sqs.access_key().id, &sqs.access_key().secret));
    (Kind::Embedded, client, Some(sqs))
}

fn name(suffix: &str) -> String {
    format!("cooly-conformance-{}{suffix}", uuid::Uuid::now_v7().simple())
}

impl Ground {
    /// A queue whose messages stay hidden for so many seconds.
    async fn with_visibility(seconds: u32) -> Ground {
        let (kind, client, embedded) = connect().await;
        let visibility = (QueueAttributeName::VisibilityTimeout, seconds.to_string());
        let made = client.create_queue().queue_name(name("")).attributes(visibility.0, visibility.1);
        let queue = made.send().await.unwrap().queue_url.unwrap();
        Ground { kind, client, queue, _embedded: embedded }
    }

    async fn start() -> Ground {
        Ground::with_visibility(30).await
    }

    /// Whether this server is known to do this otherwise.
    fn differs(&self, what: &str) -> bool {
        DIFFERENCES.iter().any(|(kind, known)| *kind == self.kind && *known == what)
    }

    async fn send(&self, body: &str) {
        self.client.send_message().queue_url(&self.queue).message_body(body).send().await.unwrap();
    }

    async fn receive_from(&self, queue: &str, wait_seconds: i32) -> Vec<Message> {
        let asked = self.client.receive_message().queue_url(queue).max_number_of_messages(10);
        let asked = asked.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = asked.wait_time_seconds(wait_seconds).send().await.unwrap();
        received.messages.unwrap_or_default()
    }

    /// The next message, however long it takes to show.
    async fn next(&self) -> Message {
        for _ in 0..20 {
            if let Some(message) = self.receive_from(&self.queue, 3).await.into_iter().next() {
                return message;
            }
        }
        panic!("no message comes")
    }

    async fn hide(&self, message: &Message, seconds: i32) -> Result<(), Option<String>> {
        let receipt = message.receipt_handle.clone().unwrap();
        let change = self.client.change_message_visibility().queue_url(&self.queue).receipt_handle(receipt);
        change.visibility_timeout(seconds).send().await.map(drop).map_err(|error| code(&error))
    }

    async fn delete(&self, message: &Message) {
        let receipt = message.receipt_handle.clone().unwrap();
        self.client.delete_message().queue_url(&self.queue).receipt_handle(receipt).send().await.unwrap();
    }

    async fn end(self) {
        self.client.delete_queue().queue_url(&self.queue).send().await.unwrap();
    }
}

/// The server's word for what it refused; the older protocol puts a name space before it.
fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let code = error.code()?;
    Some(code.rsplit('.').next().unwrap_or(code).to_owned())
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

fn count(message: &Message) -> &str {
    &message.attributes.as_ref().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

#[tokio::test]
async fn a_message_is_hidden_once_received_and_comes_back_counted() {
    let ground = Ground::with_visibility(2).await;
    ground.send("one").await;
    let first = ground.next().await;
    assert_eq!(count(&first), "1");
    assert!(ground.receive_from(&ground.queue, 0).await.is_empty(), "it is hidden");
    let second = ground.next().await;
    assert_eq!((second.body.as_deref(), count(&second)), (Some("one"), "2"));
    assert_eq!(second.message_id, first.message_id);
    ground.end().await;
}

#[tokio::test]
async fn a_message_can_be_hidden_for_longer_and_shown_at_once() {
    let ground = Ground::with_visibility(2).await;
    ground.send("one").await;
    let message = ground.next().await;
    ground.hide(&message, 60).await.unwrap();
    assert!(ground.receive_from(&ground.queue, 4).await.is_empty(), "past its first time it is still hidden");
    ground.hide(&message, 0).await.unwrap();
    assert_eq!(ground.next().await.body.as_deref(), Some("one"));
    ground.end().await;
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_and_may_be_deleted_twice() {
    let ground = Ground::with_visibility(1).await;
    ground.send("one").await;
    let message = ground.next().await;
    ground.delete(&message).await;
    ground.delete(&message).await;
    assert!(ground.receive_from(&ground.queue, 3).await.is_empty());
    let hidden = ground.hide(&message, 10).await;
    assert!(hidden.is_err(), "a message that is gone cannot be hidden");
    ground.end().await;
}

#[tokio::test]
async fn a_delayed_message_is_not_shown_before_its_time() {
    let ground = Ground::start().await;
    let delayed = ground.client.send_message().queue_url(&ground.queue).message_body("later");
    delayed.delay_seconds(3).send().await.unwrap();
    assert!(ground.receive_from(&ground.queue, 0).await.is_empty());
    assert_eq!(ground.next().await.body.as_deref(), Some("later"));
    ground.end().await;
}

#[tokio::test]
async fn of_a_batch_each_entry_succeeds_or_fails_for_itself() {
    let ground = Ground::start().await;
    let late = SendMessageBatchRequestEntry::builder().id("late").message_body("x").delay_seconds(901);
    let entries = vec![entry("good", "kept"), late.build().unwrap(), entry("fine", "kept too")];
    let batch = ground.client.send_message_batch().queue_url(&ground.queue).set_entries(Some(entries));
    let answer = batch.send().await;
    if ground.differs("one entry that is out of bounds fails the whole batch") {
        assert!(answer.is_err(), "{answer:?}");
        return ground.end().await;
    }
    let answer = answer.unwrap();
    let sent: HashSet<&str> = answer.successful.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(sent, HashSet::from(["good", "fine"]));
    assert_eq!(answer.failed.len(), 1);
    assert_eq!((answer.failed[0].id.as_str(), answer.failed[0].sender_fault), ("late", true));
    ground.end().await;
}

#[tokio::test]
async fn batches_that_cannot_be_told_apart_are_refused_whole() {
    let ground = Ground::start().await;
    let refusal = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let batch = ground.client.send_message_batch().queue_url(&ground.queue).set_entries(Some(entries));
        batch.send().await.err().and_then(|error| code(&error))
    };
    let eleven = (0..11).map(|number| entry(&number.to_string(), "x")).collect();
    assert_eq!(refusal(eleven).await.as_deref(), Some("TooManyEntriesInBatchRequest"));
    assert_eq!(refusal(Vec::new()).await.as_deref(), Some("EmptyBatchRequest"));
    let twice = vec![entry("a", "x"), entry("a", "y")];
    assert_eq!(refusal(twice).await.as_deref(), Some("BatchEntryIdsNotDistinct"));
    assert!(ground.receive_from(&ground.queue, 1).await.is_empty(), "nothing of them was sent");
    ground.end().await;
}

#[tokio::test]
async fn ten_at_a_time_are_sent_received_hidden_and_deleted() {
    let ground = Ground::with_visibility(60).await;
    let entries = (0..10).map(|number| entry(&number.to_string(), &format!("job {number}"))).collect();
    let batch = ground.client.send_message_batch().queue_url(&ground.queue).set_entries(Some(entries));
    assert_eq!(batch.send().await.unwrap().successful.len(), 10);

    let mut received: Vec<Message> = Vec::new();
    eventually("all are received", async || {
        received.extend(ground.receive_from(&ground.queue, 1).await);
        received.len() >= 10
    })
    .await;
    let receipts = || received.iter().map(|message| message.receipt_handle.clone().unwrap()).enumerate();
    let hide = receipts().map(|(id, receipt)| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id.to_string());
        entry.receipt_handle(receipt).visibility_timeout(120).build().unwrap()
    });
    let hidden = ground.client.change_message_visibility_batch().queue_url(&ground.queue);
    assert_eq!(hidden.set_entries(Some(hide.collect())).send().await.unwrap().successful.len(), 10);
    let delete = receipts().map(|(id, receipt)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(id.to_string());
        entry.receipt_handle(receipt).build().unwrap()
    });
    let deleted = ground.client.delete_message_batch().queue_url(&ground.queue);
    assert_eq!(deleted.set_entries(Some(delete.collect())).send().await.unwrap().successful.len(), 10);
    ground.end().await;
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused() {
    let ground = Ground::start().await;
    let send = || ground.client.send_message().queue_url(&ground.queue);
    assert!(send().message_body("x").delay_seconds(901).send().await.is_err());
    assert!(send().message_body("x".repeat(1_048_577)).send().await.is_err(), "above one MiB");
    let empty = send().message_body("").send().await;
    assert_eq!(empty.is_ok(), ground.differs("an empty message is taken"), "{empty:?}");
    let receive = || ground.client.receive_message().queue_url(&ground.queue);
    assert!(receive().max_number_of_messages(11).send().await.is_err());
    assert!(receive().wait_time_seconds(21).send().await.is_err());
    ground.client.purge_queue().queue_url(&ground.queue).send().await.unwrap();
    ground.send("one").await;
    let message = ground.next().await;
    assert!(ground.hide(&message, 43_201).await.is_err());
    ground.hide(&message, 0).await.unwrap();
    assert_eq!(ground.next().await.message_id, message.message_id, "and the queue lives on");
    ground.end().await;
}

#[tokio::test]
async fn a_message_that_is_received_too_often_goes_to_the_dead_letter_queue() {
    let ground = Ground::start().await;
    let dead = ground.client.create_queue().queue_name(name("-dlq")).send().await.unwrap().queue_url.unwrap();
    let asked =
        ground.client.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = asked.send().await.unwrap().attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":2}}"#);
    let set = ground.client.set_queue_attributes().queue_url(&ground.queue);
    set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    ground.send("poison").await;
    let mut sent_at = String::new();
    for _ in 0..2 {
        let message = ground.next().await;
        sent_at = message.attributes.as_ref().unwrap()[&MessageSystemAttributeName::SentTimestamp].clone();
        ground.hide(&message, 0).await.unwrap();
    }
    let mut found = None;
    eventually("it is in the dead-letter queue", async || {
        assert!(ground.receive_from(&ground.queue, 0).await.is_empty(), "it is not delivered a third time");
        found = ground.receive_from(&dead, 1).await.into_iter().next();
        found.is_some()
    })
    .await;
    let found = found.unwrap();
    assert_eq!(found.body.as_deref(), Some("poison"));
    // The drainer tells old messages from new ones by it.
    assert_eq!(found.attributes.unwrap()[&MessageSystemAttributeName::SentTimestamp], sent_at);
    ground.client.delete_queue().queue_url(dead).send().await.unwrap();
    ground.end().await;
}

#[tokio::test]
async fn a_long_poll_is_answered_as_soon_as_a_message_comes() {
    let ground = Ground::start().await;
    let begun = tokio::time::Instant::now();
    let (received, ()) = tokio::join!(ground.receive_from(&ground.queue, 20), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        ground.send("late").await;
    });
    assert_eq!(received.len(), 1, "after {:?}", begun.elapsed());
    ground.end().await;
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_named_as_that() {
    let ground = Ground::start().await;
    let missing = ground.client.get_queue_url().queue_name(name("")).send().await.unwrap_err();
    assert!(missing.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()), "{missing:?}");
    let gone = ground.queue.replace("cooly-conformance-", "cooly-conformance-not-");
    let sent = ground.client.send_message().queue_url(gone).message_body("x").send().await.unwrap_err();
    assert!(sent.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()), "{sent:?}");
    ground.end().await;
}

#[tokio::test]
async fn making_a_queue_again_finds_it_and_leaves_its_messages() {
    let ground = Ground::with_visibility(30).await;
    ground.send("kept").await;
    let name = ground.queue.rsplit('/').next().unwrap();
    let again = ground.client.create_queue().queue_name(name);
    let again = again.attributes(QueueAttributeName::VisibilityTimeout, "30").send().await.unwrap();
    assert_eq!(again.queue_url.as_deref(), Some(ground.queue.as_str()));
    let other = ground.client.create_queue().queue_name(name);
    let other = other.attributes(QueueAttributeName::VisibilityTimeout, "31").send().await.unwrap_err();
    assert!(other.as_service_error().is_some_and(|error| error.is_queue_name_exists()), "{other:?}");
    assert_eq!(ground.next().await.body.as_deref(), Some("kept"));
    ground.end().await;
}

#[tokio::test]
async fn the_depth_tells_what_is_visible_hidden_and_delayed() {
    let ground = Ground::with_visibility(60).await;
    for body in ["one", "two"] {
        ground.send(body).await;
    }
    let delayed =
        ground.client.send_message().queue_url(&ground.queue).message_body("three").delay_seconds(300);
    delayed.send().await.unwrap();
    let asked = ground.client.receive_message().queue_url(&ground.queue).max_number_of_messages(1);
    eventually("one is received", async || {
        asked.clone().send().await.unwrap().messages.is_some_and(|messages| messages.len() == 1)
    })
    .await;
    let depth = async || {
        let asked = ground.client.get_queue_attributes().queue_url(&ground.queue);
        let told = asked.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
        [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ]
        .map(|name| told[&name].clone())
    };
    eventually("one of each is told", async || depth().await == ["1", "1", "1"]).await;
    ground.end().await;
}

#[tokio::test]
async fn a_purge_leaves_nothing() {
    let ground = Ground::start().await;
    for number in 0..3 {
        ground.send(&number.to_string()).await;
    }
    ground.client.purge_queue().queue_url(&ground.queue).send().await.unwrap();
    eventually("nothing is left", async || ground.receive_from(&ground.queue, 0).await.is_empty()).await;
    ground.end().await;
}
