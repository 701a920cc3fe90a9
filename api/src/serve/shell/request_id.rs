//! The id of a request: the client's own if it is sane, a new one otherwise.

use poem::http::HeaderMap;
use uuid::Uuid;

/// In lower case, as header names are kept.
pub(super) const HEADER: &str = "x-request-id";

/// Longest id taken from a client; the log stores it beside every event.
const MAX_BYTES: usize = 64;

/// The id under which this request is known from here on.
pub(super) fn of(headers: &HeaderMap) -> String {
    let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
    given.filter(|id| is_sane(id)).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

fn is_sane(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=MAX_BYTES).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::{HEADER, HeaderMap, of};

    #[test]
    fn a_sane_id_is_kept_and_another_is_replaced() {
        for (given, kept) in [
            ("abc-123_x.y:z", true),
            ("", false),
            ("a b", false),
            ("<script>", false),
            (&"x".repeat(65), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, given.parse().unwrap());
            assert_eq!(of(&headers) == given, kept, "{given}");
        }
        assert_eq!(of(&HeaderMap::new()).len(), 36);
    }
}
