//! The Ed25519 keys of seals. The secret one is never printed; its text and bytes are wiped after use, and the
//! cryptographic library wipes the copy that it signs with.

use super::hexadecimal;
use crate::chain::Hash;
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zeroize::{Zeroize, Zeroizing};

const SEED_BYTES: usize = 32;

/// How an Ed25519 public key begins in DER (RFC 8410): 12 bytes, then the key.
const PUBLIC_DER_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why something is not a key. Says nothing about the text itself, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a secret key in any form that is understood.
    #[error("not an Ed25519 key: give a seed of 32 bytes in hexadecimal or base64, or a PKCS#8 file")]
    Secret,
    /// Not a public key in any form that is understood.
    #[error("not an Ed25519 public key: give 32 bytes in hexadecimal or base64, or a PEM file")]
    Public,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    NoEntropy,
}

/// A secret key that signs seals. Not printable, not comparable, not serializable.
pub struct SealKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl SealKey {
    /// Makes a new key, and its seed in hexadecimal for keeping.
    pub fn generate() -> Result<(SealKey, Zeroizing<String>), InvalidKey> {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        rand::fill(seed.as_mut_slice()).map_err(|_| InvalidKey::NoEntropy)?;
        Ok((SealKey::from_seed(&seed)?, Zeroizing::new(hex::encode(seed.as_slice()))))
    }

    /// Reads a key: a 32-byte seed in hexadecimal or base64, or PKCS#8 in PEM.
    pub fn parse(text: &str) -> Result<SealKey, InvalidKey> {
        let text = text.trim();
        if let Some(seed) = bytes32(text).map(Zeroizing::new) {
            return SealKey::from_seed(&seed);
        }
        let der = pem(text, "PRIVATE KEY").map(Zeroizing::new).ok_or(InvalidKey::Secret)?;
        SealKey::from_pkcs8(&der)
    }

    /// Reads the content of a key file: everything that [`SealKey::parse`] reads, PKCS#8 in DER, or a bare seed.
    pub fn from_file(content: &[u8]) -> Result<SealKey, InvalidKey> {
        let as_text = str::from_utf8(content).ok().and_then(|text| SealKey::parse(text).ok());
        let seed = <[u8; SEED_BYTES]>::try_from(content).ok().map(Zeroizing::new);
        match (as_text, seed) {
            (Some(key), _) => Ok(key),
            (None, Some(seed)) => SealKey::from_seed(&seed),
            (None, None) => SealKey::from_pkcs8(content),
        }
    }

    /// Reads PKCS#8 in DER, version 1 (as OpenSSL writes it) or 2.
    pub fn from_pkcs8(der: &[u8]) -> Result<SealKey, InvalidKey> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| InvalidKey::Secret)?;
        SealKey::of_pair(pair)
    }

    fn from_seed(seed: &[u8; SEED_BYTES]) -> Result<SealKey, InvalidKey> {
        SealKey::of_pair(Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| InvalidKey::Secret)?)
    }

    fn of_pair(pair: Ed25519KeyPair) -> Result<SealKey, InvalidKey> {
        let public = pair.public_key().as_ref().try_into().map_err(|_| InvalidKey::Secret)?;
        Ok(SealKey { pair, public: PublicKey(public) })
    }

    /// The key with which its signatures are checked.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    pub(super) fn sign(&self, seal_hash: &Hash) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(seal_hash).as_ref());
        signature
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SealKey(secret of {})", self.public)
    }
}

/// The public half: whoever has it can check seals, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(#[serde(with = "super::hexadecimal")] pub [u8; 32]);

impl PublicKey {
    /// Reads the content of a key file: what [`PublicKey::from_str`] reads.
    pub fn from_file(content: &[u8]) -> Result<PublicKey, InvalidKey> {
        str::from_utf8(content).map_err(|_| InvalidKey::Public)?.parse()
    }

    /// Whether the holder of the secret key signed this seal hash.
    pub(super) fn has_signed(&self, seal_hash: &Hash, signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(seal_hash, signature).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    /// 32 bytes in hexadecimal or base64, or a public key in PEM.
    fn from_str(text: &str) -> Result<PublicKey, InvalidKey> {
        let text = text.trim();
        if let Some(key) = bytes32(text) {
            return Ok(PublicKey(key));
        }
        let der = pem(text, "PUBLIC KEY").ok_or(InvalidKey::Public)?;
        let key = der.strip_prefix(&PUBLIC_DER_HEAD).ok_or(InvalidKey::Public)?;
        key.try_into().map(PublicKey).map_err(|_| InvalidKey::Public)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({self})")
    }
}

/// 32 bytes in hexadecimal or base64.
fn bytes32(text: &str) -> Option<[u8; 32]> {
    hexadecimal::parse(text).or_else(|| {
        let mut bytes = BASE64.decode(text).ok()?;
        let fits = bytes.as_slice().try_into().ok();
        bytes.zeroize();
        fits
    })
}

/// What stands between the lines of a PEM file.
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let body = text.split_once(&format!("-----BEGIN {label}-----"))?.1;
    let body = body.split_once(&format!("-----END {label}-----"))?.0;
    let bare: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    BASE64.decode(bare.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::{InvalidKey, PublicKey, SealKey};

    /// The first test vector of RFC 8032, and its key as OpenSSL writes it.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const SEED_BASE64: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn a_key_is_read_in_each_form_and_is_the_same() {
        for text in [SEED, &SEED.to_uppercase(), SEED_BASE64, SEED_BASE64.trim_end_matches('='), PRIVATE_PEM]
        {
            assert_eq!(SealKey::parse(text).unwrap().public_key().to_string(), PUBLIC, "{text}");
            assert_eq!(SealKey::from_file(text.as_bytes()).unwrap().public_key().to_string(), PUBLIC);
        }
        for text in [PUBLIC, "  11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo\n", PUBLIC_PEM] {
            assert_eq!(text.parse::<PublicKey>().unwrap().to_string(), PUBLIC);
            assert_eq!(PublicKey::from_file(text.as_bytes()).unwrap().to_string(), PUBLIC);
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused_without_repeating_it() {
        for text in ["", "hunter2", &SEED[1..], PUBLIC_PEM, "-----BEGIN PRIVATE KEY-----", "/does/not/exist"]
        {
            assert_eq!(SealKey::parse(text).unwrap_err(), InvalidKey::Secret);
            assert!(text.is_empty() || !InvalidKey::Secret.to_string().contains(text));
        }
        for text in ["", "x", PRIVATE_PEM] {
            assert_eq!(text.parse::<PublicKey>().unwrap_err(), InvalidKey::Public);
        }
    }

    #[test]
    fn a_secret_key_cannot_be_printed() {
        let (key, seed) = SealKey::generate().unwrap();
        assert_eq!(SealKey::parse(&seed).unwrap().public_key(), key.public_key());
        let printed = format!("{key:?}");
        assert!(!printed.contains(seed.as_str()), "{printed}");
        assert!(printed.contains(&key.public_key().to_string()), "{printed}");
    }

    #[test]
    fn only_the_holder_of_the_key_can_sign() {
        let (key, other) = (SealKey::parse(SEED).unwrap(), SealKey::generate().unwrap().0);
        let signature = key.sign(&[7; 32]);
        assert!(key.public_key().has_signed(&[7; 32], &signature));
        assert!(!key.public_key().has_signed(&[8; 32], &signature));
        assert!(!other.public_key().has_signed(&[7; 32], &signature));
        assert!(!key.public_key().has_signed(&[7; 32], &other.sign(&[7; 32])));
    }
}
