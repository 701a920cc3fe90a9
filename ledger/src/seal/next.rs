//! Sealing the next block: one SELECT, one INSERT.
//!
//! The SELECT reads the newest seal and the events after it up to the safe mark, below which nothing can appear
//! any more: a position that is missing there stays missing. Two sealers at once make the same block twice; the
//! primary key refuses the second, whose sealer reads anew. A crash between the two statements leaves nothing.

use super::block::Seal;
use super::key::SealKey;
use crate::error::Error;
use crate::ids::Position;
use crate::store::seals;
use chrono::DateTime;
use std::time::Duration;
use tokio_postgres::GenericClient;

/// When a block is sealed.
#[derive(Debug, Clone)]
pub struct SealOptions {
    /// Events of a full block, which is sealed at once; 1 to [`SealOptions::MOST`].
    pub block: u32,
    /// A block that is not full is sealed when its oldest event is this old.
    pub after: Duration,
}

impl SealOptions {
    /// Largest block: its leaves are 2.6 MB.
    pub const MOST: u32 = 65_536;
}

impl Default for SealOptions {
    fn default() -> SealOptions {
        SealOptions { block: 1_024, after: Duration::from_secs(60) }
    }
}

/// What [`seal_next`] did.
#[derive(Debug, Clone, PartialEq)]
pub enum Sealed {
    /// It sealed this block.
    Block(Box<Seal>),
    /// There is less than a block, and none of it is old enough.
    NotYet {
        /// Everything up to here is sealed.
        sealed: Position,
        /// Events that wait.
        waiting: u32,
        /// When they will be old enough; `None` if there are none.
        due_in: Option<Duration>,
    },
    /// Another sealer was first; nothing was done.
    Lost,
}

/// Seals the next block up to `mark`, if it is full or old enough. `client` must be a [`crate::Role::Sealer`]'s,
/// and `mark` a safe mark, see [`crate::MarkWatcher`].
pub async fn seal_next(
    client: &impl GenericClient,
    key: &SealKey,
    mark: Position,
    options: &SealOptions,
) -> Result<Sealed, Error> {
    let most = options.block.clamp(1, SealOptions::MOST);
    let next = seals::next(client, mark, most).await?;
    // At most `most`, which is a u32.
    let events = u32::try_from(next.leaves.len()).unwrap_or(most);
    let after = options.after.as_secs_f64();
    if events < most && (events == 0 || next.age_seconds < after) {
        let left = Duration::try_from_secs_f64(after - next.age_seconds).unwrap_or_default();
        let due_in = (events > 0).then_some(left);
        return Ok(Sealed::NotYet { sealed: next.after, waiting: events, due_in });
    }
    let unsigned = Seal {
        number: next.number,
        first_position: next.first,
        last_position: next.last,
        events,
        root: next.leaves.root(),
        prev_hash: next.prev_hash,
        hash: [0; 32],
        public_key: key.public_key(),
        signature: [0; 64],
        sealed_at: DateTime::UNIX_EPOCH,
    };
    let mut seal = unsigned.signed(key);
    match seals::add(client, &seal, &next.leaves).await? {
        Some(sealed_at) => {
            seal.sealed_at = sealed_at;
            Ok(Sealed::Block(Box::new(seal)))
        }
        None => Ok(Sealed::Lost),
    }
}
