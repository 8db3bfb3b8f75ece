//! Letting go of everything that a table's newest version does not need: the other half of an erasure.
//!
//! Commits quote the smallest and the largest value of each column of each file that they add, so an older one
//! may quote somebody who was erased since. A checkpoint takes the place of all of them: it tells of the files
//! that there are. Then every older commit, every older checkpoint and every file that the newest version does
//! not refer to is removed at once, whatever a slow reader may still want of it: its query fails, and finds
//! the newer version when it is made again.
//!
//! The checkpoint is durable before anything is removed. A purge that was cut short is made again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use deltalake_core::checkpoints::create_checkpoint;
use deltalake_core::kernel::LogicalFileView;

use crate::error::LakeError;
use crate::place;
use crate::table::{DELTA_LOG, Table};
use crate::writer::LakeWriter;

/// Delta's note of which checkpoint is the newest.
const LAST_CHECKPOINT: &str = "_last_checkpoint";

impl LakeWriter {
    /// Removes from the disk what no table's newest version needs. Gives the number of files.
    pub(crate) async fn purge(&mut self) -> Result<u64, LakeError> {
        let mut files = 0;
        for table in &mut self.tables {
            files += table.purge().await?;
        }
        self.refuse_strangers()?;
        tracing::info!(files, "the lake let go of older files");
        Ok(files)
    }

    /// Fails where there are tables that this program does not know, for it left them as they were.
    fn refuse_strangers(&self) -> Result<(), LakeError> {
        let is_known = |name: &str| self.tables.iter().any(|table| table.name == name);
        let strangers: Vec<String> =
            crate::shelf::names(self.root()).into_iter().filter(|name| !is_known(name)).collect();
        if strangers.is_empty() {
            return Ok(());
        }
        Err(LakeError::Source(format!(
            "the lake has tables that this program does not know, so nobody was removed from them: {}; \
             erase with the newer program that made them, or remove their folders",
            strangers.join(", ")
        )))
    }
}

impl Table {
    /// The files of the newest version.
    pub(crate) fn files(&self) -> Result<Vec<LogicalFileView>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(LakeError::table(self.name, "list its files"))?;
        Ok(snapshot.log_data().iter().collect())
    }

    /// Where a file lies.
    pub(crate) fn path_of(&self, file: &LogicalFileView) -> PathBuf {
        self.folder.join(file.object_store_path().as_ref())
    }

    async fn purge(&mut self) -> Result<u64, LakeError> {
        let failed = LakeError::table(self.name, "let go of older files");
        create_checkpoint(&self.delta, None).await.map_err(failed)?;
        let version = self.delta.snapshot().map_err(failed)?.version();
        let mut removed = self.purge_data()?;
        removed += self.purge_log(version)?;
        // What it had in memory refers to commits that are gone.
        self.delta.state = None;
        self.delta.load().await.map_err(failed)?;
        Ok(removed)
    }

    /// Removes everything from the log but this version's commit and checkpoint.
    fn purge_log(&self, version: u64) -> Result<u64, LakeError> {
        let log = self.folder.join(DELTA_LOG);
        let (commit, checkpoint) = (format!("{version:020}.json"), format!("{version:020}.checkpoint."));
        let is = |path: &Path, wanted: &dyn Fn(&str) -> bool| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(wanted)
        };
        let is_checkpoint = |name: &str| name.starts_with(&checkpoint);
        let stays = |name: &str| is_checkpoint(name) || name == commit || name == LAST_CHECKPOINT;
        let (kept, old): (Vec<_>, Vec<_>) =
            place::files_below(&log, "")?.into_iter().partition(|path| is(path, &stays));
        if !kept.iter().any(|path| is(path, &is_checkpoint)) {
            return Err(LakeError::Source(format!(
                "{} has no checkpoint of version {version}",
                log.display()
            )));
        }
        kept.iter().try_for_each(|path| place::sync(path))?;
        place::sync(&log)?;
        place::remove(&old)?;
        Ok(old.len() as u64)
    }

    /// Removes every file of rows that the newest version does not refer to.
    fn purge_data(&self) -> Result<u64, LakeError> {
        let mut needed: BTreeSet<PathBuf> = self.files()?.iter().map(|file| self.path_of(file)).collect();
        let mut old = place::files_below(&self.folder, DELTA_LOG)?;
        old.retain(|path| !needed.remove(path));
        // If names did not match, files that are needed would be taken for old ones.
        if let Some(missing) = needed.first() {
            return Err(LakeError::Source(format!(
                "the lake lacks {}; nothing was removed",
                missing.display()
            )));
        }
        place::remove(&old)?;
        Ok(old.len() as u64)
    }
}
