//! Messages in Segment's form, one JSON object a line.
//!
//! What a message looks like is the API's business, so that the parser is passed in; it sets the times too.
//! Here lines are cut, counted and made idempotent: a message without `messageId` gets an id made of its
//! line, so that importing the file again changes nothing (and two identical such lines are one event).
//! A line is at most 1 MiB; blank ones are skipped.

use std::io::{self, BufRead, BufReader};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use tradewind_events::{Event, Origin};
use xxhash_rust::xxh3::xxh3_128;

use crate::intake::Intake;
use crate::{ImportError, Reason, Sink, Source, Tally};

/// The longest line, in bytes.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// How much of a longer line is kept, to be shown.
const SHOWN_BYTES: usize = 4_096;

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "messageId", default)]
    message_id: Value,
}

impl Named {
    /// Whether it is an id: a blank one is none, and would be made anew with each import.
    fn is_named(&self) -> bool {
        match &self.message_id {
            Value::String(id) => !id.trim().is_empty(),
            id => id.is_number(),
        }
    }
}

/// Reads JSON lines; `parse` makes an event of each, or says in a few words why not.
///
/// A line that `parse` refuses is `invalid_json` where it is no JSON at all, else `invalid_message`, with
/// what `parse` said as the reject's detail.
///
/// # Errors
/// [`ImportError`] when the file does not read, or the sink fails.
pub fn events(
    source: Source,
    parse: &dyn Fn(&str) -> Result<Event, String>,
    sink: &mut dyn Sink,
) -> Result<Tally, ImportError> {
    let (reader, meter) = source.into_parts();
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let mut intake = Intake::new(sink, meter);
    let (mut bytes, mut line) = (Vec::new(), 0);
    while let Some(length) = read_line(&mut reader, &mut bytes)? {
        line += 1;
        if length > MAX_LINE_BYTES as u64 {
            intake.row_rejected(line, Reason::TooLarge, &String::from_utf8_lossy(&bytes), "")?;
            continue;
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            intake.row_rejected(line, Reason::NotUtf8, &String::from_utf8_lossy(&bytes), "")?;
            continue;
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        match parse(text) {
            Ok(event) => {
                intake.row_taken();
                intake.event(repeatable(event, text))?;
            }
            Err(detail) => intake.row_rejected(line, why(text), text, &detail)?,
        }
    }
    Ok(intake.finish())
}

fn repeatable(mut event: Event, text: &str) -> Event {
    event.origin = Origin::Import;
    if !serde_json::from_str::<Named>(text).is_ok_and(|named| named.is_named()) {
        event.message_id = format!("line:{:032x}", xxh3_128(text.as_bytes()));
    }
    event
}

fn why(text: &str) -> Reason {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Reason::InvalidMessage,
        Err(_) => Reason::InvalidJson,
    }
}

/// Reads a line without its end; of one that is too long only the head is kept. Gives its whole length.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<u64>> {
    line.clear();
    let mut length = 0;
    loop {
        let chunk = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        if chunk.is_empty() {
            return Ok((length > 0).then_some(length));
        }
        let end = chunk.iter().position(|&b| b == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        length += part.len() as u64;
        if length <= MAX_LINE_BYTES as u64 {
            line.extend_from_slice(part);
        } else {
            line.truncate(SHOWN_BYTES);
        }
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(length));
        }
    }
}
