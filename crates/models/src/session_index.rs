//! The live session index: what [`SessionIndex::predict`] searches.
//!
//! A frozen base in flat arrays (about 8 bytes per click) and over it an overlay that learns click by
//! click. Both are searched as one: the results are those of an index built from all sessions at once.
//!
//! Promises:
//! - A click is seen by the next query.
//! - Session numbers are given in the order of start, never reused, and stay valid through compaction.
//!   *Newest* means the highest number.
//! - A session in the base is frozen: clicks for it are refused.
//!
//! Limits: 2³² − 2 clicks and as many sessions; memory grows with the largest item id. The overlay costs
//! about 15 to 30 bytes per click; [`SessionIndex::compact`] folds it into the base in some
//! 0.02 CPU seconds per million clicks.
//!
//! Format: see [`SessionIndex::to_bytes`].

use std::sync::Arc;

use crate::codec::FormatError;
use crate::lists::GrowLists;
use crate::session_base::{Base, MAX_CLICKS};
use crate::session_knn::{KnnParams, Weights};

/// A session's number in one index, counted from 0 in the order of start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionNo(pub u32);

/// Past and live sessions, searchable from both sides. See the [crate] for an example.
#[derive(Debug, Clone)]
pub struct SessionIndex {
    /// Shared with the copies, which serve while a successor is built.
    base: Arc<Base>,
    /// The items of each session after the base, in click order.
    live_sessions: GrowLists,
    /// For each item the sessions after the base that hold it, oldest first.
    live_holders: GrowLists,
    live_clicks: usize,
    /// ln(sessions that hold the item), base and overlay together.
    ln_holders: Vec<f32>,
    pub(crate) weights: Weights,
}

impl SessionIndex {
    /// An index of past sessions, oldest first, each the items in click order, with default parameters.
    ///
    /// Sessions past the limit of 2³² − 2 clicks are left out.
    pub fn build<'a>(sessions: impl IntoIterator<Item = &'a [u32]>) -> Self {
        Self::over(Base::build(sessions), KnnParams::default())
    }

    fn over(base: Base, params: KnnParams) -> Self {
        let ln_holders = (0..base.items()).map(|item| (base.holders(item).len() as f32).ln()).collect();
        let weights = Weights::new(params, base.sessions());
        Self {
            base: Arc::new(base),
            live_sessions: GrowLists::default(),
            live_holders: GrowLists::default(),
            live_clicks: 0,
            ln_holders,
            weights,
        }
    }

    /// The same index with other parameters for its predictions.
    #[must_use]
    pub fn with_params(mut self, params: KnnParams) -> Self {
        self.weights = Weights::new(params, self.sessions());
        self
    }

    /// The parameters of the predictions.
    pub fn params(&self) -> &KnnParams {
        self.weights.params()
    }

    /// Opens a session, the newest from now on. Any number may be open at once.
    ///
    /// At the limit of sessions it returns the last one again.
    pub fn start_session(&mut self) -> SessionNo {
        if self.sessions() < MAX_CLICKS {
            self.live_sessions.grow(self.live_sessions.len() + 1);
        }
        self.weights.cover(self.sessions());
        SessionNo((self.sessions() - 1) as u32)
    }

    /// Appends a click to a session. False, and no change, if the session is frozen or unknown, or the index
    /// is full.
    pub fn click(&mut self, session: SessionNo, item: u32) -> bool {
        let Some(live) = (session.0 as usize).checked_sub(self.base.sessions()) else {
            return false;
        };
        if live >= self.live_sessions.len() || self.clicks() >= MAX_CLICKS {
            return false;
        }
        let (row, at) = (item as usize, self.live_sessions.get(live).len());
        self.live_holders.grow(row + 1);
        if self.ln_holders.len() <= row {
            self.ln_holders.resize(row + 1, f32::NEG_INFINITY);
        }
        // The posting first: should the click then find no room, the session is merely one holder too many.
        if let Err(place) = self.live_holders.get(row).binary_search(&session.0) {
            if !self.live_holders.insert(row, place, session.0) {
                return false;
            }
            self.ln_holders[row] = (self.sessions_holding(item) as f32).ln();
        }
        let learned = self.live_sessions.insert(live, at, item);
        self.live_clicks += usize::from(learned);
        learned
    }

    /// Folds the overlay into the base. Every session is frozen then; numbers stay.
    #[must_use]
    pub fn compact(self) -> Self {
        if self.live_sessions.len() == 0 { self } else { self.compact_before(SessionNo(u32::MAX)) }
    }

    /// A copy in which the sessions before `open_from` are frozen in the base, and later ones still learn.
    ///
    /// Takes a shared reference, so that an index can serve while its successor is built. Sessions that are
    /// frozen here already stay so.
    #[must_use]
    pub fn compact_before(&self, open_from: SessionNo) -> Self {
        let sessions = self.sessions() as u32;
        let cut = open_from.0.clamp(self.base.sessions() as u32, sessions);
        let frozen = (0..cut).map(|session| self.session(SessionNo(session)));
        let mut next = Self::over(Base::build(frozen), self.params().clone());
        for session in cut..sessions {
            let copy = next.start_session();
            for &item in self.session(SessionNo(session)) {
                next.click(copy, item);
            }
        }
        next
    }

    /// A copy in which some sessions are empty; all keep their numbers, and those that still learn go on.
    #[must_use]
    pub fn without(&self, is_emptied: impl Fn(SessionNo) -> bool) -> Self {
        let (open_from, sessions) = (self.base.sessions() as u32, self.sessions() as u32);
        let kept = |session: u32| {
            let session = SessionNo(session);
            if is_emptied(session) { &[] } else { self.session(session) }
        };
        let mut next = Self::over(Base::build((0..open_from).map(kept)), self.params().clone());
        for session in open_from..sessions {
            let copy = next.start_session();
            for &item in kept(session) {
                next.click(copy, item);
            }
        }
        next
    }

    /// Sessions, the empty ones included.
    pub fn sessions(&self) -> usize {
        self.base.sessions() + self.live_sessions.len()
    }

    /// The first session that still learns, or, if none is open, the next that will be started.
    pub fn first_open(&self) -> SessionNo {
        SessionNo(self.base.sessions() as u32)
    }

    /// Clicks in all sessions.
    pub fn clicks(&self) -> usize {
        self.base.clicks() + self.live_clicks
    }

    /// The largest item id seen, plus one.
    pub fn items(&self) -> usize {
        self.ln_holders.len()
    }

    /// Bytes allocated by the index, counted by capacity. A [`Scratch`](crate::Scratch) comes on top.
    pub fn bytes(&self) -> usize {
        self.base.size_bytes()
            + self.live_sessions.size_bytes()
            + self.live_holders.size_bytes()
            + self.ln_holders.capacity() * 4
            + self.weights.size_bytes()
    }

    /// The items of a session in click order; nothing for an unknown session.
    pub fn session(&self, session: SessionNo) -> &[u32] {
        let session = session.0 as usize;
        match session.checked_sub(self.base.sessions()) {
            None => self.base.session(session),
            Some(live) => self.live_sessions.get(live),
        }
    }

    /// How many sessions hold an item.
    pub fn sessions_holding(&self, item: u32) -> usize {
        let item = item as usize;
        self.base.holders(item).len() + self.live_holders.get(item).len()
    }

    /// The sessions that hold an item, newest first.
    pub(crate) fn holders(&self, item: u32) -> impl Iterator<Item = u32> {
        let item = item as usize;
        self.live_holders.get(item).iter().rev().chain(self.base.holders(item)).copied()
    }

    /// ln(sessions / sessions that hold the item); `item` must have been seen.
    pub(crate) fn idf(&self, ln_sessions: f32, item: u32) -> f32 {
        ln_sessions - self.ln_holders[item as usize]
    }

    /// The sessions as bytes; the overlay is folded in, the parameters are not part of it.
    ///
    /// Magic `TWSX`, version 1, then `sessions, items, clicks: u32`, session starts, clicks, and each item's
    /// number of sessions as a cross-check. About 4 bytes per click and per session.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.live_sessions.len() == 0 {
            self.base.to_bytes()
        } else {
            self.compact_before(SessionNo(u32::MAX)).base.to_bytes()
        }
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, with default parameters.
    ///
    /// # Errors
    /// [`FormatError`] on bytes that are cut off, foreign, newer or contradictory; never a panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        Ok(Self::over(Base::from_bytes(bytes)?, KnnParams::default()))
    }
}

#[cfg(test)]
mod tests;
