//! From settings to an SDK client whose timeouts and retries are chosen, not inherited.

use super::calls::Calls;
use super::presence::Presence;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Builder, Config, Credentials, Region};
use std::fmt;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(3);
/// One try of anything but a waiting receive.
pub(super) const ATTEMPT: Duration = Duration::from_secs(5);
/// A call with its retries.
pub(super) const OPERATION: Duration = Duration::from_secs(15);
/// A batch that was sent although its answer was lost is harmless to repeat, as every call here is.
const MOST_ATTEMPTS: u32 = 3;

/// Which SQS to use, and which queues of it.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// URL of the server; `None` is Amazon's own.
    pub endpoint: Option<String>,
    /// The region; `None` asks the machine's AWS configuration.
    pub region: Option<String>,
    /// Credentials to use; `None` asks the machine's AWS configuration.
    pub credentials: Option<StaticCredentials>,
    /// Name of the queue of jobs.
    pub name: String,
    /// Name of its dead-letter queue.
    pub dlq_name: String,
    /// Whether to send the account as message group, which makes a standard queue fair between accounts. Only
    /// servers that know fair queues accept it.
    pub fair: bool,
    /// Counts what is sent; keep a clone to read it.
    pub calls: Calls,
    /// Tells which of the queues are away; keep a clone to read it.
    pub presence: Presence,
}

impl Default for QueueSettings {
    fn default() -> QueueSettings {
        QueueSettings {
            endpoint: None,
            region: None,
            credentials: None,
            name: "cooly-jobs".to_owned(),
            dlq_name: "cooly-jobs-dlq".to_owned(),
            fair: true,
            calls: Calls::default(),
            presence: Presence::default(),
        }
    }
}

impl QueueSettings {
    /// The queues of a private server, and what it wants requests to be signed with.
    pub fn private(endpoint: &str, credentials: StaticCredentials) -> QueueSettings {
        QueueSettings {
            endpoint: Some(endpoint.to_owned()),
            region: Some("us-east-1".to_owned()),
            credentials: Some(credentials),
            fair: false,
            ..QueueSettings::default()
        }
    }
}

/// An access key that is given instead of found.
#[derive(Clone)]
pub struct StaticCredentials {
    key_id: String,
    secret: String,
}

impl StaticCredentials {
    /// Key id and secret key.
    pub fn new(key_id: &str, secret: &str) -> StaticCredentials {
        StaticCredentials { key_id: key_id.to_owned(), secret: secret.to_owned() }
    }
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("StaticCredentials(…)")
    }
}

/// What AWS' own tools would use. A region that is given is not looked for: on a machine outside AWS that asks a
/// metadata service which is not there.
async fn machine_configuration(settings: &QueueSettings) -> aws_config::SdkConfig {
    let found = aws_config::defaults(BehaviorVersion::latest());
    match &settings.region {
        Some(region) => found.region(Region::new(region.clone())).load().await,
        None => found.load().await,
    }
}

pub(super) async fn connect(settings: &QueueSettings) -> Client {
    let builder = match &settings.credentials {
        Some(given) => Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(credentials(given)),
        None => Builder::from(&machine_configuration(settings).await),
    };
    let builder = builder
        .timeout_config(timeouts(ATTEMPT, OPERATION))
        .retry_config(RetryConfig::standard().with_max_attempts(MOST_ATTEMPTS))
        .interceptor(settings.calls.clone());
    let builder =
        with(builder, settings.region.clone(), |builder, region| builder.region(Region::new(region)));
    let builder = with(builder, settings.endpoint.clone(), Builder::endpoint_url);
    Client::from_conf(builder.build())
}

/// Timeouts for a call that may take `attempt` at each try.
pub(super) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

fn credentials(given: &StaticCredentials) -> Credentials {
    Credentials::builder()
        .access_key_id(&given.key_id)
        .secret_access_key(&given.secret)
        .provider_name("settings")
        .build()
}

fn with<T>(builder: Builder, value: Option<T>, set: impl FnOnce(Builder, T) -> Builder) -> Builder {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

#[cfg(test)]
mod tests {
    use super::QueueSettings;

    #[test]
    fn settings_can_be_logged_without_the_secret() {
        let credentials = super::StaticCredentials::new("key-id", "hush");
        let settings = QueueSettings::private("http://127.0.0.1:1", credentials);
        let logged = format!("{settings:?}");
        assert!(!logged.contains("hush") && !logged.contains("key-id"), "{logged}");
    }
}
