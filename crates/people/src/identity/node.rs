//! What an edge joins.

use serde::{Deserialize, Serialize};
use tradewind_kernel::Subject;

/// An id of some kind. Ordered by its kind, then its text: as its [`key`](Self::key) is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// A first-party anonymous id, of a browser or a cart.
    Anonymous(String),
    /// An id that another system of the shop gave its customer.
    Customer(String),
    /// An email address, normalized and keyed-hashed; never the address.
    Email(String),
    /// A phone number, normalized and keyed-hashed; never the number.
    Phone(String),
    /// A user id that the shop gave.
    User(String),
}

impl Node {
    /// The anonymous id of this text.
    #[must_use]
    pub fn anonymous(id: &str) -> Self {
        Self::Anonymous(id.to_owned())
    }

    /// The user of this id.
    #[must_use]
    pub fn user(id: &str) -> Self {
        Self::User(id.to_owned())
    }

    /// Its text, without its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        let (Self::Anonymous(id) | Self::Customer(id) | Self::Email(id) | Self::Phone(id) | Self::User(id)) =
            self;
        id
    }

    /// The user's id, where it is one.
    #[must_use]
    pub fn as_user(&self) -> Option<&str> {
        match self {
            Self::User(id) => Some(id),
            _ => None,
        }
    }

    /// The key under which it is stored: a letter, a colon and the id. Users and anonymous ids have the keys of
    /// their [`Subject`]s.
    #[must_use]
    pub fn key(&self) -> String {
        let letter = match self {
            Self::Anonymous(_) => 'a',
            Self::Customer(_) => 'c',
            Self::Email(_) => 'e',
            Self::Phone(_) => 'p',
            Self::User(_) => 'u',
        };
        format!("{letter}:{}", self.id())
    }

    /// Reads what [`key`](Self::key) wrote.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        let (letter, id) = key.split_once(':')?;
        let id = id.to_owned();
        match letter {
            "a" => Some(Self::Anonymous(id)),
            "c" => Some(Self::Customer(id)),
            "e" => Some(Self::Email(id)),
            "p" => Some(Self::Phone(id)),
            "u" => Some(Self::User(id)),
            _ => None,
        }
    }

    /// Whose it is, where a profile may stand under it.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Anonymous(id) => Some(Subject::Anonymous(id.clone())),
            Self::User(id) => Some(Subject::User(id.clone())),
            _ => None,
        }
    }
}

impl From<&Subject> for Node {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::User(id) => Self::User(id.clone()),
            Subject::Anonymous(id) => Self::Anonymous(id.clone()),
        }
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self {
            Self::Anonymous(_) => "anonymous_id",
            Self::Customer(_) => "customer_id",
            Self::Email(_) => "email_hash",
            Self::Phone(_) => "phone_hash",
            Self::User(_) => "user_id",
        };
        write!(f, "{kind}:{}", self.id())
    }
}
