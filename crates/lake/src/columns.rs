//! Columns of a table: their names, their types, and how each is read off a row.
//!
//! A table's schema and its rows come from one list, so that they cannot differ. To add a column, add it to
//! the list: tables that exist get it at the next start, with nulls in older rows.

use std::sync::Arc;

use deltalake_core::arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use deltalake_core::arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::arrow::error::ArrowError;
use deltalake_core::kernel::{DataType, PrimitiveType, StructField};
use tradewind_kernel::UtcMillis;

/// The column that every table is partitioned by.
pub(crate) const DAY: &str = "day";

/// A column's type, with the function that reads it off a row of type `R`.
pub(crate) enum Cell<R> {
    Text(fn(&R) -> Option<&str>),
    Long(fn(&R) -> Option<i64>),
    Int(fn(&R) -> Option<i32>),
    Real(fn(&R) -> Option<f64>),
    /// To the millisecond, stored in microseconds UTC.
    Time(fn(&R) -> Option<UtcMillis>),
    /// The UTC date of a time.
    Day(fn(&R) -> Option<UtcMillis>),
}

/// A column of a table whose rows are made from `R`.
pub(crate) struct Column<R> {
    pub(crate) name: &'static str,
    pub(crate) cell: Cell<R>,
}

/// A column, in short.
pub(crate) const fn column<R>(name: &'static str, cell: Cell<R>) -> Column<R> {
    Column { name, cell }
}

/// A column as a table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnType {
    pub(crate) name: &'static str,
    pub(crate) arrow: ArrowType,
    pub(crate) delta: PrimitiveType,
}

impl ColumnType {
    pub(crate) fn delta_field(&self) -> StructField {
        StructField::new(self.name, DataType::Primitive(self.delta.clone()), true)
    }
}

fn utc_micros() -> ArrowType {
    ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The names and types of columns.
pub(crate) fn types_of<R>(columns: &[Column<R>]) -> Vec<ColumnType> {
    let typed = |column: &Column<R>| {
        let (arrow, delta) = match column.cell {
            Cell::Text(_) => (ArrowType::Utf8, PrimitiveType::String),
            Cell::Long(_) => (ArrowType::Int64, PrimitiveType::Long),
            Cell::Int(_) => (ArrowType::Int32, PrimitiveType::Integer),
            Cell::Real(_) => (ArrowType::Float64, PrimitiveType::Double),
            Cell::Time(_) => (utc_micros(), PrimitiveType::Timestamp),
            Cell::Day(_) => (ArrowType::Date32, PrimitiveType::Date),
        };
        ColumnType { name: column.name, arrow, delta }
    };
    columns.iter().map(typed).collect()
}

/// Days since 1970 of a time, by UTC.
pub(crate) fn day_of(at: UtcMillis) -> i32 {
    i32::try_from(at.get().div_euclid(UtcMillis::DAY)).unwrap_or(0)
}

/// Rows as columns.
pub(crate) fn batch_of<R>(columns: &[Column<R>], rows: &[R]) -> Result<RecordBatch, ArrowError> {
    let fields = types_of(columns).into_iter().map(|c| Field::new(c.name, c.arrow, true));
    let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = columns.iter().map(|column| array_of(&column.cell, rows)).collect();
    RecordBatch::try_new(schema, arrays)
}

fn array_of<R>(cell: &Cell<R>, rows: &[R]) -> ArrayRef {
    let rows = rows.iter();
    match cell {
        Cell::Text(read) => Arc::new(rows.map(read).collect::<StringArray>()),
        Cell::Long(read) => Arc::new(rows.map(read).collect::<Int64Array>()),
        Cell::Int(read) => Arc::new(rows.map(read).collect::<Int32Array>()),
        Cell::Real(read) => Arc::new(rows.map(read).collect::<Float64Array>()),
        Cell::Time(read) => {
            let micros = rows.map(|row| read(row).map(|at| at.get().saturating_mul(1_000)));
            Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        Cell::Day(read) => Arc::new(rows.map(|row| read(row).map(day_of)).collect::<Date32Array>()),
    }
}
