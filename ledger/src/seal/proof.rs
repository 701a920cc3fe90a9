//! Making the proof document of an event from the database.

use super::document::{Document, FORMAT, ProofError, ProvenEvent};
use super::stored::HashedColumns;
use crate::error::Error;
use crate::ids::{EventId, Position};
use crate::store::row::hash;
use crate::store::seals;
use chrono::{DateTime, Utc};
use tokio_postgres::GenericClient;

/// What came of asking for a proof.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// Here it is.
    Document(Box<Document>),
    /// There is no event at this position, and none was sealed there.
    Unknown,
    /// The event is newer than the newest block.
    NotSealedYet,
    /// The event is not what was sealed: the log was changed. The first step that fails.
    Contradicted(ProofError),
}

/// Makes the proof of the event at a position: two statements.
pub async fn prove(client: &impl GenericClient, position: Position) -> Result<Proof, Error> {
    let Some(event) = seals::event(client, position).await? else {
        let covering = seals::covering(client, position).await?;
        let index = covering.and_then(|(_, leaves)| leaves.index_of(position));
        return Ok(index.map_or(Proof::Unknown, |index| {
            Proof::Contradicted(ProofError::Leaf { position, index: index as u64 })
        }));
    };
    let Some((seal, leaves)) = seals::covering(client, position).await? else {
        return Ok(Proof::NotSealedYet);
    };
    let Some(index) = leaves.index_of(position) else {
        return Ok(Proof::Contradicted(ProofError::Leaf { position, index: 0 }));
    };
    let columns = event.columns.try_into().map_err(|columns: Vec<_>| Error::Unreadable {
        event: format!("position {position}"),
        problem: format!("{} columns", columns.len()),
    })?;
    let event = ProvenEvent {
        position,
        prev_hash: hash(&event.prev_hash)?,
        columns: HashedColumns::new(columns),
        hash: hash(&event.hash)?,
    };
    let document = Document {
        format: FORMAT.to_owned(),
        event,
        leaf_index: index as u64,
        audit_path: leaves.path(index),
        seal,
    };
    // Trust is the reader's business; everything else must hold before it is handed out.
    let key = document.seal.public_key;
    Ok(match document.clone().verify(&[key]) {
        Ok(_) => Proof::Document(Box::new(document)),
        Err(step) => Proof::Contradicted(step),
    })
}

/// The position of an event, by its id: searched for within an hour of the time in the id. `None` if it is not
/// there, or the id holds no time.
pub async fn find_event(client: &impl GenericClient, id: EventId) -> Result<Option<Position>, Error> {
    match time_of(id) {
        Some(around) => seals::position_of(client, id, around).await,
        None => Ok(None),
    }
}

fn time_of(id: EventId) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = id.0.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
}
