//! The lines of an upload as they come, until its end or until something stops it.

use super::line::{Columns, GrantLine, Unusable};
use crate::serve::body::{Line, Lines};
use crate::serve::problem::Problem;
use poem::http::StatusCode;

/// Most lines of one upload.
const MAX_LINES: u64 = 100_000;

/// How the lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A JSON object a line.
    Ndjson,
    /// A table whose first line names the columns.
    Csv,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A line, and what it asks for or what is wrong with it.
    Line(u64, Result<GrantLine, Unusable>),
    /// Nothing more, though the upload had more; at this line.
    Broken(u64, Unusable),
    /// The upload has ended.
    End,
}

/// See the module.
pub(crate) struct Source {
    lines: Lines,
    columns: Option<Columns>,
}

impl Source {
    /// Reads what stands before the lines.
    pub(crate) async fn open(format: Format, mut lines: Lines) -> Result<Source, Problem> {
        if format == Format::Ndjson {
            return Ok(Source { lines, columns: None });
        }
        let first = lines.next().await.map_err(|broken| {
            let status = StatusCode::from_u16(if broken.code() == "body_timeout" { 408 } else { 400 });
            let status = status.unwrap_or(StatusCode::BAD_REQUEST);
            Problem::new(status, broken.code(), "The body did not arrive", broken.to_string())
        })?;
        let first = first.and_then(|first| first.text).unwrap_or_default();
        Ok(Source { lines, columns: Some(Columns::parse(&first)?) })
    }

    /// The next line that is not empty.
    pub(crate) async fn next(&mut self) -> Next {
        loop {
            let line = match self.lines.next().await {
                Ok(Some(line)) => line,
                Ok(None) => return Next::End,
                Err(broken) => {
                    let words = format!("{broken}; what stands before this line was done");
                    return Next::Broken(self.lines.reached(), Unusable::new(broken.code(), words));
                }
            };
            if line.number > MAX_LINES {
                let words =
                    format!("an upload may have at most {MAX_LINES} lines; send the rest as another one");
                return Next::Broken(line.number, Unusable::new("lines_too_many", words));
            }
            match line {
                Line { text: Some(text), .. } if text.is_empty() => {}
                Line { number, text: Some(text) } => {
                    return Next::Line(number, GrantLine::parse(&text, self.columns.as_ref()));
                }
                Line { number, text: None } => {
                    return Next::Line(
                        number,
                        Err(Unusable::new("line_too_long", "a line may have at most 64 KiB")),
                    );
                }
            }
        }
    }

    /// The number of the line that would come next.
    pub(crate) fn reached(&self) -> u64 {
        self.lines.reached()
    }
}
