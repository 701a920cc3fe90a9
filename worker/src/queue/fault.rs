//! Why a message was not taken: whether trying again can help, or SQS will never take it as it is.
//!
//! What SQS calls the sender's fault is not always the message's: too many requests, credentials that have expired and a
//! queue that is away pass, or are mended by an operator, and then the same message is taken.

use super::presence::is_gone;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
use aws_sdk_sqs::types::BatchResultErrorEntry;

/// Why one message was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It may be taken a little later; or was taken, and the answer was lost.
    Passing,
    /// The whole request was refused, perhaps because of one of the others in it.
    Crowd(String),
    /// SQS refuses it as it is, with this code.
    Refused(String),
}

/// Parts of the codes of refusals that say nothing against the message, in lower case. Servers spell them in many ways.
const NOT_THE_MESSAGE: [&str; 14] = [
    "throttl",
    "overlimit",
    "slowdown",
    "toomany",
    "expired",
    "token",
    "credential",
    "signature",
    "accesskey",
    "accessdenied",
    "unauthorized",
    "kms",
    "internal",
    "unavailable",
];

impl Fault {
    /// What a request that failed as a whole says of each of its messages.
    pub(super) fn of_request<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, messages: usize) -> Fault {
        // Whatever is not the service's own answer is the way there or back.
        let SdkError::ServiceError(service) = error else { return Fault::Passing };
        match service.err().code() {
            Some(code) if is_about_the_message(code) && messages == 1 => Fault::Refused(code.to_owned()),
            Some(code) if is_about_the_message(code) => Fault::Crowd(code.to_owned()),
            _ => Fault::Passing,
        }
    }

    fn of_entry(failed: &BatchResultErrorEntry) -> Fault {
        tracing::warn!(code = %failed.code, sender_fault = failed.sender_fault, "a message was not taken");
        match failed.sender_fault && is_about_the_message(&failed.code) {
            true => Fault::Refused(failed.code.clone()),
            false => Fault::Passing,
        }
    }
}

/// A code that no rule here knows is taken to be about the message.
fn is_about_the_message(code: &str) -> bool {
    let lower = code.to_lowercase();
    !is_gone(code) && !NOT_THE_MESSAGE.iter().any(|part| lower.contains(part))
}

/// What an answer says of each of so many messages: one that it forgot may have been taken.
pub(super) fn by_entry(messages: usize, answer: &SendMessageBatchOutput) -> Vec<Result<(), Fault>> {
    let mut told = vec![Err(Fault::Passing); messages];
    let mut tell = |id: &str, what: Result<(), Fault>| {
        if let Some(place) = id.parse().ok().and_then(|place: usize| told.get_mut(place)) {
            *place = what;
        }
    };
    answer.failed.iter().for_each(|failed| tell(&failed.id, Err(Fault::of_entry(failed))));
    answer.successful.iter().for_each(|taken| tell(&taken.id, Ok(())));
    told
}

#[cfg(test)]
mod tests {
    use super::{Fault, by_entry, is_about_the_message};
    use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
    use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchResultEntry};

    #[test]
    fn only_what_is_about_the_message_is_a_refusal_for_good() {
        for code in ["InvalidMessageContents", "InvalidParameterValue", "MissingParameter", "NeverHeardOf"] {
            assert!(is_about_the_message(code), "{code}");
        }
        for code in [
            "RequestThrottled",
            "ThrottlingException",
            "ExpiredToken",
            "InvalidClientTokenId",
            "AccessDeniedException",
            "KmsDisabled",
            "AWS.SimpleQueueService.NonExistentQueue",
            "OverLimit",
            "InternalError",
        ] {
            assert!(!is_about_the_message(code), "{code}");
        }
    }

    #[test]
    fn every_entry_of_an_answer_is_judged_and_one_that_it_forgot_may_pass() {
        let failed = |id: &str, code: &str, sender_fault: bool| {
            let entry = BatchResultErrorEntry::builder().id(id).code(code).sender_fault(sender_fault);
            entry.build().expect("it has all it must")
        };
        let taken = SendMessageBatchResultEntry::builder().id("0").message_id("m").md5_of_message_body("5");
        let answer = SendMessageBatchOutput::builder()
            .successful(taken.build().expect("it has all it must"))
            .failed(failed("1", "InvalidMessageContents", true))
            .failed(failed("2", "InternalError", false))
            .failed(failed("nonsense", "InvalidMessageContents", true))
            .build()
            .expect("it has all it must");
        let refused = Err(Fault::Refused("InvalidMessageContents".into()));
        let passing = || Err(Fault::Passing);
        assert_eq!(by_entry(4, &answer), [Ok(()), refused, passing(), passing()]);
    }
}
