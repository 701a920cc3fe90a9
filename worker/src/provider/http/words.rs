//! What the code words of providers mean. A word says more than the status beside it: a used-up budget comes as 400, 402,
//! 403 or 429, a refused prompt as 400 or 422, and a task that failed has no status at all.

/// What a code word means for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The prompt, or what was made of it, is not allowed there.
    Moderation,
    /// The request itself cannot be done.
    Invalid,
    /// Our key is not accepted.
    Key,
    /// Our budget there is used up.
    Quota,
    /// There are too many requests.
    Busy,
    /// The service is in trouble, and did not do the work.
    Trouble,
    /// Somebody stopped it there, or its deadline did.
    Stopped,
}

/// The words, as the services' public references name them.
const WORDS: [(&str, Meaning); 38] = [
    // OpenAI and those who speak its API.
    ("content_policy_violation", Meaning::Moderation),
    ("moderation_blocked", Meaning::Moderation),
    ("content_filter", Meaning::Moderation),
    ("insufficient_quota", Meaning::Quota),
    ("billing_hard_limit_reached", Meaning::Quota),
    ("billing_not_active", Meaning::Quota),
    ("insufficient_balance", Meaning::Quota),
    ("insufficient_credits", Meaning::Quota),
    ("invalid_api_key", Meaning::Key),
    ("account_deactivated", Meaning::Key),
    ("authentication_error", Meaning::Key),
    ("permission_denied", Meaning::Key),
    ("rate_limit_exceeded", Meaning::Busy),
    ("rate_limit_error", Meaning::Busy),
    ("server_overloaded", Meaning::Busy),
    // fal, for models. What it does not list counts as a request that cannot be done.
    ("no_media_generated", Meaning::Moderation),
    ("feature_not_supported", Meaning::Invalid),
    ("image_too_small", Meaning::Invalid),
    ("image_too_large", Meaning::Invalid),
    ("image_load_error", Meaning::Invalid),
    ("file_download_error", Meaning::Invalid),
    ("file_too_large", Meaning::Invalid),
    ("bad_request", Meaning::Invalid),
    ("value_error", Meaning::Invalid),
    ("generation_timeout", Meaning::Trouble),
    ("internal_server_error", Meaning::Trouble),
    // fal, for its machines: what ends like this is not billed.
    ("request_timeout", Meaning::Trouble),
    ("startup_timeout", Meaning::Trouble),
    ("runner_scheduling_failure", Meaning::Trouble),
    ("runner_connection_timeout", Meaning::Trouble),
    ("runner_connection_refused", Meaning::Trouble),
    ("runner_connection_error", Meaning::Trouble),
    ("runner_disconnected", Meaning::Trouble),
    ("runner_incomplete_response", Meaning::Trouble),
    ("runner_server_error", Meaning::Trouble),
    ("internal_error", Meaning::Trouble),
    ("client_cancelled", Meaning::Stopped),
    ("client_disconnected", Meaning::Stopped),
];

/// What this word means, if it is known.
pub(super) fn meaning(word: &str) -> Option<Meaning> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
}

/// Whether something is a code word and no sentence, so that it may stand in a message of ours.
pub(super) fn is_word(text: &str) -> bool {
    let of_a_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(of_a_word)
}

#[cfg(test)]
mod tests {
    use super::{WORDS, is_word, meaning};
    use std::collections::HashSet;

    #[test]
    fn each_word_is_known_once() {
        let known: HashSet<_> = WORDS.iter().map(|(word, _)| word).collect();
        assert_eq!(known.len(), WORDS.len());
        assert!(WORDS.iter().all(|(word, known)| is_word(word) && meaning(word) == Some(*known)));
        assert_eq!(meaning("something_else"), None);
    }

    #[test]
    fn only_words_are_repeated() {
        let longest = "a".repeat(41);
        for text in ["", "Bad key sk-123", "sk-123", "9lives", "UPPER", "a\u{e9}", longest.as_str(), "a b"] {
            assert!(!is_word(text), "{text:?}");
        }
        assert!(is_word("image_too_large"));
    }
}
