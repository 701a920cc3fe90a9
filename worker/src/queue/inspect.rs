//! What the queues are like, without making or changing anything.

use super::client::{QueueSettings, connect};
use super::error::Error;
use super::setup::find;
use aws_sdk_sqs::types::QueueAttributeName;
use std::time::Duration;

/// A queue as its server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What it is called.
    pub name: String,
    /// `None` if there is no such queue.
    pub found: Option<Attributes>,
}

/// How a queue is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// How long a message that was received stays hidden.
    pub visibility: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// After so many receives a message goes to the dead-letter queue; `None` if it never does.
    pub most_receives: Option<u32>,
    /// The name of that queue.
    pub dead_letters: Option<String>,
    /// Messages in it, roughly, hidden ones included.
    pub messages: u64,
}

/// Looks at the queue of jobs and at its dead-letter queue.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn inspect(settings: &QueueSettings) -> Result<[Inspected; 2], Error> {
    let client = connect(settings).await;
    let look = async |name: &str| -> Result<Inspected, Error> {
        let found = match find(&client, name).await? {
            Some(url) => Some(attributes(&client, &url).await?),
            None => None,
        };
        Ok(Inspected { name: name.to_owned(), found })
    };
    Ok([look(&settings.name).await?, look(&settings.dlq_name).await?])
}

async fn attributes(client: &aws_sdk_sqs::Client, url: &str) -> Result<Attributes, Error> {
    let asked = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    let answer = asked.send().await.map_err(Error::sdk("tell the queue's attributes"))?;
    let given = answer.attributes.unwrap_or_default();
    let number = |name: QueueAttributeName| given.get(&name).and_then(|text| text.parse::<u64>().ok());
    let seconds = |name| Duration::from_secs(number(name).unwrap_or_default());
    let count = |name| number(name).unwrap_or_default();
    let redrive = given.get(&QueueAttributeName::RedrivePolicy);
    let redrive = redrive.and_then(|policy| serde_json::from_str::<serde_json::Value>(policy).ok());
    // Some servers answer the count as text.
    let most = redrive.as_ref().map(|policy| &policy["maxReceiveCount"]);
    let most =
        most.and_then(|most| most.as_u64().or_else(|| most.as_str().and_then(|text| text.parse().ok())));
    let target = redrive.as_ref().and_then(|policy| policy["deadLetterTargetArn"].as_str());
    Ok(Attributes {
        visibility: seconds(QueueAttributeName::VisibilityTimeout),
        retention: seconds(QueueAttributeName::MessageRetentionPeriod),
        most_receives: most.and_then(|most| u32::try_from(most).ok()),
        dead_letters: target.and_then(|arn| arn.rsplit(':').next()).map(str::to_owned),
        messages: count(QueueAttributeName::ApproximateNumberOfMessages)
            + count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            + count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
    })
}
