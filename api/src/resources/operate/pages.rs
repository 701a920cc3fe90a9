//! The pages and what they load, all of it within this binary: nothing comes from elsewhere, nothing is inline,
//! and the content security policy holds them to that.

use super::shell;
use crate::serve::accept::wants_page;
use crate::serve::static_file::StaticFile;
use bytes::Bytes;
use poem::http::Method;
use poem::{Request, Response};
use std::sync::LazyLock;

/// What a page may do: load from here, talk to here, show pictures that it fetched itself.
pub(super) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
     media-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of `pages/`.
struct PageFile {
    name: &'static str,
    #[cfg(test)]
    text: Bytes,
    file: StaticFile,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../pages/", $name)).as_slice())),*]
    };
}

/// Every file of `pages/`, but for its README.
static FILES: LazyLock<Vec<PageFile>> = LazyLock::new(|| {
    let files = files!(
        "audit-account.js",
        "audit-balance.js",
        "audit-books.css",
        "audit-event.js",
        "audit-events.js",
        "audit-finance.js",
        "audit-rows.js",
        "audit-verdict.js",
        "audit-waterfall.js",
        "audit-whole.js",
        "audit.css",
        "audit.html",
        "audit.js",
        "client.js",
        "dlq-actions.js",
        "dlq-attempt.js",
        "dlq-bulk.js",
        "dlq-chips.js",
        "dlq-cleanup.js",
        "dlq-detail.css",
        "dlq-detail.js",
        "dlq-filters.js",
        "dlq-incident-card.js",
        "dlq-incidents.css",
        "dlq-incidents.js",
        "dlq-keys.js",
        "dlq-order.js",
        "dlq-progress.css",
        "dlq-progress.js",
        "dlq-table.css",
        "dlq-table.js",
        "dlq-triage.js",
        "dlq.css",
        "dlq.html",
        "dlq.js",
        "dom.js",
        "download.js",
        "export.js",
        "icon.svg",
        "index.html",
        "job-acts.js",
        "job-attempts.js",
        "job-curl.js",
        "job-head.js",
        "job-lines.js",
        "job-outputs.js",
        "job-parts.js",
        "job-story.css",
        "job-timeline.js",
        "job.css",
        "job.html",
        "job.js",
        "keys-list.js",
        "keys-new.js",
        "keys-revoke.js",
        "keys.css",
        "keys.html",
        "keys.js",
        "money.js",
        "notices.js",
        "parts.css",
        "session.js",
        "shared.css",
        "statement-bar.css",
        "statement.css",
        "statement.html",
        "statement.js",
        "studio-card.js",
        "studio-cards.css",
        "studio-chart.js",
        "studio-composer.js",
        "studio-credits.js",
        "studio-dialogs.css",
        "studio-filters.js",
        "studio-gallery.js",
        "studio-history.css",
        "studio-history.js",
        "studio-lots.js",
        "studio-lightbox.js",
        "studio-pictures.js",
        "studio-stream.js",
        "studio-top-up.js",
        "studio-usage.css",
        "studio-usage.js",
        "studio.css",
        "studio.js",
        "unanswered.js",
        "webhooks-card.js",
        "webhooks-make.js",
        "webhooks-told.js",
        "webhooks.css",
        "webhooks.html",
        "webhooks.js",
        "words.js",
        "zone.js",
    );
    files.into_iter().map(|(name, bytes)| PageFile::new(name, bytes)).collect()
});

impl PageFile {
    fn new(name: &'static str, text: &'static [u8]) -> PageFile {
        let page = shell::PAGES.iter().find(|page| page.name == name);
        let text = match page {
            Some(page) => page.around(&String::from_utf8_lossy(text)).into(),
            None => Bytes::from_static(text),
        };
        let content_type = match name.rsplit('.').next().unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        let file = StaticFile::new(content_type, text.clone());
        let file = if page.is_some() { file.with_policy(PAGE_POLICY) } else { file };
        PageFile {
            name,
            #[cfg(test)]
            text,
            file,
        }
    }
}

/// The page or the file that this request is for, and the route that it is counted under; `None` if it is for
/// the API.
pub(crate) fn find(request: &Request) -> Option<(Response, &'static str)> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let (name, route) = match request.uri().path() {
        "/" => ("index.html", "/"),
        "/statement" => ("statement.html", "/statement"),
        "/audit" => ("audit.html", "/audit"),
        "/favicon.ico" => ("icon.svg", "/favicon.ico"),
        // The same addresses are lists for a client that asks for JSON.
        "/admin/dlq/messages" if wants_page(request.headers()) => ("dlq.html", "/admin/dlq/messages"),
        "/admin/keys" if wants_page(request.headers()) => ("keys.html", "/admin/keys"),
        "/admin/webhooks" if wants_page(request.headers()) => ("webhooks.html", "/admin/webhooks"),
        path if is_job(path) => ("job.html", "/admin/jobs/{id}"),
        path => (path.strip_prefix("/pages/")?, "/pages/{name}"),
    };
    let file = FILES.iter().find(|file| file.name == name)?;
    Some((file.file.answer(request.headers()), route))
}

/// The page of one job. Which one, and whether there is such a job, the page finds out by itself.
fn is_job(path: &str) -> bool {
    path.strip_prefix("/admin/jobs/").is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::{FILES, is_job};

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/pages")).unwrap();
        for entry in folder {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_served = FILES.iter().any(|file| file.name == name);
            assert!(is_served || name == "README.md", "pages/{name} is missing from the table in pages.rs");
        }
    }

    #[test]
    fn pages_load_nothing_from_elsewhere() {
        for file in FILES.iter().filter(|file| file.name.ends_with(".html")) {
            let text = std::str::from_utf8(&file.text).unwrap();
            for (attribute, at) in ["src=\"", "href=\""]
                .iter()
                .flat_map(|name| text.match_indices(name).map(move |(at, _)| (*name, at + name.len())))
            {
                let address = text[at..].split('"').next().unwrap();
                let is_own = address.starts_with('/') && !address.starts_with("//");
                assert!(is_own || address.starts_with('#'), "{}: {attribute}{address}", file.name);
            }
            assert!(!text.contains("<style") && !text.contains("style=\""), "{}: inline style", file.name);
        }
    }

    #[test]
    fn a_job_has_one_address() {
        assert!(is_job("/admin/jobs/01980a5e-7c1d-7000-8000-000000000001") && is_job("/admin/jobs/x"));
        for other in ["/admin/jobs", "/admin/jobs/", "/admin/jobs/a/b", "/jobs/a", "/pages/job.html"] {
            assert!(!is_job(other), "{other}");
        }
    }
}
