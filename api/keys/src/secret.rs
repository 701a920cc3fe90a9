//! What a key looks like: `ck_live_`, 43 characters that hold 256 random bits, and six that are worked out from all before them.
//!
//! The beginning tells a scanner of sources what it has found, and a server whether the key is of its environment. The end tells
//! a typing error from a key that was revoked, before any database is asked; whoever makes keys up can work it out too.

use crate::key::Environment;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// How every key begins. No JSON web token does.
pub const PREFIX: &str = "ck_";

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Digits to base 62 that 256 bits take.
const RANDOM_CHARS: usize = 43;

/// Digits to base 62 that 32 bits take.
const CHECK_CHARS: usize = 6;

/// Characters that are shown of the random ones; what is left is far beyond guessing.
const SHOWN_CHARS: usize = 4;

/// A key itself, as only its holder has it. Never printed by accident.
pub struct Secret {
    text: Zeroizing<String>,
    environment: Environment,
}

/// A text that is no key of any server, whatever its database says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no API key: it was not copied whole, or has a typing error")]
pub struct NotAKey;

impl Secret {
    /// A new one.
    pub fn generate(environment: Environment) -> Secret {
        let random = Zeroizing::new(rand::random::<[u8; 32]>());
        let name = environment.as_str();
        let length = PREFIX.len() + name.len() + 1 + RANDOM_CHARS + CHECK_CHARS;
        // Whole from the start: a text that grows leaves copies of itself behind.
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.extend([PREFIX, name, "_", &base62(*random, RANDOM_CHARS)]);
        let check = check(&text);
        text.push_str(&check);
        Secret { text, environment }
    }

    /// Reads what somebody sent.
    pub fn parse(text: &str) -> Result<Secret, NotAKey> {
        let rest = text.strip_prefix(PREFIX).ok_or(NotAKey)?;
        let (environment, rest) = rest.split_once('_').ok_or(NotAKey)?;
        let environment = environment.parse().map_err(|_| NotAKey)?;
        let is_whole =
            rest.len() == RANDOM_CHARS + CHECK_CHARS && rest.bytes().all(|byte| DIGITS.contains(&byte));
        if !is_whole {
            return Err(NotAKey);
        }
        let (before, end) = text.split_at(text.len() - CHECK_CHARS);
        let text = Zeroizing::new(text.to_owned());
        if *check(before) == end { Ok(Secret { text, environment }) } else { Err(NotAKey) }
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Of which environment it is.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// What is kept of it. That many random bits cannot be tried through, so one round of SHA-256 is right; and whoever looks for a
    /// hash cannot steer how far it agrees with another, so comparing need not take the same time always.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// By what people tell it from others: `ck_live_AbCd…WxYz`.
    pub fn hint(&self) -> String {
        let shown = PREFIX.len() + self.environment.as_str().len() + 1 + SHOWN_CHARS;
        format!("{}…{}", &self.text[..shown], &self.text[self.text.len() - SHOWN_CHARS..])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

/// The end of a key that begins like this.
fn check(before: &str) -> Zeroizing<String> {
    let digest: [u8; 32] = Sha256::digest(before.as_bytes()).into();
    let [a, b, c, d, ..] = digest;
    base62([a, b, c, d], CHECK_CHARS)
}

/// The number that these bytes are, in so many digits.
fn base62<const N: usize>(number: [u8; N], digits: usize) -> Zeroizing<String> {
    let (mut number, mut text) = (Zeroizing::new(number), Zeroizing::new(vec![0; digits]));
    for digit in text.iter_mut().rev() {
        let mut rest = 0_usize;
        for byte in number.iter_mut() {
            let part = rest * 256 + usize::from(*byte);
            // Less than 256, since the rest is less than 62.
            *byte = (part / 62) as u8;
            rest = part % 62;
        }
        *digit = DIGITS[rest];
    }
    let mut written = Zeroizing::new(String::with_capacity(digits));
    written.extend(text.iter().copied().map(char::from));
    written
}

#[cfg(test)]
mod tests {
    use super::{DIGITS, Environment, Secret, base62, check};

    #[test]
    fn a_key_is_read_as_it_was_made() {
        for environment in [Environment::Live, Environment::Test] {
            let made = Secret::generate(environment);
            assert_eq!(made.expose().len(), 57);
            let read = Secret::parse(made.expose()).unwrap();
            assert_eq!((read.environment(), read.hash()), (environment, made.hash()));
            assert_eq!(read.hint(), made.hint());
        }
        assert_ne!(Secret::generate(Environment::Live).hash(), Secret::generate(Environment::Live).hash());
    }

    #[test]
    fn every_single_typing_error_is_noticed() {
        let made = Secret::generate(Environment::Live);
        let text = made.expose();
        for at in 0..text.len() {
            for other in [b'A', b'b', b'0', b'_', b' '] {
                let mut wrong = text.as_bytes().to_vec();
                if wrong[at] == other {
                    continue;
                }
                wrong[at] = other;
                assert!(Secret::parse(std::str::from_utf8(&wrong).unwrap()).is_err(), "{at}");
            }
        }
        let double = format!("{text}{text}");
        for wrong in [
            "",
            "ck_",
            "ck_live_",
            &text[..56],
            &text[1..],
            &double,
            "ck_live_é",
            "eyJhbGciOiJIUzI1NiJ9.e30.",
        ] {
            assert!(Secret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_form_of_a_key_is_never_changed() {
        let before = format!("ck_test_{}", "0".repeat(43));
        assert_eq!(*check(&before), "1UETtg");
        assert!(Secret::parse(&format!("{before}1UETtg")).is_ok());
    }

    #[test]
    fn numbers_are_written_to_base_62() {
        assert_eq!(
            [base62([0], 2), base62([61], 2), base62([62], 2)].map(|text| text.to_string()),
            ["00", "0z", "10"]
        );
        assert_eq!(*base62([0xff; 4], 6), "4gfFC3");
        let most = base62([0xff; 32], 43);
        assert!(most.bytes().all(|byte| DIGITS.contains(&byte)) && most != base62([0xff; 31], 43));
    }

    #[test]
    fn a_hint_shows_little_and_debug_nothing() {
        let made = Secret::generate(Environment::Test);
        let hint = made.hint();
        assert!(hint.starts_with("ck_test_") && hint.chars().count() == 17, "{hint}");
        assert_eq!(format!("{made:?}"), "Secret");
    }
}
