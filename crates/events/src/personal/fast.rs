//! The quick look: whether JSON may hold anything personal at all.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use rustc_hash::FxHashSet;

use super::names::{Class, NAMES, Zone};

/// How JSON in base64 begins.
static PACKED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"eyJ"));

/// Whether the slow way is worth going. Never misses what it would find.
pub(super) fn may_hold(json: &[u8], zone: Zone, more: &FxHashSet<String>) -> bool {
    names_something(json, zone, more) || memchr::memchr(b'@', json).is_some() || hides(json)
}

/// Whether text is encoded in a way that may hide a name or an address: `%40`, `\u0040`, `"eyJ…` (JSON in
/// base64).
pub(super) fn hides(json: &[u8]) -> bool {
    let follows = |at: usize, text: &[u8]| json[at + 1..].starts_with(text);
    memchr::memchr2_iter(b'%', b'\\', json).any(|at| match json[at] {
        b'%' => follows(at, b"40") || follows(at, b"2540"),
        _ => matches!(json.get(at + 1..at + 5), Some([b'u', b'0', b'0', b'2'..=b'7'])) || follows(at, b"uff"),
    }) || PACKED.find(json).is_some()
}

/// Whether some member is named like something personal and has a value that may be it.
fn names_something(json: &[u8], zone: Zone, more: &FxHashSet<String>) -> bool {
    let names = &*NAMES;
    let all = zone != Zone::Plain || !more.is_empty();
    memchr::memchr_iter(b':', json).any(|colon| {
        let before = match json[..colon].last() {
            Some(b' ' | b'\n' | b'\t' | b'\r') => json[..colon].trim_ascii_end(),
            _ => &json[..colon],
        };
        let Some(named) = before.strip_suffix(b"\"") else { return false };
        // Within text that is JSON itself.
        let named = named.strip_suffix(b"\\").unwrap_or(named);
        if !all && !names.may_end(named) {
            return false;
        }
        if matches!(json[colon + 1..].trim_ascii_start().first(), Some(b't' | b'f' | b'n') | None) {
            return false;
        }
        let from = memchr::memrchr(b'"', named).map_or(0, |quote| quote + 1);
        names.class_of(&named[from..], zone, more) != Class::Free
    })
}
