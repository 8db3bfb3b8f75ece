//! The log's part: which records are theirs.
//!
//! An event is, when one of its ids is, or when it names a browser of several people in their turn
//! ([`turns`](super::turns)); so is a decision for such a browser. Of other records, all but products and changes of the catalog, it is
//! enough that they hold an id as a whole word in quotes, or behind `user_id:` and `anonymous_id:`, or, where
//! the id has four characters or more, between any other signs: rather a dead letter too many than one too few.

use aho_corasick::AhoCorasick;
use tradewind_events::EventView;
use tradewind_kernel::UtcMillis;
use tradewind_ports::{EventLog, Offset};

use super::rows::keys_of;
use super::{Whose, shop};
use crate::entry::Entry;
use crate::live::damaged;
use crate::pipeline::PipelineError;

/// Records are read in pieces of this size.
const PIECE_BYTES: usize = 4 << 20;
/// The longest text that is looked at as an id, in bytes.
const MAX_ID_BYTES: usize = 2_048;
/// From so many characters on an id counts without quotes around it.
const TELLING: usize = 4;

/// Finds ids in any text.
pub(crate) struct Mentions(Option<AhoCorasick>);

impl Mentions {
    pub(crate) fn of(whose: &Whose) -> Result<Self, PipelineError> {
        // As JSON writes them, without the quotes.
        let ids: Vec<String> = whose
            .ids()
            .map(|id| serde_json::Value::from(id).to_string().trim_matches('"').to_owned())
            .collect();
        if ids.is_empty() {
            return Ok(Self(None));
        }
        let found = AhoCorasick::new(&ids).map_err(|e| damaged("the search for ids", &e))?;
        Ok(Self(Some(found)))
    }

    pub(crate) fn are_in(&self, text: &[u8]) -> bool {
        let Some(ids) = &self.0 else { return false };
        ids.find_overlapping_iter_of(text).any(|(start, end)| is_whole(text, start, end))
    }
}

/// All places, those that overlap too, so that a longer id does not hide a shorter one.
trait Overlapping {
    fn find_overlapping_iter_of<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, usize)> + 'a;
}

impl Overlapping for AhoCorasick {
    fn find_overlapping_iter_of<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.find_overlapping_iter(text).map(|found| (found.start(), found.end()))
    }
}

/// Whether what stands there is an id by itself.
fn is_whole(text: &[u8], start: usize, end: usize) -> bool {
    let (before, after) = (&text[..start], text.get(end).copied().unwrap_or(b'"'));
    let is_end = after == b'"' || after == b'\\';
    let is_quoted = before.last().is_none_or(|&b| b == b'"') && is_end;
    let is_named = before.ends_with(b"user_id:") || before.ends_with(b"anonymous_id:");
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    let is_alone = before.last().is_none_or(|&b| !is_word(b)) && !is_word(after);
    is_quoted || (is_named && is_end) || (is_alone && end - start >= TELLING)
}

/// The offsets before `until` of what is theirs. `letters` are the dead letters that were.
pub(super) fn records(
    log: &dyn EventLog,
    until: Offset,
    whose: &Whose,
    letters: &[Offset],
) -> Result<Vec<Offset>, PipelineError> {
    let mut found = Vec::new();
    each_record(log, until, whose, letters, |offset, _| found.push(offset))?;
    Ok(found)
}

/// Hands out the records before `until` that are theirs.
pub(super) fn each_record(
    log: &dyn EventLog,
    until: Offset,
    whose: &Whose,
    letters: &[Offset],
    mut take: impl FnMut(Offset, &[u8]),
) -> Result<(), PipelineError> {
    let mentions = Mentions::of(whose)?;
    each(log, until, |offset, bytes| {
        let is_found = match Entry::event_body(bytes) {
            Some(body) => match EventView::decode(body) {
                Ok(event) => {
                    let (user, anonymous) = (event.user_id.as_deref(), event.anonymous_id.as_deref());
                    whose.are_named_at(user, anonymous, event.previous_id.as_deref(), event.occurred_at)
                        || whose.shop.as_deref().is_some_and(|domain| shop::is_event(&event, domain))
                }
                Err(_) => mentions.are_in(bytes),
            },
            None => {
                !Entry::is_of_nobody(bytes)
                    && (mentions.are_in(bytes)
                        || is_about(bytes, letters)
                        || is_in_turn(bytes, whose)
                        || (whose.shop.is_some() && shop::is_note(bytes)))
            }
        };
        if is_found {
            take(offset, bytes);
        }
    })
}

/// Whether a record tells what became of one of these letters.
fn is_about(bytes: &[u8], letters: &[Offset]) -> bool {
    !letters.is_empty()
        && matches!(Entry::read(bytes), Ok(Entry::DeadLetter(note)) if note.letter_id().is_some_and(|id| letters.contains(&id)))
}

/// What a decision's record says of whom it was made for, and when; the rest is `decide`'s own.
#[derive(serde::Deserialize)]
struct MadeFor {
    t: UtcMillis,
    s: String,
}

/// Whether a record is a decision for a browser of several people, in their turn.
fn is_in_turn(bytes: &[u8], whose: &Whose) -> bool {
    if whose.turns.is_empty() {
        return false;
    }
    let Ok(Entry::Decision([_, json @ ..])) = Entry::read(bytes) else { return false };
    let Ok(made) = serde_json::from_slice::<MadeFor>(json) else { return false };
    made.s.strip_prefix("anonymous_id:").is_some_and(|id| whose.turns.hold(id, made.t))
}

/// Every key that an event of the log names, and that another record, but for the catalog's, may name.
pub(super) fn keys(log: &dyn EventLog, take: &mut impl FnMut(String)) -> Result<(), PipelineError> {
    each(log, log.end(), |_, bytes| match Entry::event_body(bytes).map(EventView::decode) {
        Some(Ok(event)) => {
            keys_of(event.user_id.as_deref(), event.anonymous_id.as_deref(), take);
            // An alias names either kind of id.
            keys_of(event.previous_id.as_deref(), event.previous_id.as_deref(), take);
        }
        Some(Err(_)) => words(bytes, take),
        None if Entry::is_of_nobody(bytes) => {}
        None => words(bytes, take),
    })
}

/// Whatever may be an id in text that is not read further, as either kind of key: what stands between quotes,
/// and between other signs.
pub(super) fn words(text: &[u8], take: &mut impl FnMut(String)) {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || b"-_.".contains(&byte);
    let is_quote = |byte: &u8| *byte == b'"' || *byte == b'\\';
    let mut note = |word: &[u8]| {
        if let Ok(word) = std::str::from_utf8(word)
            && !word.is_empty()
            && word.len() <= MAX_ID_BYTES
        {
            keys_of(Some(word), Some(word), take);
        }
    };
    for quoted in text.split(is_quote) {
        let plain = [&b"user_id:"[..], b"anonymous_id:"].iter().find_map(|kind| quoted.strip_prefix(*kind));
        note(plain.unwrap_or(quoted));
        quoted.split(|&byte| !is_word(byte)).filter(|word| word.len() < quoted.len()).for_each(&mut note);
    }
}

/// Every event of the log that reads.
pub(super) fn each_event(
    log: &dyn EventLog,
    mut take: impl FnMut(&EventView<'_>),
) -> Result<(), PipelineError> {
    each(log, log.end(), |_, bytes| {
        if let Some(Ok(event)) = Entry::event_body(bytes).map(EventView::decode) {
            take(&event);
        }
    })
}

fn each(log: &dyn EventLog, until: Offset, mut take: impl FnMut(Offset, &[u8])) -> Result<(), PipelineError> {
    let mut reader = log.reader(log.start())?;
    while reader.position() < until {
        let records = reader.read(PIECE_BYTES)?;
        for record in records.iter().filter(|record| record.offset < until) {
            take(record.offset, &record.bytes);
        }
    }
    Ok(())
}
