//! A statement for spreadsheets: one line for the opening, one for each entry, one for the closing. The amounts add
//! up to the difference of the two.

use super::book::{Book, Side};
use super::entry::Entry;
use crate::app::App;
use crate::serve::csv::{self, Cell};
use crate::words::moments::written;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, stream};
use std::io;

const COLUMNS: [&str; 11] = [
    "time",
    "type",
    "description",
    "generation_id",
    "amount",
    "held_change",
    "spent",
    "balance_after",
    "held_after",
    "model",
    "prompt",
];

/// The lines, as they are read. It ends with an error where the log cannot be read on.
pub(crate) fn write(
    book: &Book,
    app: App,
) -> impl Stream<Item = io::Result<String>> + Send + 'static + use<> {
    let mut head = csv::written(COLUMNS.map(Cell::Plain));
    head.push_str(&end("opening", "Opening balance", book.period.from, &book.opening));
    let foot = end("closing", "Closing balance", book.period.until, &book.closing);
    let entries = book.pages(app, book.opening.version).map(|page| {
        let page = page.map_err(|problem| io::Error::other(format!("a statement was cut off: {problem}")))?;
        Ok(page.iter().map(line).collect())
    });
    stream::iter([Ok(head)]).chain(entries).chain(stream::iter([Ok(foot)]))
}

fn end(kind: &str, words: &str, at: DateTime<Utc>, side: &Side) -> String {
    let (at, balance, held) = (written(&at), side.balance.to_string(), side.held.to_string());
    csv::written([&at, kind, words, "", "", "", "", &balance, &held, "", ""].map(Cell::Plain))
}

fn line(entry: &Entry) -> String {
    let at = written(&entry.at);
    let job = entry.job_id.map(|id| id.to_string()).unwrap_or_default();
    let (amount, held) = (entry.amount.to_string(), entry.held.to_string());
    let spent = entry.spent.map(|spent| spent.to_string()).unwrap_or_default();
    let (balance, held_after) = (entry.balance_after.to_string(), entry.held_after.to_string());
    csv::written([
        Cell::Plain(&at),
        Cell::Plain(entry.kind),
        Cell::Text(&entry.description),
        Cell::Plain(&job),
        Cell::Plain(&amount),
        Cell::Plain(&held),
        Cell::Plain(&spent),
        Cell::Plain(&balance),
        Cell::Plain(&held_after),
        Cell::Text(entry.model.as_deref().unwrap_or_default()),
        Cell::Text(entry.prompt.as_deref().unwrap_or_default()),
    ])
}
