//! What it means for a job that a provider refused, was silent or said nonsense: the one place where HTTP becomes
//! classes of failures.
//!
//! Three questions decide. Can a retry help? Is it the job's fault, or ours or the provider's (then it uses up no attempt)?
//! And is the work paid for? Where nobody knows, `Billed::Unknown` keeps it from being bought twice.

use super::answer::Answer;
use super::cut::Cut;
use super::words::{Meaning, is_word, meaning};
use crate::provider::ProviderFailure;
use ledger::job::Billed;
use std::time::Duration;

/// A used-up budget or a wrong key is mended by people: asking sooner only fills their logs.
const MENDING: Duration = Duration::from_secs(60);

/// When the moderation of a provider said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// When it read the prompt.
    Input,
    /// When it saw what was made.
    Output,
}

/// A submit that got no answer.
pub(super) fn unsubmitted(cut: Cut) -> ProviderFailure {
    match cut {
        Cut::Unsent => unreachable_provider().billed(Billed::No),
        Cut::Lost => {
            let message = "the provider was asked and its answer was lost";
            ProviderFailure::transient("answer_lost", message).billed(Billed::Unknown)
        }
        Cut::TooLarge => unreadable().billed(Billed::Unknown),
    }
}

/// A question after a task that got no answer. It tells nothing about the task.
pub(super) fn unanswered(cut: Cut) -> ProviderFailure {
    match cut {
        Cut::Unsent => unreachable_provider(),
        Cut::Lost => ProviderFailure::transient("answer_lost", "the provider's answer was lost"),
        Cut::TooLarge => unreadable(),
    }
}

/// An answer that makes no sense where it stands.
pub(super) fn unreadable() -> ProviderFailure {
    ProviderFailure::transient("answer_unreadable", "the provider's answer could not be read")
}

/// A task that its provider does not know any more. It may have been made, and paid for.
/// A task id that this provider never gave: the model was moved here while others worked on it.
pub(super) fn foreign() -> ProviderFailure {
    ProviderFailure::transient("task_foreign", "the task was accepted by another provider")
}

/// A submit that was answered with anything but success. `words` are the code words in the answer, best first.
pub(super) fn refused(answer: &Answer, words: &[&str]) -> ProviderFailure {
    let (word, status) = (known(words), answer.status.as_u16());
    match word.map(|(_, meaning)| meaning) {
        Some(Meaning::Trouble | Meaning::Stopped) | None => by_status(answer, words),
        Some(Meaning::Invalid | Meaning::Moderation) if status >= 500 => by_status(answer, words),
        Some(meaning) => of_meaning(meaning, words, Stage::Input, answer.wait()).billed(Billed::No),
    }
}

/// A task that failed where it was accepted. `words` are the code words in the answer, best first.
pub(super) fn failed(words: &[&str], stage: Stage) -> ProviderFailure {
    match known(words) {
        Some((_, meaning)) => of_meaning(meaning, words, stage, None),
        None => {
            let message = told("the provider could not do it", words);
            ProviderFailure::transient("provider_failed", &message).billed(Billed::Unknown)
        }
    }
}

/// A question after a task that was answered with anything but success. It tells nothing about the task.
pub(super) fn question_refused(answer: &Answer, words: &[&str]) -> ProviderFailure {
    let mut failure = refused(answer, words);
    failure.failure.billed = None;
    failure
}

/// The class of a failure that needs no more than a meaning.
pub(super) fn of_meaning(
    meaning: Meaning,
    words: &[&str],
    stage: Stage,
    wait: Option<Duration>,
) -> ProviderFailure {
    let message = |text: &str| told(text, words);
    match (meaning, stage) {
        (Meaning::Moderation, Stage::Input) => {
            ProviderFailure::permanent("moderation_input", &message("the provider refused the prompt"))
        }
        (Meaning::Moderation, Stage::Output) => {
            ProviderFailure::permanent("moderation_output", &message("the provider withheld what it made"))
        }
        (Meaning::Invalid, _) => invalid(words),
        (Meaning::Key, _) => {
            let message = message("the provider does not accept the key of this service");
            ProviderFailure::throttled("provider_auth", &message, Some(wait.unwrap_or(MENDING)))
        }
        (Meaning::Quota, _) => {
            let message = message("the budget of this service at the provider is used up");
            ProviderFailure::throttled("provider_quota", &message, Some(wait.unwrap_or(MENDING)))
        }
        (Meaning::Busy, _) => busy(words, wait),
        (Meaning::Trouble, _) => {
            let message = message("the provider is in trouble");
            ProviderFailure::transient("provider_unavailable", &message).billed(Billed::No)
        }
        (Meaning::Stopped, _) => stopped().billed(Billed::Unknown),
    }
}

/// It ended at the deadline that was set when it was asked for, or somebody stopped it there.
pub(super) fn stopped() -> ProviderFailure {
    ProviderFailure::transient("provider_stopped", "the provider was stopped before it was done")
}

fn by_status(answer: &Answer, words: &[&str]) -> ProviderFailure {
    let wait = answer.wait();
    let failure = match answer.status.as_u16() {
        // Something else stands where the provider should be.
        ..=399 => {
            let message = "the provider's address leads elsewhere";
            ProviderFailure::transient("provider_moved", message)
        }
        401 | 403 => of_meaning(Meaning::Key, words, Stage::Input, wait),
        402 => of_meaning(Meaning::Quota, words, Stage::Input, wait),
        404 | 405 | 410 => {
            let message = told("the provider does not offer this model", words);
            ProviderFailure::permanent("model_not_offered", &message)
        }
        408 | 425 | 429 | 529 => busy(words, wait),
        503 if wait.is_some() => busy(words, wait),
        503 => of_meaning(Meaning::Trouble, words, Stage::Input, None),
        // The same request is under way already, or its answer was lost behind the provider's front door.
        409 | 500.. => {
            let message = told("the provider did not say what became of the request", words);
            return ProviderFailure::transient("provider_error", &message).billed(Billed::Unknown);
        }
        _ => invalid(words),
    };
    failure.billed(Billed::No)
}

fn unreachable_provider() -> ProviderFailure {
    ProviderFailure::transient("provider_unreachable", "no connection to the provider could be made")
}

fn invalid(words: &[&str]) -> ProviderFailure {
    ProviderFailure::permanent("invalid_request", &told("the provider cannot do what was asked for", words))
}

fn busy(words: &[&str], wait: Option<Duration>) -> ProviderFailure {
    ProviderFailure::throttled("provider_busy", &told("the provider asks for patience", words), wait)
}

/// The first word that is known, with its meaning.
fn known<'a>(words: &[&'a str]) -> Option<(&'a str, Meaning)> {
    words.iter().find_map(|word| meaning(word).map(|meaning| (*word, meaning)))
}

/// A sentence of ours, and the provider's word for it: nothing that could be a sentence of theirs.
fn told(text: &str, words: &[&str]) -> String {
    let word =
        known(words).map(|(word, _)| word).or_else(|| words.iter().copied().find(|word| is_word(word)));
    word.map_or_else(|| text.to_owned(), |word| format!("{text} ({word})"))
}

#[cfg(test)]
mod tests;
