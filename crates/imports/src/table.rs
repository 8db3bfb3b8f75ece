//! CSV with a header row, read record by record without allocating.
//!
//! Columns are found by name, in any order and case, blanks and punctuation ignored. Quoted fields may hold
//! commas, quotes and line breaks. A row over 1 MiB ends the import: nearly always a quote was left open,
//! and the rest of the file would be read as one field.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};

use crate::source::Meter;
use crate::{ImportError, Reason, Source};

/// The reader's buffer, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// How much may be read for one row, in bytes: the row, and what the buffer takes beyond it.
const ROW_ALLOWANCE_BYTES: usize = 1024 * 1024 + BUFFER_BYTES;

/// A column's names; the first is the usual one.
pub(crate) type Column = &'static [&'static str];

/// A CSV file of which `N` columns are wanted.
pub(crate) struct Table<const N: usize> {
    csv: csv::Reader<Rationed>,
    allowance: Rc<Cell<usize>>,
    places: [usize; N],
    width: usize,
    line_offset: u64,
    record: ByteRecord,
}

/// One row of a [`Table`], as many fields as the header has.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a, const N: usize> {
    record: &'a ByteRecord,
    places: &'a [usize; N],
}

/// Refuses to read on once a row's allowance is spent.
struct Rationed {
    inner: Box<dyn Read + Send>,
    allowance: Rc<Cell<usize>>,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.get();
        if left == 0 {
            return Err(io::Error::other("the row is too long"));
        }
        let end = buffer.len().min(left);
        let count = self.inner.read(&mut buffer[..end])?;
        self.allowance.set(left - count);
        Ok(count)
    }
}

impl<const N: usize> Table<N> {
    /// Reads the header and finds the wanted columns.
    pub(crate) fn open(source: Source, wanted: &[Column; N]) -> Result<(Self, Meter), ImportError> {
        let (inner, meter) = source.into_parts();
        let allowance = Rc::new(Cell::new(ROW_ALLOWANCE_BYTES));
        let rationed = Rationed { inner, allowance: Rc::clone(&allowance) };
        let csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(rationed);
        let mut table =
            Self { csv, allowance, places: [0; N], width: 0, line_offset: 0, record: ByteRecord::new() };
        table.advance()?;
        table.width = table.record.len();
        // The reader stops at the carriage return of CRLF, so that it counts each line one too low.
        table.line_offset = u64::from(table.csv.position().line() == 1);
        let names: Vec<String> = table.record.iter().map(normal).collect();
        let mut missing = Vec::new();
        for (place, column) in table.places.iter_mut().zip(wanted) {
            match names.iter().position(|name| column.iter().any(|alias| normal(alias.as_bytes()) == *name)) {
                Some(found) => *place = found,
                None => missing.extend(column.first().copied()),
            }
        }
        let missing = missing.join(", ");
        if missing.is_empty() { Ok((table, meter)) } else { Err(ImportError::Columns { missing }) }
    }

    /// Moves to the next row; false at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<bool, ImportError> {
        self.allowance.set(ROW_ALLOWANCE_BYTES);
        self.csv.read_byte_record(&mut self.record).map_err(|error| {
            if self.allowance.get() == 0 {
                return ImportError::RowTooLong { line: self.line() };
            }
            match error.into_kind() {
                ErrorKind::Io(error) => ImportError::Read(error),
                other => ImportError::Read(io::Error::other(format!("{other:?}"))),
            }
        })
    }

    /// The row, if it is as wide as the header.
    pub(crate) fn row(&self) -> Result<Row<'_, N>, Reason> {
        let fits = self.record.len() == self.width;
        fits.then_some(Row { record: &self.record, places: &self.places }).ok_or(Reason::WrongColumns)
    }

    /// The line on which the row starts.
    pub(crate) fn line(&self) -> u64 {
        self.record.position().map_or(1, csv::Position::line) + self.line_offset
    }

    /// The row as text again, for a reject.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(self.record.as_slice().len() + self.record.len());
        for (index, field) in self.record.iter().enumerate() {
            let field = String::from_utf8_lossy(field);
            text.push_str(if index == 0 { "" } else { "," });
            if field.contains([',', '"', '\n', '\r']) {
                text.push('"');
                text.push_str(&field.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(&field);
            }
        }
        text
    }
}

impl<'a, const N: usize> Row<'a, N> {
    /// The fields in the order in which the columns were wanted, blanks around them removed.
    pub(crate) fn fields(self) -> Result<[&'a str; N], Reason> {
        let mut fields = [""; N];
        for (field, &place) in fields.iter_mut().zip(self.places) {
            let bytes = self.record.get(place).unwrap_or_default();
            *field = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?.trim();
        }
        Ok(fields)
    }
}

/// A column's name without case, blanks, punctuation or a byte-order mark.
fn normal(name: &[u8]) -> String {
    name.iter().filter(|b| b.is_ascii_alphanumeric()).map(|b| char::from(b.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: [Column; 2] = [&["Number"], &["Name", "Title"]];

    fn open(text: &'static str) -> Result<Table<2>, ImportError> {
        Table::open(Source::new(text.as_bytes(), 0).unwrap(), &WANTED).map(|(table, _)| table)
    }

    #[test]
    fn columns_are_found_by_name() {
        let mut table = open("\u{feff}TITLE,x, number \r\n\"a, \"\"b\"\"\",,7\r\nshort\r\n").unwrap();
        assert!(table.advance().unwrap());
        assert_eq!(table.row().and_then(Row::fields), Ok(["7", "a, \"b\""]));
        assert_eq!((table.line(), table.text().as_str()), (2, "\"a, \"\"b\"\"\",,7"));
        assert!(table.advance().unwrap());
        assert_eq!((table.row().err(), table.line()), (Some(Reason::WrongColumns), 3));
        assert!(!table.advance().unwrap());
    }

    #[test]
    fn missing_columns_are_named() {
        for text in ["", "a,b\n", "\n\n"] {
            let error = open(text).err().unwrap();
            assert_eq!(error.to_string(), "the header has no column Number, Name");
            assert_eq!(error.code(), "import_columns_missing");
        }
    }

    #[test]
    fn an_open_quote_does_not_fill_the_memory() {
        let endless = io::Cursor::new(b"number,name\n1,\"".to_vec()).chain(io::repeat(b'x'));
        let (mut table, _) = Table::open(Source::new(endless, 0).unwrap(), &WANTED).unwrap();
        assert!(matches!(table.advance(), Err(ImportError::RowTooLong { line: 2 })));
    }
}
