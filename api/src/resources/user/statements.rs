//! Statements of an account: for its user, and for admins and auditors; as JSON, as a table, or as a page to print.

use crate::app::App;
use crate::resources::Tag;
use crate::resources::user::statement::{self, Book, Entry, Period, Side, Totals};
use crate::serve::accept::first_named;
use crate::serve::auth::{Caller, Officers, UserOnly};
use crate::serve::cursor::List;
use crate::serve::declared::{Answer, ReadAt, ReadOneAt};
use crate::serve::parameter::{Path, Query};
use crate::serve::problem::Problem;
use crate::words::scalars::{
    Amount, Boundary, GenerationId, Instant, Limit, SignedAmount, Term, Total, UserName, page_size,
};
use crate::words::zones::ZoneName;
use chrono_tz::Tz;
use futures::Stream;
use ledger::UserId;
use poem::Body;
use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, ResponseContent};
use std::io;

/// The forms that a statement has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum Form {
    /// For programs; its entries come in pages.
    Json,
    /// For spreadsheets; whole.
    Csv,
    /// For people and printers; whole.
    Html,
}

/// What an account held at one end of the period.
#[derive(Debug, Object)]
struct Holdings {
    /// What it had that was not set aside: what could be spent then, and what only later.
    balance: Amount,
    /// What was set aside.
    held: Amount,
    /// What of the balance could be spent then.
    available: Amount,
    /// What of the balance could only be spent later.
    pending: Amount,
}

/// Everything that happened in the period, by kind and with its sign. `opening.balance + opening.held` and these are
/// exactly `closing.balance + closing.held`; setting credits aside and taking them back changes neither sum.
#[derive(Debug, Object)]
struct StatementTotals {
    /// Given.
    granted: Total,
    /// Spent on generations, or captured.
    spent: Total,
    /// Given back.
    refunded: Total,
    /// Corrected, up and down.
    adjusted: Total,
    /// Lapsed.
    expired: Total,
    /// Taken back with their grants.
    voided: Total,
}

/// One line.
#[derive(Debug, Object)]
struct StatementEntry {
    /// When.
    occurred_at: Instant,
    /// What happened, such as `credits.captured`.
    #[oai(rename = "type")]
    kind: String,
    /// What happened, in words.
    description: String,
    /// The generation that it is about, if any.
    generation_id: Option<GenerationId>,
    /// The model that makes it.
    #[oai(skip_serializing_if_is_none)]
    model: Option<String>,
    /// What was asked for, on one line and shortened.
    #[oai(skip_serializing_if_is_none)]
    prompt: Option<String>,
    /// By how much the balance changed.
    amount: SignedAmount,
    /// By how much the credits that are set aside changed.
    held_change: SignedAmount,
    /// What was spent, where something was: of a capture it is another number than the change of the balance.
    spent: Option<Amount>,
    /// The balance after it.
    balance_after: Amount,
    /// What is set aside after it.
    held_after: Amount,
}

/// A statement. Its entries come in pages; everything else is about the whole period.
#[derive(Debug, Object)]
struct Statement {
    /// Whose.
    user: UserName,
    /// The account's id.
    account_id: String,
    /// Where the period begins.
    from: Instant,
    /// Where it ends; this instant does not belong to it.
    until: Instant,
    /// Whose days are meant where a day was named, and whose clock the page shows.
    zone: ZoneName,
    /// At the start.
    opening: Holdings,
    /// At the end, or now if the period has not ended.
    closing: Holdings,
    /// What happened between them; on the first page only.
    totals: Option<StatementTotals>,
    /// Oldest first.
    entries: Vec<StatementEntry>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

#[derive(ResponseContent)]
#[expect(clippy::large_enum_variant, reason = "one answer holds one of it, for a moment")]
enum Content {
    Json(Json<Statement>),
    #[oai(content_type = "text/csv; charset=utf-8")]
    Csv(Binary<Body>),
    #[oai(content_type = "text/html; charset=utf-8")]
    Html(Binary<Body>),
}

/// A statement in the form that was asked for.
#[derive(ApiResponse)]
enum Told {
    /// The statement.
    #[oai(status = 200)]
    Told(
        Content,
        /// `Accept`: the form depends on it where `format` is not given.
        #[oai(header = "Vary")]
        String,
        /// The name under which a table is saved.
        #[oai(header = "Content-Disposition")]
        Option<String>,
        /// What a page may do: nothing.
        #[oai(header = "Content-Security-Policy")]
        Option<String>,
    ),
}

/// See the module.
pub(crate) struct Statements;

#[OpenApi]
impl Statements {
    /// Your statement
    ///
    /// What you held at the start of a period, everything that happened, and what you hold at its end: as JSON, as CSV,
    /// or as a page to print. Made from the log, and only handed out if it adds up. At most 400 days and 50,000
    /// entries.
    #[oai(
        path = "/v1/credits/statement",
        method = "get",
        operation_id = "getStatement",
        tag = "Tag::Credits"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn own(
        &self,
        caller: Caller<UserOnly>,
        app: Data<&App>,
        headers: &HeaderMap,
        /// Where the period begins: a day or an instant; the month in which it ends if left out.
        from: Query<Option<Boundary>>,
        /// Where it ends; this day or instant does not belong to it. The end of the current month if left out.
        until: Query<Option<Boundary>>,
        /// Whose days and clock: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out.
        zone: Query<Option<ZoneName>>,
        /// The form; else the `Accept` header decides.
        format: Query<Option<Form>>,
        /// How many entries a page of JSON.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before; JSON only.
        cursor: Query<Option<Term>>,
    ) -> Answer<Told, ReadAt> {
        let period = period(&app, from.0, until.0, zone.0)?;
        let wanted = Wanted::of(headers, format.0, limit.0, cursor.0)?;
        let place = wanted.place(&caller.user, period)?;
        let book = Book::open(&app, caller.user.clone(), period).await?;
        let book = book.unwrap_or_else(|| Book::empty(caller.user, period, app.now()));
        Ok(tell(&app, &book, &wanted, place).await?)
    }

    /// The statement of an account
    ///
    /// As its user gets it.
    #[oai(
        path = "/admin/accounts/:user/statement",
        method = "get",
        operation_id = "getAccountStatement",
        tag = "Tag::Accounts"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of its own")]
    async fn of_account(
        &self,
        _caller: Caller<Officers>,
        app: Data<&App>,
        headers: &HeaderMap,
        /// The user, as in the `sub` of its token.
        user: Path<UserName>,
        /// Where the period begins: a day or an instant; the month in which it ends if left out.
        from: Query<Option<Boundary>>,
        /// Where it ends; this day or instant does not belong to it. The end of the current month if left out.
        until: Query<Option<Boundary>>,
        /// Whose days and clock: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out.
        zone: Query<Option<ZoneName>>,
        /// The form; else the `Accept` header decides.
        format: Query<Option<Form>>,
        /// How many entries a page of JSON.
        limit: Query<Option<Limit>>,
        /// `next_cursor` of the page before; JSON only.
        cursor: Query<Option<Term>>,
    ) -> Answer<Told, ReadOneAt> {
        let user = user.0.0;
        let period = period(&app, from.0, until.0, zone.0)?;
        let wanted = Wanted::of(headers, format.0, limit.0, cursor.0)?;
        let place = wanted.place(&user, period)?;
        let book = Book::open(&app, user, period).await?;
        let book = book.ok_or_else(|| {
            Problem::not_found("there is no such account; `GET /admin/accounts` lists them")
        })?;
        Ok(tell(&app, &book, &wanted, place).await?)
    }
}

fn period(
    app: &App,
    from: Option<Boundary>,
    until: Option<Boundary>,
    zone: Option<ZoneName>,
) -> Result<Period, Problem> {
    let zone = zone.map_or(Tz::UTC, |zone| zone.0);
    Period::of(from.map(|from| from.0), until.map(|until| until.0), zone, app.now())
}

/// In which form, and which page of it.
struct Wanted {
    form: Form,
    limit: i64,
    cursor: Option<Term>,
}

impl Wanted {
    fn of(
        headers: &HeaderMap,
        form: Option<Form>,
        limit: Option<Limit>,
        cursor: Option<Term>,
    ) -> Result<Wanted, Problem> {
        let form = form.unwrap_or_else(|| preferred(headers));
        if form != Form::Json && cursor.is_some() {
            return Err(Problem::parameter("cursor", "is for JSON; the other forms are whole"));
        }
        Ok(Wanted { form, limit: page_size(limit), cursor })
    }

    fn list(user: &UserId, period: Period) -> List {
        List::new("statement", &(user, period.from, period.until))
    }

    /// The version after which this page begins; `None` for the first.
    fn place(&self, user: &UserId, period: Period) -> Result<Option<i64>, Problem> {
        Wanted::list(user, period).place(self.cursor.as_ref())
    }
}

/// What the client names first of the forms that there are.
fn preferred(headers: &HeaderMap) -> Form {
    let form = first_named(headers, |kind| match kind {
        "text/html" => Some(Form::Html),
        "text/csv" => Some(Form::Csv),
        "application/json" => Some(Form::Json),
        _ => None,
    });
    form.unwrap_or(Form::Json)
}

async fn tell(app: &App, book: &Book, wanted: &Wanted, place: Option<i64>) -> Result<Told, Problem> {
    let vary = "Accept".to_owned();
    // Before anything is said: a statement that does not add up is none.
    let totals = if place.is_none() { Some(book.totals(app).await?) } else { None };
    match (wanted.form, totals) {
        (Form::Html, Some(totals)) => {
            let page = Content::Html(streamed(statement::page(book, &totals, app.clone())));
            Ok(Told::Told(page, vary, None, Some(statement::policy())))
        }
        (Form::Csv, Some(_)) => {
            let table = Content::Csv(streamed(statement::table(book, app.clone())));
            let (first, last) = book.period.days();
            let name = format!("attachment; filename=\"statement-{first}-{last}.csv\"");
            Ok(Told::Told(table, vary, Some(name), None))
        }
        (Form::Json | Form::Html | Form::Csv, totals) => {
            let page = Content::Json(Json(one_page(app, book, totals, wanted.limit, place).await?));
            Ok(Told::Told(page, vary, None, None))
        }
    }
}

fn streamed(parts: impl Stream<Item = io::Result<String>> + Send + 'static) -> Binary<Body> {
    Binary(Body::from_bytes_stream(parts))
}

async fn one_page(
    app: &App,
    book: &Book,
    totals: Option<Totals>,
    limit: i64,
    place: Option<i64>,
) -> Result<Statement, Problem> {
    let after = place.unwrap_or(book.opening.version).max(book.opening.version);
    let entries = book.entries(app, after, limit).await?;
    let last = entries.last().map(|entry| entry.version).filter(|last| *last < book.closing.version);
    Ok(Statement {
        user: UserName(book.user.clone()),
        account_id: book.account.to_string(),
        from: Instant(book.period.from),
        until: Instant(book.period.until),
        zone: ZoneName(book.period.zone),
        opening: Holdings::from(&book.opening),
        closing: Holdings::from(&book.closing),
        totals: totals.map(StatementTotals::from),
        entries: entries.into_iter().map(StatementEntry::from).collect(),
        next_cursor: last.map(|last| Wanted::list(&book.user, book.period).cursor(&last)),
    })
}

impl From<&Side> for Holdings {
    fn from(side: &Side) -> Holdings {
        Holdings {
            balance: Amount(side.balance),
            held: Amount(side.held),
            available: Amount(side.available),
            pending: Amount(side.pending),
        }
    }
}

impl From<Totals> for StatementTotals {
    fn from(totals: Totals) -> StatementTotals {
        let [granted, spent, refunded, adjusted, expired, voided] =
            totals.by_kind().map(|(_, total)| Total(total.normalize().to_string()));
        StatementTotals { granted, spent, refunded, adjusted, expired, voided }
    }
}

impl From<Entry> for StatementEntry {
    fn from(entry: Entry) -> StatementEntry {
        StatementEntry {
            occurred_at: Instant(entry.at),
            kind: entry.kind.to_owned(),
            description: entry.description,
            generation_id: entry.job_id.map(GenerationId),
            model: entry.model,
            prompt: entry.prompt,
            amount: SignedAmount(entry.amount),
            held_change: SignedAmount(entry.held),
            spent: entry.spent.map(Amount),
            balance_after: Amount(entry.balance_after),
            held_after: Amount(entry.held_after),
        }
    }
}
