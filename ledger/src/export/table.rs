//! A small table as a Parquet file, for sums that are in memory anyway.

use super::error::ExportError;
use super::parquet::{decimals, file_of};
use arrow_array::{ArrayRef, Date32Array, StringArray};
use chrono::NaiveDate;
use std::sync::Arc;

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name.
    pub name: &'static str,
    /// Its cells, from the first row to the last.
    pub cells: Cells,
}

/// The cells of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cells {
    /// Names; an empty one is null.
    Names(Vec<String>),
    /// Decimal numbers with at most six places, `decimal(38, 6)` in the file.
    Amounts(Vec<String>),
    /// Days of the UTC calendar.
    Days(Vec<NaiveDate>),
}

impl Cells {
    /// The cells as a table of text shows them.
    pub fn shown(&self) -> Vec<String> {
        match self {
            Cells::Names(cells) | Cells::Amounts(cells) => cells.clone(),
            Cells::Days(cells) => cells.iter().map(ToString::to_string).collect(),
        }
    }

    fn array(&self) -> Result<ArrayRef, ExportError> {
        Ok(match self {
            Cells::Names(names) => {
                let names = names.iter().map(|name| Some(name.as_str()).filter(|name| !name.is_empty()));
                Arc::new(names.collect::<StringArray>())
            }
            Cells::Amounts(amounts) => {
                Arc::new(decimals(amounts.iter().map(|amount| Some(amount.as_str())))?)
            }
            Cells::Days(days) => {
                let epoch = NaiveDate::default();
                let since = days.iter().map(|day| i32::try_from((*day - epoch).num_days()).ok());
                Arc::new(since.collect::<Date32Array>())
            }
        })
    }
}

/// The bytes of a file with these columns, which all have as many cells.
pub fn parquet_table(columns: &[TableColumn]) -> Result<Vec<u8>, ExportError> {
    let arrays = columns.iter().map(|column| Ok((column.name, column.cells.array()?)));
    file_of(&arrays.collect::<Result<Vec<_>, ExportError>>()?)
}
