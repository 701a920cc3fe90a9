//! Whether a person or a program asked.

use poem::http::{HeaderMap, header};

/// Browsers name `text/html` first; clients of the API do not name it at all.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let mut kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.find(|kind| matches!(*kind, "text/html" | "application/json")) == Some("text/html")
}

#[cfg(test)]
mod tests {
    use super::wants_page;
    use poem::http::{HeaderMap, header};

    #[test]
    fn browsers_get_pages_and_clients_documents() {
        for (accept, page) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json", false),
            ("*/*", false),
            ("application/json, text/html", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(wants_page(&headers), page, "{accept}");
        }
    }
}
