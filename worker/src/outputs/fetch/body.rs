//! The bytes of a file at a provider, read in parts of one size and never more than allowed.

use super::failed::failed;
use crate::outputs::trouble::Trouble;
use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// A file that is being read.
pub(in crate::outputs) struct Body {
    response: Response,
    /// What was received beyond the last part.
    rest: Bytes,
    /// How many bytes may still come.
    allowance: u64,
}

impl Body {
    /// Begins to read, unless the answer says itself that it is too large.
    pub(super) fn of(response: Response, max_bytes: u64) -> Result<Body, Trouble> {
        if response.content_length().is_some_and(|length| length > max_bytes) {
            return Err(Trouble::TooLarge);
        }
        Ok(Body { response, rest: Bytes::new(), allowance: max_bytes })
    }

    /// The next bytes, as many as asked for. Fewer are the last ones, none is the end.
    pub(in crate::outputs) async fn part(&mut self, size: usize) -> Result<Bytes, Trouble> {
        // Copied, because a piece of the network's may be a byte that keeps a large buffer alive.
        let mut part = BytesMut::new();
        loop {
            let wanted = self.rest.len().min(size - part.len());
            part.extend_from_slice(&self.rest.split_to(wanted));
            if part.len() == size {
                break;
            }
            let Some(bytes) = self.response.chunk().await.map_err(failed)? else { break };
            self.allowance = self.allowance.checked_sub(bytes.len() as u64).ok_or(Trouble::TooLarge)?;
            self.rest = bytes;
        }
        Ok(part.freeze())
    }
}
