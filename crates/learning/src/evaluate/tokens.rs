//! Tokens to dense ids, and rows of them end to end.

use rustc_hash::FxHashMap;

/// The id of every token that was never interned; no model holds it.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// Gives each different token the next free id.
#[derive(Default)]
pub(super) struct Interner(FxHashMap<Box<[u8]>, u32>);

impl Interner {
    pub(super) fn intern(&mut self, token: &[u8]) -> u32 {
        if let Some(&id) = self.0.get(token) {
            return id;
        }
        let id = self.0.len() as u32;
        self.0.insert(token.into(), id);
        id
    }

    /// The id of a known token, or [`UNKNOWN`].
    pub(super) fn find(&self, token: &[u8]) -> u32 {
        self.0.get(token).copied().unwrap_or(UNKNOWN)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Rows of ids, one after the other.
pub(super) struct Rows {
    ids: Vec<u32>,
    starts: Vec<usize>,
}

impl Default for Rows {
    fn default() -> Self {
        Self { ids: Vec::new(), starts: vec![0] }
    }
}

impl Rows {
    pub(super) fn push(&mut self, row: &[u32]) {
        self.ids.extend_from_slice(row);
        self.starts.push(self.ids.len());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|bounds| &self.ids[bounds[0]..bounds[1]])
    }

    pub(super) fn ids(&self) -> usize {
        self.ids.len()
    }
}

/// Comma-separated tokens as ids; none if a token is empty or holds whitespace.
pub(super) fn read_list(text: &[u8], mut id: impl FnMut(&[u8]) -> u32, into: &mut Vec<u32>) -> Option<()> {
    into.clear();
    for token in text.split(|&byte| byte == b',') {
        into.push(id(one_token(token)?));
    }
    Some(())
}

/// The token that the text is; none if it is empty, or more than one.
pub(super) fn one_token(text: &[u8]) -> Option<&[u8]> {
    let token = text.trim_ascii();
    let single = !token.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b',');
    (single && !token.is_empty()).then_some(token)
}
