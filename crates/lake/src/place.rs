//! Files of the lake that are not Delta's: where it stands in the log.
//!
//! The position is written after every table has its commit, so it may lag behind them after a crash; the
//! tables' own transactions then tell which rows they have. Without the file the lake goes through the log
//! from its beginning and writes nothing twice.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tradewind_ports::Offset;

use crate::durable;
use crate::error::LakeError;
use crate::table::DELTA_LOG;

const POSITION: &str = "POSITION";

/// An error with the file's name.
pub(crate) fn file_error<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> LakeError + use<'a> {
    move |cause| LakeError::File { doing, path: path.display().to_string(), cause }
}

/// Makes the lake's folder if there is none.
pub(crate) fn make_root(root: &Path) -> Result<(), LakeError> {
    fs::create_dir_all(root).map_err(file_error("make", root))
}

/// The offset up to which every table holds everything; 0 where nothing says.
pub(crate) fn read_position(root: &Path) -> Result<Offset, LakeError> {
    let path = root.join(POSITION);
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|_| LakeError::Position(path.display().to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(file_error("read", &path)(error)),
    }
}

/// Keeps the position: whole or not at all, also after power loss.
pub(crate) fn write_position(root: &Path, offset: Offset) -> Result<(), LakeError> {
    let (path, new) = (root.join(POSITION), root.join("POSITION.new"));
    fs::write(&new, format!("{offset}\n")).map_err(file_error("write", &new))?;
    sync(&new)?;
    fs::rename(&new, &path).map_err(file_error("replace", &path))?;
    sync(root)
}

pub(crate) fn sync(path: &Path) -> Result<(), LakeError> {
    durable::sync(path).map_err(file_error("sync", path))
}

/// Every file in a folder and in the folders below it, but for those folders whose name is `but`.
pub(crate) fn files_below(folder: &Path, but: &str) -> Result<Vec<PathBuf>, LakeError> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(file_error("list", &folder))? {
            let entry = entry.map_err(file_error("list", &folder))?;
            let kind = entry.file_type().map_err(file_error("look at", &entry.path()))?;
            match (kind.is_dir(), entry.file_name() == but) {
                (true, true) => {}
                (true, false) => folders.push(entry.path()),
                (false, _) => files.push(entry.path()),
            }
        }
    }
    Ok(files)
}

/// Removes files, so that they do not come back after power loss.
pub(crate) fn remove(files: &[PathBuf]) -> Result<(), LakeError> {
    for file in files {
        fs::remove_file(file).map_err(file_error("remove", file))?;
    }
    let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.into_iter().try_for_each(sync)
}

/// Sets aside a commit that power loss left without its content: the newest one, where it does not read. The
/// rows that it told of are written again, because its transaction is gone with it.
pub(crate) fn drop_torn_commit(table: &Path) -> Result<(), LakeError> {
    let log = table.join(DELTA_LOG);
    let Ok(entries) = fs::read_dir(&log) else { return Ok(()) };
    let commits = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = commits.filter(|path| path.extension().is_some_and(|e| e == "json")).max();
    let Some(newest) = newest else { return Ok(()) };
    let text = fs::read(&newest).map_err(file_error("read", &newest))?;
    let reads = |line: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let (count, whole) = lines.fold((0, true), |(count, whole), line| (count + 1, whole && reads(line)));
    if count > 0 && whole {
        return Ok(());
    }
    let aside = newest.with_extension("torn");
    tracing::warn!(file = %newest.display(), "the lake's last commit was cut short; its rows are written again");
    fs::rename(&newest, &aside).map_err(file_error("set aside", &newest))?;
    sync(&log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_position(dir.path()).unwrap(), 0);
        write_position(dir.path(), 7).unwrap();
        write_position(dir.path(), u64::MAX).unwrap();
        assert_eq!(read_position(dir.path()).unwrap(), u64::MAX);
        fs::write(dir.path().join(POSITION), "").unwrap();
        assert!(read_position(dir.path()).unwrap_err().to_string().contains("remove it"));
    }

    #[test]
    fn only_a_torn_commit_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("_delta_log");
        drop_torn_commit(dir.path()).unwrap();
        fs::create_dir(&log).unwrap();
        fs::write(log.join("00000000000000000000.json"), "{\"protocol\":{}}\n{}\n").unwrap();
        drop_torn_commit(dir.path()).unwrap();
        for torn in ["", "{\"add\":{}}\n{\"ad"] {
            fs::write(log.join("00000000000000000001.json"), torn).unwrap();
            drop_torn_commit(dir.path()).unwrap();
            assert!(log.join("00000000000000000001.torn").exists());
            assert!(!log.join("00000000000000000001.json").exists());
        }
        assert!(log.join("00000000000000000000.json").exists());
    }
}
