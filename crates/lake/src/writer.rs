//! Records in, commits out, each row once.
//!
//! Every table's commit carries the offset up to which the table is complete. After a crash between two
//! tables' commits the lake goes back to its position and reads on from there; a table that was ahead leaves
//! out what it has already. Tables without new rows get no commit: whatever lies between their transaction
//! and the position held nothing for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use deltalake_core::arrow::array::RecordBatch;
use tradewind_kernel::Currency;
use tradewind_pipeline::Repetitions;
use tradewind_ports::{Offset, Record};

use crate::columns::ColumnType;
use crate::error::LakeError;
use crate::rows::{self, Rows};
use crate::table::Table;
use crate::{measures, place};

/// What a commit wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Committed {
    /// Rows over all tables.
    pub rows: u64,
    /// Tables that got a commit.
    pub tables: usize,
}

/// The lake, open for writing by one process.
pub struct LakeWriter {
    root: PathBuf,
    currency: Currency,
    /// In the order in which they are committed.
    pub(crate) tables: Vec<Table>,
    waiting: BTreeMap<&'static str, Vec<RecordBatch>>,
    waiting_rows: u64,
    /// Up to where every table is complete on disk.
    position: Offset,
    /// Up to where records were taken.
    taken: Offset,
    /// Whether there were commits since files were last merged.
    pub(crate) changed: bool,
}

impl LakeWriter {
    /// Opens the lake in `root`; what it lacks is made. Amounts without a currency are in `currency`. Only
    /// one writer may have it open: the lock of the data directory sees to that.
    ///
    /// # Errors
    /// [`LakeError`] when a table does not read, or was left by a newer program.
    pub async fn open(root: &Path, currency: Currency) -> Result<Self, LakeError> {
        Self::open_with(root, currency, &rows::tables()).await
    }

    pub(crate) async fn open_with(
        root: &Path,
        currency: Currency,
        tables: &[(&'static str, Vec<ColumnType>)],
    ) -> Result<Self, LakeError> {
        place::make_root(root)?;
        let position = place::read_position(root)?;
        let mut open = Vec::with_capacity(tables.len());
        for (name, columns) in tables {
            open.push(Table::open(root, name, columns).await?);
        }
        Ok(Self {
            root: root.to_owned(),
            currency,
            tables: open,
            waiting: BTreeMap::new(),
            waiting_rows: 0,
            position,
            taken: position,
            changed: true,
        })
    }

    /// One past the last offset that is in every table, durably. The log must keep what comes after.
    #[must_use]
    pub fn position(&self) -> Offset {
        self.position
    }

    /// One past the last offset that was taken; what lies between it and the position waits for a commit.
    #[must_use]
    pub fn taken(&self) -> Offset {
        self.taken
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Rows that wait for a commit.
    #[must_use]
    pub fn waiting_rows(&self) -> u64 {
        self.waiting_rows
    }

    /// Whether there were commits since files were last merged.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// Takes the next records in the log's order. `duplicates` says which of them count for nothing.
    /// Records from before [`taken`](Self::taken) are passed over.
    ///
    /// # Errors
    /// [`LakeError::Columns`]
    pub fn take(&mut self, records: &[Record], duplicates: &Repetitions) -> Result<(), LakeError> {
        let records = &records[records.partition_point(|r| r.offset < self.taken)..];
        let Some(last) = records.last() else { return Ok(()) };
        let rows = Rows::read(records, duplicates, self.currency);
        let next = |name| self.tables.iter().find(|t| t.name == name).map_or(0, |t| t.next);
        for (table, batch) in rows.into_batches(next)? {
            self.waiting_rows += batch.num_rows() as u64;
            self.waiting.entry(table).or_default().push(batch);
        }
        self.taken = last.offset + 1;
        Ok(())
    }

    /// Passes over offsets that are gone from the log, up to `offset`.
    pub fn skip_to(&mut self, offset: Offset) {
        self.taken = self.taken.max(offset);
    }

    /// Makes durable what was taken.
    ///
    /// # Errors
    /// [`LakeError`]; some tables may have their commit then. Drop the writer and open another: it goes on
    /// from the position and writes nothing twice.
    pub async fn commit(&mut self) -> Result<Committed, LakeError> {
        let began = Instant::now();
        let committed = self.commit_tables(usize::MAX).await?;
        if self.taken > self.position {
            place::write_position(&self.root, self.taken)?;
            self.position = self.taken;
        }
        if committed.tables > 0 {
            measures::committed(began.elapsed());
        }
        Ok(committed)
    }

    /// Commits the first `limit` of the tables that have rows waiting; tests stop here.
    pub(crate) async fn commit_tables(&mut self, limit: usize) -> Result<Committed, LakeError> {
        let mut committed = Committed::default();
        for table in &mut self.tables {
            if committed.tables == limit {
                return Ok(committed);
            }
            let Some(rows) = self.waiting.remove(table.name) else { continue };
            let count = table.append(&rows, self.taken).await?;
            measures::rows_written(table.name, count);
            committed.rows += count;
            committed.tables += 1;
            self.changed = true;
        }
        self.waiting_rows = 0;
        Ok(committed)
    }
}

#[cfg(test)]
mod tests;
