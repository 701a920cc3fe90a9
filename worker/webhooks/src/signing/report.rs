//! How the reports of a service are described.

use reqwest::header::HeaderName;
use serde::Deserialize;

/// What a service reports, and how that is proved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportOptions {
    /// How it signs.
    pub signature: Kind,
    /// For `hmac`: the header that carries the signature.
    pub header: Option<String>,
    /// For `hmac`: how the signature is written there; in hexadecimal if it is left out.
    pub encoding: Option<Encoding>,
    /// For `hmac`: what stands before it there, such as `sha256=`.
    pub prefix: Option<String>,
    /// For `hmac`: the header with the time of signing, in seconds since 1970. Where there is one, it is signed with a dot before
    /// the body, and reports of another time than now are refused.
    pub time_header: Option<String>,
    /// Where a report holds the id of the task, as a JSON pointer; where the answer to `submit` holds it, if it is left out.
    pub id: Option<String>,
}

/// How a service signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As Standard Webhooks describes it.
    Standard,
    /// By HMAC-SHA256 in a header.
    Hmac,
    /// Not at all.
    None,
}

/// How bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

impl ReportOptions {
    /// Whether there is a secret that both must know.
    pub fn needs_secret(&self) -> bool {
        self.signature != Kind::None
    }

    /// What keeps the description from being used, if anything does.
    pub fn problem(&self) -> Option<String> {
        if self.signature == Kind::Hmac && self.header.is_none() {
            return Some(
                "`webhook.header` is missing: name the header that carries the signature".to_owned(),
            );
        }
        let of_hmac = [
            ("header", self.header.is_some()),
            ("encoding", self.encoding.is_some()),
            ("prefix", self.prefix.is_some()),
            ("time_header", self.time_header.is_some()),
        ];
        let is_odd = |(_, is_said): &&(&str, bool)| *is_said && self.signature != Kind::Hmac;
        if let Some((name, _)) = of_hmac.iter().find(is_odd) {
            return Some(format!("`webhook.{name}` is only for signature = \"hmac\""));
        }
        let headers = [("header", &self.header), ("time_header", &self.time_header)];
        let is_wrong = |name: &str| HeaderName::try_from(name).is_err();
        let wrong = headers.into_iter().find(|(_, name)| name.as_deref().is_some_and(is_wrong));
        wrong.map(|(place, _)| format!("`webhook.{place}` is no name of a header"))
    }
}

#[cfg(test)]
mod tests {
    use super::ReportOptions;
    use serde_json::json;

    #[test]
    fn what_cannot_be_used_is_named() {
        for (described, expected) in [
            (json!({"signature": "none"}), None),
            (json!({"signature": "standard", "id": "/id"}), None),
            (json!({"signature": "hmac", "header": "X-Sign"}), None),
            (json!({"signature": "hmac"}), Some("`webhook.header` is missing")),
            (json!({"signature": "hmac", "header": "a b"}), Some("`webhook.header` is no name")),
            (json!({"signature": "none", "prefix": "v1="}), Some("`webhook.prefix` is only for")),
            (
                json!({"signature": "hmac", "header": "x", "time_header": ""}),
                Some("`webhook.time_header` is no name"),
            ),
        ] {
            let options: ReportOptions = serde_json::from_value(described.clone()).unwrap();
            let told = options.problem();
            assert_eq!(told.is_some(), expected.is_some(), "{described}");
            assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{described}");
        }
        assert!(serde_json::from_value::<ReportOptions>(json!({"signature": "md5"})).is_err());
    }
}
