//! Keeping the lake tidy: small files merged, old days dropped, files that nothing refers to removed.
//!
//! A commit leaves a file for each table and day that it touches. Files of a day are merged once there are
//! [`Upkeep::merge_at`] of them, and whatever is left of a day that is over once it is. Merging changes no
//! row; a reader that has the older version open goes on with the older files, which stay for a day.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use deltalake_core::datafusion::prelude::{Expr, col, lit};
use deltalake_core::datafusion::scalar::ScalarValue;
use deltalake_core::operations::vacuum::VacuumMode;
use deltalake_core::{FilterOp, FilterValue};
use tradewind_kernel::UtcMillis;

use crate::columns::{DAY, day_of};
use crate::error::LakeError;
use crate::measures;
use crate::table::{Table, file_properties};
use crate::writer::LakeWriter;

/// Files are merged up to about this size, in bytes.
const FILE_BYTES: NonZeroU64 = NonZeroU64::MIN.saturating_add((128 << 20) - 1);
/// A file below this many bytes counts as small.
const SMALL_BYTES: i64 = 64 << 20;
/// Days of one table that are merged in one round, so that a round ends soon.
const DAYS_A_ROUND: usize = 32;

/// What is kept, and when files are merged.
#[derive(Debug, Clone, Copy)]
pub struct Upkeep {
    /// Days before today that stay; all if `None`.
    pub keep_days: Option<u32>,
    /// Small files of one day that are merged as soon as there are so many.
    pub merge_at: usize,
}

/// What a round of upkeep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpkeepReport {
    /// Small files that were merged.
    pub merged_files: u64,
    /// Days that were dropped, counted for each table.
    pub dropped_days: u64,
    /// Files that were removed from the disk.
    pub removed_files: u64,
}

impl LakeWriter {
    /// Merges the small files of each day that has enough of them.
    ///
    /// # Errors
    /// [`LakeError`]; the tables are whole all the same.
    pub async fn merge(&mut self, upkeep: Upkeep) -> Result<UpkeepReport, LakeError> {
        let mut report = UpkeepReport::default();
        for table in &mut self.tables {
            report.merged_files += table.merge(upkeep.merge_at, None).await?;
        }
        self.changed = false;
        measures::compacted(report.merged_files);
        Ok(report)
    }

    /// Merges what is left of days that are over, drops days that are older than the policy says, and removes
    /// files that nothing has referred to for a day.
    ///
    /// # Errors
    /// [`LakeError`]; the tables are whole all the same.
    pub async fn tidy(&mut self, upkeep: Upkeep, now: UtcMillis) -> Result<UpkeepReport, LakeError> {
        let mut report = UpkeepReport::default();
        for table in &mut self.tables {
            if let Some(days) = upkeep.keep_days {
                let oldest = day_of(now) - i32::try_from(days).unwrap_or(i32::MAX);
                report.dropped_days += table.drop_before(oldest).await?;
            }
            report.merged_files += table.merge(2, Some(day_of(now))).await?;
            report.removed_files += table.vacuum().await?;
        }
        measures::compacted(report.merged_files);
        Ok(report)
    }
}

/// A date as partitions spell it.
fn spelt(day: i32) -> String {
    UtcMillis::new(i64::from(day) * UtcMillis::DAY).to_rfc3339().chars().take(10).collect()
}

impl Table {
    /// Small files of each day, by the day's spelling.
    fn small_files(&self) -> Result<BTreeMap<String, usize>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(LakeError::table(self.name, "list its files"))?;
        let mut days = BTreeMap::new();
        for file in snapshot.log_data().iter() {
            let day = file.partition_values_map().remove(DAY).flatten();
            if let Some(day) = day.filter(|_| file.size() < SMALL_BYTES) {
                *days.entry(day).or_default() += 1;
            }
        }
        Ok(days)
    }

    /// Every day that has a file.
    fn days(&self) -> Result<std::collections::BTreeSet<String>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(LakeError::table(self.name, "list its files"))?;
        let days = snapshot.log_data().into_iter().map(|f| f.partition_values_map().remove(DAY).flatten());
        Ok(days.flatten().collect())
    }

    /// Merges each day that has so many small files; only days before `before`, if there is one.
    async fn merge(&mut self, at_least: usize, before: Option<i32>) -> Result<u64, LakeError> {
        let before = before.map(spelt);
        let due = |(day, files): &(String, usize)| {
            *files >= at_least && before.as_ref().is_none_or(|before| day < before)
        };
        let mut merged = 0;
        for (day, _) in self.small_files()?.into_iter().filter(due).take(DAYS_A_ROUND) {
            let filters = [(DAY, FilterOp::Eq, FilterValue::Scalar(&day))];
            let merging = self
                .delta
                .clone()
                .optimize()
                .with_filters(&filters)
                .with_target_size(FILE_BYTES)
                .with_writer_properties(file_properties())
                .with_max_concurrent_tasks(1);
            let (delta, metrics) = merging.await.map_err(LakeError::table(self.name, "merge files"))?;
            self.delta = delta;
            merged += metrics.num_files_removed;
        }
        Ok(merged)
    }

    async fn drop_before(&mut self, oldest: i32) -> Result<u64, LakeError> {
        let first = spelt(oldest);
        let old = self.days()?.into_iter().filter(|day| *day < first).count() as u64;
        if old > 0 {
            let before: Expr = col(DAY).lt(lit(ScalarValue::Date32(Some(oldest))));
            let dropping = self.delta.clone().delete().with_predicate(before);
            self.delta = dropping.await.map_err(LakeError::table(self.name, "drop old days"))?.0;
        }
        Ok(old)
    }

    async fn vacuum(&mut self) -> Result<u64, LakeError> {
        // How long is what the table's own property says.
        let removing = self.delta.clone().vacuum().with_mode(VacuumMode::Full);
        let (delta, metrics) = removing.await.map_err(LakeError::table(self.name, "remove files"))?;
        self.delta = delta;
        Ok(metrics.files_deleted.len() as u64)
    }
}
