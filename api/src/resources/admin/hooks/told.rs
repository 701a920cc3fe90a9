//! How endpoints and deliveries are told.

use crate::words::hooks::{DeliveryOutcomeName, MessageId, TopicName, WebhookId, WhyDisabledName};
use crate::words::scalars::{Instant, LogPosition, UserName};
use poem_openapi::Object;
use projections::hooks::{Delivery, Disabled, Endpoint, Replay, Secrets};

/// Where a customer is told what happens.
#[derive(Debug, Object)]
pub(super) struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where messages go.
    pub url: String,
    /// What it is told.
    pub events: Vec<TopicName>,
    /// The one user that it is told about; null for all.
    pub user: Option<UserName>,
    /// A note for people; null if there is none.
    pub description: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Instant,
    /// It is told what the log says after this position.
    pub after: LogPosition,
    /// Since when every attempt has failed; null if the last one did not.
    pub failing_since: Option<Instant>,
    /// Until when it is left alone after a failure, whatever waits for it; null if it is not.
    pub retry_at: Option<Instant>,
    /// Why nothing is sent to it; null if something is.
    pub disabled: Option<WebhookDisabled>,
    /// What it is told again at the moment; null if nothing is.
    pub replay: Option<WebhookReplay>,
}

/// Why nothing is sent to an endpoint.
#[derive(Debug, Object)]
pub(super) struct WebhookDisabled {
    /// Since when.
    pub at: Instant,
    /// `asked`: an admin disabled it. `gone`: it answered 410. `failing`: it took nothing for five days.
    pub reason: WhyDisabledName,
    /// What the log says after this position was not told since. Send it as `after` to be told once it is enabled.
    pub position: LogPosition,
}

/// A part of the log that an endpoint is told again.
#[derive(Debug, Object)]
pub(super) struct WebhookReplay {
    /// What comes after this position is still to be told.
    pub after: LogPosition,
    /// Up to this position.
    pub until: LogPosition,
    /// Whether what was delivered is sent again.
    pub with_delivered: bool,
}

/// What messages to an endpoint are signed with.
#[derive(Object)]
pub(super) struct WebhookSecret {
    /// The secret: `whsec_` and base64. Whoever has it can sign as this service does.
    pub secret: String,
    /// Until when messages are signed with the secret before this one too; null if they are not.
    pub previous_until: Option<Instant>,
}

/// An endpoint that was made.
#[derive(Object)]
pub(super) struct MadeWebhook {
    #[oai(flatten)]
    pub webhook: Webhook,
    /// What messages to it are signed with: `whsec_` and base64.
    pub secret: String,
}

/// A message to an endpoint, and what became of it.
#[derive(Debug, Object)]
pub(super) struct WebhookDelivery {
    /// The message: `webhook-id`, the same however often it is sent.
    pub id: MessageId,
    /// What it is about: one of the events of endpoints, or `webhook.test`.
    #[oai(rename = "type")]
    pub kind: String,
    /// The event of the log that it tells of; null of a test.
    pub position: Option<LogPosition>,
    /// What became of it: it is `waiting` to be sent, `delivered`, or `given_up`.
    pub outcome: DeliveryOutcomeName,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent next; null once nothing more becomes of it, and while an earlier message about the same user waits.
    pub next_at: Option<Instant>,
    /// When it was sent last; null if it was not.
    pub attempted_at: Option<Instant>,
    /// The HTTP status that was answered then; null if there was no answer.
    pub status: Option<u32>,
    /// Why it was not taken then: `status`, `redirect`, `timeout`, `connection`, `connection_lost`, `address_not_public`,
    /// `address_refused` or `secret_missing`; `too_old` if it had waited for 30 days and was given up. Null if it was taken.
    pub error: Option<String>,
    /// When it was written down.
    pub created_at: Instant,
    /// Since when nothing more becomes of it; null while it waits.
    pub settled_at: Option<Instant>,
}

/// A message to an endpoint with what it says.
#[derive(Debug, Object)]
pub(super) struct WebhookDeliveryStory {
    #[oai(flatten)]
    pub delivery: WebhookDelivery,
    /// What is sent, byte by byte.
    pub payload: String,
}

impl From<&Endpoint> for Webhook {
    fn from(endpoint: &Endpoint) -> Webhook {
        let by = &endpoint.created_by;
        Webhook {
            id: WebhookId(endpoint.id),
            url: endpoint.url.clone(),
            events: endpoint.topics.iter().map(|topic| TopicName(*topic)).collect(),
            user: endpoint.user.clone().map(UserName),
            description: endpoint.description.clone(),
            created_by: by.strip_prefix("admin:").unwrap_or(by).to_owned(),
            created_at: Instant(endpoint.created_at),
            after: LogPosition(endpoint.after),
            failing_since: endpoint.failing_since.map(Instant),
            retry_at: endpoint.retry_at.map(Instant),
            disabled: endpoint.disabled.map(WebhookDisabled::from),
            replay: endpoint.replay.map(WebhookReplay::from),
        }
    }
}

impl From<Disabled> for WebhookDisabled {
    fn from(disabled: Disabled) -> WebhookDisabled {
        WebhookDisabled {
            at: Instant(disabled.at),
            reason: WhyDisabledName(disabled.why),
            position: LogPosition(disabled.position),
        }
    }
}

impl From<Replay> for WebhookReplay {
    fn from(replay: Replay) -> WebhookReplay {
        WebhookReplay {
            after: LogPosition(replay.after),
            until: LogPosition(replay.until),
            with_delivered: replay.with_delivered,
        }
    }
}

impl From<Secrets> for WebhookSecret {
    fn from(secrets: Secrets) -> WebhookSecret {
        WebhookSecret { secret: secrets.newest, previous_until: secrets.previous_until.map(Instant) }
    }
}

impl From<&Delivery> for WebhookDelivery {
    fn from(delivery: &Delivery) -> WebhookDelivery {
        WebhookDelivery {
            id: MessageId(delivery.message_id),
            kind: delivery.topic.clone(),
            position: delivery.position.map(LogPosition),
            outcome: DeliveryOutcomeName(delivery.outcome),
            attempts: delivery.attempts,
            next_at: delivery.next_at.map(Instant),
            attempted_at: delivery.attempted_at.map(Instant),
            status: delivery.status,
            error: delivery.error.clone(),
            created_at: Instant(delivery.created_at),
            settled_at: delivery.settled_at.map(Instant),
        }
    }
}
