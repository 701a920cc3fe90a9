//! The key that a provider is paid with. It is not printed, compared or serialized; its text is wiped when it is dropped.

use reqwest::header::{HeaderValue, InvalidHeaderValue};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// Why something is not a key. Says nothing about the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProviderKey {
    /// There is nothing in it.
    #[error("the key is empty: give the key as the provider shows it")]
    Empty,
    /// It holds what no key holds.
    #[error(
        "the key has a character that is not visible ASCII, such as a space or a line break in the middle"
    )]
    Characters,
}

/// A provider's key.
pub struct ProviderKey(Zeroizing<String>);

impl ProviderKey {
    /// Takes a key, without the white space around it.
    ///
    /// # Errors
    /// When nothing is left, or something that cannot be sent.
    pub fn parse(text: &str) -> Result<ProviderKey, InvalidProviderKey> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidProviderKey::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidProviderKey::Characters);
        }
        Ok(ProviderKey(Zeroizing::new(text.to_owned())))
    }

    /// Tells this key from others. In another process, or the next one, the same key has another tag, so it gives nothing of the
    /// key away.
    pub fn tag(&self) -> u64 {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        STATE.hash_one(self.0.as_bytes())
    }

    /// The key as the value of a header, behind a word such as `Bearer `. No `Debug` of a request shows it.
    pub(super) fn header(&self, before: &str) -> Result<HeaderValue, InvalidHeaderValue> {
        let text = Zeroizing::new([before, &self.0].concat());
        let mut value = HeaderValue::from_str(&text)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ProviderKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidProviderKey, ProviderKey};

    #[test]
    fn a_key_is_never_shown() {
        let key = ProviderKey::parse(" k3y-secret\n").unwrap();
        assert_eq!(format!("{key:?}"), "ProviderKey(hidden)");
        let header = key.header("Key ").unwrap();
        assert_eq!(header.as_bytes(), b"Key k3y-secret");
        assert!(!format!("{header:?}").contains("k3y"), "{header:?}");
    }

    #[test]
    fn a_tag_tells_keys_apart() {
        let tag = |text: &str| ProviderKey::parse(text).unwrap().tag();
        assert_eq!(tag("k3y"), tag("k3y\n"));
        assert_ne!(tag("k3y"), tag("k3z"));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for (text, why) in [
            (" \n", InvalidProviderKey::Empty),
            ("k3y secret", InvalidProviderKey::Characters),
            ("k3y\nsecret", InvalidProviderKey::Characters),
            ("k3yß", InvalidProviderKey::Characters),
        ] {
            let refused = ProviderKey::parse(text).unwrap_err();
            assert_eq!(refused, why, "{text:?}");
            assert!(!refused.to_string().contains("k3y"));
        }
    }
}
