//! A body that is read line by line as it comes: however long it is, one line of it is in memory.

use crate::serve::problem::Problem;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use poem::RequestBody;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// Longest line, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// A line of a body, by its number from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub number: u64,
    /// Without its end; `None` of a line that is too long.
    pub text: Option<Bytes>,
}

/// Why no further line will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the body was cut off")]
    CutOff,
    #[error("no line arrived in time")]
    TooSlow,
}

impl Broken {
    /// Stable code for clients.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Broken::CutOff => "body_cut_off",
            Broken::TooSlow => "body_timeout",
        }
    }
}

/// See the module.
pub(crate) struct Lines {
    chunks: BoxStream<'static, io::Result<Bytes>>,
    buffer: BytesMut,
    /// How much of the buffer is known to have no end of a line.
    searched: usize,
    /// Whether the line in work is too long, and what is left of it is thrown away.
    is_too_long: bool,
    number: u64,
    within: Duration,
}

impl Lines {
    /// The lines of a request's body, each of which has to come within so long.
    pub(crate) fn of(body: &mut RequestBody, within: Duration) -> Result<Lines, Problem> {
        let body = body.take().map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Lines::over(body.into_bytes_stream().boxed(), within))
    }

    fn over(chunks: BoxStream<'static, io::Result<Bytes>>, within: Duration) -> Lines {
        Lines { chunks, buffer: BytesMut::new(), searched: 0, is_too_long: false, number: 0, within }
    }

    /// The number of the last line that began.
    pub(crate) fn reached(&self) -> u64 {
        self.number + 1
    }

    /// The next line; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Line>, Broken> {
        let within = self.within;
        timeout(within, self.read()).await.unwrap_or(Err(Broken::TooSlow))
    }

    async fn read(&mut self) -> Result<Option<Line>, Broken> {
        loop {
            if let Some(end) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let mut text = self.buffer.split_to(self.searched + end + 1);
                text.truncate(text.len() - 1);
                return Ok(Some(self.line(text)));
            }
            self.searched = self.buffer.len();
            if self.searched > MAX_LINE_BYTES {
                self.is_too_long = true;
                self.buffer.clear();
                self.searched = 0;
            }
            match self.chunks.next().await {
                Some(chunk) => self.buffer.extend_from_slice(&chunk.map_err(|_| Broken::CutOff)?),
                None if self.buffer.is_empty() && !self.is_too_long => return Ok(None),
                None => {
                    let text = self.buffer.split();
                    return Ok(Some(self.line(text)));
                }
            }
        }
    }

    fn line(&mut self, mut text: BytesMut) -> Line {
        self.number += 1;
        self.searched = 0;
        if text.last() == Some(&b'\r') {
            text.truncate(text.len() - 1);
        }
        let is_too_long = std::mem::take(&mut self.is_too_long) || text.len() > MAX_LINE_BYTES;
        Line { number: self.number, text: (!is_too_long).then(|| text.freeze()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, Bytes, Lines, MAX_LINE_BYTES};
    use futures::{StreamExt, stream};
    use std::io;
    use std::time::Duration;

    fn lines(chunks: Vec<io::Result<&'static str>>) -> Lines {
        let chunks = chunks.into_iter().map(|chunk| chunk.map(Bytes::from));
        Lines::over(stream::iter(chunks).boxed(), Duration::from_secs(60))
    }

    async fn all(mut lines: Lines) -> (Vec<Option<String>>, Option<Broken>) {
        let mut read = Vec::new();
        loop {
            match lines.next().await {
                Ok(Some(line)) => {
                    read.push(line.text.map(|text| String::from_utf8_lossy(&text).into_owned()));
                    assert_eq!(line.number, read.len() as u64);
                }
                Ok(None) => return (read, None),
                Err(broken) => return (read, Some(broken)),
            }
        }
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[tokio::test]
    async fn lines_come_whole_however_the_body_is_cut() {
        let whole = some(&["one", "", "two", "three"]);
        for chunks in [vec!["one\n\r\ntwo\nthree"], vec!["o", "ne", "\n", "\r", "\ntwo\nthr", "ee\n"]] {
            assert_eq!(all(lines(chunks.into_iter().map(Ok).collect())).await, (whole.clone(), None));
        }
        assert_eq!(all(lines(vec![])).await, (vec![], None));
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_told_and_the_next_is_read() {
        let long: &'static str = "x".repeat(MAX_LINE_BYTES + 1).leak();
        let endless: &'static str = "x".repeat(1_000).leak();
        let mut chunks = vec![Ok("a\n"), Ok(long), Ok("\nb\n")];
        chunks.extend((0..1_000).map(|_| Ok(endless)));
        chunks.extend([Ok("\nc")]);
        let expected = vec![Some("a".into()), None, Some("b".into()), None, Some("c".into())];
        assert_eq!(all(lines(chunks)).await, (expected, None));
    }

    #[tokio::test]
    async fn what_is_cut_off_within_a_line_is_no_line() {
        let cut = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(all(lines(vec![Ok("a\nb"), Err(cut)])).await, (some(&["a"]), Some(Broken::CutOff)));
    }

    #[tokio::test]
    async fn a_body_that_stalls_is_given_up() {
        let stalled = stream::iter([Ok(Bytes::from("a\nb"))]).chain(stream::pending());
        let lines = Lines::over(stalled.boxed(), Duration::from_millis(20));
        assert_eq!(all(lines).await, (some(&["a"]), Some(Broken::TooSlow)));
    }
}
