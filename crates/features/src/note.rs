//! What the log says of features: rows that were pushed or materialised, and declarations.
//!
//! The body is a version byte, a byte of kind, then for rows the view's name, its version, how many rows, and
//! each as the entity's key and the row (see [`crate::Row`]); for declarations JSON.

use tradewind_kernel::UtcMillis;

use crate::codec::{CodecError, Reader, put_length, put_row, put_text};
use crate::row::Row;
use crate::view::{ServiceSpec, ViewSpec};

/// The version byte.
const VERSION: u8 = 1;
const ROWS: u8 = 0;
const VIEW: u8 = 1;
const SERVICE: u8 = 2;

/// A row on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow {
    /// The entity, see [`crate::entity_key`].
    pub entity: String,
    /// What holds for it.
    pub row: Row,
}

/// Rows of one version of a view.
#[derive(Debug, Clone, PartialEq)]
pub struct RowBatch {
    /// The view's name.
    pub view: String,
    /// Its version.
    pub version: u32,
    /// The rows.
    pub rows: Vec<NewRow>,
}

/// A log record of the feature store.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureNote {
    /// Rows came.
    Rows(RowBatch),
    /// A view was declared, or declared anew.
    View(Box<ViewSpec>, UtcMillis),
    /// A service was.
    Service(Box<ServiceSpec>, UtcMillis),
}

impl FeatureNote {
    /// Appends the body.
    pub fn encode_to(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        match self {
            Self::Rows(batch) => {
                out.push(ROWS);
                put_text(out, &batch.view);
                put_length(out, batch.version as usize);
                put_length(out, batch.rows.len());
                for new in &batch.rows {
                    put_text(out, &new.entity);
                    put_row(out, &new.row);
                }
            }
            // Declarations always write: they hold texts and numbers only.
            Self::View(spec, at) => {
                out.push(VIEW);
                out.extend_from_slice(&at.get().to_le_bytes());
                let _ = serde_json::to_writer(out, spec);
            }
            Self::Service(spec, at) => {
                out.push(SERVICE);
                out.extend_from_slice(&at.get().to_le_bytes());
                let _ = serde_json::to_writer(out, spec);
            }
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`CodecError`] when it is damaged, or of a newer program.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader(bytes);
        match reader.byte()? {
            VERSION => {}
            version => return Err(CodecError::Version(version)),
        }
        match reader.byte()? {
            ROWS => Self::rows(reader),
            VIEW => {
                let at = time(&mut reader)?;
                serde_json::from_slice(reader.0).map(|v| Self::View(v, at)).map_err(|_| CodecError::Damaged)
            }
            SERVICE => {
                let at = time(&mut reader)?;
                serde_json::from_slice(reader.0)
                    .map(|s| Self::Service(s, at))
                    .map_err(|_| CodecError::Damaged)
            }
            _ => Err(CodecError::Damaged),
        }
    }

    fn rows(mut reader: Reader<'_>) -> Result<Self, CodecError> {
        let view = reader.text()?.to_owned();
        let version = u32::try_from(reader.length()?).map_err(|_| CodecError::Damaged)?;
        let count = reader.length()?;
        let mut rows = Vec::with_capacity(count.min(reader.0.len()));
        for _ in 0..count {
            let entity = reader.text()?.to_owned();
            rows.push(NewRow { entity, row: reader.row()? });
        }
        let whole = reader.0.is_empty();
        if whole { Ok(Self::Rows(RowBatch { view, version, rows })) } else { Err(CodecError::Damaged) }
    }
}

fn time(reader: &mut Reader<'_>) -> Result<UtcMillis, CodecError> {
    let bytes = reader.take(8)?.try_into().map_err(|_| CodecError::Damaged)?;
    Ok(UtcMillis::new(i64::from_le_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    /// Rows as version 1 wrote them; this program and every later one must read them.
    const ROWS_V1: &[u8] = &[
        1, 0, // version, kind
        6, b'h', b'a', b'b', b'i', b't', b's', 2, 1, // view, its version, rows
        5, b'u', b':', b'a', b'd', b'a', // entity
        232, 3, 0, 0, 0, 0, 0, 0, 208, 7, 0, 0, 0, 0, 0, 0, 2, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    const VIEW_V1: &str = r#"{"name":"habits","entity":"subject","joinKeys":[{"name":"customer","type":"int64"}],"features":[{"name":"visits","type":"int64","unit":"visits"}],"source":{"push":"habits"},"ttlSeconds":60,"owner":"","purpose":"personalization","description":""}"#;
    const SERVICE_V1: &str =
        r#"{"name":"s","features":["habits:visits"],"models":["m"],"owner":"","description":""}"#;

    #[track_caller]
    fn check(bytes: &[u8]) -> FeatureNote {
        let note = FeatureNote::decode(bytes).unwrap();
        let mut again = Vec::new();
        note.encode_to(&mut again);
        assert_eq!(again, bytes);
        note
    }

    #[test]
    fn version_1_still_reads_and_writes_the_same() {
        let FeatureNote::Rows(batch) = check(ROWS_V1) else { panic!("no rows") };
        assert_eq!((batch.view.as_str(), batch.version, batch.rows.len()), ("habits", 2, 1));
        assert_eq!(batch.rows[0].row.values, [Some(Value::Int(5)), None]);
        let at = 9i64.to_le_bytes();
        let FeatureNote::View(spec, at_9) = check(&[&[1, 1], &at[..], VIEW_V1.as_bytes()].concat()) else {
            panic!("no view")
        };
        assert_eq!((spec.ttl_seconds, at_9), (60, UtcMillis::new(9)));
        check(&[&[1, 2], &at[..], SERVICE_V1.as_bytes()].concat());
    }

    #[test]
    fn what_is_no_note_is_told() {
        for end in 0..ROWS_V1.len() {
            assert_eq!(FeatureNote::decode(&ROWS_V1[..end]), Err(CodecError::Damaged), "{end}");
        }
        assert_eq!(FeatureNote::decode(&[9, 0]), Err(CodecError::Version(9)));
        assert_eq!(FeatureNote::decode(&[1, 9]), Err(CodecError::Damaged));
    }
}
