//! The ledger of erasures and suppressions: what was asked for and done, so that it is never undone by a
//! crash or by an older backup.
//!
//! A folder of its own, `privacy.ledger_dir`, which should be kept apart from the data directory's backups:
//! `salt` and `key` (32 random bytes each, mode 0600) and `ledger.jsonl`. A line is JSON, `{"v":1,"seq":…,
//! "at":…,"state":"awaiting"|"requested"|"done","request":…,"type":"erase"|"erase_shop"|"suppress"|"unsuppress","prints":[…],
//! "suppress":…,"turns":[…],"shop":…}`, `at` in milliseconds since 1970, `prints` as [`Prints`] makes them, in hexadecimal digits.
//! It is only ever appended to, and each line is synced before [`Ledger::append`] returns. A request may have
//! several lines `requested`: the later ones name further fingerprints of the same people. No line holds an id.
//!
//! A last line that is not whole was never acknowledged: it is cut off. Anything else that does not read is an
//! error, and so is a line of a newer program.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::prints::{Print, Prints};
use crate::receipt::Seal;
use crate::{hex, secrets};

/// The version of a line.
const VERSION: u8 = 1;
const FILE: &str = "ledger.jsonl";

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It was asked for, and holds once somebody confirms it.
    Awaiting,
    /// It holds from now on.
    Requested,
    /// It was carried out.
    Done,
}

/// What the ledger remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// People were erased.
    Erase,
    /// Everybody of a shop was.
    EraseShop,
    /// Nothing more is taken of them.
    Suppress,
    /// It is again.
    Unsuppress,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The version of the form.
    pub v: u8,
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: UtcMillis,
    /// How far the request is.
    pub state: Step,
    /// The request's id.
    pub request: String,
    /// What is asked for.
    #[serde(rename = "type")]
    pub act: Act,
    /// Who is meant, in hexadecimal digits.
    pub prints: Vec<String>,
    /// Whether nothing more is taken of them.
    pub suppress: bool,
    /// When browsers that others used too were theirs: once the state forgets whose a browser was, only this
    /// tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<TurnPrint>,
    /// The shop that is meant as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
}

/// A turn at a browser, which is named by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnPrint {
    /// The browser's, in hexadecimal digits.
    pub print: String,
    /// From when on.
    pub from: UtcMillis,
    /// Up to when.
    pub until: UtcMillis,
}

impl TurnPrint {
    /// The browser's fingerprint.
    #[must_use]
    pub fn print(&self) -> Option<Print> {
        hex::decode(&self.print)
    }
}

impl Line {
    /// Who is meant.
    pub fn prints(&self) -> impl Iterator<Item = Print> + '_ {
        self.prints.iter().filter_map(|text| hex::decode(text))
    }
}

/// Why the ledger could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The operating system's error.
    #[error("the ledger of erasures at {path} cannot be used: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A line does not read.
    #[error(
        "line {line} of the ledger of erasures at {path} does not read ({cause}): put the file back from a copy, \
         or run the newest program"
    )]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// Why.
        cause: String,
    },
    /// An earlier write failed, so nobody knows what the disk holds.
    #[error("the ledger of erasures could not be written before: start the program again")]
    Broken,
}

/// The open file.
struct Tail {
    file: File,
    end: u64,
    next: u64,
    is_broken: bool,
}

/// An open ledger. One process at a time, as of the data directory.
pub struct Ledger {
    dir: PathBuf,
    prints: Prints,
    tail: Mutex<Tail>,
}

impl Ledger {
    /// Opens the ledger in a folder, making both if they are new, and gives its lines.
    ///
    /// # Errors
    /// [`LedgerError`] when it does not read.
    pub fn open(dir: &Path) -> Result<(Self, Vec<Line>), LedgerError> {
        let failed = |source| LedgerError::Io { path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let is_written = std::fs::metadata(dir.join(FILE)).is_ok_and(|file| file.len() > 0);
        if is_written && !dir.join("salt").exists() {
            let lost = "its salt is lost, and without it nobody is found again; put it back from a copy";
            return Err(failed(std::io::Error::new(std::io::ErrorKind::NotFound, lost)));
        }
        let salt = secrets::read_or_make(dir, "salt").map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(FILE))
            .map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (lines, end) = read(dir, &bytes)?;
        if end < bytes.len() as u64 {
            tracing::warn!(
                cut_bytes = bytes.len() as u64 - end,
                "the ledger ended within a line; it was cut"
            );
        }
        file.set_len(end).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
        let tail = Tail { file, end, next: lines.len() as u64 + 1, is_broken: false };
        Ok((Self { dir: dir.to_owned(), prints: Prints::new(&salt), tail: Mutex::new(tail) }, lines))
    }

    /// What makes this ledger's fingerprints.
    #[must_use]
    pub fn prints(&self) -> &Prints {
        &self.prints
    }

    /// What signs receipts: its key is in the folder, and made at first use.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when it does not read.
    pub fn seal(&self) -> Result<Seal, LedgerError> {
        let failed = |source| LedgerError::Io { path: self.dir.clone(), source };
        Ok(Seal::new(secrets::read_or_make(&self.dir, "key").map_err(failed)?))
    }

    /// Adds a line, durable on return, and gives its number. `v` and `seq` of what is given do not matter.
    ///
    /// # Errors
    /// [`LedgerError`]; then it is not there.
    pub fn append(&self, line: Line) -> Result<u64, LedgerError> {
        let failed = |source| LedgerError::Io { path: self.dir.clone(), source };
        let mut tail = self.tail.lock();
        if tail.is_broken {
            return Err(LedgerError::Broken);
        }
        let seq = tail.next;
        let mut bytes =
            serde_json::to_vec(&Line { v: VERSION, seq, ..line }).map_err(|e| failed(e.into()))?;
        bytes.push(b'\n');
        if let Err(source) = write(&mut tail, &bytes) {
            // What is there is cut or read at the next start; until then nothing may stand behind it.
            tail.is_broken = true;
            return Err(failed(source));
        }
        tail.end += bytes.len() as u64;
        tail.next += 1;
        Ok(seq)
    }
}

fn write(tail: &mut Tail, bytes: &[u8]) -> std::io::Result<()> {
    let end = tail.end;
    tail.file.seek(SeekFrom::Start(end))?;
    tail.file.write_all(bytes)?;
    tail.file.sync_all()
}

/// The lines, and where the last whole one ends.
fn read(dir: &Path, bytes: &[u8]) -> Result<(Vec<Line>, u64), LedgerError> {
    let (mut lines, mut end) = (Vec::new(), 0);
    for text in bytes.split_inclusive(|&byte| byte == b'\n') {
        let Some(json) = text.strip_suffix(b"\n") else { break };
        let number = lines.len() as u64 + 1;
        let damaged = |cause: String| LedgerError::Damaged { path: dir.to_owned(), line: number, cause };
        let line: Line = serde_json::from_slice(json).map_err(|e| damaged(e.to_string()))?;
        if line.v != VERSION {
            return Err(damaged(format!("its version is {}", line.v)));
        }
        if line.seq != number || line.prints().count() != line.prints.len() {
            return Err(damaged("its number or its prints are not what they should be".into()));
        }
        lines.push(line);
        end += text.len() as u64;
    }
    Ok((lines, end))
}

#[cfg(test)]
mod tests;
