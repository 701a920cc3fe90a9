//! Where a provider is, checked before its key is sent there.

use reqwest::Url;
use std::net::IpAddr;

/// Reads the address of a provider. A key must not travel readable, nor to a machine inside by mistake.
pub(super) fn base_url(text: &str, is_private: bool) -> Result<Url, String> {
    // What is no address is not repeated, nor is a query: either may be a key in the wrong place.
    let url = Url::parse(text).map_err(|error| format!("`base_url` is no address ({error})"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave user and password out of `base_url`: the key has a setting of its own".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("leave everything from `?` or `#` on out of `base_url`".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" | "http" if host.is_empty() => Err(format!("`{text}` names no host")),
        "https" if is_private || !is_inside(host) => Ok(url),
        "http" if is_private => Ok(url),
        "https" => {
            Err(format!("`{host}` is not public: say that the provider is private, or name a public host"))
        }
        "http" => Err(format!("`{text}` is not encrypted: use https, or say that the provider is private")),
        other => Err(format!("`{other}` is not spoken: use https")),
    }
}

/// Whether this host is this machine or an address that the internet does not route.
fn is_inside(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => {
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_documentation()
        }
        Ok(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
        Err(_) => {
            let name = bare.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn a_key_is_only_sent_over_tls_to_a_public_host() {
        for (text, is_private, problem) in [
            ("https://queue.fal.run", false, None),
            ("https://proxy.example.org/fal/", false, None),
            ("http://127.0.0.1:8080", true, None),
            ("https://10.0.0.7", true, None),
            ("http://queue.fal.run", false, Some("not encrypted")),
            ("https://10.0.0.7", false, Some("not public")),
            ("https://127.1", false, Some("not public")),
            ("https://0x7f000001", false, Some("not public")),
            ("https://[::1]", false, Some("not public")),
            ("https://[::ffff:10.0.0.1]", false, Some("not public")),
            ("https://LOCALHOST.", false, Some("not public")),
            ("https://169.254.169.254", false, Some("not public")),
            ("https://user:word@queue.fal.run", false, Some("user and password")),
            ("https://queue.fal.run/?key=1", false, Some("from `?`")),
            ("ftp://queue.fal.run", true, Some("not spoken")),
            ("queue.fal.run", true, Some("no address")),
        ] {
            let read = base_url(text, is_private);
            match problem {
                None => assert!(read.is_ok(), "{text}: {read:?}"),
                Some(problem) => {
                    let refused = read.unwrap_err();
                    assert!(refused.contains(problem), "{text}: {refused}");
                    assert!(!refused.contains("word@") && !refused.contains("key=1"), "{refused}");
                }
            }
        }
    }
}
