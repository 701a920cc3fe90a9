//! A statement for people: one page of HTML that needs no script and loads nothing, so that it can be read, printed
//! and kept as a file. What users wrote is in it as text only.

use super::book::{Book, Side, Totals};
use super::entry::Entry;
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use futures::{Stream, StreamExt, stream};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use std::io;
use std::sync::LazyLock;

const STYLE: &str = include_str!("../../../../pages/statement.css");

/// What the page may do: look as its own style says, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The content security policy that goes with the page.
pub(crate) fn policy() -> String {
    POLICY.clone()
}

/// The page, as its entries are read. It ends with an error where the log cannot be read on.
pub(crate) fn write(
    book: &Book,
    totals: &Totals,
    app: App,
) -> impl Stream<Item = io::Result<String>> + Send + 'static + use<> {
    let with_holds = totals.has_holds || !book.opening.held.is_zero();
    let head = [start(book), summary(book, totals), table_head(book, with_holds)].concat();
    let entries = book.pages(app, book.opening.version).map(move |page| {
        let page = page.map_err(|problem| io::Error::other(format!("a statement was cut off: {problem}")))?;
        Ok(page.iter().map(|entry| row(entry, with_holds)).collect())
    });
    stream::iter([Ok(head)]).chain(entries).chain(stream::iter([Ok(foot(with_holds))]))
}

fn start(book: &Book) -> String {
    let (user, period) = (escaped(book.user.as_str()), book.period.words());
    let made = Utc::now().format("%-d %B %Y, %H:%M");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Statement of {user}, {period}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body class=\"statement-page\">\n<main class=\"statement\">\n\
         <header class=\"statement-head\">\n<p class=\"statement-brand\">Cooly</p>\n<h1>Statement of credits</h1>\n\
         <dl>\n<div><dt>Account</dt><dd>{user}</dd></div>\n<div><dt>Period</dt><dd>{period}</dd></div>\n\
         <div><dt>Made on</dt><dd>{made} UTC</dd></div>\n</dl>\n</header>\n"
    )
}

fn summary(book: &Book, totals: &Totals) -> String {
    let kinds = totals.by_kind().into_iter().filter(|(_, total)| !total.is_zero());
    let kinds: String = kinds.map(|(name, total)| sum_line("", name, &signed(total))).collect();
    let nothing = sum_line("", "Nothing happened", "0");
    [
        "<section class=\"statement-sums\">\n<h2>In sum</h2>\n<dl>\n",
        &sum_line("end", "At the start", &figure(owned(&book.opening))),
        if kinds.is_empty() { &nothing } else { &kinds },
        &sum_line("end", "At the end", &figure(owned(&book.closing))),
        "</dl>\n<p class=\"statement-note\">",
        &parts(&book.closing),
        "</p>\n</section>\n",
    ]
    .concat()
}

fn sum_line(class: &str, name: &str, figure: &str) -> String {
    format!("<div class=\"{class}\"><dt>{name}</dt><dd>{figure}</dd></div>\n")
}

/// What the credits at the end consist of.
fn parts(side: &Side) -> String {
    let lapsed = side.balance.get() - side.available.get() - side.pending.get();
    let parts = [
        (side.available.get(), "can be spent"),
        (side.pending.get(), "can be spent later"),
        (side.held.get(), "set aside"),
        (lapsed, "lapsed, and not written off yet"),
    ];
    let parts = parts.into_iter().filter(|(amount, _)| !amount.is_zero());
    let parts: Vec<_> = parts.map(|(amount, words)| format!("{} {words}", figure(amount))).collect();
    if parts.is_empty() { String::new() } else { format!("Of these: {}.", parts.join(", ")) }
}

fn table_head(book: &Book, with_holds: bool) -> String {
    let held = if with_holds { "<th scope=\"col\" class=\"figure\">Set aside</th>" } else { "" };
    let count = match book.length() {
        1 => "1 entry".to_owned(),
        length => format!("{length} entries"),
    };
    [
        "<section>\n<h2>Entries</h2>\n<table class=\"statement-entries\">\n<caption>",
        &count,
        ", oldest first; times are UTC</caption>\n<thead><tr><th scope=\"col\">When</th>\
         <th scope=\"col\">What</th><th scope=\"col\" class=\"figure\">Change</th>",
        held,
        "<th scope=\"col\" class=\"figure\">Balance</th></tr></thead>\n<tbody>\n",
        &format!(
            "<tr class=\"end\"><td>{}</td><td>Opening balance</td><td></td>{}{}</tr>\n",
            book.period.from.format("%-d %b %Y, %H:%M"),
            if with_holds { named("Set aside", &figure(book.opening.held.get())) } else { String::new() },
            named("Balance", &figure(book.opening.balance.get())),
        ),
    ]
    .concat()
}

fn row(entry: &Entry, with_holds: bool) -> String {
    let change = entry.amount.get();
    let class = if change.is_sign_positive() && !change.is_zero() { "figure in" } else { "figure" };
    let held = match with_holds {
        true if entry.held.is_zero() => "<td></td>".to_owned(),
        true => named("Set aside", &signed(entry.held.get())),
        false => String::new(),
    };
    let job = entry.job_id.map(|id| format!("<small>{id}</small>")).unwrap_or_default();
    format!(
        "<tr><td>{}</td><td>{}{job}</td><td class=\"{class}\">{}</td>{held}{}</tr>\n",
        entry.at.format("%-d %b %Y, %H:%M"),
        escaped(&entry.description),
        signed(change),
        named("Balance", &figure(entry.balance_after.get())),
    )
}

/// A figure that carries the name of its column to where there are no columns.
fn named(column: &str, figure: &str) -> String {
    format!("<td class=\"figure\" data-name=\"{column}\">{figure}</td>")
}

fn foot(with_holds: bool) -> String {
    let held = if with_holds {
        " The balance is what is not set aside; “in sum” counts both, so setting credits aside changes nothing there."
    } else {
        ""
    };
    format!(
        "</tbody>\n</table>\n</section>\n<footer class=\"statement-foot\">Made from the log of this account, and checked: \
         what was there at the start and every entry add up to what is there at the end.{held}</footer>\n\
         </main>\n</body>\n</html>\n"
    )
}

fn owned(side: &Side) -> Decimal {
    side.balance.get() + side.held.get()
}

/// A number with narrow spaces between its thousands and a real minus.
fn figure(number: Decimal) -> String {
    let text = number.normalize().abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if number.is_sign_negative() && !number.is_zero() {
        out.push('−');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// The same with a plus where it is more.
fn signed(number: Decimal) -> String {
    let plus = if number.is_sign_positive() && !number.is_zero() { "+" } else { "" };
    format!("{plus}{}", figure(number))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            plain => out.push(plain),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{STYLE, escaped, figure, signed};

    #[test]
    fn numbers_are_written_for_people() {
        for (number, written) in [
            ("0", "0"),
            ("999", "999"),
            ("-1234.50", "−1\u{202f}234.5"),
            ("1000000", "1\u{202f}000\u{202f}000"),
        ] {
            assert_eq!(figure(number.parse().unwrap()), written);
        }
        assert_eq!(signed("4".parse().unwrap()), "+4");
        assert_eq!(signed("0".parse().unwrap()), "0");
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<b a='1'>&\"</b>"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;&lt;/b&gt;");
        assert!(!STYLE.contains('<') && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
