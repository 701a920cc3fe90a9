//! What the relay waits for, and how it insists on getting it.

use super::board::{Ask, Overdue, ShelfKey};
use super::outbox::Parcel;
use super::search::{Found, Front};
use super::sight::{self, Sight};
use super::suspects::{self, Verdict};
use super::tail::Page;
use super::{NAME, aside, search, tail};
use crate::checkpoint;
use crate::error::Error;
use crate::queue::{Fault, Letter, Queue};
use crate::station::Station;
use futures::future::BoxFuture;
use futures::{FutureExt, future};
use ledger::{Position, error_chain, failpoint};
use projections::pending::Lane;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a look at the routes may take. What is not known by then is held back by nobody.
const LOOK: Duration = Duration::from_secs(2);

/// The end of something that was begun.
#[derive(Debug)]
pub(super) enum News {
    Read(Page),
    /// What a queue answered to a request.
    Answered(Arc<Queue>, Vec<(Parcel, Result<(), Fault>)>),
    /// Whether the job was told that its message is set aside.
    Aside(Parcel, bool),
    Moved(Position),
    Fronts(Vec<Front>),
    /// `None` while the read model is not far enough.
    Found(Option<Found>),
    /// `None` if the queue or the log did not answer.
    Judged(Option<Vec<(Ask, Verdict)>>),
    /// What the workers cannot ask of providers; `None` if that could not be read.
    Seen(Option<Sight>),
}

pub(super) type Coming = BoxFuture<'static, Result<News, Error>>;

pub(super) fn read(station: Arc<Station>, after: Position, until: Position) -> Coming {
    async move {
        insist("the log cannot be read", || tail::read_page(&station, after, until)).await.map(News::Read)
    }
    .boxed()
}

pub(super) fn send(queue: Arc<Queue>, parcels: Vec<Parcel>) -> Coming {
    async move {
        let letters: Vec<Letter> = parcels.iter().map(Parcel::letter).collect();
        failpoint::pass("relay.send.before");
        let answers = queue.post(&letters).await;
        failpoint::pass("relay.send.after");
        Ok(News::Answered(queue, parcels.into_iter().zip(answers).collect()))
    }
    .boxed()
}

pub(super) fn set_aside(station: Arc<Station>, parcel: Parcel) -> Coming {
    async move {
        let told = aside::set_aside(&station, &parcel).await;
        Ok(News::Aside(parcel, told))
    }
    .boxed()
}

/// What a crash of the database takes back of it is sent once more, which is harmless: the claim of a job is taken once, and
/// the other message is refused and deleted.
pub(super) async fn move_checkpoint(
    station: &Station,
    fencing: i64,
    position: Position,
) -> Result<(), Error> {
    checkpoint::move_unflushed(&**station.writer.get().await?, NAME, fencing, position).await
}

pub(super) fn move_to(station: Arc<Station>, fencing: i64, position: Position) -> Coming {
    async move {
        let moving = || move_checkpoint(&station, fencing, position);
        failpoint::pass("relay.checkpoint.before");
        insist("the checkpoint cannot be moved", moving).await?;
        failpoint::pass("relay.checkpoint.after");
        Ok(News::Moved(position))
    }
    .boxed()
}

pub(super) fn fronts(station: Arc<Station>, shelves: Vec<ShelfKey>, each: usize) -> Coming {
    async move {
        let reading = || search::fronts(&station, shelves.clone(), each);
        insist("the waiting jobs cannot be read", reading).await.map(News::Fronts)
    }
    .boxed()
}

pub(super) fn find(station: Arc<Station>, after: Option<Lane>, least: Position) -> Coming {
    async move {
        let soon = station.timings.reconcile_after * 2;
        let finding = || search::find(&station, after.as_ref(), least, soon);
        insist("the waiting jobs cannot be found", finding).await.map(News::Found)
    }
    .boxed()
}

pub(super) fn judge(station: Arc<Station>, overdue: Overdue) -> Coming {
    async move {
        let judged = suspects::judge(&station, overdue).await;
        let failed = |error: &Error| {
            tracing::warn!(error = %error_chain(error), "messages that may be lost cannot be looked after");
        };
        Ok(News::Judged(judged.inspect_err(failed).ok()))
    }
    .boxed()
}

pub(super) fn look(station: Arc<Station>) -> Coming {
    async move {
        let seen = match timeout(LOOK, sight::look(&station)).await {
            Ok(Ok(sight)) => Some(sight),
            Ok(Err(error)) => {
                tracing::warn!(error = %error_chain(&error), "what the workers cannot make cannot be read");
                None
            }
            Err(_elapsed) => None,
        };
        Ok(News::Seen(seen))
    }
    .boxed()
}

/// Tries until it succeeds, or another relay leads.
async fn insist<T, Trying>(complaint: &str, mut attempt: impl FnMut() -> Trying) -> Result<T, Error>
where
    Trying: Future<Output = Result<T, Error>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(Error::Fenced) => return Err(Error::Fenced),
            Err(error) => tracing::warn!(error = %error_chain(&error), "{complaint}"),
        }
        metrics::counter!("cooly_duty_failures_total", "duty" => "relay").increment(1);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What never comes.
pub(super) async fn never<T>() -> T {
    future::pending().await
}
