//! `Cooly-User`: the user for whom a back end asks. Only a key with the scope `backend` may name one, and it must.

use crate::serve::problem::Problem;
use ledger::UserId;
use poem::Request;

/// The header.
pub(super) const HEADER: &str = "Cooly-User";

/// The user that a back end names.
pub(super) fn required(request: &Request) -> Result<UserId, Problem> {
    let value = request.headers().get(HEADER).ok_or_else(|| {
        Problem::parameter(HEADER, "is missing: a key with the scope `backend` says for which user it asks")
    })?;
    let decoded = value.to_str().ok().and_then(decoded);
    let text = decoded.ok_or_else(|| {
        Problem::parameter(HEADER, "must be the user's id in percent-encoded UTF-8, as in a path")
    })?;
    let user: UserId =
        text.parse().map_err(|error| Problem::parameter(HEADER, format!("is not valid: {error}")))?;
    if user.is_plain() {
        return Ok(user);
    }
    Err(Problem::parameter(
        HEADER,
        "cannot be told from other ids by looking at it: no blanks around it, nothing invisible, in NFC, and not `.` or `..`",
    ))
}

/// Makes sure that nobody else names one: it would be ignored, and the request done for another user than was meant.
pub(super) fn refuse(request: &Request) -> Result<(), Problem> {
    if !request.headers().contains_key(HEADER) {
        return Ok(());
    }
    Err(Problem::parameter(HEADER, "is only for API keys with the scope `backend`; leave it out"))
}

/// `caf%C3%A9` is `café`. A `%` that begins no such pair of digits is a mistake and no text.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        // Two digits to base 16 fit a byte.
        bytes.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{HEADER, decoded, required};
    use poem::Request;

    fn named(value: &str) -> Result<String, String> {
        let request = Request::builder().header(HEADER, value).finish();
        required(&request).map(String::from).map_err(|problem| problem.errors[0].field.clone())
    }

    #[test]
    fn a_name_is_percent_encoded() {
        for (sent, user) in [
            ("alice", "alice"),
            ("auth0|5f7c", "auth0|5f7c"),
            ("a%40b.example", "a@b.example"),
            ("caf%C3%A9", "café"),
            ("caf%c3%a9", "café"),
            ("50%25", "50%"),
            ("two words", "two words"),
        ] {
            assert_eq!(named(sent).as_deref(), Ok(user), "{sent}");
        }
        for sent in ["50%", "%4", "%zz", "%+4", "%C3", "%ff"] {
            assert_eq!(decoded(sent), None, "{sent}");
        }
    }

    #[test]
    fn what_is_no_plain_user_id_is_refused_by_name() {
        let long = "x".repeat(256);
        // Nothing, a control character, steps of a path, blanks at an end, a hidden direction, not in NFC.
        for sent in ["", "a%00b", ".", "..", "%20a", "a%20", "a%E2%80%AEb", "cafe%CC%81", "%", &long] {
            assert_eq!(named(sent), Err(HEADER.to_owned()), "{sent}");
        }
        assert!(required(&Request::default()).is_err());
    }
}
