//! What all pages have around what is theirs: the head, the bar with the way to the others, and the form to sign in.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// One page: what its shell says, and what is within.
pub(super) struct Page {
    /// The file of `pages/` with what is within.
    pub name: &'static str,
    /// Its title, and its name in the bar if it is there.
    pub title: &'static str,
    /// What search engines are told; without it they are told to stay away.
    pub description: Option<&'static str>,
    /// Its own styles, of `pages/`.
    pub styles: &'static [&'static str],
    /// Its script, of `pages/`.
    pub script: &'static str,
    /// Where the first link leads, and in which words.
    pub skip: (&'static str, &'static str),
    /// What stands at the end of the bar.
    pub corner: &'static str,
    /// The heading of the form to sign in.
    pub sign_in: &'static str,
    /// The role that the page needs.
    pub role: &'static str,
    /// What is said where scripts do not run.
    pub without_script: &'static str,
    /// The class of the body.
    pub class: Option<&'static str>,
}

/// A page in the bar.
struct Link {
    title: &'static str,
    address: &'static str,
    /// Whom it is for; `None` if for everybody. Scripts show it to those who are signed in as such.
    role: Option<&'static str>,
}

const LINKS: [Link; 7] = [
    Link { title: "Studio", address: "/", role: Some("user") },
    Link { title: "Statement", address: "/statement", role: Some("user") },
    Link { title: "Failed jobs", address: "/admin/dlq/messages", role: Some("admin") },
    Link { title: "Webhooks", address: "/admin/webhooks", role: Some("admin") },
    Link { title: "API keys", address: "/admin/keys", role: Some("admin") },
    Link { title: "Audit", address: "/audit", role: Some("auditor") },
    Link { title: "API docs", address: "/docs", role: None },
];

const NEEDS_SCRIPT: &str = "This page needs JavaScript. The API behind it is described at /docs.";

/// The credits of the studio's user.
const BALANCE: &str = r#"<button type="button" class="balance" id="balance" aria-haspopup="dialog" hidden>
  <span class="balance-dot" aria-hidden="true"></span>
  <span><strong id="available">–</strong> <span id="available-unit">credits</span><span class="balance-held" id="held" hidden></span></span>
</button>"#;

/// Every page.
pub(super) const PAGES: [Page; 7] = [
    Page {
        name: "index.html",
        title: "Studio",
        description: Some("Turn words into pictures and clips."),
        styles: &[
            "studio.css",
            "studio-cards.css",
            "studio-history.css",
            "studio-dialogs.css",
            "studio-usage.css",
        ],
        script: "studio.js",
        skip: ("#prompt", "Skip to the prompt"),
        corner: BALANCE,
        sign_in: "Sign in to the studio",
        role: "user",
        without_script: NEEDS_SCRIPT,
        class: None,
    },
    Page {
        name: "statement.html",
        title: "Statement",
        description: None,
        styles: &["statement.css", "statement-bar.css"],
        script: "statement.js",
        skip: ("#statement", "Skip to the statement"),
        corner: "",
        sign_in: "Sign in to see your statement",
        role: "user",
        without_script: "This page needs JavaScript to sign in. The statement itself needs none: programs get it at /v1/credits/statement?format=html with their token.",
        class: Some("statement-page"),
    },
    Page {
        name: "dlq.html",
        title: "Failed jobs",
        description: None,
        styles: &["dlq.css", "dlq-table.css", "dlq-incidents.css", "dlq-detail.css", "dlq-progress.css"],
        script: "dlq.js",
        skip: ("#jobs", "Skip to the jobs"),
        corner: "",
        sign_in: "Sign in as an admin",
        role: "admin",
        without_script: NEEDS_SCRIPT,
        class: None,
    },
    Page {
        name: "job.html",
        title: "Job",
        description: None,
        styles: &["job.css", "job-story.css"],
        script: "job.js",
        skip: ("#job", "Skip to the job"),
        corner: "",
        sign_in: "Sign in as an admin",
        role: "admin",
        without_script: NEEDS_SCRIPT,
        class: None,
    },
    Page {
        name: "webhooks.html",
        title: "Webhooks",
        description: None,
        styles: &["webhooks.css"],
        script: "webhooks.js",
        skip: ("#endpoints", "Skip to the endpoints"),
        corner: "",
        sign_in: "Sign in as an admin",
        role: "admin",
        without_script: NEEDS_SCRIPT,
        class: None,
    },
    Page {
        name: "audit.html",
        title: "Audit",
        description: None,
        styles: &["audit.css", "audit-books.css"],
        script: "audit.js",
        skip: ("#whole", "Skip to the audit"),
        corner: "",
        sign_in: "Sign in as an auditor",
        role: "auditor",
        without_script: NEEDS_SCRIPT,
        class: None,
    },
    Page {
        name: "keys.html",
        title: "API keys",
        description: None,
        styles: &["keys.css"],
        script: "keys.js",
        skip: ("#keys", "Skip to the keys"),
        corner: "",
        sign_in: "Sign in as an admin",
        role: "admin",
        without_script: NEEDS_SCRIPT,
        class: None,
    },
];

impl Page {
    /// The whole page around what is within.
    pub(super) fn around(&self, within: &str) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    (head(self.title, self.description))
                    @for name in self.styles { (stylesheet(name)) }
                    script type="module" src={ "/pages/" (self.script) } {}
                }
                body class=[self.class] {
                    a.skip href=(self.skip.0) { (self.skip.1) }
                    header.bar {
                        (brand())
                        (links(Some(self.role), self.title))
                        span.caller #caller hidden {}
                        (PreEscaped(self.corner))
                    }
                    form.sign-in.panel #sign-in hidden {
                        h1 { (self.sign_in) }
                        p {
                            "Paste an access token with the role “" (self.role) "”. This browser keeps it until it ends or you sign out, where no page can read it."
                        }
                        label for="token" { "Access token" }
                        textarea #token rows="4" required autocomplete="off" spellcheck="false"
                            aria-describedby="sign-in-problem" {}
                        p.problem #sign-in-problem role="alert" {}
                        button.button.primary { "Sign in" }
                    }
                    (PreEscaped(within))
                    div #notices .notices popover="manual" {}
                    noscript { (self.without_script) }
                }
            }
        }
        .into_string()
    }
}

/// A page with a few words and without a script.
pub(super) fn plain(title: &str, within: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { (head(title, None)) }
            body {
                header.bar { (brand()) (links(None, title)) }
                main.alone { (within) }
            }
        }
    }
    .into_string()
}

/// What every head says first.
fn head(title: &str, description: Option<&str>) -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        @match description {
            Some(words) => meta name="description" content=(words);,
            None => meta name="robots" content="noindex";,
        }
        title { (title) " · Cooly" }
        link rel="icon" href="/pages/icon.svg" type="image/svg+xml";
        @for name in ["shared.css", "parts.css"] { (stylesheet(name)) }
    }
}

fn stylesheet(name: &str) -> Markup {
    html! { link rel="stylesheet" href={ "/pages/" (name) }; }
}

fn brand() -> Markup {
    html! { a.brand href="/" { img src="/pages/icon.svg" alt="" width="28" height="28"; "Cooly" } }
}

/// The bar of a page for this role, until a script knows who reads.
fn links(role: Option<&str>, current: &str) -> Markup {
    html! {
        nav aria-label="Pages" {
            @for Link { title, address, role: whose } in &LINKS {
                a href=(address) data-role=[whose] hidden[whose.is_some() && *whose != role]
                    aria-current=[(*title == current).then_some("page")] { (title) }
            }
        }
    }
}
