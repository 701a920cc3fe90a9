//! Where users get more credits: an address that a page may link to.

/// More is no address that somebody meant.
const LONGEST: usize = 2_000;

const WRONG: &str =
    "must be https:// and a host, or http:// and 127.0.0.1, [::1] or localhost, without a user";

/// Reads it.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let (scheme, rest) = text.split_once("://").ok_or(WRONG)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host(authority);
    let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_sound = is_plain && !host.is_empty() && !authority.contains(['@', '\\']);
    let is_here = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
    match scheme {
        "https" if is_sound => Ok(text.to_owned()),
        "http" if is_sound && is_here => Ok(text.to_owned()),
        _ => Err(WRONG.into()),
    }
}

/// Without the port; the colons of an address in brackets are its own.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_page_links_only_to_what_is_encrypted_or_on_this_machine() {
        for url in [
            "https://shop.example.org",
            "https://shop.example.org:8443/credits?plan=pro#top",
            "http://127.0.0.1:3000/top-up",
            "http://[::1]/x",
            "http://localhost",
        ] {
            assert_eq!(address(url).as_deref(), Ok(url));
        }
        for url in [
            "",
            "shop.example.org",
            "//shop.example.org",
            "http://shop.example.org",
            "http://localhost.example.org",
            "http://127.0.0.1@example.org",
            "https://user:secret@example.org",
            "https://",
            "https://:443",
            "https:///path",
            "javascript:alert(1)//",
            "javascript://x",
            "https://a b",
            "https://exämple.org",
            &format!("https://example.org/{}", "x".repeat(2_000)),
        ] {
            assert!(address(url).unwrap_err().contains("https://"), "{url}");
        }
    }
}
