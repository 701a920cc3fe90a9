//! The private SQS, spoken to as production speaks to the real one.

use std::time::{Duration, Instant};

use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{Message, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry},
};
use embedded::{
    Error,
    sqs::{REGION, Sqs, SqsOptions},
};

async fn start() -> (Sqs, Client) {
    let sqs = Sqs::start(SqsOptions::default()).await.unwrap();
    let client = client(sqs.endpoint());
    (sqs, client)
}

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::for_tests())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

async fn queue(client: &Client, name: &str, attributes: &[(QueueAttributeName, String)]) -> String {
    let mut create = client.create_queue().queue_name(name);
    for (attribute, value) in attributes {
        create = create.attributes(attribute.clone(), value);
    }
    create.send().await.unwrap().queue_url.unwrap()
}

fn entry(number: usize) -> SendMessageBatchRequestEntry {
    let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
    entry.message_body(format!("job {number}")).build().unwrap()
}

async fn receive(client: &Client, queue: &str, wait_seconds: i32) -> Vec<Message> {
    let request = client.receive_message().queue_url(queue).max_number_of_messages(10);
    let request = request.message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
    request.wait_time_seconds(wait_seconds).send().await.unwrap().messages.unwrap_or_default()
}

#[tokio::test]
async fn twenty_five_messages_are_three_calls_and_arrive_once_deleted() {
    let (sqs, client) = start().await;
    let queue = queue(&client, "jobs", &[]).await;
    let entries: Vec<_> = (0..25).map(entry).collect();
    for batch in entries.chunks(10) {
        let sent = client.send_message_batch().queue_url(&queue).set_entries(Some(batch.to_vec()));
        assert!(sent.send().await.unwrap().failed.is_empty());
    }
    assert_eq!(sqs.calls()["SendMessageBatch"], 3);

    let mut bodies = Vec::new();
    while bodies.len() < 25 {
        for message in receive(&client, &queue, 5).await {
            bodies.push(message.body.unwrap());
            let delete = client.delete_message().queue_url(&queue);
            delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
        }
    }
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 25);
    assert_eq!(sqs.calls()["DeleteMessage"], 25);
    assert!(receive(&client, &queue, 0).await.is_empty());
    sqs.stop().await;
}

#[tokio::test]
async fn a_long_poll_is_answered_when_a_message_arrives() {
    let (sqs, client) = start().await;
    let queue = queue(&client, "jobs", &[]).await;
    let started = Instant::now();
    let (received, _) = tokio::join!(receive(&client, &queue, 20), async {
        // The poll must be waiting before there is anything to receive.
        while !sqs.calls().contains_key("ReceiveMessage") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        client.send_message().queue_url(&queue).message_body("late").send().await.unwrap()
    });
    assert_eq!(received[0].body.as_deref(), Some("late"));
    assert!(started.elapsed() < Duration::from_secs(10), "it does not wait for the end of the poll");
    sqs.stop().await;
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let (sqs, client) = start().await;
    let dead = queue(&client, "jobs-dlq", &[]).await;
    let wanted = client.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = wanted.send().await.unwrap().attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":2}}"#);
    let jobs = queue(&client, "jobs", &[(QueueAttributeName::RedrivePolicy, redrive)]).await;
    client.send_message().queue_url(&jobs).message_body("poison").send().await.unwrap();
    for expected in ["1", "2"] {
        let message = receive(&client, &jobs, 5).await.remove(0);
        let counts = message.attributes.unwrap();
        assert_eq!(counts[&MessageSystemAttributeName::ApproximateReceiveCount], expected);
        let change = client.change_message_visibility().queue_url(&jobs).visibility_timeout(0);
        change.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
    }
    assert!(receive(&client, &jobs, 0).await.is_empty());
    assert_eq!(receive(&client, &dead, 5).await[0].body.as_deref(), Some("poison"));
    sqs.stop().await;
}

#[tokio::test]
async fn what_the_real_sqs_refuses_is_refused_and_the_queue_lives_on() {
    let (sqs, client) = start().await;
    let queue = queue(&client, "jobs", &[]).await;
    client.send_message().queue_url(&queue).message_body("kept").send().await.unwrap();
    let message = receive(&client, &queue, 5).await.remove(0);
    let receipt = message.receipt_handle.unwrap();
    for seconds in [-1, 43_201] {
        let change = client.change_message_visibility().queue_url(&queue).visibility_timeout(seconds);
        let refusal = change.receipt_handle(&receipt).send().await.unwrap_err();
        assert_eq!(refusal.raw_response().unwrap().status().as_u16(), 400, "visibility {seconds}");
    }
    let delayed = client.send_message().queue_url(&queue).message_body("x").delay_seconds(901);
    assert!(delayed.send().await.is_err());
    let eleven = client.receive_message().queue_url(&queue).max_number_of_messages(11);
    assert!(eleven.send().await.is_err());

    let change = client.change_message_visibility().queue_url(&queue).visibility_timeout(0);
    change.receipt_handle(&receipt).send().await.unwrap();
    assert_eq!(receive(&client, &queue, 5).await[0].body.as_deref(), Some("kept"));
    sqs.stop().await;
}

#[tokio::test]
async fn stopping_ends_long_polls_and_frees_the_port_for_a_new_server() {
    let (sqs, client) = start().await;
    let queue_url = queue(&client, "jobs", &[]).await;
    let endpoint = sqs.endpoint().to_owned();
    let port: u16 = endpoint.rsplit(':').next().unwrap().parse().unwrap();
    let taken = Sqs::start(SqsOptions { port: Some(port) }).await.unwrap_err();
    assert!(matches!(taken, Error::PortInUse { .. }), "{taken}");

    let poll = client.receive_message().queue_url(&queue_url).wait_time_seconds(20).send();
    let poll = tokio::spawn(poll);
    while !sqs.calls().contains_key("ReceiveMessage") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::timeout(Duration::from_secs(5), sqs.stop())
        .await
        .expect("stopping does not wait for the poll");
    assert!(poll.await.unwrap().is_err());

    let again = Sqs::start(SqsOptions { port: Some(port) }).await.unwrap();
    assert_eq!(again.endpoint(), endpoint);
    let lost = client.get_queue_url().queue_name("jobs").send().await;
    assert!(lost.is_err(), "queues live in memory only");
    assert!(queue(&client, "jobs", &[]).await.ends_with("/jobs"));
    again.stop().await;
}
