//! A statement for people: one page of HTML that needs no script and loads nothing, so that it can be read, printed
//! and kept as a file. What users wrote is in it as text only.

use super::book::{Book, Side, Totals};
use super::entry::Entry;
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::{Stream, StreamExt, stream};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use std::io;
use std::sync::LazyLock;

/// Stands where the entries go, which are written as they are read.
const ENTRIES: &str = "<!-- entries -->";

/// A moment, to the minute.
const MINUTE: &str = "%-d %b %Y, %H:%M";

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
    let whole = page(book, totals, with_holds).into_string();
    let (head, foot) = whole.split_once(ENTRIES).unwrap_or((&whole, ""));
    let (head, foot, zone) = (head.to_owned(), foot.to_owned(), book.period.zone);
    let entries = book.pages(app, book.opening.version).map(move |page| {
        let page = page.map_err(|problem| io::Error::other(format!("a statement was cut off: {problem}")))?;
        Ok(page.iter().map(|entry| row(entry, zone, with_holds).into_string()).collect())
    });
    stream::iter([Ok(head)]).chain(entries).chain(stream::iter([Ok(foot)]))
}

/// The page around its entries.
fn page(book: &Book, totals: &Totals, with_holds: bool) -> Markup {
    let (user, period, zone) = (book.user.as_str(), book.period.words(), book.period.zone);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Statement of " (user) ", " (period) }
                style { (PreEscaped(STYLE)) }
            }
            body.statement-page {
                main.statement {
                    header.statement-head {
                        p.statement-brand { "Cooly" }
                        h1 { "Statement of credits" }
                        dl {
                            div { dt { "Account" } dd { (user) } }
                            div { dt { "Period" } dd { (period) } }
                            div { dt { "Made on" } dd { (Utc::now().with_timezone(&zone).format("%-d %B %Y, %H:%M")) } }
                        }
                    }
                    (summary(book, totals))
                    section {
                        h2 { "Entries" }
                        (entries(book, with_holds))
                    }
                    footer.statement-foot {
                        "Made from the log of this account, and checked: what was there at the start and every entry \
                         add up to what is there at the end."
                        @if with_holds {
                            " The balance is what is not set aside; “in sum” counts both, so setting credits aside \
                             changes nothing there."
                        }
                    }
                }
            }
        }
    }
}

fn summary(book: &Book, totals: &Totals) -> Markup {
    let kinds: Vec<_> = totals.by_kind().into_iter().filter(|(_, total)| !total.is_zero()).collect();
    html! {
        section.statement-sums {
            h2 { "In sum" }
            dl {
                div.end { dt { "At the start" } dd { (figure(owned(&book.opening))) } }
                @for (name, total) in &kinds {
                    div { dt { (name) } dd { (signed(*total)) } }
                }
                @if kinds.is_empty() {
                    div { dt { "Nothing happened" } dd { "0" } }
                }
                div.end { dt { "At the end" } dd { (figure(owned(&book.closing))) } }
            }
            p.statement-note { (parts(&book.closing)) }
        }
    }
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

fn entries(book: &Book, with_holds: bool) -> Markup {
    let count = match book.length() {
        1 => "1 entry".to_owned(),
        length => format!("{length} entries"),
    };
    html! {
        table.statement-entries {
            caption { (count) ", oldest first; times are those of " (book.period.zone.name()) }
            thead {
                tr {
                    th scope="col" { "When" }
                    th scope="col" { "What" }
                    th.figure scope="col" { "Change" }
                    @if with_holds { th.figure scope="col" { "Set aside" } }
                    th.figure scope="col" { "Balance" }
                }
            }
            tbody {
                (end(book, "Opening balance", book.period.from, &book.opening, with_holds))
                (PreEscaped(ENTRIES))
                (end(book, "Closing balance", book.closed_at, &book.closing, with_holds))
            }
        }
    }
}

/// A row for an end of the period.
fn end(book: &Book, words: &str, at: DateTime<Utc>, side: &Side, with_holds: bool) -> Markup {
    html! {
        tr.end {
            td { (at.with_timezone(&book.period.zone).format(MINUTE)) }
            td { (words) }
            td {}
            @if with_holds { (named("Set aside", &figure(side.held.get()))) }
            (named("Balance", &figure(side.balance.get())))
        }
    }
}

fn row(entry: &Entry, zone: Tz, with_holds: bool) -> Markup {
    let change = entry.amount.get();
    let is_gain = change.is_sign_positive() && !change.is_zero();
    html! {
        tr {
            td { (entry.at.with_timezone(&zone).format(MINUTE)) }
            td {
                (entry.description)
                @if let Some(model) = &entry.model { " · " (model) }
                @if let Some(prompt) = &entry.prompt { span.statement-prompt { "“" (prompt) "”" } }
                @if let Some(job) = entry.job_id { small { (job) } }
            }
            td.figure.in[is_gain] { (signed(change)) }
            @if with_holds && entry.held.is_zero() {
                td {}
            } @else if with_holds {
                (named("Set aside", &signed(entry.held.get())))
            }
            (named("Balance", &figure(entry.balance_after.get())))
        }
    }
}

/// A figure that carries the name of its column to where there are no columns.
fn named(column: &str, figure: &str) -> Markup {
    html! { td.figure data-name=(column) { (figure) } }
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

#[cfg(test)]
mod tests {
    use super::{STYLE, figure, signed};

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
    fn the_style_loads_nothing_and_stays_in_its_place() {
        assert!(!STYLE.contains('<') && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
