//! How fast a client takes what is sent to it: at least [`LEAST_BYTES`] in each stretch of time for as long as something is
//! there for it. Whoever takes a byte now and then would hold its connection for ever otherwise.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// What a client must take of an answer while `Limits::send` passes.
const LEAST_BYTES: usize = 16 * 1024;

/// What may wait in the kernel unsent. Without a bound it takes megabytes before it says that a client is slow, and that it
/// takes something again only after another megabyte. Linux says so at half of this, so that must be no more than
/// [`LEAST_BYTES`].
const UNSENT_BYTES: u32 = 2 * LEAST_BYTES as u32;

/// See the module.
pub(super) struct Pace {
    within: Duration,
    stretch: Option<Pin<Box<Sleep>>>,
    /// Taken since the stretch began.
    taken: usize,
}

impl Pace {
    pub(super) fn new(within: Duration) -> Pace {
        Pace { within, stretch: None, taken: 0 }
    }

    /// So many bytes were taken.
    pub(super) fn took(&mut self, bytes: usize) {
        self.taken += bytes;
    }

    /// Nothing waits for the client any more.
    pub(super) fn rest(&mut self) {
        self.stretch = None;
    }

    /// Something waits, and nothing is taken now. Ready once too little was taken for too long; wakes to say so.
    pub(super) fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let taken = &mut self.taken;
            let stretch = self.stretch.get_or_insert_with(|| {
                *taken = 0;
                Box::pin(sleep(self.within))
            });
            ready!(stretch.as_mut().poll(context));
            if self.taken < LEAST_BYTES {
                return Poll::Ready(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client does not take its answer",
                ));
            }
            self.taken = 0;
            stretch.as_mut().reset(Instant::now() + self.within);
        }
    }
}

/// Has the kernel say soon whether the client takes what is sent.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn bound_unsent(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES)
}

/// Other systems are asked for a small buffer instead.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn bound_unsent(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_send_buffer_size(UNSENT_BYTES as usize)
}

#[cfg(test)]
mod tests {
    use super::{LEAST_BYTES, Pace};
    use std::future::poll_fn;
    use std::time::Duration;
    use tokio::time::timeout;

    const WITHIN: Duration = Duration::from_millis(20);

    /// Whether a client is found too slow that has taken this much, in the stretch of time that has begun.
    async fn is_too_slow(pace: &mut Pace, took: usize) -> bool {
        // Begins the stretch.
        let waiting = timeout(Duration::ZERO, poll_fn(|context| pace.poll_too_slow(context))).await;
        assert!(waiting.is_err(), "the stretch has just begun");
        pace.took(took);
        timeout(WITHIN * 3 / 2, poll_fn(|context| pace.poll_too_slow(context))).await.is_ok()
    }

    #[tokio::test]
    async fn whoever_takes_too_little_is_too_slow() {
        assert!(is_too_slow(&mut Pace::new(WITHIN), 0).await);
        assert!(is_too_slow(&mut Pace::new(WITHIN), LEAST_BYTES - 1).await);
        assert!(!is_too_slow(&mut Pace::new(WITHIN), LEAST_BYTES).await);
    }

    #[tokio::test]
    async fn each_stretch_counts_by_itself() {
        let mut pace = Pace::new(WITHIN);
        assert!(!is_too_slow(&mut pace, LEAST_BYTES * 9).await);
        let next = timeout(WITHIN * 1_000, poll_fn(|context| pace.poll_too_slow(context))).await;
        assert!(next.is_ok(), "what was taken before does not count");
    }

    #[tokio::test]
    async fn time_without_anything_to_take_does_not_count() {
        let mut pace = Pace::new(WITHIN);
        assert!(!is_too_slow(&mut pace, LEAST_BYTES).await);
        pace.rest();
        tokio::time::sleep(WITHIN * 5).await;
        let begun = timeout(Duration::ZERO, poll_fn(|context| pace.poll_too_slow(context))).await;
        assert!(begun.is_err());
    }
}
