//! The bytes of rows and of log records: little-endian, lengths as LEB128.
//!
//! A value is a tag and its bytes: 0 none; 1 whole number (8 bytes); 2 double (8); 3 float (4); 4 text (length,
//! UTF-8); 5 no; 6 yes; 7 bytes (length, bytes); 8 list (length, values, none of them a list). A row is a
//! version byte, the time of the event and the time of its making (8 bytes each, milliseconds since 1970), the
//! number of values, the values.

use tradewind_kernel::UtcMillis;

use crate::row::Row;
use crate::value::Value;

/// The version byte of a row.
const ROW_VERSION: u8 = 1;
/// Values of a row, and of a list, at most.
const MAX_VALUES: usize = 1 << 16;

/// Bytes that are no row or record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// They end too early, or say what cannot be.
    #[error("it is damaged")]
    Damaged,
    /// A newer program wrote them.
    #[error("it has version {0}; run a newer program")]
    Version(u8),
}

/// Reads bytes from their front.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CodecError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, CodecError> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn eight(&mut self) -> Result<[u8; 8], CodecError> {
        self.take(8)?.try_into().map_err(|_| CodecError::Damaged)
    }

    pub(crate) fn length(&mut self) -> Result<usize, CodecError> {
        let mut length = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                // One form only, so that what is read writes the same bytes again.
                let is_shortest = shift == 0 || byte != 0;
                return usize::try_from(length).ok().filter(|_| is_shortest).ok_or(CodecError::Damaged);
            }
        }
        Err(CodecError::Damaged)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, CodecError> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| CodecError::Damaged)
    }

    fn value(&mut self) -> Result<Option<Value>, CodecError> {
        Ok(Some(match self.byte()? {
            0 => return Ok(None),
            1 => Value::Int(i64::from_le_bytes(self.eight()?)),
            2 => Value::Double(f64::from_le_bytes(self.eight()?)),
            3 => Value::Float(f32::from_le_bytes(self.take(4)?.try_into().map_err(|_| CodecError::Damaged)?)),
            4 => Value::Text(self.text()?.to_owned()),
            5 => Value::Bool(false),
            6 => Value::Bool(true),
            7 => {
                let length = self.length()?;
                Value::Bytes(self.take(length)?.to_vec())
            }
            8 => {
                let length = self.count()?;
                let mut values = Vec::with_capacity(length.min(self.0.len()));
                for _ in 0..length {
                    match self.value()? {
                        None | Some(Value::List(_)) => return Err(CodecError::Damaged),
                        Some(value) => values.push(value),
                    }
                }
                Value::List(values)
            }
            _ => return Err(CodecError::Damaged),
        }))
    }

    fn count(&mut self) -> Result<usize, CodecError> {
        self.length().and_then(|n| if n <= MAX_VALUES { Ok(n) } else { Err(CodecError::Damaged) })
    }

    /// A row without its version byte.
    pub(crate) fn row(&mut self) -> Result<Row, CodecError> {
        let event_at = UtcMillis::new(i64::from_le_bytes(self.eight()?));
        let created_at = UtcMillis::new(i64::from_le_bytes(self.eight()?));
        let count = self.count()?;
        let values = (0..count).map(|_| self.value()).collect::<Result<_, _>>()?;
        Ok(Row { event_at, created_at, values })
    }
}

pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push((rest & 0x7f) as u8);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: Option<&Value>) {
    match value {
        None => out.push(0),
        Some(Value::Int(n)) => {
            out.push(1);
            out.extend_from_slice(&n.to_le_bytes());
        }
        Some(Value::Double(n)) => {
            out.push(2);
            out.extend_from_slice(&n.to_le_bytes());
        }
        Some(Value::Float(n)) => {
            out.push(3);
            out.extend_from_slice(&n.to_le_bytes());
        }
        Some(Value::Text(text)) => {
            out.push(4);
            put_text(out, text);
        }
        Some(Value::Bool(yes)) => out.push(if *yes { 6 } else { 5 }),
        Some(Value::Bytes(bytes)) => {
            out.push(7);
            put_length(out, bytes.len());
            out.extend_from_slice(bytes);
        }
        Some(Value::List(values)) => {
            out.push(8);
            put_length(out, values.len());
            for value in values {
                put_value(out, Some(value));
            }
        }
    }
}

/// Appends a row without its version byte.
pub(crate) fn put_row(out: &mut Vec<u8>, row: &Row) {
    out.extend_from_slice(&row.event_at.get().to_le_bytes());
    out.extend_from_slice(&row.created_at.get().to_le_bytes());
    put_length(out, row.values.len());
    for value in &row.values {
        put_value(out, value.as_ref());
    }
}

impl Row {
    /// Its stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + 9 * self.values.len());
        out.push(ROW_VERSION);
        put_row(&mut out, self);
        out
    }

    /// Reads a stored row.
    ///
    /// # Errors
    /// [`CodecError`] when it is damaged, or of a newer program.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader(bytes);
        match reader.byte()? {
            ROW_VERSION => {}
            version => return Err(CodecError::Version(version)),
        }
        let row = reader.row()?;
        if reader.0.is_empty() { Ok(row) } else { Err(CodecError::Damaged) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A row as version 1 wrote it; this program and every later one must read it.
    const ROW_V1: &[u8] = &[
        1, // version
        232, 3, 0, 0, 0, 0, 0, 0, 208, 7, 0, 0, 0, 0, 0, 0, // 1000 ms, 2000 ms
        8, // values
        0, // none
        1, 255, 255, 255, 255, 255, 255, 255, 255, // -1
        2, 0, 0, 0, 0, 0, 0, 224, 63, // 0.5
        3, 0, 0, 0, 63, // 0.5
        4, 2, 195, 164, // ä
        6,   // yes
        7, 1, 9, // bytes
        8, 2, 3, 0, 0, 128, 63, 3, 0, 0, 0, 64, // [1.0, 2.0]
    ];

    fn row() -> Row {
        Row {
            event_at: UtcMillis::new(1_000),
            created_at: UtcMillis::new(2_000),
            values: vec![
                None,
                Some(Value::Int(-1)),
                Some(Value::Double(0.5)),
                Some(Value::Float(0.5)),
                Some(Value::Text("ä".into())),
                Some(Value::Bool(true)),
                Some(Value::Bytes(vec![9])),
                Some(Value::List(vec![Value::Float(1.0), Value::Float(2.0)])),
            ],
        }
    }

    #[test]
    fn version_1_still_reads_and_writes_the_same() {
        assert_eq!(Row::decode(ROW_V1), Ok(row()));
        assert_eq!(row().encode(), ROW_V1);
    }

    #[test]
    fn what_is_no_row_is_told() {
        assert_eq!(Row::decode(&[2]), Err(CodecError::Version(2)));
        for end in 0..ROW_V1.len() {
            assert_eq!(Row::decode(&ROW_V1[..end]), Err(CodecError::Damaged), "{end}");
        }
        assert_eq!(Row::decode(&[ROW_V1, &[0]].concat()), Err(CodecError::Damaged));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_write_the_same_again(mut bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(first) = bytes.first_mut() {
                *first = ROW_VERSION;
            }
            if bytes.len() > 18 {
                bytes[17] &= 7;
                bytes[18] &= 7;
            }
            if let Ok(row) = Row::decode(&bytes) {
                prop_assert_eq!(row.encode(), bytes);
            }
        }
    }
}
