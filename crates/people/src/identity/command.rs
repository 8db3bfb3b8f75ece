//! What is said about identities by an explicit command, as the log keeps it.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::identity::Node;

/// A command. Serialized as `{"merge":{…}}` and the like; only append fields, with defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Two users are one person.
    Merge {
        /// One user's id.
        into: String,
        /// The other's.
        from: String,
        /// Who says so, and why.
        reason: String,
        /// When.
        at: UtcMillis,
    },
    /// Two users that were merged are not one person.
    Split {
        /// One user's id.
        one: String,
        /// The other's.
        other: String,
        /// Who says so, and why.
        reason: String,
        /// When.
        at: UtcMillis,
    },
    /// A hashed address, or another system's id, is someone's.
    Contact {
        /// The address or id.
        node: Node,
        /// Whose: a user's or an anonymous id's.
        owner: Node,
        /// Where that comes from.
        source: String,
        /// When.
        at: UtcMillis,
    },
    /// A node is gone with all its edges up to a time.
    Erase {
        /// Which.
        node: Node,
        /// Up to when.
        at: UtcMillis,
        /// Whether it takes no further edges.
        #[serde(default)]
        suppress: bool,
    },
}

impl Command {
    /// The ids that it names, so that whoever asks for one of them can wait for it.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        match self {
            Self::Merge { into: one, from: other, .. } | Self::Split { one, other, .. } => vec![one, other],
            Self::Contact { node, owner, .. } => vec![node.id(), owner.id()],
            Self::Erase { node, .. } => vec![node.id()],
        }
    }
}
