//! Sessions: what a shopper did without a pause of 30 minutes.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::Action;
use crate::intent::SessionCounts;

/// This long without an event ends a session, in milliseconds.
pub const SESSION_GAP_MS: i64 = 30 * UtcMillis::MINUTE;

/// One product touched within a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// The product's item number.
    pub item: u32,
    /// What was done.
    pub action: Action,
    /// Whether it told something new: the session index learns these only.
    pub news: bool,
}

/// The session that a shopper is in, or was in last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// When its first event happened.
    pub started_at: UtcMillis,
    /// When its latest event happened.
    pub last_at: UtcMillis,
    /// Events so far, those without a product included.
    pub events: u32,
    /// Its number in the session index; given with its first product.
    pub number: Option<u32>,
    /// The products that models see, in order; at most [`crate::profile::MAX_SESSION_ITEMS`], the latest.
    pub items: Vec<u32>,
    /// What happened in it.
    #[serde(default)]
    pub counts: SessionCounts,
}

/// A session as it is kept for training, under its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// A hash of the subject's key: it groups one shopper's sessions and names nobody.
    pub subject_hash: u64,
    /// When its first product was touched.
    pub started_at: UtcMillis,
    /// When its latest was.
    pub last_at: UtcMillis,
    /// What was touched, in order.
    pub clicks: Vec<Click>,
}

impl SessionRecord {
    /// The products that the session index learns, in order.
    pub fn news(&self) -> impl Iterator<Item = u32> {
        self.clicks.iter().filter(|c| c.news).map(|c| c.item)
    }
}

impl OpenSession {
    /// A session that begins with an event at `at`.
    pub(crate) fn begin(at: UtcMillis) -> Self {
        Self {
            started_at: at,
            last_at: at,
            events: 0,
            number: None,
            items: Vec::new(),
            counts: SessionCounts::default(),
        }
    }

    /// Whether an event at `at` belongs to it: at most the gap after its last event, or before its first.
    #[must_use]
    pub fn holds(&self, at: UtcMillis) -> bool {
        at.since(self.last_at) <= SESSION_GAP_MS && self.started_at.since(at) <= SESSION_GAP_MS
    }

    /// Whether this touch tells something new: a view right after the click that led to it, or the purchase
    /// of what the session already holds, says nothing new.
    pub(crate) fn is_news(&self, item: u32, action: Action) -> bool {
        match action {
            Action::Click => true,
            Action::View => self.items.last() != Some(&item),
            Action::Add | Action::Buy | Action::Wish => !self.items.contains(&item),
            Action::Remove | Action::Return => false,
        }
    }
}
