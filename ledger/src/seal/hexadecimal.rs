//! Bytes of a fixed length as lower-case hexadecimal, in JSON and in settings.
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Reads exactly `N` bytes; capitals are read too.
pub(super) fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// For `#[serde(with = …)]` on an array of bytes.
pub(super) fn serialize<const N: usize, S: Serializer>(
    bytes: &[u8; N],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

/// For `#[serde(with = …)]` on an array of bytes.
pub(super) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("{N} bytes in hexadecimal are wanted")))
}

/// The same for a list of hashes.
pub(super) mod list {
    use crate::chain::Hash;
    use crate::seal::hexadecimal::parse;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    /// For `#[serde(with = …)]`.
    pub(crate) fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(hex::encode))
    }

    /// For `#[serde(with = …)]`.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let wrong = || D::Error::custom("32 bytes in hexadecimal are wanted");
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| parse(text).ok_or_else(wrong)).collect()
    }
}
