//! Apache Parquet, compressed with Snappy. A file without its footer cannot be opened at all, so one that was cut
//! off is noticed by every reader.
//!
//! Amounts are there twice: as `decimal(38, 6)` to compute with, and as the stored text that was hashed. Ids and
//! hashes are text, as in the other formats; instants are microseconds in UTC.

use super::encoder::Encode;
use super::error::ExportError;
use super::event::StoredEvent;
use super::manifest::Manifest;
use super::seals::StoredSeal;
use super::selection::Dataset;
use crate::credits::MAX_SCALE;
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, Int16Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{Field, Schema};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::sync::Arc;

/// Most rows of a row group: what a reader must hold, and what we do.
pub const ROW_GROUP_ROWS: usize = 20_000;

/// A row group with large payloads ends earlier.
const ROW_GROUP_BYTES: usize = 32 * 1024 * 1024;

/// Under this key the metadata of the file holds its [`Manifest`].
pub const MANIFEST_KEY: &str = "cooly.export";

/// What Arrow calls the time zone of our instants.
const ZONE: &str = "UTC";

/// Digits of a decimal: as many as a Parquet reader is sure to have.
const PRECISION: u8 = 38;

/// See the module.
pub(super) struct Parquet {
    writer: ArrowWriter<Vec<u8>>,
    schema: Arc<Schema>,
    flushed: usize,
}

impl Parquet {
    pub(super) fn new(dataset: Dataset) -> Result<Parquet, ExportError> {
        // An empty page has the shape of a full one.
        let empty = match dataset {
            Dataset::Events => event_columns(&[])?,
            Dataset::Seals => seal_columns(&[]),
        };
        let field =
            |column: &Column| Field::new(column.name, column.values.data_type().clone(), column.nullable);
        let schema = Arc::new(Schema::new(empty.iter().map(field).collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            // Kept until the footer is written, so only as much of it as readers use to skip row groups.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties))?;
        Ok(Parquet { writer, schema, flushed: 0 })
    }

    /// Encodes a page. Bytes come out whenever a row group is full.
    fn write(&mut self, columns: Vec<Column>, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let values = columns.into_iter().map(|column| column.values).collect();
        self.writer.write(&RecordBatch::try_new(self.schema.clone(), values)?)?;
        let flushed = self.writer.flushed_row_groups().len();
        if flushed > self.flushed {
            self.flushed = flushed;
            self.writer.sync().map_err(::parquet::errors::ParquetError::from)?;
            out.append(self.writer.inner_mut());
        }
        Ok(())
    }
}

impl Encode for Parquet {
    fn events(&mut self, page: &[StoredEvent<'_>], out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.write(event_columns(page)?, out)
    }

    fn seals(&mut self, page: &[StoredSeal<'_>], out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.write(seal_columns(page), out)
    }

    fn finish(&mut self, manifest: &Manifest, out: &mut Vec<u8>) -> Result<(), ExportError> {
        // A file cannot hold the hash of itself.
        let manifest = Manifest { sha256: None, ..manifest.clone() };
        self.writer.append_key_value_metadata(KeyValue::new(MANIFEST_KEY.to_owned(), manifest.to_json()));
        self.writer.finish()?;
        out.append(self.writer.inner_mut());
        Ok(())
    }
}

/// A whole file with these columns, each of which may have nulls.
pub(super) fn file_of(columns: &[(&str, ArrayRef)]) -> Result<Vec<u8>, ExportError> {
    let field = |(name, values): &(&str, ArrayRef)| Field::new(*name, values.data_type().clone(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties))?;
    let values = columns.iter().map(|(_, values)| values.clone()).collect();
    writer.write(&RecordBatch::try_new(schema, values)?)?;
    Ok(writer.into_inner()?)
}

/// One column of a page.
struct Column {
    name: &'static str,
    nullable: bool,
    values: ArrayRef,
}

fn column(name: &'static str, values: impl Array + 'static) -> Column {
    Column { name, nullable: false, values: Arc::new(values) }
}

fn nullable(name: &'static str, values: impl Array + 'static) -> Column {
    Column { name, nullable: true, values: Arc::new(values) }
}

fn event_columns(page: &[StoredEvent<'_>]) -> Result<Vec<Column>, ExportError> {
    macro_rules! numbers {
        ($array:ident, $field:ident) => {
            $array::from_iter_values(page.iter().map(|event| event.$field))
        };
    }
    macro_rules! texts {
        ($field:ident, $show:expr) => {
            StringArray::from_iter_values(page.iter().map(|event| $show(event.$field)))
        };
    }
    macro_rules! maybe {
        ($field:ident, $show:expr) => {
            page.iter().map(|event| event.$field.map($show)).collect::<StringArray>()
        };
    }
    let id = |id: uuid::Uuid| id.to_string();
    let same = str::to_owned;
    Ok(vec![
        column("position", numbers!(Int64Array, position)),
        column("account_id", texts!(account_id, id)),
        column("stream_id", texts!(stream_id, id)),
        column("version", numbers!(Int64Array, version)),
        column("event_id", texts!(event_id, id)),
        column("type", texts!(name, same)),
        column("schema_version", numbers!(Int16Array, schema_version)),
        nullable("amount", decimals(page.iter().map(|event| event.amount))?),
        nullable("balance_after", decimals(page.iter().map(|event| event.balance_after))?),
        nullable("amount_text", maybe!(amount, same)),
        nullable("balance_after_text", maybe!(balance_after, same)),
        nullable("job_id", maybe!(job_id, id)),
        column("payload", texts!(payload, same)),
        nullable("state", maybe!(state, same)),
        nullable("idempotency_key", maybe!(idempotency_key, same)),
        nullable("request_hash", maybe!(request_hash, hex::encode)),
        column("actor", texts!(actor, same)),
        column("request_id", texts!(request_id, same)),
        nullable("causation_id", maybe!(causation_id, id)),
        column("occurred_at", instants(page.iter().map(|event| event.occurred_at))),
        column("recorded_at", instants(page.iter().map(|event| event.recorded_at))),
        column("prev_hash", texts!(prev_hash, hex::encode)),
        column("hash", texts!(hash, hex::encode)),
    ])
}

fn seal_columns(page: &[StoredSeal<'_>]) -> Vec<Column> {
    macro_rules! numbers {
        ($field:ident) => {
            column(stringify!($field), Int64Array::from_iter_values(page.iter().map(|seal| seal.$field)))
        };
    }
    macro_rules! bytes {
        ($field:ident) => {
            column(
                stringify!($field),
                StringArray::from_iter_values(page.iter().map(|seal| hex::encode(seal.$field))),
            )
        };
    }
    vec![
        numbers!(number),
        numbers!(first_position),
        numbers!(last_position),
        numbers!(events),
        bytes!(leaves),
        bytes!(root),
        bytes!(prev_hash),
        bytes!(hash),
        bytes!(public_key),
        bytes!(signature),
        column("sealed_at", instants(page.iter().map(|seal| seal.sealed_at))),
    ]
}

fn instants(values: impl Iterator<Item = DateTime<Utc>>) -> TimestampMicrosecondArray {
    TimestampMicrosecondArray::from_iter_values(values.map(|at| at.timestamp_micros())).with_timezone(ZONE)
}

pub(super) fn decimals<'a>(
    texts: impl Iterator<Item = Option<&'a str>>,
) -> Result<Decimal128Array, ExportError> {
    let values: Decimal128Array = texts.map(|text| text.and_then(units)).collect();
    Ok(values.with_precision_and_scale(PRECISION, scale())?)
}

fn scale() -> i8 {
    i8::try_from(MAX_SCALE).unwrap_or(i8::MAX)
}

/// An amount in millionths. `None` for one that is not exact in them: nothing of ours, but a log that was tampered
/// with is exported too, and has the text beside it.
fn units(text: &str) -> Option<i128> {
    let mut amount = Decimal::from_str_exact(text).ok()?.normalize();
    if amount.scale() > MAX_SCALE {
        return None;
    }
    amount.rescale(MAX_SCALE);
    (amount.scale() == MAX_SCALE).then(|| amount.mantissa())
}

#[cfg(test)]
mod tests {
    use super::units;

    #[test]
    fn amounts_become_whole_millionths_or_nothing() {
        for (text, expected) in [
            ("0", Some(0)),
            ("4", Some(4_000_000)),
            ("-0.25", Some(-250_000)),
            ("12.50000000", Some(12_500_000)),
            ("1000000000000", Some(1_000_000_000_000_000_000)),
            ("0.0000001", None),
            ("NaN", None),
            ("99999999999999999999999999999", None),
        ] {
            assert_eq!(units(text), expected, "{text}");
        }
    }
}
