//! How a connection is parted with: what its client is still sending is taken and thrown away for a moment. A socket that is
//! closed with bytes unread resets the connection, and with it goes an answer that is under way (RFC 9112, section 9.6): whoever
//! sends a long body with a token that has just ended would not be told so.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Whoever goes on sending for longer has had the time to read why.
const LONGEST: Duration = Duration::from_secs(1);

/// What is taken of it: a body of the size that is allowed, and some more.
const MOST_BYTES: usize = 2 * 1024 * 1024;

const SCRATCH_BYTES: usize = 16 * 1024;

/// See the module.
#[derive(Default)]
pub(super) struct Parting {
    end: Option<Pin<Box<Sleep>>>,
    taken: usize,
}

impl Parting {
    /// Ready once the client has closed its side, or has had its moment.
    pub(super) fn poll(&mut self, mut from: Pin<&mut impl AsyncRead>, context: &mut Context<'_>) -> Poll<()> {
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(LONGEST)));
        if end.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut scratch = [0; SCRATCH_BYTES];
        while self.taken < MOST_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(from.as_mut().poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.taken += buffer.filled().len();
        }
        Poll::Ready(())
    }
}
