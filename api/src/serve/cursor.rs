//! Cursors of lists: opaque to clients, and of use only in the list that made them.
//!
//! A cursor holds where the next page begins and a digest of the list it belongs to: whose, and under which
//! filters. It is not a secret and gives no rights, since every list asks for the caller's own rows anyway; the
//! digest turns a borrowed or made-up cursor into a clear 400 instead of a page of nonsense.

use crate::serve::problem::Problem;
use crate::words::moments::is_within_reach;
use crate::words::scalars::Term;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

/// Longest cursor that is looked at.
const MAX_CHARS: usize = 1_024;

/// Bytes of the digest that are kept.
const DIGEST_BYTES: usize = 12;

/// Names a list: what it lists, of whom, under which filters.
pub(crate) struct List {
    digest: [u8; DIGEST_BYTES],
}

impl List {
    /// `scope` is everything that decides which rows are in the list.
    pub(crate) fn new(name: &str, scope: &impl Serialize) -> List {
        // Text, numbers and options: always JSON.
        let scope = serde_json::to_vec(scope).unwrap_or_default();
        let hash = Sha256::new().chain_update(name).chain_update([0]).chain_update(scope).finalize();
        let mut digest = [0; DIGEST_BYTES];
        digest.copy_from_slice(&hash[..DIGEST_BYTES]);
        List { digest }
    }

    /// The cursor of the page that begins after `place`.
    pub(crate) fn cursor(&self, place: &impl Serialize) -> String {
        let mut bytes = self.digest.to_vec();
        bytes.extend(serde_json::to_vec(place).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Where the page begins; `None` for the first.
    pub(crate) fn place<T: DeserializeOwned>(&self, cursor: Option<&Term>) -> Result<Option<T>, Problem> {
        cursor.map(|cursor| self.read(&cursor.0).ok_or_else(invalid)).transpose()
    }

    fn read<T: DeserializeOwned>(&self, cursor: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(Some(cursor).filter(|cursor| cursor.len() <= MAX_CHARS)?).ok()?;
        let (digest, place) = bytes.split_at_checked(DIGEST_BYTES)?;
        if digest != self.digest {
            return None;
        }
        serde_json::from_slice(place).ok()
    }
}

/// An instant in a cursor. Cursors can be made up, and what Postgres cannot hold must not reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Moment(pub DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let at = DateTime::<Utc>::deserialize(deserializer)?;
        if is_within_reach(&at) { Ok(Moment(at)) } else { Err(D::Error::custom("out of range")) }
    }
}

fn invalid() -> Problem {
    let message =
        "is not a cursor of this list; take `next_cursor` from its previous page, with the same filters";
    Problem::parameter("cursor", message)
}

#[cfg(test)]
mod tests {
    use super::{List, Moment, Term};

    #[test]
    fn an_instant_that_the_database_cannot_hold_is_refused() {
        let list = List::new("jobs", &"alice");
        let forged = |at: &str| list.place::<(Moment, i64)>(Some(&Term(list.cursor(&(at, 7))))).is_ok();
        assert!(forged("2026-01-31T12:00:00Z"));
        for at in [
            "-262143-01-01T00:00:00Z",
            "+262142-12-31T23:59:59Z",
            "1969-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert!(!forged(at), "{at}");
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let list = List::new("jobs", &("alice", Some("dead")));
        let cursor = Term(list.cursor(&(7, "x")));
        assert_eq!(list.place::<(i64, String)>(Some(&cursor)).unwrap(), Some((7, "x".into())));
        assert_eq!(list.place::<(i64, String)>(None).unwrap(), None);
    }

    #[test]
    fn a_borrowed_or_made_up_cursor_is_refused() {
        let cursor = List::new("jobs", &"alice").cursor(&7);
        let list = List::new("jobs", &"bob");
        let long = "A".repeat(4_000);
        for cursor in [&cursor, "", "7", "!!", "AAAA", &long, &list.cursor(&"text")] {
            assert!(list.place::<i64>(Some(&Term(cursor.to_owned()))).is_err(), "{cursor}");
        }
    }
}
