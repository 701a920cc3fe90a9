//! Comma-separated values (RFC 4180), a record a line: written so that a spreadsheet shows text as text, and read
//! without guessing.

use csv::{QuoteStyle, Terminator, WriterBuilder};
use std::borrow::Cow;

/// A record of so many cells.
pub(crate) fn written<'a>(cells: impl IntoIterator<Item = Cell<'a>>) -> String {
    let cells: Vec<Cow<'_, str>> = cells.into_iter().map(Cell::shown).collect();
    // Some spreadsheets take a semicolon for the end of a cell, and what follows it for a formula.
    let has_semicolon = cells.iter().any(|cell| cell.contains(';'));
    let quotes = if has_semicolon { QuoteStyle::Always } else { QuoteStyle::Necessary };
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(quotes)
        .buffer_capacity(cells.iter().map(|cell| cell.len() + 3).sum())
        .from_writer(Vec::new());
    let written = writer.write_record(cells.iter().map(|cell| cell.as_bytes()));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok());
    // Writing text to memory cannot fail.
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A cell to write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    /// A number, an instant or a name of ours.
    Plain(&'a str),
    /// What somebody wrote, and what a spreadsheet must not obey.
    Text(&'a str),
}

impl<'a> Cell<'a> {
    fn shown(self) -> Cow<'a, str> {
        match self {
            Cell::Text(text) if is_formula(text) => format!("'{text}").into(),
            Cell::Plain(text) | Cell::Text(text) => text.into(),
        }
    }
}

/// Spreadsheets run what begins like this, and ignore blanks before it.
fn is_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// The cells of one record; a quoted cell may not go on in the next line. The library's reader takes broken quotes for
/// text (a test shows it), and a broken line of an upload must be told, not guessed.
pub(crate) fn read(line: &str) -> Result<Vec<String>, &'static str> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => read_quoted(quoted)?,
            None => {
                let (cell, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                if cell.contains('"') {
                    return Err("has a quote within a cell that does not begin with one");
                }
                (cell.to_owned(), after)
            }
        };
        cells.push(cell);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(cells),
            None => return Err("has something after the end of a quoted cell"),
        }
    }
}

/// The cell after its opening quote, and what follows its closing one.
fn read_quoted(mut rest: &str) -> Result<(String, &str), &'static str> {
    let mut cell = String::new();
    loop {
        let (text, after) = rest.split_once('"').ok_or("has a quoted cell that does not end")?;
        cell.push_str(text);
        match after.strip_prefix('"') {
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => return Ok((cell, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, read};

    fn written(cells: &[Cell<'_>]) -> String {
        super::written(cells.iter().copied())
    }

    #[test]
    fn what_needs_quotes_gets_them() {
        let cells =
            [Cell::Plain("-4"), Cell::Text("a"), Cell::Text("b,c"), Cell::Text("say \"x\""), Cell::Text("")];
        assert_eq!(written(&cells), "-4,a,\"b,c\",\"say \"\"x\"\"\",\r\n");
        assert_eq!(written(&[Cell::Plain("1"), Cell::Text("a;=2")]), "\"1\",\"a;=2\"\r\n");
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"] {
            let line = written(&[Cell::Text(text)]);
            assert!(line.trim_start_matches('"').starts_with('\''), "{text:?} became {line:?}");
        }
        assert_eq!(written(&[Cell::Text("a=1")]), "a=1\r\n");
    }

    #[test]
    fn what_was_written_is_read() {
        let line = written(&[Cell::Text("b,c"), Cell::Text("say \"x\""), Cell::Text(""), Cell::Text("é")]);
        assert_eq!(read(line.trim_end()).unwrap(), ["b,c", "say \"x\"", "", "é"]);
        assert_eq!(read("").unwrap(), [""]);
        assert_eq!(read("a,").unwrap(), ["a", ""]);
    }

    #[test]
    fn broken_records_are_refused() {
        for line in ["\"a", "\"a\"b", "a\"b", "\"", "\"\"\""] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_library_would_take_what_is_broken() {
        for line in ["\"a", "\"a\"b", "a\"b"] {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let records: Result<Vec<_>, _> = reader.records().collect();
            assert_eq!(records.unwrap().len(), 1, "{line}: now the library refuses it, so use its reader");
        }
    }
}
