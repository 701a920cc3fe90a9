//! What a client would rather have: a page or a document, and which form of one.

use poem::http::{HeaderMap, header};

/// Browsers name `text/html` first; clients of the API do not name it at all.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let is_page = |kind: &str| match kind {
        "text/html" => Some(true),
        "application/json" => Some(false),
        _ => None,
    };
    first_named(headers, is_page).unwrap_or(false)
}

/// What the client names first in `Accept` of what there is.
pub(crate) fn first_named<T>(headers: &HeaderMap, known: impl FnMut(&str) -> Option<T>) -> Option<T> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let mut kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.find_map(known)
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
