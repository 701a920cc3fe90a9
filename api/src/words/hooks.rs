//! The values of customers' webhooks.

use super::scalar::{among, formatted, of_length, one_of, scalar};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use projections::hooks::{Outcome, Topic, Why};
use serde_json::Value;
use std::borrow::Cow;
use uuid::Uuid;
use webhooks::destination;

/// Longest address, in bytes.
const MAX_URL_BYTES: usize = 2_000;

fn names<T: Copy>(known: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    known.iter().map(|value| name(*value)).collect()
}

scalar!(
    /// The id of an endpoint.
    WebhookId(Uuid),
    "webhook_id",
    formatted("uuid"),
    |text| Uuid::try_parse(text).map_err(|_| "must be a UUID".into()),
    |id| id.to_string().into()
);

scalar!(
    /// The id of a message, as it is in `webhook-id`.
    MessageId(Uuid),
    "message_id",
    formatted("uuid"),
    |text| Uuid::try_parse(text).map_err(|_| "must be a UUID".into()),
    |id| id.to_string().into()
);

scalar!(
    /// Where messages go. Whether it is out in public is asked later: a server for development does not mind.
    HookUrl(String),
    "webhook_url",
    MetaSchema { example: Some("https://example.com/hooks".into()), ..of_length(MAX_URL_BYTES) },
    |text| match destination(text, true) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string().into()),
    },
    |url| url.as_str().into()
);

scalar!(
    /// What a message is about.
    TopicName(Topic),
    "webhook_event",
    one_of(&names(&Topic::ALL, Topic::as_str)),
    |text| among(text, &Topic::ALL, Topic::as_str),
    |topic| topic.as_str().into()
);

scalar!(
    /// What became of a delivery.
    DeliveryOutcomeName(Outcome),
    "delivery_outcome",
    one_of(&names(Outcome::ALL, Outcome::as_str)),
    |text| among(text, Outcome::ALL, Outcome::as_str),
    |outcome| outcome.as_str().into()
);

scalar!(
    /// Why nothing is sent to an endpoint.
    WhyDisabledName(Why),
    "disabled_reason",
    one_of(&names(Why::ALL, Why::as_str)),
    |text| among(text, Why::ALL, Why::as_str),
    |why| why.as_str().into()
);
