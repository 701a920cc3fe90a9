//! The forms of every answer about the books: JSON for programs, and tables for spreadsheets and for analysis.

use crate::serve::accept::first_named;
use crate::serve::csv::{self, Cell};
use crate::serve::problem::Problem;
use ledger::export::{Format, TableColumn, parquet_table};
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::payload::{Binary, Json, Payload};
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::ToJSON;
use poem_openapi::{ApiResponse, Enum};

const CSV: &str = "text/csv; charset=utf-8";

/// How an answer about the books is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum BooksForm {
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// For analysis; amounts are `decimal(38, 6)`.
    Parquet,
}

impl BooksForm {
    /// What was asked for, else what the client names first of them.
    pub(super) fn of(format: Option<BooksForm>, headers: &HeaderMap) -> BooksForm {
        format.or_else(|| first_named(headers, BooksForm::named)).unwrap_or(BooksForm::Json)
    }

    fn named(kind: &str) -> Option<BooksForm> {
        match kind {
            "text/csv" => Some(BooksForm::Csv),
            "application/json" => Some(BooksForm::Json),
            kind => (kind == Format::Parquet.content_type()).then_some(BooksForm::Parquet),
        }
    }
}

/// An answer that can be a table too.
pub(super) trait Tabled: ToJSON + Send {
    /// The name under which the table is saved, without its ending.
    fn file_name(&self) -> String;

    /// The columns, all of which have as many cells.
    fn table(&self) -> Vec<TableColumn>;
}

/// An answer in the form that was asked for.
pub(super) enum Told<T> {
    Json(T),
    Table { bytes: Vec<u8>, content_type: &'static str, name: String },
}

impl<T: Tabled> Told<T> {
    pub(super) fn new(form: BooksForm, told: T) -> Result<Told<T>, Problem> {
        let name = told.file_name();
        Ok(match form {
            BooksForm::Json => Told::Json(told),
            BooksForm::Csv => Told::Table {
                bytes: written(&told.table()).into_bytes(),
                content_type: CSV,
                name: format!("{name}.csv"),
            },
            BooksForm::Parquet => Told::Table {
                bytes: parquet_table(&told.table())?,
                content_type: Format::Parquet.content_type(),
                name: format!("{name}.parquet"),
            },
        })
    }
}

/// The table as comma-separated values: a line of names, and a line for each row.
fn written(columns: &[TableColumn]) -> String {
    let line = |cells: &[&str]| csv::written(cells.iter().map(|cell| Cell::Plain(cell)));
    let head = line(&columns.iter().map(|column| column.name).collect::<Vec<_>>());
    let cells: Vec<Vec<String>> = columns.iter().map(|column| column.cells.shown()).collect();
    let rows = cells.first().map_or(0, Vec::len);
    let row = |row: usize| line(&cells.iter().map(|column| column[row].as_str()).collect::<Vec<_>>());
    [head].into_iter().chain((0..rows).map(row)).collect()
}

impl<T: Tabled> IntoResponse for Told<T> {
    fn into_response(self) -> Response {
        let mut response = match self {
            Told::Json(told) => Json(told).into_response(),
            Told::Table { bytes, content_type, name } => Response::builder()
                .content_type(content_type)
                .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
                .body(bytes),
        };
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}

impl<T: Tabled + Sync> ApiResponse for Told<T> {
    fn meta() -> MetaResponses {
        let header = |name: &str, description: &str, required| MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let table =
            |content_type| MetaMediaType { content_type, schema: <Binary<Body> as Payload>::schema_ref() };
        let told = MetaResponse {
            description: "The sums",
            status: Some(200),
            status_range: None,
            content: vec![
                MetaMediaType { content_type: Json::<T>::CONTENT_TYPE, schema: Json::<T>::schema_ref() },
                table(CSV),
                table(Format::Parquet.content_type()),
            ],
            headers: vec![
                header("Vary", "`Accept`: the form depends on it where `format` is not given.", true),
                header("Content-Disposition", "The name under which a table is saved.", false),
            ],
        };
        MetaResponses { responses: vec![told] }
    }

    fn register(registry: &mut Registry) {
        <Json<T> as Payload>::register(registry);
        <Binary<Body> as Payload>::register(registry);
    }
}
