//! `GET /v1/events`: a stream of the caller's generations as they change.
//!
//! An event's id is the position in the log of the change that it shows, so a client that comes back with
//! `Last-Event-ID` gets each generation that changed since, as it is now. Changes of one generation may be shown
//! as one. The stream ends with the token or the API key, with the server, and for a client that does not read.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::user::feed::{Change, Subscription};
use crate::serve::auth::{Caller, UserOnly, Validity};
use crate::serve::declared::{Answer, Read};
use crate::serve::parameter::Header;
use crate::serve::problem::Problem;
use crate::words::generation::Generation;
use crate::words::scalars::LogPosition;
use futures::Stream;
use ledger::{AccountId, JobId, Position, read};
use poem::web::Data;
use poem::web::sse::{Event, SSE};
use poem::{IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, OpenApi};
use projections::generations;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Events that wait for a client that reads slowly.
const BUFFER: usize = 64;

/// Longest time for one event to be taken by its client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Generations that are caught up with at a time.
const CATCH_UP_PAGE: i64 = 200;

/// How long a resumed stream waits for the read models to know what it has missed.
const CATCH_UP_WAIT: Duration = Duration::from_secs(5);

/// The body of a stream.
pub(crate) struct Events(SSE);

impl Payload for Events {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            items: Some(Box::new(Generation::schema_ref())),
            ..MetaSchema::new_with_format("array", "event-stream")
        }))
    }

    fn register(registry: &mut Registry) {
        Generation::register(registry);
    }
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// The answer.
#[derive(ApiResponse)]
enum Following {
    /// `event: generation`, `id: <position>`, `data: <the generation>`; comments keep a silent stream open.
    #[oai(status = 200)]
    Open(
        Events,
        /// Proxies must pass events on at once.
        #[oai(header = "X-Accel-Buffering")]
        String,
    ),
}

/// See the module.
pub(crate) struct EventStreams;

#[OpenApi(tag = "Tag::Generations")]
impl EventStreams {
    /// Follow your generations
    #[oai(path = "/v1/events", method = "get", operation_id = "followGenerations")]
    async fn follow(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        /// The last event that was seen: the stream goes on after it.
        #[oai(name = "Last-Event-ID")]
        last_seen: Header<Option<LogPosition>>,
    ) -> Answer<Following, Read> {
        let most = app.limits.streams_per_user;
        let changes = app.feed.subscribe_stream(caller.account, most).ok_or_else(|| {
            let detail = format!("a user may have {most} event streams at once; close one");
            Problem::too_many("too_many_streams", detail).retrying(Duration::from_secs(5))
        })?;
        if last_seen.0.is_some() {
            let reached = projections::wait_for(&app.pool, changes.since, CATCH_UP_WAIT).await?;
            if !reached {
                let detail = "what was missed is not known yet; come back shortly";
                return Err(Problem::unavailable("read_models_behind", detail).into());
            }
        }
        let (events, stream) = mpsc::channel(BUFFER);
        let follower = Follower {
            app: app.0.clone(),
            account: caller.account,
            changes,
            events,
            seen: last_seen.0.map(|seen| seen.0),
        };
        tokio::spawn(follower.run(caller.validity));
        let sse = SSE::new(stream_of(stream)).keep_alive(app.limits.heartbeat);
        Ok(Following::Open(Events(sse), "no".into()))
    }
}

fn stream_of(receiver: mpsc::Receiver<Event>) -> impl Stream<Item = Event> + Send + 'static {
    ReceiverStream::new(receiver)
}

/// Fills one stream. It ends by dropping its sender.
struct Follower {
    app: App,
    account: AccountId,
    changes: Subscription,
    events: mpsc::Sender<Event>,
    /// Everything up to here was shown.
    seen: Option<Position>,
}

/// The client has gone or does not read.
struct Gone;

impl Follower {
    async fn run(mut self, validity: Validity) {
        let (app, events) = (self.app.clone(), self.events.clone());
        tokio::select! {
            _ = self.follow() => {}
            () = events.closed() => {}
            () = app.shutdown.cancelled() => {}
            () = app.over(validity) => {}
        }
    }

    async fn follow(&mut self) -> Result<(), Gone> {
        match self.seen {
            Some(seen) => self.catch_up(seen).await?,
            // Tells where it begins, so that a client that hears nothing can still come back to here.
            None => self.send(Event::message("").id(self.changes.since.to_string())).await?,
        }
        while let Some(change) = self.changes.next().await {
            let mut newest = HashMap::from([(change.job, change.position)]);
            while let Some(Change { job, position }) = self.changes.try_next() {
                newest.insert(job, position);
            }
            let mut newest: Vec<_> = newest.into_iter().collect();
            newest.sort_unstable_by_key(|(_, position)| *position);
            for (job, position) in newest {
                if self.seen.is_none_or(|seen| position > seen) {
                    self.show(job, position).await?;
                }
            }
        }
        Ok(())
    }

    /// Shows every generation that changed after a position, in the order of its last change.
    async fn catch_up(&mut self, after: Position) -> Result<(), Gone> {
        let mut after = after;
        loop {
            let changed = async {
                let client = self.app.reader().await?;
                Ok(generations::changed_since(&**client, self.account, after, CATCH_UP_PAGE).await?)
            };
            let page = changed.await.map_err(|problem: Problem| give_up(&problem))?;
            for row in &page {
                self.send(event(&Generation::of_row(row), row.last_position)).await?;
                after = row.last_position;
            }
            if (page.len() as i64) < CATCH_UP_PAGE {
                self.seen = Some(after);
                return Ok(());
            }
        }
    }

    async fn show(&self, job: JobId, position: Position) -> Result<(), Gone> {
        let state = async { Ok(read::job(&**self.app.reader().await?, self.account, job).await?) };
        let state = state.await.map_err(|problem: Problem| give_up(&problem))?;
        match state {
            Some(state) => self.send(event(&Generation::of_state(job, &state), position)).await,
            None => Ok(()),
        }
    }

    async fn send(&self, event: Event) -> Result<(), Gone> {
        self.events.send_timeout(event, PATIENCE).await.map_err(|_| Gone)
    }
}

/// A stream that cannot read on ends, and its client comes back when it can.
fn give_up(problem: &Problem) -> Gone {
    tracing::warn!(code = problem.code, cause = problem.cause, "an event stream ended early");
    Gone
}

fn event(generation: &Generation, position: Position) -> Event {
    Event::message(generation.to_json_string()).event_type("generation").id(position.to_string())
}
