//! Makes the two queues when they do not exist, and leaves those that do as their owner set them.

use super::client::{QueueSettings, connect};
use super::error::Error;
use super::{Queue, limits};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use aws_sdk_sqs::types::QueueAttributeName;
use std::collections::HashMap;
use std::time::Duration;

/// On a standard queue the age counts from the first send, so the DLQ gets the longest that there is.
const DLQ_RETENTION_SECONDS: u32 = 14 * 24 * 3600;

impl Queue {
    /// Opens the queues; creates what is missing. `max_receive_count` must be above the attempt budget, so
    /// that the DLQ only catches what the code could not record.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn ensure(
        settings: &QueueSettings,
        max_receive_count: u32,
        visibility: Duration,
    ) -> Result<Queue, Error> {
        let client = connect(settings).await;
        let retention = (QueueAttributeName::MessageRetentionPeriod, DLQ_RETENTION_SECONDS.to_string());
        let dead_letters_url = open(&client, &settings.dlq_name, [retention.clone()]).await?;
        let target = arn(&client, &dead_letters_url).await?;
        let redrive = redrive_policy(&target, max_receive_count);
        let visible = limits::visibility_seconds(visibility).to_string();
        let attributes = [
            (QueueAttributeName::RedrivePolicy, redrive.clone()),
            (QueueAttributeName::VisibilityTimeout, visible),
            retention,
        ];
        let jobs_url = open(&client, &settings.name, attributes).await?;
        give_redrive_policy(&client, &jobs_url, redrive).await?;
        Ok(Queue { client, jobs_url, dead_letters_url, fair: settings.fair })
    }
}

/// An integer count: some servers refuse the text that the documentation shows.
fn redrive_policy(target: &str, max_receive_count: u32) -> String {
    serde_json::json!({ "deadLetterTargetArn": target, "maxReceiveCount": max_receive_count }).to_string()
}

/// The URL of a queue; created if need be. Two workers that create it at once both get it.
async fn open(
    client: &Client,
    name: &str,
    attributes: impl IntoIterator<Item = (QueueAttributeName, String)>,
) -> Result<String, Error> {
    if let Some(url) = find(client, name).await? {
        return Ok(url);
    }
    let attributes: HashMap<_, _> = attributes.into_iter().collect();
    let created = client.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await;
    match created {
        Ok(created) => created.queue_url.ok_or_else(|| Error::answer("create the queue", "no url")),
        // Somebody else created it with other attributes in the meantime; theirs stand.
        Err(refused) => find(client, name).await?.ok_or_else(|| Error::sdk("create the queue")(refused)),
    }
}

async fn find(client: &Client, name: &str) -> Result<Option<String>, Error> {
    match client.get_queue_url().queue_name(name).send().await {
        Ok(found) => Ok(found.queue_url),
        Err(error) if error.as_service_error().is_some_and(GetQueueUrlError::is_queue_does_not_exist) => {
            Ok(None)
        }
        Err(error) => Err(Error::sdk("find the queue")(error)),
    }
}

async fn arn(client: &Client, url: &str) -> Result<String, Error> {
    let asked = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
    let answer = asked.send().await.map_err(Error::sdk("tell the queue's arn"))?;
    let arn = answer.attributes.and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn));
    arn.ok_or_else(|| Error::answer("tell the queue's arn", "no arn"))
}

/// Without one, a message that cannot be processed would be delivered for ever.
async fn give_redrive_policy(client: &Client, url: &str, policy: String) -> Result<(), Error> {
    let asked =
        client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::RedrivePolicy);
    let answer = asked.send().await.map_err(Error::sdk("tell the queue's redrive policy"))?;
    if answer.attributes.is_some_and(|given| given.contains_key(&QueueAttributeName::RedrivePolicy)) {
        return Ok(());
    }
    let set =
        client.set_queue_attributes().queue_url(url).attributes(QueueAttributeName::RedrivePolicy, policy);
    set.send().await.map(drop).map_err(Error::sdk("take the queue's redrive policy"))
}
