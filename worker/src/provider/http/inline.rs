//! Reading an answer that may hold outputs. They go to the disk as they arrive, so that what is in memory does not grow with them.

use super::cut::Cut;
use super::sieve::{Piece, Sieve};
use crate::provider::{Spool, Spooled};
use ledger::error_chain;
use std::io;

/// Most bytes of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// As it arrives.
    pub all: usize,
    /// Of what is left of it without outputs.
    pub text: usize,
    /// Of one output.
    pub output: u64,
}

/// The JSON of an answer, and the outputs that were taken out of it.
pub(super) async fn read(
    response: &mut reqwest::Response,
    bounds: Bounds,
) -> Result<(Vec<u8>, Vec<Spooled>), Cut> {
    let mut sieve = Sieve::new(bounds.text, bounds.output);
    let mut files = Files::default();
    let mut read = 0;
    while let Some(chunk) = response.chunk().await.map_err(|_| Cut::Lost)? {
        read += chunk.len();
        if read > bounds.all {
            return Err(Cut::TooLarge);
        }
        for piece in sieve.push(&chunk).map_err(|_| Cut::TooLarge)? {
            files.take(piece).await.map_err(lost)?;
        }
    }
    Ok((sieve.into_text(), files.whole))
}

/// The work is done and paid for, and nobody has it: the same as if the answer were lost on its way.
fn lost(error: io::Error) -> Cut {
    let error = error_chain(&error);
    tracing::error!(error, "an output cannot be kept in the folder for temporary files, and is lost");
    Cut::Lost
}

#[derive(Default)]
struct Files {
    whole: Vec<Spooled>,
    begun: Option<Spool>,
}

impl Files {
    async fn take(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Bytes(bytes) => {
                let mut spool = match self.begun.take() {
                    Some(spool) => spool,
                    None => Spool::begin().await?,
                };
                spool.write(&bytes).await?;
                self.begun = Some(spool);
            }
            Piece::End => {
                if let Some(spool) = self.begun.take() {
                    self.whole.push(spool.end().await?);
                }
            }
            Piece::Nonsense => self.begun = None,
        }
        Ok(())
    }
}
