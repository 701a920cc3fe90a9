//! Makes the two queues of a pair when they do not exist, and leaves those that do as their owner set them.

use super::client::{QueueSettings, connect};
use super::error::Error;
use super::source::Source;
use super::{Queue, limits};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use aws_sdk_sqs::types::QueueAttributeName;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// On a standard queue the age counts from the first send, so the DLQ gets the longest that there is.
const DLQ_RETENTION_SECONDS: u32 = 14 * 24 * 3600;

/// Longest name of a queue.
const LONGEST_NAME: usize = 80;

/// What the queues are to be.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    jobs: String,
    dead_letters: String,
    max_receive_count: u32,
    visibility: Duration,
}

impl Plan {
    /// What the queue is called.
    pub(super) fn name(&self, source: Source) -> &str {
        match source {
            Source::Jobs => &self.jobs,
            Source::DeadLetters => &self.dead_letters,
        }
    }

    /// Two classes on one queue would look like two queues, and a DLQ with jobs in it like dead letters.
    fn check(&self, others: &[Arc<Queue>]) -> Result<(), Error> {
        let ours = [&self.jobs, &self.dead_letters];
        let taken = others.iter().flat_map(|other| [&other.plan.jobs, &other.plan.dead_letters]);
        let problem = if self.dead_letters.len() > LONGEST_NAME {
            "is too long a name for SQS (80 characters with `-dlq`)"
        } else if taken.into_iter().any(|name| ours.contains(&name)) {
            "or its `-dlq` is another queue of this worker"
        } else {
            return Ok(());
        };
        let detail = format!("`{}` {problem}; give the class another `queue` in the catalogue", self.jobs);
        Err(Error::answer("get the queue of a class", &detail))
    }

    /// Finds the queues, and makes what is missing: their URLs.
    async fn carry_out(&self, client: &Client) -> Result<[String; 2], Error> {
        let retention = (QueueAttributeName::MessageRetentionPeriod, DLQ_RETENTION_SECONDS.to_string());
        let dead_letters_url = open(client, &self.dead_letters, [retention.clone()]).await?;
        let target = arn(client, &dead_letters_url).await?;
        let redrive = redrive_policy(&target, self.max_receive_count);
        let visible = limits::visibility_seconds(self.visibility).to_string();
        let attributes = [
            (QueueAttributeName::RedrivePolicy, redrive.clone()),
            (QueueAttributeName::VisibilityTimeout, visible),
            retention,
        ];
        let jobs_url = open(client, &self.jobs, attributes).await?;
        give_redrive_policy(client, &jobs_url, redrive).await?;
        Ok([jobs_url, dead_letters_url])
    }
}

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
        let plan = Plan {
            jobs: settings.name.clone(),
            dead_letters: settings.dlq_name.clone(),
            max_receive_count,
            visibility,
        };
        let [jobs_url, dead_letters_url] = plan.carry_out(&client).await?;
        let (fair, presence) = (settings.fair, settings.presence.clone());
        Ok(Queue { client, class: None, plan, jobs_url, dead_letters_url, fair, presence })
    }

    /// Opens the queues of a class of work at the same server, under this name or one that is made of this queue's and the
    /// class'; creates what is missing. `others` are those that are open already.
    pub(super) async fn of_class(
        &self,
        class: &str,
        name: Option<&str>,
        others: &[Arc<Queue>],
    ) -> Result<Arc<Queue>, Error> {
        let jobs = name.map_or_else(|| format!("{}-{class}", self.plan.jobs), str::to_owned);
        let plan = Plan { dead_letters: format!("{jobs}-dlq"), jobs, ..self.plan.clone() };
        plan.check(others)?;
        let [jobs_url, dead_letters_url] = plan.carry_out(&self.client).await?;
        Ok(Arc::new(Queue { class: Some(class.into()), plan, jobs_url, dead_letters_url, ..self.clone() }))
    }

    /// Makes again what was deleted since. A queue of the same name has the same URL.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, as SQS does for a minute after a queue was deleted.
    pub(super) async fn make_again(&self) -> Result<(), Error> {
        self.plan.carry_out(&self.client).await.map(drop)
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

/// The URL of a queue, if it is there.
pub(super) async fn find(client: &Client, name: &str) -> Result<Option<String>, Error> {
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
