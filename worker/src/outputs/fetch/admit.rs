//! Which addresses of the web may be fetched for a provider. Asked again at every redirect, because the answer of a
//! service that was broken into may lead anywhere.

use crate::outputs::trouble::Trouble;
use crate::provider::Origin;
use reqwest::Url;
use std::net::IpAddr;
use webhooks::is_public;

/// The address, if it may be fetched from there. Names are looked up later, and refused there if they lead astray.
pub(super) fn admit(url: &str, origin: &Origin) -> Result<Url, Trouble> {
    admitted(Url::parse(url).map_err(|_| Trouble::Refused("it is no address"))?, origin)
}

/// Where a redirect leads to, if it may be followed.
pub(super) fn admit_next(from: &Url, location: &str, origin: &Origin) -> Result<Url, Trouble> {
    admitted(from.join(location).map_err(|_| Trouble::Refused("it leads to what is no address"))?, origin)
}

fn admitted(mut url: Url, origin: &Origin) -> Result<Url, Trouble> {
    let is_scheme_right = url.scheme() == "https" || (origin.is_private && url.scheme() == "http");
    if !is_scheme_right {
        return Err(Trouble::Refused("it is not https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Trouble::Refused("it holds a name or a password"));
    }
    if url.port().is_some() && !origin.is_private {
        return Err(Trouble::Refused("it names a port"));
    }
    let host = url.host_str().unwrap_or_default();
    if !origin.hosts.iter().any(|pattern| matches(pattern, host)) {
        return Err(Trouble::Refused("its host is not among the provider's"));
    }
    // No name, so nothing is looked up: it would be asked as it is.
    if !origin.is_private && literal(host).is_some_and(|address| !is_public(address)) {
        return Err(Trouble::Refused("its host is not public"));
    }
    url.set_fragment(None);
    Ok(url)
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        // With its dot: `*.example.com` is neither `example.com` nor `notexample.com`.
        Some(suffix) => {
            suffix.starts_with('.')
                && literal(host).is_none()
                && host.len() > suffix.len()
                && host.to_ascii_lowercase().ends_with(&suffix.to_ascii_lowercase())
        }
        None => {
            let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
            bare(pattern) == bare(host)
        }
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{admit, admit_next};
    use crate::provider::Origin;
    use reqwest::Url;

    fn origin(hosts: &[&str], is_private: bool) -> Origin {
        Origin { hosts: hosts.iter().map(ToString::to_string).collect(), is_private, max_bytes: 1 }
    }

    #[test]
    fn files_of_the_provider_are_admitted() {
        let public = origin(&["files.example.com", "*.CDN.example", "1.1.1.1"], false);
        for url in [
            "https://files.example.com/a.png?signature=x",
            "https://FILES.example.com:443/a.png",
            "https://v3.cdn.example/b.mp4",
            "https://a.b.cdn.example/b.mp4",
            "https://1.1.1.1/a.png",
        ] {
            assert!(admit(url, &public).is_ok(), "{url}");
        }
        let private = origin(&["127.0.0.1", "::1", "files.local"], true);
        for url in [
            "http://127.0.0.1:8080/a.png",
            "http://[::1]:8080/a.png",
            "https://files.local/a.png",
            "http://files.local/a.png",
        ] {
            assert!(admit(url, &private).is_ok(), "{url}");
        }
    }

    #[test]
    fn nothing_else_is() {
        let all = [
            "files.example.com",
            "*.cdn.example",
            "127.0.0.1",
            "10.0.0.1",
            "::1",
            "::ffff:7f00:1",
            "169.254.169.254",
            "*.0.0.1",
            "*",
            "*example.org",
        ];
        let public = origin(&all, false);
        for url in [
            "",
            "a.png",
            "//files.example.com/a.png",
            "http://files.example.com/a.png",
            "ftp://files.example.com/a.png",
            "file:///etc/passwd",
            "data:image/png;base64,AAAA",
            "https://files.example.com:8443/a.png",
            "https://files.example.com:80/a.png",
            "https://user@files.example.com/a.png",
            "https://:secret@files.example.com/a.png",
            "https://files.example.com@evil.example/a.png",
            "https://cdn.example/a.png",
            "https://.cdn.example/a.png",
            "https://evilcdn.example/a.png",
            "https://x.cdn.example.evil.example/a.png",
            "https://files.example.com.evil.example/a.png",
            "https://other.example/a.png",
            "https://badexample.org/a.png",
            "https://127.0.0.1/a.png",
            "https://127.1/a.png",
            "https://2130706433/a.png",
            "https://0x7f.0.0.1/a.png",
            "https://0177.0.0.1/a.png",
            "https://10.0.0.1/a.png",
            "https://[::1]/a.png",
            "https://[::ffff:127.0.0.1]/a.png",
            "https://169.254.169.254/latest/meta-data/",
        ] {
            assert!(admit(url, &public).is_err(), "{url}");
        }
        let private = origin(&["files.local"], true);
        for url in ["http://other.local/a.png", "ftp://files.local/a.png", "http://u:p@files.local/a.png"] {
            assert!(admit(url, &private).is_err(), "{url}");
        }
    }

    #[test]
    fn a_redirect_is_read_from_where_it_was_given() {
        let public = origin(&["files.example.com"], false);
        let from = Url::parse("https://files.example.com/a/b.png?secret#part").unwrap();
        let next = |location: &str| admit_next(&from, location, &public).map(String::from);
        assert_eq!(next("c.png").unwrap(), "https://files.example.com/a/c.png");
        assert_eq!(next("/c.png#x").unwrap(), "https://files.example.com/c.png");
        assert_eq!(next("//files.example.com/c").unwrap(), "https://files.example.com/c");
        for location in ["http://files.example.com/", "//evil.example/", "https://10.0.0.1/", "file:///x"] {
            assert!(next(location).is_err(), "{location}");
        }
    }
}
