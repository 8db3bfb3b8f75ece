//! Removing people from the lake: their rows, and every file that held them.
//!
//! In two halves. First each table is searched for rows that are theirs; the files that have some are written
//! anew without them, in one commit of the table, which names nobody and leaves its transaction as it is: so
//! the lake stands where it stood in the log. Then everything older goes from the disk (`purge`).
//!
//! A row is theirs when its user id, its anonymous id or its previous id is; of a decision, when it was made
//! for them. Of rows that name nothing but a browser of several people those are theirs that fall into their turn. An interrupted erasure is made again from its beginning; a second one removes no row. Limits: it
//! reads the ids of every row, and takes the room of the files that it writes anew, until the older ones go.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use deltalake_core::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array,
};
use deltalake_core::arrow::compute::{cast, filter_record_batch, not};
use deltalake_core::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use deltalake_core::arrow::error::ArrowError;
use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::kernel::{Add, LogicalFileView};
use deltalake_core::parquet::arrow::ProjectionMask;
use deltalake_core::parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use deltalake_core::protocol::DeltaOperation;
use deltalake_core::writer::DeltaWriter;
use tradewind_kernel::{Currency, UtcMillis};
use tradewind_pipeline::Whose;

use crate::columns::DAY;
use crate::error::LakeError;
use crate::table::Table;
use crate::writer::LakeWriter;
use crate::{follower, place};

/// The columns that say whose a row is.
const USER: &str = "user_id";
const ANONYMOUS: &str = "anonymous_id";
const PREVIOUS: &str = "previous_id";
/// The columns that say when it happened, in microseconds: of an event, of a decision.
const TIMES: [&str; 2] = ["occurred_at", "decided_at"];

/// Removes people from a lake that nobody writes, and gives the number of rows that went. Blocks. Where there
/// is no lake there is nothing to remove. Only one writer may have it open.
///
/// # Errors
/// [`LakeError`]; the same call made again does the rest.
pub fn erase_at_rest(root: &Path, whose: &Whose) -> Result<u64, LakeError> {
    if !root.is_dir() {
        return Ok(0);
    }
    follower::runtime()?.block_on(async {
        // Nothing is taken, so the currency is never used.
        let mut writer = LakeWriter::open(root, Currency::EUR).await?;
        writer.erase(whose).await
    })
}

impl LakeWriter {
    /// Commits what waits, removes the rows of these people from every table and then every file that held
    /// them. Gives the number of rows.
    ///
    /// What is in the log is taken again as it is there: erase them there first.
    ///
    /// # Errors
    /// [`LakeError`]. Drop the writer then; the same call to another one does the rest.
    pub async fn erase(&mut self, whose: &Whose) -> Result<u64, LakeError> {
        self.commit().await?;
        let rows = self.remove_rows(whose).await?;
        self.purge().await?;
        Ok(rows)
    }

    /// The first half; tests stop here.
    pub(crate) async fn remove_rows(&mut self, whose: &Whose) -> Result<u64, LakeError> {
        let mut rows = 0;
        for table in &mut self.tables {
            rows += table.remove_rows(whose).await?;
        }
        Ok(rows)
    }
}

impl Table {
    async fn remove_rows(&mut self, whose: &Whose) -> Result<u64, LakeError> {
        let (mut removes, mut adds, mut rows) = (Vec::new(), Vec::new(), 0);
        for file in self.files()? {
            let path = self.path_of(&file);
            let (theirs, all) = count(&path, whose)?;
            if theirs == 0 {
                continue;
            }
            if theirs < all {
                adds.extend(self.without(&file, &path, whose).await?);
            }
            removes.push(file.remove_action(true));
            rows += theirs;
        }
        if !removes.is_empty() {
            // Not what was looked for: the commit must not name them.
            let operation = DeltaOperation::Delete { predicate: None };
            self.commit(removes, adds, CommitProperties::default(), operation).await?;
        }
        Ok(rows)
    }

    /// Writes a file's other rows into a new one.
    async fn without(
        &self,
        file: &LogicalFileView,
        path: &Path,
        whose: &Whose,
    ) -> Result<Vec<Add>, LakeError> {
        let failed = LakeError::table(self.name, "be written without the rows of somebody");
        let day = file.partition_values_map().remove(DAY).flatten();
        let mut writer = self.writer().map_err(failed)?;
        for batch in read(path, None)? {
            let batch = batch.map_err(unreadable(path))?;
            let others = filter_record_batch(&batch, &not(&theirs(&batch, whose)?)?)?;
            if others.num_rows() > 0 {
                let rows = self.conform(&dated(&others, day.as_deref())?)?;
                writer.write(rows).await.map_err(failed)?;
            }
        }
        writer.flush().await.map_err(failed)
    }
}

fn unreadable<E: Into<ArrowError>>(path: &Path) -> impl FnOnce(E) -> LakeError {
    let path = path.display().to_string();
    move |cause| LakeError::Unreadable { path, cause: cause.into() }
}

/// The rows of a file as they are stored; only these columns, if some are named.
fn read(path: &Path, only: Option<&[&str]>) -> Result<ParquetRecordBatchReader, LakeError> {
    let file = File::open(path).map_err(place::file_error("open", path))?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let mut builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(unreadable(path))?;
    if let Some(only) = only {
        let mask = ProjectionMask::columns(builder.parquet_schema(), only.iter().copied());
        builder = builder.with_projection(mask);
    }
    builder.build().map_err(unreadable(path))
}

/// How many rows of a file are theirs, and how many there are.
fn count(path: &Path, whose: &Whose) -> Result<(u64, u64), LakeError> {
    let (mut found, mut all) = (0, 0);
    for batch in read(path, Some(&[USER, ANONYMOUS, PREVIOUS, TIMES[0], TIMES[1]]))? {
        let batch = batch.map_err(unreadable(path))?;
        found += theirs(&batch, whose)?.true_count() as u64;
        all += batch.num_rows() as u64;
    }
    Ok((found, all))
}

/// Which rows are theirs.
fn theirs(batch: &RecordBatch, whose: &Whose) -> Result<BooleanArray, ArrowError> {
    let ids = |name| batch.column_by_name(name).map(|column| cast(column, &DataType::Utf8)).transpose();
    let (users, anonymous, previous) = (ids(USER)?, ids(ANONYMOUS)?, ids(PREVIOUS)?);
    let times = TIMES.iter().find_map(|name| batch.column_by_name(name));
    let times = times.map(|column| cast(column, &DataType::Int64)).transpose()?;
    let is_theirs = |row| {
        let (user, anonymous) = (text(users.as_ref(), row), text(anonymous.as_ref(), row));
        let previous = text(previous.as_ref(), row);
        match time(times.as_ref(), row) {
            Some(at) => whose.are_named_at(user, anonymous, previous, at),
            None => whose.are_named(user, anonymous, previous),
        }
    };
    Ok((0..batch.num_rows()).map(|row| Some(is_theirs(row))).collect())
}

/// A column's text in a row.
fn text(column: Option<&ArrayRef>, row: usize) -> Option<&str> {
    let texts = column?.as_string::<i32>();
    texts.is_valid(row).then(|| texts.value(row))
}

/// The time in a row, from microseconds.
fn time(column: Option<&ArrayRef>, row: usize) -> Option<UtcMillis> {
    let micros = column?.as_primitive::<Int64Type>();
    micros.is_valid(row).then(|| UtcMillis::new(micros.value(row).div_euclid(1_000)))
}

/// Rows with their day, which a file's folder says and the file does not.
fn dated(rows: &RecordBatch, day: Option<&str>) -> Result<RecordBatch, ArrowError> {
    let days = match day {
        Some(day) => {
            let texts = StringArray::from_iter_values(std::iter::repeat_n(day, rows.num_rows()));
            cast(&texts, &DataType::Date32)?
        }
        None => new_null_array(&DataType::Date32, rows.num_rows()),
    };
    let mut fields = rows.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(DAY, DataType::Date32, true)));
    let columns = rows.columns().iter().cloned().chain([days]).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

#[cfg(test)]
mod tests;
