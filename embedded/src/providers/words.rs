//! Words by which a person makes something go wrong: as a part of the model's name, such as `fal-ai/flux/busy` or
//! `gpt-image-busy`, or in the prompt as `mock:busy`.

use std::time::Duration;

use super::fault::{Fate, Fault, FileFault, Refusal, RetryAfter, Step, Trouble, WebhookFault};

/// A word, and what it does.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// What it does, for a help text.
    pub meaning: &'static str,
    /// Whether the same order is served when it comes again, and so on in turn.
    pub(super) in_turn: bool,
    fault: fn() -> Fault,
}

impl Word {
    const fn always(word: &'static str, meaning: &'static str, fault: fn() -> Fault) -> Word {
        Word { word, meaning, in_turn: false, fault }
    }

    const fn in_turn(word: &'static str, meaning: &'static str, fault: fn() -> Fault) -> Word {
        Word { word, meaning, in_turn: true, fault }
    }

    pub(super) fn fault(&self) -> Fault {
        (self.fault)()
    }

    /// All words in a model's name and a prompt.
    pub(super) fn all_in<'a>(model: &'a str, prompt: &'a str) -> impl Iterator<Item = &'static Word> + 'a {
        let named = model.split(|letter: char| !letter.is_ascii_alphanumeric());
        let said = prompt.split_whitespace().filter_map(|word| word.strip_prefix("mock:"));
        named.chain(said).filter_map(|part| WORDS.iter().find(|word| word.word == part))
    }
}

/// Every word.
pub const WORDS: &[Word] = &[
    Word::in_turn("busy", "every other try: 429, wait 2 seconds", || busy(RetryAfter::Seconds(2))),
    Word::in_turn("busydate", "the same, told as a date", || busy(RetryAfter::Date(Duration::from_secs(3)))),
    Word::in_turn("busyzero", "the same, and to come back at once", || busy(RetryAfter::Seconds(0))),
    Word::in_turn("flaky", "every other try: 503", || refused(Refusal::Down(503))),
    Word::always("down", "500", || refused(Refusal::Down(500))),
    Word::always("gateway", "502, as HTML", || refused(Refusal::Down(502))),
    Word::always("denied", "the key is refused", || refused(Refusal::BadKey)),
    Word::always("broke", "the account cannot pay", || refused(Refusal::NoCredit)),
    Word::always("strict", "the content is refused", || Fault::Fate(Fate::Moderated)),
    Word::always("broken", "the task fails inside the service", || Fault::Fate(Fate::Failed)),
    Word::always("lost", "accepted, and the connection closed without an answer", || lost(Trouble::HangUp)),
    Word::always("mute", "accepted, and never answered", || lost(Trouble::Silence)),
    Word::always("garbage", "accepted, and answered with something that is no JSON", || {
        lost(Trouble::Garbage)
    }),
    Word::always("flood", "accepted, and answered without end", || lost(Trouble::Endless)),
    Word::always("stuck", "never ends", || Fault::Fate(Fate::Never)),
    Word::always("late", "takes 30 seconds longer", || Fault::Fate(Fate::Late(Duration::from_secs(30)))),
    Word::always("gone", "ends, and is forgotten", || Fault::Fate(Fate::Gone)),
    Word::always("toolate", "cannot be cancelled", || Fault::Fate(Fate::TooLate)),
    Word::always("hooktwice", "webhooks: sent twice", || Fault::Webhook(WebhookFault::Twice)),
    Word::always("hookold", "webhooks: dated ten minutes ago", || Fault::Webhook(WebhookFault::Old)),
    Word::always("hookforged", "webhooks: signed by somebody else", || Fault::Webhook(WebhookFault::Forged)),
    Word::always("hookother", "webhooks: name another task", || {
        Fault::Webhook(WebhookFault::NamesAnother("nobodystask".to_owned()))
    }),
    Word::always("hooklate", "webhooks: sent 10 seconds later", || {
        Fault::Webhook(WebhookFault::Late(Duration::from_secs(10)))
    }),
    Word::always("hooknever", "webhooks: not sent", || Fault::Webhook(WebhookFault::Never)),
    Word::always("missing", "files: 404", || Fault::File(FileFault::Missing)),
    Word::always("slow", "files: four bytes a second", || Fault::File(FileFault::Slow)),
    Word::always("endless", "files: never end", || Fault::File(FileFault::Endless)),
    Word::always("webpage", "files: a web page that calls itself a picture", || {
        Fault::File(FileFault::WrongType)
    }),
    Word::always("cut", "files: broken off in the middle", || Fault::File(FileFault::Cut)),
    Word::always("elsewhere", "files: redirected to a private address", || Fault::File(elsewhere())),
];

fn busy(retry_after: RetryAfter) -> Fault {
    refused(Refusal::Busy(retry_after))
}

fn refused(refusal: Refusal) -> Fault {
    Fault::instead(Step::Submit, refusal)
}

fn lost(trouble: Trouble) -> Fault {
    Fault::after(Step::Submit, trouble)
}

/// The address at which clouds tell a machine its credentials: nothing that fetches files may ever go there.
fn elsewhere() -> FileFault {
    FileFault::Elsewhere("http://169.254.169.254/latest/meta-data/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{WORDS, Word};

    fn words(model: &str, prompt: &str) -> Vec<&'static str> {
        Word::all_in(model, prompt).map(|word| word.word).collect()
    }

    #[test]
    fn words_are_parts_of_a_model_or_marked_in_a_prompt() {
        assert_eq!(words("fal-ai/flux/busy", "a busy street"), ["busy"]);
        assert_eq!(words("gpt-image-flaky", ""), ["flaky"]);
        assert_eq!(words("fal-ai/flux/dev", "a cat mock:slow mock:gone"), ["slow", "gone"]);
        for model in
            ["fal-ai/flux-pro/v1.1", "stability-ai/sdxl", "dall-e-3", "minimax/video-01", "x/downtown"]
        {
            assert_eq!(words(model, "a slow, endless, broken down train"), [""; 0], "{model}");
        }
    }

    #[test]
    fn every_word_is_one_part_and_there_once() {
        let mut seen = std::collections::BTreeSet::new();
        for word in WORDS {
            assert!(word.word.chars().all(|letter| letter.is_ascii_lowercase()), "{}", word.word);
            assert!(seen.insert(word.word), "{}", word.word);
        }
    }
}
