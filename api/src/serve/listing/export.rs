//! All of a list as a file, made while it is sent.
//!
//! The first page is read before anything is answered, so what is refused is a problem document. From then on a task reads a
//! page, hands it over at the pace of its client, and reads the next, beside the deadline that other requests have: it is
//! bounded by `limits.export` as a whole and by its client's patience piece by piece. Between two pages nothing is held but
//! the place after the last row.

use super::answer::{File, Listed};
use super::form::FileForm;
use super::places::Place;
use super::walk::{Part, Walk};
use super::write::Writer;
use crate::app::App;
use crate::serve::auth::{Caller, Demand};
use crate::serve::cursor::List;
use crate::serve::download::{MANIFEST, Sender, download};
use crate::serve::problem::Problem;
use bytes::Bytes;
use poem::http::{HeaderMap, HeaderValue};
use poem_openapi::types::ToJSON;
use serde::Serialize;
use std::marker::PhantomData;

/// Rows that are in memory at a time.
const ROWS: i64 = 200;

/// Bytes that are handed over at once, or a little more.
const PIECE: usize = 64 * 1024;

/// Every page of a list, from its beginning.
pub(crate) async fn export<W: Walk, D: Demand>(
    app: &App,
    caller: &Caller<D>,
    list: &'static str,
    form: FileForm,
    walk: W,
) -> Result<File, Problem> {
    let work = Work::new::<D>(app, caller, list, form, walk)?;
    let first = work.read(None).await?;
    Ok(work.begin(form, first))
}

/// What a list answers with: all of it as a file, named `name`, if a form was asked for; else the page after a place, which `page` makes of
/// its rows and of the cursor of the next one.
pub(crate) async fn listed<W: Walk<Place: Serialize>, D: Demand, P>(
    (app, caller): (&App, &Caller<D>),
    (name, form): (&'static str, Option<FileForm>),
    walk: W,
    (list, after, limit): (&List, Option<W::Place>, i64),
    page: impl FnOnce(Vec<W::Item>, Option<String>) -> P,
) -> Result<Listed<P>, Problem> {
    if let Some(form) = form {
        return Ok(Listed::File(export(app, caller, name, form, walk).await?));
    }
    let Part { items, next, .. } = walk.page(app, after, limit).await?;
    Ok(Listed::Page(page(items, next.map(|next| list.cursor(&next)))))
}

/// A list whose rows are in memory anyway. `is_cut` tells whether there are more of which it does not tell.
pub(crate) fn export_rows<T: ToJSON + Send + 'static, D: Demand>(
    app: &App,
    caller: &Caller<D>,
    list: &'static str,
    form: FileForm,
    rows: Vec<T>,
    is_cut: bool,
) -> Result<File, Problem> {
    let work = Work::new::<D>(app, caller, list, form, Nothing::<T>(PhantomData))?;
    Ok(work.begin(form, Part { items: rows, next: None, is_cut }))
}

/// What follows a list that was read at once.
struct Nothing<T>(PhantomData<fn() -> T>);

impl<T: ToJSON + Send + 'static> Walk for Nothing<T> {
    type Item = T;
    type Place = ();

    async fn page(&self, _app: &App, _after: Option<()>, _limit: i64) -> Result<Part<T, ()>, Problem> {
        Ok(Part::new(Vec::new(), None))
    }
}

/// One export in work.
struct Work<W> {
    app: App,
    walk: W,
    list: &'static str,
    writer: Writer,
    request_id: String,
    /// Held until nothing more is sent.
    place: Place,
}

impl<W: Walk> Work<W> {
    fn new<D: Demand>(
        app: &App,
        caller: &Caller<D>,
        list: &'static str,
        form: FileForm,
        walk: W,
    ) -> Result<Work<W>, Problem> {
        Ok(Work {
            place: app.list_exports.take(caller.account)?,
            app: app.clone(),
            walk,
            list,
            writer: Writer::new::<W::Item>(list, form),
            request_id: caller.request_id().to_owned(),
        })
    }

    /// Goes on by itself; what it makes is the file.
    fn begin(self, form: FileForm, first: Part<W::Item, W::Place>) -> File {
        let file_name = format!("cooly-{}-{}", self.list, self.app.now().format("%Y%m%dT%H%M%SZ"));
        let (sender, body) = download();
        tokio::spawn(self.run(sender, first));
        File { form, name: format!("{file_name}.{}", form.extension()), body }
    }

    async fn run(mut self, sender: Sender, first: Part<W::Item, W::Place>) {
        let within = self.app.limits.export;
        let ended = match sender.filled(within, self.copy(&sender, first)).await {
            Ok(trailers) => sender.finish(trailers).await.map_err(|gone| gone.to_string()),
            // The sender ends with this, and so does the connection, without looking whole.
            Err(cause) => Err(cause),
        };
        let (request_id, list, rows) = (&self.request_id, self.list, self.writer.rows());
        match ended {
            Ok(()) => tracing::info!(request_id, list, rows, "a list was exported"),
            Err(cause) => tracing::warn!(request_id, list, rows, cause, "an export of a list broke off"),
        }
        drop(self.place);
    }

    async fn copy(&mut self, sender: &Sender, first: Part<W::Item, W::Place>) -> Result<HeaderMap, String> {
        let mut text = self.writer.head();
        let mut part = first;
        let is_cut = loop {
            for item in part.items {
                text += &self.writer.row(&item);
                if text.len() >= PIECE {
                    hand_over(sender, &mut text).await?;
                }
            }
            let Some(next) = part.next else { break part.is_cut };
            // Finding the next one may take a while.
            hand_over(sender, &mut text).await?;
            part = self.read(Some(next)).await.map_err(|problem| told(&problem))?;
        };
        text += &self.writer.foot(is_cut);
        hand_over(sender, &mut text).await?;
        let manifest = HeaderValue::try_from(self.writer.manifest(is_cut));
        Ok(manifest.ok().map(|manifest| (MANIFEST, manifest)).into_iter().collect())
    }

    async fn read(&self, after: Option<W::Place>) -> Result<Part<W::Item, W::Place>, Problem> {
        let _turn = self.app.list_exports.turn().await;
        self.walk.page(&self.app, after, ROWS).await
    }
}

async fn hand_over(sender: &Sender, text: &mut String) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    sender.send(Bytes::from(std::mem::take(text))).await.map_err(|gone| gone.to_string())
}

fn told(problem: &Problem) -> String {
    problem.cause.clone().unwrap_or_else(|| problem.detail.clone())
}
