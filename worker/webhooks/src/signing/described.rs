//! A service that is described by configuration. Its reports are signed as Standard Webhooks describes it, or by an HMAC-SHA256
//! in a header, or not at all: then only the MAC in the address, which nobody else was given, shows that they are its own.
//!
//! Where a report carries no name of its own, the same body again within ten seconds is the same report. Later it is another
//! one: a service that always sends the same may have started the task then, and ended it now.

use super::report::{Encoding, Kind, ReportOptions};
use super::standard::{self, StandardSecret};
use super::{Flaw, Told, check_time, name_at, only};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use std::fmt;

/// The shortest secret that is believed to be one.
const LEAST_BYTES: usize = 16;

/// For so long the same body is the same report.
const SAME_SECONDS: i64 = 10;

/// Why reports cannot be proved as described. Says nothing about the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDescription {
    /// It is none of Standard Webhooks.
    #[error(transparent)]
    Standard(#[from] standard::InvalidSecret),
    /// It could be guessed, or there is none.
    #[error("the secret is too short: give at least {LEAST_BYTES} bytes, as the service shows them")]
    Secret,
    /// The header is not named.
    #[error("the header that carries the signature is not named")]
    Header,
}

/// See the module.
#[derive(Debug)]
pub struct Described {
    proof: Proof,
    /// A JSON pointer to the name of the task.
    id: String,
}

#[derive(Debug)]
enum Proof {
    Standard(StandardSecret),
    Hmac(Hmac),
    Address,
}

/// On the heap, since a key is large.
struct Hmac {
    key: Box<hmac::Key>,
    header: String,
    encoding: Encoding,
    prefix: String,
    time_header: Option<String>,
}

impl fmt::Debug for Hmac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Hmac").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Described {
    /// Reports as they are described, with the secret that both know, and the place of the task's name in them.
    ///
    /// # Errors
    /// When the secret is none, or the description is not whole.
    pub fn new(options: &ReportOptions, secret: &str, id: &str) -> Result<Described, InvalidDescription> {
        let proof = match options.signature {
            Kind::None => Proof::Address,
            Kind::Standard => Proof::Standard(StandardSecret::parse(secret)?),
            Kind::Hmac => Proof::Hmac(Hmac::new(options, secret.trim())?),
        };
        Ok(Described { proof, id: id.to_owned() })
    }

    pub(super) fn read(&self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<Told, Flaw> {
        let event_id = match &self.proof {
            Proof::Standard(secret) => standard::prove(secret, headers, body, now)?,
            Proof::Hmac(hmac) => {
                hmac.prove(headers, body, now)?;
                about(body, now)
            }
            Proof::Address => about(body, now),
        };
        Ok(Told { event_id, task_id: name_at(body, &self.id)? })
    }
}

impl Hmac {
    fn new(options: &ReportOptions, secret: &str) -> Result<Hmac, InvalidDescription> {
        if secret.len() < LEAST_BYTES {
            return Err(InvalidDescription::Secret);
        }
        Ok(Hmac {
            key: Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())),
            header: options.header.clone().ok_or(InvalidDescription::Header)?,
            encoding: options.encoding.unwrap_or_default(),
            prefix: options.prefix.clone().unwrap_or_default(),
            time_header: options.time_header.clone(),
        })
    }

    fn prove(&self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<(), Flaw> {
        let signature = only(headers, &self.header)?.strip_prefix(&self.prefix).ok_or(Flaw::Signature)?;
        let signature = match self.encoding {
            Encoding::Hex => hex::decode(signature).ok(),
            Encoding::Base64 => STANDARD.decode(signature).ok(),
        };
        let signature = signature.ok_or(Flaw::Signature)?;
        let verify =
            |message: &[u8]| hmac::verify(&self.key, message, &signature).map_err(|_| Flaw::Signature);
        match &self.time_header {
            None => verify(body),
            Some(name) => {
                let time = only(headers, name)?;
                verify(&[time.as_bytes(), b".", body].concat())?;
                check_time(time, now)
            }
        }
    }
}

fn about(body: &[u8], now: DateTime<Utc>) -> String {
    format!("{}-{}", hex::encode(digest(&SHA256, body)), now.timestamp() / SAME_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::{Described, InvalidDescription};
    use crate::signing::report::ReportOptions;
    use crate::signing::{Flaw, Told};
    use chrono::{DateTime, Utc};
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::{Value, json};

    const SECRET: &str = "a secret of both sides";
    const BODY: &[u8] = br#"{"task": {"id": 17}}"#;

    /// Worked out apart from this code, with Python's `hmac`: of the body, and of `1614265330.` and the body.
    const PLAIN: &str = "c3e4add7ee2bcdcddf12d518de204cbf6cf912f3b6d2ee9c2b54916a5643335c";
    const TIMED_BASE64: &str = "rwoMWV/WpMk5YR2HiPcHX0mA9iURiOe1Ra143hAAwwg=";

    fn options(described: Value) -> ReportOptions {
        serde_json::from_value(described).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_614_265_330, 0).unwrap()
    }

    fn read(described: &Described, pairs: &[(&'static str, &str)], body: &[u8]) -> Result<String, Flaw> {
        described.read(&headers(pairs), body, now()).map(|told| told.task_id)
    }

    #[test]
    fn an_hmac_of_the_body_proves_it_and_nothing_else_does() {
        let scheme = options(json!({"signature": "hmac", "header": "x-signature", "prefix": "sha256="}));
        let described = Described::new(&scheme, SECRET, "/task/id").unwrap();
        let signed = format!("sha256={PLAIN}");
        let signed = signed.as_str();
        assert_eq!(read(&described, &[("x-signature", signed)], BODY).as_deref(), Ok("17"));
        let other = Described::new(&scheme, "another secret that is long", "/task/id").unwrap();
        for (described, pairs, body) in [
            (&described, &[("x-signature", PLAIN)][..], BODY),
            (&described, &[("x-signature", "sha256=")], BODY),
            (&described, &[("x-signature", "sha256=zz")], BODY),
            (&described, &[("x-signature", signed), ("x-signature", signed)], BODY),
            (&described, &[], BODY),
            (&described, &[("x-signature", signed)], b"{}"),
            (&other, &[("x-signature", signed)], BODY),
        ] {
            assert_eq!(read(described, pairs, body), Err(Flaw::Signature), "{pairs:?}");
        }
        let nowhere = Described::new(&scheme, SECRET, "/job").unwrap();
        assert_eq!(read(&nowhere, &[("x-signature", signed)], BODY), Err(Flaw::Content));
    }

    #[test]
    fn a_time_that_is_signed_too_must_be_about_now() {
        let scheme = options(json!({
            "signature": "hmac", "header": "x-signature", "encoding": "base64", "time_header": "x-time",
        }));
        let described = Described::new(&scheme, SECRET, "/task/id").unwrap();
        let pairs = [("x-signature", TIMED_BASE64), ("x-time", "1614265330")];
        assert_eq!(read(&described, &pairs, BODY).as_deref(), Ok("17"));
        assert_eq!(read(&described, &pairs[..1], BODY), Err(Flaw::Signature));
        let later = now() + chrono::TimeDelta::minutes(6);
        assert_eq!(described.read(&headers(&pairs), BODY, later), Err(Flaw::Time));
    }

    #[test]
    fn without_a_signature_the_same_body_is_the_same_report_for_a_while() {
        let described = Described::new(&options(json!({"signature": "none"})), "", "/task/id").unwrap();
        let told = |seconds| {
            let now = now() + chrono::TimeDelta::seconds(seconds);
            let Told { event_id, task_id } = described.read(&HeaderMap::new(), BODY, now).unwrap();
            assert_eq!(task_id, "17");
            event_id
        };
        assert_eq!(told(0), told(5));
        assert_ne!(told(0), told(60));
    }

    #[test]
    fn what_could_be_guessed_is_no_secret() {
        let hmac = options(json!({"signature": "hmac", "header": "x-signature"}));
        assert_eq!(Described::new(&hmac, "short", "").unwrap_err(), InvalidDescription::Secret);
        assert!(Described::new(&options(json!({"signature": "standard"})), SECRET, "").is_err());
        assert!(!format!("{:?}", Described::new(&hmac, SECRET, "").unwrap()).contains(SECRET));
    }
}
