//! The private SQS, spoken to as production speaks to the real one.

use std::time::{Duration, Instant};

use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{Message, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry},
};
use embedded::{
    Error,
    sqs::{AccessKey, REGION, Sqs, SqsOptions},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn start() -> (Sqs, Client) {
    let sqs = Sqs::start(SqsOptions::default()).await.unwrap();
    let client = client(sqs.endpoint(), sqs.access_key());
    (sqs, client)
}

fn client(endpoint: &str, key: &AccessKey) -> Client {
    let credentials =
        Credentials::builder().access_key_id(&key.id).secret_access_key(&key.secret).provider_name("test");
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials.build())
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
async fn a_long_poll_gets_all_of_a_batch_however_many_wait() {
    let (sqs, client) = start().await;
    let queue = queue(&client, "jobs", &[]).await;
    let polls: Vec<_> = (0..3)
        .map(|_| {
            let (client, queue) = (client.clone(), queue.clone());
            tokio::spawn(async move { receive(&client, &queue, 20).await.len() })
        })
        .collect();
    while sqs.calls().get("ReceiveMessage") != Some(&3) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Counted is not yet waiting.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for _ in 0..3 {
        let batch =
            client.send_message_batch().queue_url(&queue).set_entries(Some((0..10).map(entry).collect()));
        assert!(batch.send().await.unwrap().failed.is_empty());
    }
    let mut received = Vec::new();
    for poll in polls {
        received.push(poll.await.unwrap());
    }
    assert_eq!(received, [10, 10, 10]);
    assert_eq!(sqs.calls()["ReceiveMessage"], 3);
    sqs.stop().await;
}

#[tokio::test]
async fn a_poll_in_line_behind_another_ends_in_its_own_time() {
    let (sqs, client) = start().await;
    let queue = queue(&client, "jobs", &[]).await;
    let long = tokio::spawn({
        let (client, queue) = (client.clone(), queue.clone());
        async move { receive(&client, &queue, 20).await }
    });
    while !sqs.calls().contains_key("ReceiveMessage") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = Instant::now();
    assert!(receive(&client, &queue, 1).await.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(15), "it does not wait for the one before it");
    client.send_message().queue_url(&queue).message_body("late").send().await.unwrap();
    assert_eq!(long.await.unwrap().len(), 1);
    sqs.stop().await;
}

#[tokio::test]
async fn a_purge_forgets_the_messages_and_keeps_the_queues() {
    let (sqs, client) = start().await;
    let queue = queue(&client, "jobs", &[]).await;
    client.send_message().queue_url(&queue).message_body("forgotten").send().await.unwrap();
    sqs.purge().await.unwrap();
    client.send_message().queue_url(&queue).message_body("kept").send().await.unwrap();
    let received = receive(&client, &queue, 5).await;
    assert_eq!(received.iter().filter_map(|message| message.body.as_deref()).collect::<Vec<_>>(), ["kept"]);
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
    let client = self::client(again.endpoint(), again.access_key());
    let lost = client.get_queue_url().queue_name("jobs").send().await;
    assert!(lost.is_err(), "queues live in memory only");
    assert!(queue(&client, "jobs", &[]).await.ends_with("/jobs"));
    again.stop().await;
}

/// The port is open to every program and every page on the machine: only who knows the key gets anything done.
#[tokio::test]
async fn whoever_does_not_know_the_key_is_refused() {
    let (sqs, owner) = start().await;
    let jobs = queue(&owner, "jobs", &[]).await;
    let right = sqs.access_key();
    let wrong_secret = AccessKey { secret: "0".repeat(32), ..right.clone() };
    let unknown = AccessKey { id: "cooly".into(), secret: "cooly".into() };
    for key in [wrong_secret, unknown] {
        let stranger = client(sqs.endpoint(), &key);
        assert!(stranger.send_message().queue_url(&jobs).message_body("theirs").send().await.is_err());
        assert!(stranger.delete_queue().queue_url(&jobs).send().await.is_err());
    }
    // What a page in a browser can send: a plain POST, with a body that it may choose.
    let body = format!(r#"{{"QueueUrl":"{jobs}","MessageBody":"theirs"}}"#);
    for headers in ["", "Origin: https://evil.example\r\n", "Host: evil.example\r\n"] {
        let host = if headers.starts_with("Host") { "" } else { "Host: 127.0.0.1\r\n" };
        let request = format!(
            "POST / HTTP/1.1\r\n{host}{headers}X-Amz-Target: AmazonSQS.SendMessage\r\n\
             Content-Type: application/x-amz-json-1.0\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(sqs.endpoint(), &request).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(sqs.calls().get("SendMessage"), None, "nothing reached the queue");
    assert!(receive(&owner, &jobs, 0).await.is_empty());
}

async fn exchange(endpoint: &str, request: &str) -> String {
    let address = endpoint.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
