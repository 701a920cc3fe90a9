//! The numbers that the real SQS refuses and the server behind us accepts.
//!
//! Code that only ever met a lax queue would fail on the real one. A visibility timeout below zero even kills
//! the queue that it reaches.

use std::ops::RangeInclusive;

use rustack_sqs_model::{error::SqsError, operations::SqsOperation};
use serde_json::Value;

const VISIBILITY_SECONDS: RangeInclusive<i64> = 0..=43_200;
const DELAY_SECONDS: RangeInclusive<i64> = 0..=900;
const WAIT_SECONDS: RangeInclusive<i64> = 0..=20;
const MESSAGES: RangeInclusive<i64> = 1..=10;

/// Refuses a request whose numbers are out of range. A body that is not JSON is left to the next reader.
pub(super) fn check(operation: SqsOperation, body: &[u8]) -> Result<(), SqsError> {
    let Ok(request) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    match operation {
        SqsOperation::SendMessage => within(&request, "DelaySeconds", DELAY_SECONDS),
        SqsOperation::SendMessageBatch => each_entry(&request, "DelaySeconds", DELAY_SECONDS),
        SqsOperation::ChangeMessageVisibility => within(&request, "VisibilityTimeout", VISIBILITY_SECONDS),
        SqsOperation::ChangeMessageVisibilityBatch => {
            each_entry(&request, "VisibilityTimeout", VISIBILITY_SECONDS)
        }
        SqsOperation::ReceiveMessage => {
            within(&request, "MaxNumberOfMessages", MESSAGES)?;
            within(&request, "WaitTimeSeconds", WAIT_SECONDS)?;
            within(&request, "VisibilityTimeout", VISIBILITY_SECONDS)
        }
        _ => Ok(()),
    }
}

fn each_entry(request: &Value, field: &str, range: RangeInclusive<i64>) -> Result<(), SqsError> {
    let entries = request["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().try_for_each(|entry| within(entry, field, range.clone()))
}

fn within(request: &Value, field: &str, range: RangeInclusive<i64>) -> Result<(), SqsError> {
    match request[field].as_i64() {
        Some(value) if !range.contains(&value) => Err(SqsError::invalid_parameter_value(format!(
            "Value {value} for parameter {field} is invalid. Reason: Must be between {} and {}, if provided.",
            range.start(),
            range.end()
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{SqsOperation, check};

    #[test]
    fn numbers_out_of_range_are_refused_and_the_edges_are_not() {
        let cases = [
            (SqsOperation::ChangeMessageVisibility, r#"{"VisibilityTimeout":-1}"#, false),
            (SqsOperation::ChangeMessageVisibility, r#"{"VisibilityTimeout":0}"#, true),
            (SqsOperation::ChangeMessageVisibility, r#"{"VisibilityTimeout":43201}"#, false),
            (SqsOperation::ChangeMessageVisibilityBatch, r#"{"Entries":[{"VisibilityTimeout":-1}]}"#, false),
            (SqsOperation::SendMessage, r#"{"DelaySeconds":900}"#, true),
            (SqsOperation::SendMessage, r#"{"DelaySeconds":901}"#, false),
            (SqsOperation::SendMessageBatch, r#"{"Entries":[{},{"DelaySeconds":901}]}"#, false),
            (SqsOperation::ReceiveMessage, r#"{"MaxNumberOfMessages":11}"#, false),
            (SqsOperation::ReceiveMessage, r#"{"MaxNumberOfMessages":0}"#, false),
            (SqsOperation::ReceiveMessage, r#"{"WaitTimeSeconds":21}"#, false),
            (SqsOperation::ReceiveMessage, r#"{"WaitTimeSeconds":20,"MaxNumberOfMessages":10}"#, true),
            (SqsOperation::ReceiveMessage, "{}", true),
            (SqsOperation::ReceiveMessage, "not json", true),
        ];
        for (operation, body, accepted) in cases {
            assert_eq!(check(operation, body.as_bytes()).is_ok(), accepted, "{operation} {body}");
        }
    }
}
