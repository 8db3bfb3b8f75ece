//! `tradewind verify`
//!
//! Checks a data directory that no server has open, and changes nothing in it: every record of the log, that
//! the state opens and has not overtaken the log, every model artifact. The state is opened as a copy in the
//! system's folder for temporary files, as its engine writes when it opens.

use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;
use tradewind_embedded::{BlobFiles, DataDir, FjallStore, LogReport, check_log};
use tradewind_models::Trained;
use tradewind_ports::{BlobStore, StateStore};

use super::{say, say_json};
use crate::config::Loaded;
use crate::failure::Failure;

/// The table and key where the projection keeps the offset that it comes from.
const META: (&str, &[u8]) = ("meta", b"offset");
const CACHE_BYTES: u64 = 8 << 20;

/// What was checked, and what is wrong.
#[derive(Debug, Serialize)]
struct Report {
    data_dir: String,
    segments: Vec<Segment>,
    log_start: u64,
    log_end: u64,
    /// Where the state stands in the log; none if there is no state.
    state_offset: Option<u64>,
    models: usize,
    /// What the next start changes.
    notes: Vec<String>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Segment {
    file: String,
    format_version: u8,
    first_offset: u64,
    records: u64,
    size_bytes: u64,
}

/// Checks, prints what was found, and fails if anything is wrong.
pub(crate) fn run(loaded: &Loaded, as_json: bool) -> Result<(), Failure> {
    let dir = DataDir::open_to_check(&loaded.config.data_dir)?;
    let log = check_log(&dir.path().join("log")).map_err(Failure::failed)?;
    let mut report = report_of(dir.path(), &log);
    match state_offset(&dir.path().join("state")) {
        Ok(offset) => report.check_state(offset),
        Err(problem) => report.problems.push(format!("state: {problem}")),
    }
    check_models(&dir.blobs(), &mut report);
    if as_json {
        say_json(&report)?;
    } else {
        print(&report);
    }
    match report.problems.len() {
        0 => Ok(()),
        1 => Err(Failure::failed("the data is not sound: 1 problem")),
        many => Err(Failure::failed(format!("the data is not sound: {many} problems"))),
    }
}

fn report_of(dir: &Path, log: &LogReport) -> Report {
    let (mut notes, mut problems, mut segments) = (Vec::new(), Vec::new(), Vec::new());
    for segment in &log.segments {
        let file = segment.file.display().to_string();
        notes.extend(segment.note.iter().map(|note| format!("{file}: {note}")));
        problems.extend(segment.problems.iter().map(|problem| format!("{file}: {problem}")));
        segments.push(Segment {
            file,
            format_version: segment.version,
            first_offset: segment.first,
            records: segment.records,
            size_bytes: segment.size_bytes,
        });
    }
    Report {
        data_dir: dir.display().to_string(),
        segments,
        log_start: log.start(),
        log_end: log.end(),
        state_offset: None,
        models: 0,
        notes,
        problems,
    }
}

impl Report {
    fn check_state(&mut self, offset: Option<u64>) {
        self.state_offset = offset;
        let (start, end) = (self.log_start, self.log_end);
        match offset {
            Some(offset) if offset < start => self.problems.push(format!(
                "state: it comes from offset {offset} of the log, which begins at {start}: what lies between is gone"
            )),
            Some(offset) if offset > end => self.problems.push(format!(
                "state: it comes from offset {offset} of the log, which reads from {start} to {end}"
            )),
            Some(offset) if offset < end => {
                self.notes.push(format!("state: {} records are applied at the next start", end - offset));
            }
            Some(_) => {}
            None if start > 0 => self.problems.push(format!(
                "state: there is none, and the log begins at offset {start}, so it cannot be made anew"
            )),
            None => self.notes.push("state: there is none; the next start makes it from the log".to_owned()),
        }
    }
}

/// Where the state in `dir` stands in the log, as a copy of it tells.
fn state_offset(dir: &Path) -> Result<Option<u64>, String> {
    let copy = tempfile::tempdir().map_err(|e| format!("no room for a copy of it: {e}"))?;
    if !copy_all(dir, copy.path()).map_err(|e| format!("it could not be copied: {e}"))? {
        return Ok(None);
    }
    let store = FjallStore::open(copy.path(), CACHE_BYTES).map_err(|e| e.to_string())?;
    if !store.table_names().iter().any(|name| name == META.0) {
        return Ok(None);
    }
    let meta = store.table(META.0).map_err(|e| e.to_string())?;
    let Some(bytes) = store.get(meta, META.1).map_err(|e| e.to_string())? else { return Ok(None) };
    let bytes = bytes.first_chunk::<8>().ok_or("its offset does not read")?;
    Ok(Some(u64::from_be_bytes(*bytes)))
}

/// Copies a folder; false if it is not there or has no files.
fn copy_all(from: &Path, to: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(from) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        entries => entries?,
    };
    let mut is_any = false;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            is_any |= copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            is_any = true;
        }
    }
    Ok(is_any)
}

fn check_models(blobs: &BlobFiles, report: &mut Report) {
    let names = blobs.list("models/").unwrap_or_else(|error| {
        report.problems.push(format!("models: {error}"));
        Vec::new()
    });
    report.models = names.len();
    for name in names {
        let problem = match blobs.get(&name) {
            Ok(Some(bytes)) => Trained::from_bytes(&bytes).err().map(|e| e.to_string()),
            Ok(None) => Some("it is gone".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        report.problems.extend(problem.map(|problem| format!("blobs/{name}: {problem}")));
    }
}

fn print(report: &Report) {
    let size_bytes: u64 = report.segments.iter().map(|s| s.size_bytes).sum();
    say(format!(
        "log: offsets {} to {}, {} segments, {size_bytes} bytes",
        report.log_start,
        report.log_end,
        report.segments.len()
    ));
    if let Some(offset) = report.state_offset {
        say(format!("state: at offset {offset}"));
    }
    say(format!("models: {}", report.models));
    report.notes.iter().for_each(|note| say(format!("note: {note}")));
    report.problems.iter().for_each(|problem| say(format!("problem: {problem}")));
    if report.problems.is_empty() {
        say("sound");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradewind_embedded::LogOptions;
    use tradewind_ports::{Batch, EventLog, block_on};

    fn check(dir: &Path) -> Report {
        let log = check_log(&dir.join("log")).unwrap();
        let mut report = report_of(dir, &log);
        report.check_state(state_offset(&dir.join("state")).unwrap());
        check_models(&BlobFiles::new(dir.join("blobs")), &mut report);
        report
    }

    fn set_offset(dir: &DataDir, offset: u64) {
        let state = dir.state(CACHE_BYTES).unwrap();
        let meta = state.table(META.0).unwrap();
        let mut batch = Batch::default();
        batch.put(meta, META.1, offset.to_be_bytes());
        state.commit(&batch).unwrap();
        state.sync().unwrap();
    }

    #[test]
    fn says_what_is_wrong_and_changes_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let log = dir.log(LogOptions::default()).unwrap();
        for _ in 0..3 {
            block_on(log.append(vec![vec![7; 100]; 2]).unwrap()).unwrap();
        }
        drop(log);
        set_offset(&dir, 4);
        let report = check(temp.path());
        assert_eq!((report.log_end, report.state_offset, report.problems.len()), (6, Some(4), 0));
        assert_eq!(report.notes, ["state: 2 records are applied at the next start"]);

        let path = temp.path().join("log/00000000000000000000.log");
        let whole = fs::read(&path).unwrap();
        let mut torn = whole.clone();
        torn.extend_from_slice(b"torn");
        fs::write(&path, &torn).unwrap();
        let report = check(temp.path());
        assert!(report.notes[0].contains("torn tail, 4 bytes"), "{report:?}");
        assert_eq!(fs::read(&path).unwrap(), torn);

        let mut flipped = whole.clone();
        flipped[100] ^= 1;
        fs::write(&path, &flipped).unwrap();
        dir.blobs().put("models/1", b"no model").unwrap();
        set_offset(&dir, 9);
        let report = check(temp.path());
        assert_eq!(report.problems.len(), 3, "{report:?}");
        assert_eq!(fs::read(&path).unwrap(), flipped);
    }
}
