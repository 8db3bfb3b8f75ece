//! One edge, and what is kept of many between the same two nodes.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::identity::Node;

/// The last time at which an event carried both ids counts in steps of this many milliseconds: an edge that is
/// seen all the time is then written at most once in a step.
pub const SEEN_STEP_MS: i64 = 10 * UtcMillis::MINUTE;

/// What an edge says. Stored as its number: only append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum EdgeKind {
    /// Someone signed in: an `identify` with both ids.
    Identify = 0,
    /// An alias of a user id.
    Alias = 1,
    /// An order that carried both ids.
    Order = 2,
    /// Any other event that carried both ids.
    Seen = 3,
    /// A hashed address, or another system's id, of someone.
    Contact = 4,
    /// Two users are one person, by an explicit command.
    Merge = 5,
    /// They are not, by another.
    Split = 6,
}

impl EdgeKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Identify, Self::Alias, Self::Order, Self::Seen, Self::Contact, Self::Merge, Self::Split];

    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Alias => "alias",
            Self::Order => "order",
            Self::Seen => "seen",
            Self::Contact => "contact",
            Self::Merge => "merge",
            Self::Split => "split",
        }
    }

    /// Whether it says that an anonymous id is a user's.
    #[must_use]
    pub const fn is_claim(self) -> bool {
        matches!(self, Self::Identify | Self::Alias | Self::Order | Self::Seen)
    }

    /// How much it is trusted, of 1,000: an explicit word more than what is inferred from an address.
    #[must_use]
    pub const fn confidence_permille(self) -> u16 {
        match self {
            Self::Merge | Self::Split | Self::Identify => 1_000,
            Self::Alias => 950,
            Self::Order => 900,
            Self::Seen => 850,
            Self::Contact => 800,
        }
    }
}

impl From<EdgeKind> for u8 {
    fn from(kind: EdgeKind) -> Self {
        kind as Self
    }
}

impl TryFrom<u8> for EdgeKind {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        let kind = Self::ALL.get(usize::from(number)).copied();
        kind.ok_or_else(|| format!("no edge's kind has the number {number}"))
    }
}

/// That two nodes belong together, or no longer do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// One of them.
    pub one: Node,
    /// The other.
    pub other: Node,
    /// What it says.
    pub kind: EdgeKind,
    /// Where it comes from: a message id, or who said so and why. `Seen` edges keep none.
    pub source: String,
    /// When it was so.
    pub at: UtcMillis,
}

/// When something was so, and who said it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sighting {
    /// When.
    pub at: UtcMillis,
    /// By what.
    pub source: String,
}

/// The first and the last edge of one kind between two nodes. Stored by position: new fields go to the end, with
/// a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub first: Sighting,
    /// The last.
    pub last: Sighting,
    /// Whether one of the nodes was erased before: then only the last counts, and the first is the last.
    pub is_renewed: bool,
}

impl Span {
    /// The span of one edge.
    #[must_use]
    pub fn of(kind: EdgeKind, at: UtcMillis, source: &str) -> Self {
        if kind == EdgeKind::Seen {
            let sighting = |at| Sighting { at, source: String::new() };
            return Self { first: sighting(at), last: sighting(step_of(at)), is_renewed: false };
        }
        let first = Sighting { at, source: source.to_owned() };
        Self { last: first.clone(), first, is_renewed: false }
    }

    /// Takes in another of the same edge. Gives whether it changed.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        if other.last > self.last {
            self.last.clone_from(&other.last);
            changed = true;
        }
        if other.first < self.first && !self.is_renewed {
            self.first.clone_from(&other.first);
            changed = true;
        }
        if self.is_renewed && changed {
            self.first.clone_from(&self.last);
        }
        changed
    }

    /// Forgets all but the last, since one of the nodes was erased. Gives whether it changed.
    pub fn renew(&mut self) -> bool {
        let was = std::mem::replace(&mut self.is_renewed, true);
        self.first.clone_from(&self.last);
        !was
    }

    /// When it was so for the last time, as far as that is kept.
    #[must_use]
    pub fn last_at(&self) -> UtcMillis {
        self.last.at.max(self.first.at)
    }

    /// Whether an edge of this kind at this time says nothing that it does not say.
    #[must_use]
    pub fn says(&self, kind: EdgeKind, at: UtcMillis) -> bool {
        match kind {
            EdgeKind::Seen => step_of(at) <= self.last.at && (self.is_renewed || self.first.at <= at),
            _ => at < self.last.at && (self.is_renewed || self.first.at < at),
        }
    }
}

/// The step that a time falls into. A client may state any time, so it stops at the ends of the range.
fn step_of(at: UtcMillis) -> UtcMillis {
    UtcMillis::new(at.get().div_euclid(SEEN_STEP_MS).saturating_mul(SEEN_STEP_MS))
}

/// What is left of a node that was erased. Stored by position: new fields go to the end, with a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Up to when its edges are gone.
    pub at: UtcMillis,
    /// Whether it takes no further ones either.
    pub is_suppressed: bool,
}

impl Tombstone {
    /// Takes in another erasure of the same node.
    pub fn join(&mut self, other: Self) {
        self.at = self.at.max(other.at);
        self.is_suppressed |= other.is_suppressed;
    }

    /// Whether a span of one of its edges is gone by it.
    #[must_use]
    pub fn bars(self, span: &Span) -> bool {
        self.is_suppressed || span.last.at <= self.at
    }
}
