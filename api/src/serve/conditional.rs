//! What a client has already, and what it wants of a file: `If-None-Match`, `Range` and `If-Range`, as RFC 9110 reads
//! them. A header that makes no sense is as good as none, says the RFC, so nothing here is an error but a range outside
//! the file.

use poem_openapi::types::ToJSON;
use sha2::{Digest, Sha256};
use std::ops::Range;

/// Which bytes of a file are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All.
    Whole,
    /// These, at least one.
    Part(Range<u64>),
    /// Some that there are not.
    Nowhere,
}

/// The `ETag` of a state of something: two that read the same are the same.
pub(crate) fn state_tag(state: &impl ToJSON) -> String {
    let hash = Sha256::digest(state.to_json_string());
    format!("\"{}\"", hex::encode(&hash[..12]))
}

/// Whether `If-None-Match` names this state. There, weak and strong tags are the same.
pub(crate) fn is_known(if_none_match: Option<&str>, etag: &str) -> bool {
    let known = if_none_match.unwrap_or_default();
    known.trim() == "*" || known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

/// Which bytes of a file of this length are wanted. Of several ranges none is cut out: the whole holds them all.
pub(crate) fn wanted(range: Option<&str>, if_range: Option<&str>, etag: Option<&str>, length: u64) -> Wanted {
    // A client that has the beginning of another file must not get the end of this one. There are no dates to compare.
    if if_range.is_some_and(|tag| Some(tag.trim()) != etag) {
        return Wanted::Whole;
    }
    range.and_then(|range| part(range, length)).unwrap_or(Wanted::Whole)
}

fn part(range: &str, length: u64) -> Option<Wanted> {
    let (unit, ranges) = range.split_once('=')?;
    let (first, last) = ranges.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let wanted = match (first, last) {
        ("", last) => length.saturating_sub(number(last)?)..length,
        (first, "") => number(first)?..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if wanted.is_empty() { Wanted::Nowhere } else { Wanted::Part(wanted) })
}

/// More than fits counts as the most that fits: both are past the end.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, is_known, wanted};

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-9", 0..10),
            ("bytes=0-99999999999999999999999", 0..10),
            ("bytes=2-4", 2..5),
            ("Bytes = 2-4", 2..5),
            ("bytes=9-", 9..10),
            ("bytes=-1", 9..10),
            ("bytes=-10", 0..10),
            ("bytes=-11", 0..10),
        ] {
            assert_eq!(wanted(Some(range), None, None, 10), Wanted::Part(expected), "{range}");
        }
    }

    #[test]
    fn a_range_past_the_end_is_nowhere() {
        for range in ["bytes=10-", "bytes=10-10", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(wanted(Some(range), None, None, 10), Wanted::Nowhere, "{range}");
        }
        assert_eq!(wanted(Some("bytes=0-"), None, None, 0), Wanted::Nowhere);
        assert_eq!(wanted(Some("bytes=-1"), None, None, 0), Wanted::Nowhere);
    }

    #[test]
    fn what_is_no_single_range_of_bytes_wants_all() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=+1-2",
            "bytes=1-2,4-5",
            "bytes=1-2-3",
            "items=0-1",
            "0-1",
            "bytes=0x1-2",
            "bytes=1 - 2",
        ] {
            assert_eq!(wanted(Some(range), None, None, 10), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_part_is_only_for_those_who_have_the_same_file() {
        let of = |if_range, etag| wanted(Some("bytes=0-0"), if_range, etag, 10);
        assert_eq!(of(Some("\"a\""), Some("\"a\"")), Wanted::Part(0..1));
        assert_eq!(of(None, Some("\"a\"")), Wanted::Part(0..1));
        for (if_range, etag) in [
            ("\"b\"", Some("\"a\"")),
            ("W/\"a\"", Some("\"a\"")),
            ("\"a\"", None),
            ("Sun, 29 Nov 2026 00:00:00 GMT", Some("\"a\"")),
            ("", Some("\"a\"")),
        ] {
            assert_eq!(of(Some(if_range), etag), Wanted::Whole, "{if_range}");
        }
    }

    #[test]
    fn a_known_state_is_found_in_the_list() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", " \"a\" ", "*"] {
            assert!(is_known(Some(known), "\"a\""), "{known}");
        }
        for unknown in [None, Some(""), Some("a"), Some("\"b\""), Some("\"a"), Some("\"aa\"")] {
            assert!(!is_known(unknown, "\"a\""), "{unknown:?}");
        }
    }
}
