//! What the server answered.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The body as JSON; null if it is something else.
    pub body: Value,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `id` in the body.
    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }

    /// The `code` of a problem document.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The names of the fields that a problem document blames.
    pub(crate) fn blamed(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        errors.into_iter().flatten().map(|error| error["field"].as_str().unwrap()).collect()
    }

    pub(crate) fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Reply {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.body);
        self
    }
}
