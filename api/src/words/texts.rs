//! Texts of clients: how long they may be and what they may hold.

use ledger::job::MAX_PROMPT_CHARS;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Longest reason, in characters.
pub(crate) const MAX_REASON_CHARS: usize = 500;

/// Longest text that is looked for, in characters.
pub(crate) const MAX_SEARCH_CHARS: usize = 100;

/// Longest name of a line of an upload, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 100;

/// Whether a text has no control characters: Postgres refuses NUL, and logs and terminals obey the others.
pub(crate) fn is_clean(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Text of so many characters on one line.
pub(super) fn line(text: &str, length: RangeInclusive<usize>) -> Result<String, Cow<'static, str>> {
    check_length(text, &length)?;
    if is_clean(text) { Ok(text.to_owned()) } else { Err("must not contain control characters".into()) }
}

/// A prompt: text that may have lines and tabs.
pub(super) fn prompt(text: &str) -> Result<String, Cow<'static, str>> {
    check_length(text, &(1..=MAX_PROMPT_CHARS))?;
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err("must not contain control characters other than tabs and line ends".into());
    }
    if !ledger::shows_something(text) {
        return Err("must hold something that can be seen".into());
    }
    Ok(text.to_owned())
}

/// Text that is looked for: on one line, and not of blanks alone, which would find everything.
pub(super) fn search(text: &str) -> Result<String, Cow<'static, str>> {
    let text = line(text, 1..=MAX_SEARCH_CHARS)?;
    if ledger::shows_something(&text) { Ok(text) } else { Err("must hold something that can be seen".into()) }
}

/// A name for a line of an upload.
pub(super) fn key(text: &str) -> Result<String, Cow<'static, str>> {
    let fits = (1..=MAX_KEY_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let wrong = || format!("must be 1 to {MAX_KEY_BYTES} visible ASCII characters").into();
    fits.then(|| text.to_owned()).ok_or_else(wrong)
}

fn check_length(text: &str, length: &RangeInclusive<usize>) -> Result<(), Cow<'static, str>> {
    if length.contains(&text.chars().count()) {
        return Ok(());
    }
    Err(format!("must have {} to {} characters", length.start(), length.end()).into())
}

#[cfg(test)]
mod tests {
    use super::{key, line, prompt, search};

    #[test]
    fn a_line_has_no_control_characters_and_some_length() {
        for text in ["", "a\u{0}", "a\nb", &"x".repeat(256)] {
            assert!(line(text, 1..=255).is_err(), "{text:?}");
        }
        assert_eq!(line("provider_unavailable", 1..=255).unwrap(), "provider_unavailable");
    }

    #[test]
    fn a_prompt_has_lines_and_shows_something() {
        assert_eq!(prompt("a cat\n\ton a mat").unwrap(), "a cat\n\ton a mat");
        for text in ["", " \n\t ", "a\u{7}", &"x".repeat(4_001)] {
            assert!(prompt(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_looked_for_is_a_short_line_that_shows_something() {
        assert_eq!(search("a fox ").unwrap(), "a fox ");
        for text in ["", "   ", "a\nb", &"x".repeat(101)] {
            assert!(search(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_key_is_visible_ascii() {
        assert!(key("order-17").is_ok());
        for text in ["", "a b", "é", &"x".repeat(101)] {
            assert!(key(text).is_err(), "{text:?}");
        }
    }
}
