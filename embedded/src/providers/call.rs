//! A request as it came in.

use std::{collections::BTreeMap, io};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request,
    body::Incoming,
    header::{AUTHORIZATION, COOKIE, HOST},
};
use serde_json::Value;

/// Largest body that is read. Bodies are kept, so that tests can look at them.
const MOST_BODY: usize = 1024 * 1024;

/// A request whose body was read.
#[derive(Debug)]
pub(super) struct Call {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// Reads the body. `Ok(None)` if it is too long.
    ///
    /// # Errors
    /// When the connection ends before it.
    pub(super) async fn read(request: Request<Incoming>) -> io::Result<Option<Call>> {
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, MOST_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        };
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().map(str::to_owned));
        Ok(Some(Call { method: head.method, path, query, headers: head.headers, body }))
    }

    /// The parts of the path.
    pub(super) fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The body; null if it is no JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What stands after the scheme in the `Authorization` header.
    pub(super) fn credential(&self, scheme: &str) -> Option<&str> {
        let (given, credential) = self.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        let credential = credential.trim();
        (given.eq_ignore_ascii_case(scheme) && !credential.is_empty()).then_some(credential)
    }

    /// A value of the query, decoded.
    pub(super) fn query_value(&self, name: &str) -> Option<String> {
        let pairs = self.query.as_deref()?.split('&');
        let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
        Some(decoded(value))
    }

    /// Where this server is, as the client sees it.
    pub(super) fn base(&self) -> String {
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}")
    }

    /// How the client calls what it asks for.
    pub(super) fn reference(&self, webhook: Option<&str>) -> Option<String> {
        let header = self.header("idempotency-key").or_else(|| self.header("x-client-request-id"));
        let named = header.or_else(|| webhook?.split('?').next()?.rsplit('/').next());
        named.filter(|name| !name.is_empty()).map(str::to_owned)
    }

    /// The headers, without what is secret.
    pub(super) fn public_headers(&self) -> BTreeMap<String, String> {
        let public = self.headers.iter().filter(|(name, _)| **name != AUTHORIZATION && **name != COOKIE);
        public
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.as_bytes();
    while let [first, rest @ ..] = left {
        let code = rest.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                left = &rest[2..];
            }
            _ => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                left = rest;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn queries_are_decoded() {
        let cases = [
            ("https%3A%2F%2Fa.b%2Fc%3Fd", "https://a.b/c?d"),
            ("a+b%20c", "a b c"),
            ("100%", "100%"),
            ("%zz", "%zz"),
        ];
        for (text, expected) in cases {
            assert_eq!(super::decoded(text), expected);
        }
    }
}
