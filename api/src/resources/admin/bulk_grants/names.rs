//! The name under which each line of an upload is granted, once and never again. It is kept in hashes of one size, so that
//! the number of lines bounds the memory.

use super::line::{GrantLine, Unusable};
use ledger::{Idempotency, IdempotencyKey};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Bytes of a digest that tell the lines without a key apart.
const DIGEST_BYTES: usize = 16;

/// A SHA-256 of something that a client wrote.
type Hash = [u8; 32];

/// See the module.
pub(crate) struct Names {
    /// The key of the upload.
    upload: String,
    /// How often each line without a key of its own has come.
    seen: HashMap<Hash, u32>,
    /// What each key of a line stands for, by the hash of the key.
    meanings: HashMap<Hash, Meaning>,
}

/// The first line that had a key.
struct Meaning {
    line: u64,
    digest: Hash,
}

impl Names {
    /// Of an upload with this key, of which no line has come yet.
    pub(crate) fn of_upload(key: String) -> Names {
        Names { upload: key, seen: HashMap::new(), meanings: HashMap::new() }
    }

    /// The key of a line within that of the upload. A line that names none is named by what stands in it and by how
    /// often that stood in the upload before: lines may be added, mended and left out when it is sent again.
    pub(crate) fn of_line(&mut self, line: u64, grant: &GrantLine) -> Result<Idempotency, Unusable> {
        let request_hash = grant.digest();
        let name = match grant.key() {
            Some(key) => self.given(key, Meaning { line, digest: request_hash })?,
            None => self.counted(request_hash),
        };
        // The length keeps two pairs of keys from meeting in one text.
        let key = IdempotencyKey::try_from(format!("bulk:{}:{}:{name}", self.upload.len(), self.upload));
        let key = key.map_err(|_| Unusable::new("line_invalid", "`key` is too long"))?;
        Ok(Idempotency { key, request_hash })
    }

    /// The name of a line with a key, unless the key stands for another line. The ledger could not tell: it keeps the
    /// keys of each account apart, so that one key with two users would be two grants.
    fn given(&mut self, key: &str, meaning: Meaning) -> Result<String, Unusable> {
        let digest = meaning.digest;
        let first = self.meanings.entry(Sha256::digest(key).into()).or_insert(meaning);
        if first.digest == digest {
            return Ok(format!("k:{key}"));
        }
        let message =
            format!("`key` stands for another grant already, in line {} of this upload", first.line);
        Err(Unusable::new("line_invalid", message))
    }

    fn counted(&mut self, digest: Hash) -> String {
        let seen = self.seen.entry(digest).or_default();
        *seen += 1;
        let digest = hex::encode(&digest[..DIGEST_BYTES]);
        format!("c:{digest}:{seen}")
    }
}

#[cfg(test)]
mod tests {
    use super::{GrantLine, Names};

    fn line(user: &str, amount: &str, key: Option<&str>) -> GrantLine {
        let mut line = serde_json::json!({ "user": user, "amount": amount, "reason": "x" });
        if let Some(key) = key {
            line["key"] = key.into();
        }
        GrantLine::parse(line.to_string().as_bytes(), None).unwrap()
    }

    #[test]
    fn a_key_is_that_of_the_first_line_that_has_it() {
        let mut names = Names::of_upload("may".into());
        for (number, user, amount, key, accepted) in [
            (1, "alice", "1", "one", true),
            (2, "alice", "1", "one", true),
            (3, "bob", "1", "one", false),
            (4, "alice", "2", "one", false),
            (5, "bob", "1", "two", true),
            (6, "bob", "1", "one", false),
            (7, "alice", "1", "one", true),
        ] {
            match names.of_line(number, &line(user, amount, Some(key))) {
                Ok(named) => {
                    assert!(accepted, "line {number}");
                    assert_eq!(named.key.as_str(), format!("bulk:3:may:k:{key}"));
                }
                Err(why) => {
                    assert!(!accepted && why.code == "line_invalid", "line {number}: {}", why.message);
                    assert!(why.message.contains("line 1 of this upload"), "{}", why.message);
                }
            }
        }
    }

    #[test]
    fn a_line_without_a_key_is_named_by_what_stands_in_it_and_how_often() {
        let mut names = Names::of_upload("may".into());
        let mut name =
            |amount: &str| names.of_line(1, &line("alice", amount, None)).unwrap().key.as_str().to_owned();
        let (first, other, second) = (name("1"), name("2"), name("1"));
        assert!(first.starts_with("bulk:3:may:c:") && first.ends_with(":1") && other.ends_with(":1"));
        assert_ne!(first, other);
        assert_eq!(second, first[..first.len() - 1].to_owned() + "2");
    }
}
