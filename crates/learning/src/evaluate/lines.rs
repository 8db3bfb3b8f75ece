//! Lines of a plain or zstd-compressed file.

use super::EvaluateError;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Reads line by line into one buffer.
pub(super) struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    buffer: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Opens a file; its first bytes, not its name, tell whether it is compressed.
    pub(super) fn open(path: &Path) -> Result<Self, EvaluateError> {
        let fail = |source| EvaluateError::Open { path: path.to_owned(), source };
        let mut plain = BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?);
        let compressed = plain.fill_buf().map_err(fail)?.starts_with(&ZSTD_MAGIC);
        let reader: Box<dyn BufRead> = if compressed {
            let decoder = zstd::Decoder::with_buffer(plain).map_err(fail)?;
            Box::new(BufReader::with_capacity(1 << 16, decoder))
        } else {
            Box::new(plain)
        };
        Ok(Self { path: path.to_owned(), reader, buffer: Vec::new(), number: 0 })
    }

    /// The next line that is not blank, without whitespace around it, and its number from 1.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &[u8])>, EvaluateError> {
        loop {
            self.buffer.clear();
            match self.reader.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(_) => self.number += 1,
                Err(source) => return Err(self.unreadable(source)),
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(Some((self.number, self.buffer.trim_ascii())));
            }
        }
    }

    /// The error of the line that was read last.
    pub(super) fn malformed(&self, reason: &'static str) -> EvaluateError {
        EvaluateError::Malformed { path: self.path.clone(), line: self.number, reason }
    }

    fn unreadable(&self, source: io::Error) -> EvaluateError {
        EvaluateError::Read { path: self.path.clone(), line: self.number, source }
    }
}
