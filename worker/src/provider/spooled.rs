//! A file that came inside of an answer, on the disk of this machine until it is stored. It has no name there, so that it goes with
//! the last who holds it, however that ends.

use bytes::{Bytes, BytesMut};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::task::spawn_blocking;

/// See the module. Cheap to clone; the clones are one file.
#[derive(Debug, Clone)]
pub struct Spooled {
    file: Arc<File>,
    length: u64,
}

impl Spooled {
    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Up to so many bytes from there on. Fewer are the last ones.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub async fn part(&self, offset: u64, size: usize) -> io::Result<Bytes> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (file, size) = (Arc::clone(&self.file), size.min(left));
        let read = spawn_blocking(move || {
            let mut part = BytesMut::zeroed(size);
            file.read_exact_at(&mut part, offset).map(|()| part.freeze())
        });
        read.await.map_err(io::Error::other)?
    }
}

impl PartialEq for Spooled {
    fn eq(&self, other: &Spooled) -> bool {
        Arc::ptr_eq(&self.file, &other.file)
    }
}

impl Eq for Spooled {}

/// A file that is being written.
pub(crate) struct Spool {
    file: BufWriter<tokio::fs::File>,
    length: u64,
}

impl Spool {
    /// An empty one in the folder for temporary files.
    pub(crate) async fn begin() -> io::Result<Spool> {
        let file = spawn_blocking(tempfile::tempfile).await.map_err(io::Error::other)??;
        Ok(Spool { file: BufWriter::with_capacity(64 * 1024, tokio::fs::File::from_std(file)), length: 0 })
    }

    /// Adds to it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    /// All is written.
    pub(crate) async fn end(mut self) -> io::Result<Spooled> {
        self.file.flush().await?;
        let file = Arc::new(self.file.into_inner().into_std().await);
        Ok(Spooled { file, length: self.length })
    }
}
