//! Where customers may have us send what they are told. An address is somebody else's word, and this machine reaches what others do
//! not: so it is https, and out in public, or it is refused. Names are looked up by whoever sends, each time, and refused there if they
//! lead astray.

use crate::public::is_public;
use reqwest::Url;
use std::net::IpAddr;

/// Longest address.
const MOST_BYTES: usize = 2_000;

/// Names that never lead out of this machine or its network.
const INSIDE: [&str; 5] = ["localhost", "local", "internal", "lan", "home.arpa"];

/// Why nothing is sent to an address; goes on after its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDestination {
    /// It cannot be read.
    #[error("must be an address such as https://example.com/hooks, of at most {MOST_BYTES} bytes")]
    Shape,
    /// Anybody on the way could read along.
    #[error("must begin with https://")]
    Scheme,
    /// It would be kept and shown to others.
    #[error("must not hold a name or a password: a message is proved by its signature")]
    Credentials,
    /// It is in this machine or a network of its own.
    #[error("must name a host out in public")]
    NotPublic,
}

/// The address, if it may be sent to. `may_be_private` is for development: hosts that are not public, and no TLS.
///
/// # Errors
/// When it may not.
pub fn destination(text: &str, may_be_private: bool) -> Result<Url, InvalidDestination> {
    let is_plain = text.len() <= MOST_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = Url::parse(text).ok().filter(|_| is_plain).ok_or(InvalidDestination::Shape)?;
    match url.scheme() {
        "https" => {}
        "http" if may_be_private => {}
        _ => return Err(InvalidDestination::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidDestination::Credentials);
    }
    let host = url.host_str().ok_or(InvalidDestination::Shape)?;
    if url.fragment().is_some() {
        return Err(InvalidDestination::Shape);
    }
    if !may_be_private && is_inside(host) {
        return Err(InvalidDestination::NotPublic);
    }
    Ok(url)
}

fn is_inside(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return !is_public(address);
    }
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    let ends = |suffix: &&str| name == **suffix || name.ends_with(&format!(".{suffix}"));
    // A name without a dot is found in the search list of this machine's network, if anywhere.
    !name.contains('.') || INSIDE.iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::{InvalidDestination, destination};

    #[test]
    fn only_https_out_in_public_is_sent_to() {
        for text in [
            "https://example.com/hooks?tenant=7",
            "https://EXAMPLE.com:8443/",
            "https://1.1.1.1/",
            "https://internal.example.com/",
            "https://[2606:4700:4700::1111]/",
        ] {
            assert!(destination(text, false).is_ok(), "{text}");
        }
        for (text, why) in [
            ("", InvalidDestination::Shape),
            ("example.com", InvalidDestination::Shape),
            ("https://", InvalidDestination::Shape),
            ("https://example.com/a b", InvalidDestination::Shape),
            ("https://example.com/#part", InvalidDestination::Shape),
            (&format!("https://example.com/{}", "x".repeat(2_000)), InvalidDestination::Shape),
            ("http://example.com/", InvalidDestination::Scheme),
            ("ftp://example.com/", InvalidDestination::Scheme),
            ("file:///etc/passwd", InvalidDestination::Scheme),
            ("javascript:alert(1)", InvalidDestination::Scheme),
            ("https://ada@example.com/", InvalidDestination::Credentials),
            ("https://:word@example.com/", InvalidDestination::Credentials),
            ("https://localhost/", InvalidDestination::NotPublic),
            ("https://LOCALHOST./", InvalidDestination::NotPublic),
            ("https://a.localhost/", InvalidDestination::NotPublic),
            ("https://printer.local/", InvalidDestination::NotPublic),
            ("https://metadata.google.internal/", InvalidDestination::NotPublic),
            ("https://database/", InvalidDestination::NotPublic),
            ("https://127.0.0.1/", InvalidDestination::NotPublic),
            ("https://127.1/", InvalidDestination::NotPublic),
            ("https://2130706433/", InvalidDestination::NotPublic),
            ("https://0x7f.0.0.1/", InvalidDestination::NotPublic),
            ("https://10.0.0.1/", InvalidDestination::NotPublic),
            ("https://169.254.169.254/latest/meta-data/", InvalidDestination::NotPublic),
            ("https://[::1]/", InvalidDestination::NotPublic),
            ("https://[::ffff:127.0.0.1]/", InvalidDestination::NotPublic),
            ("https://[fd12:3456::1]/", InvalidDestination::NotPublic),
        ] {
            assert_eq!(destination(text, false), Err(why), "{text}");
        }
    }

    #[test]
    fn whoever_develops_may_send_to_this_machine() {
        for text in ["http://127.0.0.1:8080/hooks", "https://localhost/", "http://[::1]:80/"] {
            assert!(destination(text, true).is_ok(), "{text}");
        }
        for text in ["ftp://127.0.0.1/", "http://ada@127.0.0.1/", "127.0.0.1"] {
            assert!(destination(text, true).is_err(), "{text}");
        }
    }
}
