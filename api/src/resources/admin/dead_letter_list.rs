//! `GET /admin/dlq/messages`: the list of dead letters, under filters and in an order.

use super::dead_letters::DeadGeneration;
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AdminOnly, Caller};
use crate::serve::cursor::{List, Moment};
use crate::serve::declared::{Answer, ReadList};
use crate::serve::freshness;
use crate::serve::listing::{Asking, ListForm, Listed, Part, Walk, export, split};
use crate::serve::parameter::{Header, Query};
use crate::serve::problem::Problem;
use crate::words::incidents::{DeadOrderName, IncidentId, MinAttempts, SearchText};
use crate::words::scalars::{
    Amount, ClassName, Instant, KindName, Limit, LogPosition, Term, UserName, page_size,
};
use ledger::{Credits, JobId};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use projections::dead_letters::{self, Cursor, Filter, Order};

/// The list counts so far: the sum of a long list would cost more than its page.
const MOST_COUNTED: i64 = 10_000;

/// A page of them.
#[derive(Debug, Object)]
struct DeadPage {
    items: Vec<DeadGeneration>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// How many match on all pages, counted no further than to 10,000.
    total: u64,
    /// Whether more match than `total` says, or may: of a long list only a part is counted under most filters.
    total_is_more: bool,
    /// Whether the page is not full because the search stopped: of a long list only a part is looked at for a page. It goes on at
    /// `next_cursor`.
    is_cut: bool,
}

/// The dead letters that match, in an order.
struct Matching {
    filter: Filter,
    order: Order,
}

impl Walk for Matching {
    type Item = DeadGeneration;
    type Place = Mark;

    async fn page(
        &self,
        app: &App,
        after: Option<Mark>,
        limit: i64,
    ) -> Result<Part<DeadGeneration, Mark>, Problem> {
        let (client, after) = (app.reader().await?, after.map(cursor_at));
        let found = dead_letters::list(&**client, &self.filter, self.order, after, limit + 1).await?;
        let (shown, next) = split(&found.jobs, limit, |last| mark_of(last.into()));
        let part = Part::new(shown.iter().map(DeadGeneration::from).collect(), next);
        Ok(part.stopped_at(found.stopped_at.map(mark_of)))
    }
}

/// See the module.
pub(crate) struct DeadLetterList;

#[OpenApi(tag = "Tag::DeadLetters")]
impl DeadLetterList {
    /// List dead letters
    ///
    /// Newest first, unless another order is asked for.
    #[oai(path = "/admin/dlq/messages", method = "get", operation_id = "listDeadLetters")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter of its own")]
    async fn list(
        &self,
        caller: Caller<AdminOnly>,
        app: Data<&App>,
        asking: Asking,
        /// Only those of this user.
        user: Query<Option<UserName>>,
        /// Only those of users whose id has this part.
        user_contains: Query<Option<Term>>,
        /// Only those of this kind.
        kind: Query<Option<KindName>>,
        /// Only those that were asked last of this provider, as far as the log tells.
        provider: Query<Option<Term>>,
        /// Only those made by this model.
        model: Query<Option<Term>>,
        /// Only those whose failure is of this class.
        class: Query<Option<ClassName>>,
        /// Only those with this failure code.
        code: Query<Option<Term>>,
        /// Only those of this incident.
        incident: Query<Option<IncidentId>>,
        /// Only those with this text in the message of the failure or in the prompt, in capitals or not.
        q: Query<Option<SearchText>>,
        /// Only those with so many attempts in the run that died, or more.
        min_attempts: Query<Option<MinAttempts>>,
        /// Only those for which so many credits are taken or set aside, or more.
        min_credits: Query<Option<Amount>>,
        /// Only those that died at this instant or later.
        since: Query<Option<Instant>>,
        /// Only those that died before this instant.
        until: Query<Option<Instant>>,
        /// `newest` first, `oldest` first, or those with most `credits` first.
        sort: Query<Option<DeadOrderName>>,
        /// The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides.
        format: Query<Option<ListForm>>,
        /// How many a page.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<Term>>,
        /// The position that an earlier write answered with: the list shows at least that.
        #[oai(name = "Ledger-Position")]
        position: Header<Option<LogPosition>>,
    ) -> Answer<Listed<DeadPage>, ReadList> {
        let form = asking.file(format.0, limit.0.as_ref(), cursor.0.as_ref())?;
        let filter = Filter {
            user: user.0.map(|user| user.0),
            user_part: user_contains.0.map(|part| part.0),
            kind: kind.0.map(|kind| kind.0),
            provider: provider.0.map(|provider| provider.0),
            model: model.0.map(|model| model.0),
            class: class.0.map(|class| class.0),
            code: code.0.map(|code| code.0),
            incident: incident.0.map(|incident| incident.0),
            text: q.0.map(|text| text.0),
            min_attempts: min_attempts.0.map(|attempts| attempts.0),
            min_charged: min_credits.0.map(|credits| credits.0),
            since: since.0.map(|since| since.0),
            until: until.0.map(|until| until.0),
            older_than: None,
        };
        let order = sort.0.map_or(Order::default(), |sort| sort.0);
        let list = list_of(&filter, order);
        let place = list.place(cursor.0.as_ref())?;
        freshness::wait(&app, position.0).await?;
        let matching = Matching { filter, order };
        if let Some(form) = form {
            return Ok(Listed::File(export(&app, &caller, "dead-letters", form, matching).await?));
        }
        let Part { items, next, is_cut } = matching.page(&app, place, page_size(limit.0)).await?;
        let client = app.reader().await?;
        let most = MOST_COUNTED.unsigned_abs();
        let (counted, may_be_more) =
            dead_letters::count_up_to(&**client, &matching.filter, MOST_COUNTED + 1).await?;
        Ok(Listed::Page(DeadPage {
            items,
            next_cursor: next.map(|next| list.cursor(&next)),
            total: counted.min(most),
            total_is_more: counted > most || may_be_more,
            is_cut,
        }))
    }
}

/// A cursor as it is written: amounts of clients are bounded, and so are those of made-up cursors.
type Mark = (Moment, JobId, Credits);

fn cursor_at((Moment(died_at), job_id, charged): Mark) -> Cursor {
    Cursor { charged: charged.get(), died_at, job_id }
}

fn mark_of(cursor: Cursor) -> Mark {
    // What is charged is an amount.
    let charged = Credits::new(cursor.charged).unwrap_or(Credits::ZERO);
    (Moment(cursor.died_at), cursor.job_id, charged)
}

fn list_of(filter: &Filter, order: Order) -> List {
    let Filter {
        user,
        user_part,
        kind,
        provider,
        model,
        class,
        code,
        incident,
        text,
        min_attempts,
        min_charged,
        since,
        until,
        older_than: _,
    } = filter;
    let who = (user, user_part);
    let why = (kind, provider, model, class, code, incident, text);
    List::new("dead_letters", &(who, why, (min_attempts, min_charged), (since, until), order.as_str()))
}
