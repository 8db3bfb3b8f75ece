//! The frozen part of the session index: flat arrays, both ways.
//!
//! Eight bytes per click (one session entry, one posting; fewer where a session repeats an item), four per
//! session and four per item. Sessions are numbered from 0, oldest first; an item's postings are the
//! sessions that hold it, newest first, each once.

use crate::codec::{FormatError, Reader, Writer, check_starts};

/// Most clicks that the offsets can tell apart.
pub(crate) const MAX_CLICKS: usize = u32::MAX as usize - 1;
const MAGIC: [u8; 4] = *b"TWSX";
const VERSION: u8 = 1;

/// Sessions and postings in compressed rows. The `starts` have one entry more than there are rows.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    session_starts: Vec<u32>,
    clicks: Vec<u32>,
    item_starts: Vec<u32>,
    postings: Vec<u32>,
}

impl Base {
    /// Copies the sessions, oldest first. Takes no more once [`MAX_CLICKS`] would be passed.
    pub(crate) fn build<'a>(sessions: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let sessions = sessions.into_iter();
        let mut session_starts = Vec::with_capacity(sessions.size_hint().0 + 1);
        session_starts.push(0);
        let mut clicks = Vec::new();
        for session in sessions {
            if clicks.len() + session.len() > MAX_CLICKS || session_starts.len() > MAX_CLICKS {
                break;
            }
            clicks.extend_from_slice(session);
            session_starts.push(clicks.len() as u32);
        }
        clicks.shrink_to_fit();
        session_starts.shrink_to_fit();
        Self::invert(session_starts, clicks)
    }

    /// Derives the postings by a counting sort: one pass counts, one pass fills.
    fn invert(session_starts: Vec<u32>, clicks: Vec<u32>) -> Self {
        const NEVER: u32 = u32::MAX;
        let items = clicks.iter().max().map_or(0, |&item| item as usize + 1);
        // For each item the session that held it last, and first its count, then where its next posting goes.
        let mut cells = vec![(NEVER, 0_u32); items];
        let rows = || session_starts.windows(2).map(|w| &clicks[w[0] as usize..w[1] as usize]);
        for (session, row) in rows().enumerate() {
            for &item in row {
                let cell = &mut cells[item as usize];
                cell.1 += u32::from(cell.0 != session as u32);
                cell.0 = session as u32;
            }
        }
        let mut item_starts = Vec::with_capacity(items + 1);
        item_starts.push(0);
        let mut end = 0;
        for cell in &mut cells {
            end += cell.1;
            item_starts.push(end);
            *cell = (NEVER, end);
        }
        let mut postings = vec![0; end as usize];
        for (session, row) in rows().enumerate() {
            for &item in row {
                let cell = &mut cells[item as usize];
                if cell.0 != session as u32 {
                    *cell = (session as u32, cell.1 - 1);
                    postings[cell.1 as usize] = session as u32;
                }
            }
        }
        Self { session_starts, clicks, item_starts, postings }
    }

    pub(crate) fn sessions(&self) -> usize {
        self.session_starts.len() - 1
    }

    pub(crate) fn items(&self) -> usize {
        self.item_starts.len() - 1
    }

    pub(crate) fn clicks(&self) -> usize {
        self.clicks.len()
    }

    /// The items of a session that is in the base.
    pub(crate) fn session(&self, session: usize) -> &[u32] {
        &self.clicks[self.session_starts[session] as usize..self.session_starts[session + 1] as usize]
    }

    /// The sessions that hold an item, newest first; none for an unknown item.
    pub(crate) fn holders(&self, item: usize) -> &[u32] {
        match self.item_starts.get(item..) {
            Some(&[start, end, ..]) => &self.postings[start as usize..end as usize],
            _ => &[],
        }
    }

    /// Bytes allocated, by capacity.
    pub(crate) fn size_bytes(&self) -> usize {
        let arrays = [&self.session_starts, &self.clicks, &self.item_starts, &self.postings];
        arrays.iter().map(|array| array.capacity() * 4).sum()
    }

    /// `sessions, items, clicks: u32 · session starts [sessions + 1] · clicks · holders per item [items]`.
    ///
    /// The postings are derived anew when read, which halves the bytes and leaves less to contradict.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new(MAGIC, VERSION);
        for count in [self.sessions(), self.items(), self.clicks.len()] {
            out.u32(count as u32);
        }
        out.u32s(self.session_starts.iter().copied());
        out.u32s(self.clicks.iter().copied());
        out.u32s(self.item_starts.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>().into_iter());
        out.finish()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(bytes, MAGIC, VERSION)?;
        let [sessions, items, clicks] = [reader.u32()?, reader.u32()?, reader.u32()?].map(|n| n as usize);
        let session_starts = reader.u32s(sessions + 1)?;
        let clicks = reader.u32s(clicks)?;
        let holders = reader.u32s(items)?;
        reader.finish()?;
        check_starts(&session_starts, clicks.len())?;
        // Before anything is allocated by the largest item, as the counts are bounded by the bytes.
        if clicks.iter().max().map_or(0, |&item| item as usize + 1) != items {
            return Err(FormatError::Inconsistent("an item lies outside the item count"));
        }
        let base = Self::invert(session_starts, clicks);
        if !base.item_starts.windows(2).map(|w| w[1] - w[0]).eq(holders) {
            return Err(FormatError::Inconsistent("an item's sessions are miscounted"));
        }
        Ok(base)
    }
}
