//! Reads a statement from the log, and checks that it adds up before anybody sees it.
//!
//! The versions of an account have no gaps, so both ends tell how many entries lie between them. The entries are read
//! in pages, first to be summed and then to be written: none of the forms holds more than a page in memory.

use super::about::Subjects;
use super::entry::Entry;
use super::period::Period;
use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::as_of;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::{Stream, StreamExt, stream};
use ledger::account::{AccountEvent, AccountState};
use ledger::read::{self, AccountAt};
use ledger::{AccountId, Credits, Event, RecordedEvent, UserId};
use rust_decimal::Decimal;

/// Entries that are read at a time: each brings the account's state along.
const PAGE: i64 = 200;

/// Most entries of one statement.
const MAX_ENTRIES: i64 = 50_000;

/// A statement, but for its entries.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    pub user: UserId,
    pub account: AccountId,
    pub period: Period,
    pub opening: Side,
    pub closing: Side,
    /// When the closing is: the end of the period, or now if it has not ended.
    pub closed_at: DateTime<Utc>,
}

/// An account at one end of a period.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    /// The sum of its lots.
    pub balance: Credits,
    /// Set aside; not in the balance.
    pub held: Credits,
    /// What of the balance could be spent then.
    pub available: Credits,
    /// What of the balance could only be spent later.
    pub pending: Credits,
    /// Version of its last event by then; 0 before the first.
    pub version: i64,
}

/// What happened in a period, by kind, with its sign; both ends differ by exactly their sum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub granted: Decimal,
    pub spent: Decimal,
    pub refunded: Decimal,
    pub adjusted: Decimal,
    pub expired: Decimal,
    pub voided: Decimal,
    /// Whether credits were set aside or came back.
    pub has_holds: bool,
}

impl Book {
    /// Both ends. `None` if nothing ever happened to the account.
    pub(crate) async fn open(app: &App, user: UserId, period: Period) -> Result<Option<Book>, Problem> {
        let account = user.account();
        let client = app.reader().await?;
        let ends = read::statement(&**client, account, period.from, period.until).await?;
        if ends.closing.is_none() && read::account(&**client, account).await?.is_none() {
            return Ok(None);
        }
        let opening = Side::of(app, ends.opening, period.from);
        let closed_at = period.until.min(app.now());
        let closing = Side::of(app, ends.closing, closed_at);
        if closing.version - opening.version > MAX_ENTRIES {
            let detail = format!(
                "the statement would have {} entries, and {MAX_ENTRIES} are the most; choose a shorter period",
                closing.version - opening.version
            );
            return Err(Problem::unprocessable("statement_too_long", detail));
        }
        Ok(Some(Book { user, account, period, opening, closing, closed_at }))
    }

    /// The statement of an account to which nothing happened.
    pub(crate) fn empty(user: UserId, period: Period, now: DateTime<Utc>) -> Book {
        let nothing = Credits::ZERO;
        let side = Side { balance: nothing, held: nothing, available: nothing, pending: nothing, version: 0 };
        Book {
            account: user.account(),
            user,
            period,
            opening: side.clone(),
            closing: side,
            closed_at: period.until.min(now),
        }
    }

    /// How many entries it has.
    pub(crate) fn length(&self) -> i64 {
        self.closing.version - self.opening.version
    }

    /// Its entries after a version, in order and in pages.
    pub(crate) fn pages(
        &self,
        app: App,
        after: i64,
    ) -> impl Stream<Item = Result<Vec<Entry>, Problem>> + Send + 'static + use<> {
        let (account, zone) = (self.account, self.period.zone);
        self.events(app.clone(), after).then(move |page| {
            let app = app.clone();
            async move { told(&app, account, &page?, zone).await }
        })
    }

    /// At most `limit` of its entries after a version.
    pub(crate) async fn entries(&self, app: &App, after: i64, limit: i64) -> Result<Vec<Entry>, Problem> {
        let events = {
            let client = app.reader().await?;
            read::account_events(&**client, self.account, after, self.closing.version, limit).await?
        };
        told(app, self.account, &events, self.period.zone).await
    }

    /// Sums everything up. An error on our side if it does not lead from one end to the other.
    pub(crate) async fn totals(&self, app: &App) -> Result<Totals, Problem> {
        let mut totals = Totals::default();
        let nothing = Subjects::default();
        let mut reached = (self.opening.balance, self.opening.held, self.opening.version);
        let mut pages = Box::pin(self.events(app.clone(), self.opening.version));
        while let Some(page) = pages.next().await {
            for recorded in page? {
                let entry = Entry::of(&recorded, &nothing, self.period.zone)?;
                reached = follow(reached, &entry)?;
                totals.count(&recorded);
            }
        }
        let closing = (self.closing.balance, self.closing.held, self.closing.version);
        let owned = |side: &Side| side.balance.get() + side.held.get();
        if reached != closing || owned(&self.opening) + totals.sum() != owned(&self.closing) {
            let cause = format!("the statement of {} does not add up: {totals:?}", self.account);
            return Err(Problem::internal(cause));
        }
        Ok(totals)
    }

    fn events(
        &self,
        app: App,
        after: i64,
    ) -> impl Stream<Item = Result<Vec<RecordedEvent>, Problem>> + Send + 'static + use<> {
        let (account, until) = (self.account, self.closing.version);
        stream::try_unfold((app, after), move |(app, after)| async move {
            if after >= until {
                return Ok(None);
            }
            // A connection for each page, so that a client that reads slowly holds none.
            let page = read::account_events(&**app.reader().await?, account, after, until, PAGE).await?;
            match page.last().map(|last| last.version) {
                Some(last) => Ok(Some((page, (app, last)))),
                None => {
                    Err(Problem::internal(format!("events of {account} after version {after} are missing")))
                }
            }
        })
    }
}

/// Events as entries that say what they are about.
async fn told(
    app: &App,
    account: AccountId,
    events: &[RecordedEvent],
    zone: Tz,
) -> Result<Vec<Entry>, Problem> {
    let subjects = Subjects::of(app, account, events).await?;
    events.iter().map(|recorded| Entry::of(recorded, &subjects, zone)).collect()
}

/// Where an entry leads to, if the log says the same.
fn follow(
    (balance, held, version): (Credits, Credits, i64),
    entry: &Entry,
) -> Result<(Credits, Credits, i64), Problem> {
    let next = (entry.amount.apply_to(balance).ok(), entry.held.apply_to(held).ok(), version + 1);
    if next == (Some(entry.balance_after), Some(entry.held_after), entry.version) {
        Ok((entry.balance_after, entry.held_after, entry.version))
    } else {
        Err(Problem::internal(format!(
            "entry {} of a statement does not follow from the one before",
            entry.version
        )))
    }
}

impl Side {
    fn of(app: &App, found: Option<AccountAt>, at: DateTime<Utc>) -> Side {
        let (state, version) = found.map(|found| (found.state, found.version)).unwrap_or_default();
        let AccountState { balance, held, .. } = state;
        let settled = as_of::settled(app, state, version, at).state;
        let (available, pending) = (settled.available(at), settled.pending(at));
        Side { balance, held, available, pending, version }
    }
}

impl Totals {
    fn count(&mut self, recorded: &RecordedEvent) {
        let Event::Account(event) = &recorded.event else { return };
        let change = event.change().get();
        match event {
            AccountEvent::Granted { .. } => self.granted += change,
            AccountEvent::Debited { .. } => self.spent += change,
            AccountEvent::Refunded { .. } => self.refunded += change,
            AccountEvent::Adjusted { .. } => self.adjusted += change,
            AccountEvent::Expired { .. } => self.expired += change,
            AccountEvent::Voided { .. } => self.voided += change,
            AccountEvent::Captured { amount, .. } => {
                self.spent -= amount.get();
                self.has_holds = true;
            }
            AccountEvent::Held { .. } | AccountEvent::Released { .. } => self.has_holds = true,
        }
    }

    /// Everything together: by how much balance and held credits together changed.
    pub(crate) fn sum(&self) -> Decimal {
        self.by_kind().into_iter().map(|(_, total)| total).sum()
    }

    /// Each kind under the name that people read.
    pub(crate) fn by_kind(&self) -> [(&'static str, Decimal); 6] {
        [
            ("Granted", self.granted),
            ("Spent", self.spent),
            ("Refunded", self.refunded),
            ("Corrected", self.adjusted),
            ("Expired", self.expired),
            ("Taken back", self.voided),
        ]
    }
}
