//! What people, or the shop for them, may ask for, and what becomes of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tradewind_kernel::{Subject, UtcMillis};

use crate::ledger::Act;
use crate::receipt::Receipt;

/// The most subjects of one request.
pub const MAX_SUBJECTS: usize = 5_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Everything that is held of them goes.
    Erase,
    /// Everybody of a shop goes, and all that came from its Shopify.
    EraseShop,
    /// Everything that is held of them is handed out.
    Export,
    /// Every purpose is denied.
    Restrict,
    /// Nothing more is taken of them.
    Suppress,
    /// It is again.
    Unsuppress,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::EraseShop => "erase_shop",
            Self::Export => "export",
            Self::Restrict => "restrict",
            Self::Suppress => "suppress",
            Self::Unsuppress => "unsuppress",
        }
    }

    /// What the ledger remembers of it; nothing of what removes nothing.
    pub(crate) const fn act(self) -> Option<Act> {
        match self {
            Self::Erase => Some(Act::Erase),
            Self::EraseShop => Some(Act::EraseShop),
            Self::Suppress => Some(Act::Suppress),
            Self::Unsuppress => Some(Act::Unsuppress),
            Self::Export | Self::Restrict => None,
        }
    }
}

impl Kind {
    /// Whether something is removed, and a receipt is made.
    pub(crate) const fn is_erasure(self) -> bool {
        matches!(self, Self::Erase | Self::EraseShop)
    }
}

impl From<Act> for Kind {
    fn from(act: Act) -> Self {
        match act {
            Act::Erase => Self::Erase,
            Act::EraseShop => Self::EraseShop,
            Act::Suppress => Self::Suppress,
            Act::Unsuppress => Self::Unsuppress,
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What is asked for.
    pub kind: Kind,
    /// Of whom: 1 to [`MAX_SUBJECTS`]. Every other id of theirs is meant too.
    pub subjects: Vec<Subject>,
    /// Whether, after an erasure, nothing more is taken of them.
    pub suppress: bool,
    /// The shop of an erasure of that kind, by its `….myshopify.com`; its people are looked for then.
    pub shop: Option<String>,
    /// An id of `[A-Za-z0-9-]`, so that what is asked twice is done once; one is made if there is none.
    pub id: Option<String>,
}

/// How far a request is, in Segment's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Somebody has to confirm it first.
    AwaitingConfirmation,
    /// It waits.
    Initialized,
    /// It is being carried out.
    Running,
    /// It could not be carried out; an erasure is tried again at the next start.
    Failed,
    /// It is done.
    Finished,
}

impl Stage {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingConfirmation => "awaiting_confirmation",
            Self::Initialized => "initialized",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }
}

/// A request and what became of it.
#[derive(Debug, Clone)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// What was asked for.
    pub kind: Kind,
    /// How far it is.
    pub stage: Stage,
    /// When it was asked for.
    pub requested_at: UtcMillis,
    /// When it ended.
    pub finished_at: Option<UtcMillis>,
    /// Why it failed.
    pub error: Option<String>,
    /// What was found, by place.
    pub found: BTreeMap<String, u64>,
    /// The receipt of an erasure that is done.
    pub receipt: Option<Receipt>,
    /// What an export found; kept in memory for the latest few, until the program stops.
    pub export: Option<Value>,
}
