//! `/audit/trial-balance`, `/audit/outstanding` and `/audit/recognised`: made from the log when they are asked for, each
//! from one snapshot of it. How each sum is derived is in `docs/audit.md`, in SQL.

use super::form::{BooksForm, Told};
use super::outstanding::ToldOutstanding;
use super::recognised::ToldRecognised;
use super::sitting;
use super::trial_balance::ToldBalance;
use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{AuditorOnly, Caller};
use crate::serve::declared::{Answer, ReadAt};
use crate::serve::parameter::Query;
use crate::words::scalars::{LogBound, SourceName};
use ledger::books::{Books, End};
use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::OpenApi;

/// See the module.
pub(crate) struct BooksApi;

#[OpenApi(tag = "Tag::Audit")]
impl BooksApi {
    /// The trial balance
    ///
    /// Of all accounts together, between any two positions or instants: what was outstanding, what was granted, spent,
    /// refunded, adjusted, expired and voided, what is held, and whether it adds up to the last digit. `from` belongs to
    /// the interval and `to` does not, so intervals that meet add up. An instant stands for the first event recorded at it
    /// or later. Refused if adding up takes more than 10 s.
    #[oai(path = "/audit/trial-balance", method = "get", operation_id = "getTrialBalance")]
    async fn trial_balance(
        &self,
        _caller: Caller<AuditorOnly>,
        app: Data<&App>,
        headers: &HeaderMap,
        /// From this position, instant or day (UTC) on; from the beginning if left out.
        from: Query<Option<LogBound>>,
        /// Up to this position, instant or day, which is not included; up to now if left out.
        to: Query<Option<LogBound>>,
        /// The form; else the `Accept` header decides.
        format: Query<Option<BooksForm>>,
    ) -> Answer<Told<ToldBalance>, ReadAt> {
        let balance = sitting::between(&app, from.0, to.0, Books::trial_balance).await?;
        if !balance.is_balanced() {
            tracing::error!(difference = ?balance.difference(), "the trial balance does not add up: verify the log");
        }
        Ok(Told::new(BooksForm::of(format.0, headers), ToldBalance::from(&balance))?)
    }

    /// What is outstanding
    ///
    /// All credits that are owed to users, by where they came from and by how many days ago they were given. Refused if
    /// adding up takes more than 10 s.
    #[oai(path = "/audit/outstanding", method = "get", operation_id = "getOutstanding")]
    async fn outstanding(
        &self,
        _caller: Caller<AuditorOnly>,
        app: Data<&App>,
        headers: &HeaderMap,
        /// Before this position, instant or day (UTC); now if left out.
        at: Query<Option<LogBound>>,
        /// Only credits that came from here.
        source: Query<Option<SourceName>>,
        /// The form; else the `Accept` header decides.
        format: Query<Option<BooksForm>>,
    ) -> Answer<Told<ToldOutstanding>, ReadAt> {
        let at = sitting::past(&app, "at", at.0)?;
        let now = app.now();
        let outstanding = sitting::sum(&app, async {
            let books = sitting::open(&app).await?;
            let before = books.edge(End::At, at).await?;
            books.outstanding(before, now).await
        });
        let told = ToldOutstanding::new(outstanding.await?, source.0.as_ref());
        Ok(Told::new(BooksForm::of(format.0, headers), told)?)
    }

    /// What became revenue
    ///
    /// Credits that were burned, less those that were given back, and credits that expired unspent (breakage), by day and by
    /// where they came from. `from` belongs to the interval and `to` does not. Refused if adding up takes more than 10 s.
    #[oai(path = "/audit/recognised", method = "get", operation_id = "getRecognised")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter of its own")]
    async fn recognised(
        &self,
        _caller: Caller<AuditorOnly>,
        app: Data<&App>,
        headers: &HeaderMap,
        /// From this position, instant or day (UTC) on; from the beginning if left out.
        from: Query<Option<LogBound>>,
        /// Up to this position, instant or day, which is not included; up to now if left out.
        to: Query<Option<LogBound>>,
        /// Only credits that came from here.
        source: Query<Option<SourceName>>,
        /// The form; else the `Accept` header decides.
        format: Query<Option<BooksForm>>,
    ) -> Answer<Told<ToldRecognised>, ReadAt> {
        let recognised = sitting::between(&app, from.0, to.0, Books::recognised).await?;
        let told = ToldRecognised::new(recognised, source.0.as_ref());
        Ok(Told::new(BooksForm::of(format.0, headers), told)?)
    }
}
