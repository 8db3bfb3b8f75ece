//! The words: definitions, memberships, and what the log says of them.

use serde::{Deserialize, Serialize};
use tradewind_kernel::{Purpose, UtcMillis};

/// Audiences that there may be.
pub const MAX_AUDIENCES: usize = 200;
/// The longest rule, in characters.
pub const MAX_RULE_CHARS: usize = 2_000;
/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// The longest description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 500;

const fn personalization() -> Purpose {
    Purpose::Personalization
}

/// What somebody says an audience is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudienceSpec {
    /// Its name: up to 64 of `a-z`, `0-9`, `-` and `_`.
    pub name: String,
    /// Whom it holds: an expression that the crate `audiences` reads.
    pub rule: String,
    /// What it is for, in words.
    #[serde(default)]
    pub description: String,
    /// What it is used for: whoever is in it agrees to that, and to personalization.
    #[serde(default = "personalization")]
    pub purpose: Purpose,
}

/// Why a definition is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Its name.
    #[error("'{0}' is no name of an audience: write up to 64 of a-z, 0-9, - and _")]
    Name(String),
    /// Its rule's length.
    #[error("a rule has 1 to {MAX_RULE_CHARS} characters")]
    Rule,
    /// Its description's length.
    #[error("a description has at most {MAX_DESCRIPTION_CHARS} characters")]
    Description,
    /// One more than there may be.
    #[error("there are {MAX_AUDIENCES} audiences, and no more may be: delete one that nobody uses")]
    TooMany,
    /// Another purpose than it has.
    #[error(
        "the audience is for {0}, which its people agreed to, and stays so: define another one for another purpose"
    )]
    Purpose(Purpose),
}

impl SpecError {
    /// Where it is, as a JSON pointer.
    #[must_use]
    pub const fn pointer(&self) -> &'static str {
        match self {
            Self::Name(_) => "/name",
            Self::Rule => "/rule",
            Self::Description => "/description",
            Self::TooMany => "",
            Self::Purpose(_) => "/purpose",
        }
    }
}

impl AudienceSpec {
    /// Checks what can be told without the others.
    ///
    /// # Errors
    /// [`SpecError`] of the first thing that does not hold.
    pub fn check(&self) -> Result<(), SpecError> {
        let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES || !self.name.bytes().all(is_word) {
            return Err(SpecError::Name(self.name.chars().take(MAX_NAME_BYTES).collect()));
        }
        if self.rule.trim().is_empty() || self.rule.chars().count() > MAX_RULE_CHARS {
            return Err(SpecError::Rule);
        }
        if self.description.chars().count() > MAX_DESCRIPTION_CHARS {
            return Err(SpecError::Description);
        }
        Ok(())
    }
}

/// An audience as it is defined now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Its number, which no other one ever gets.
    pub id: u32,
    /// What it is.
    pub spec: AudienceSpec,
    /// How often it was defined otherwise, from 1.
    pub revision: u32,
    /// When it was first put.
    pub created_at: UtcMillis,
    /// When this revision was.
    pub updated_at: UtcMillis,
    /// The revision that everybody was asked about; 0 before the first time.
    pub evaluated: u32,
}

impl Audience {
    /// Whether its latest definition is still being asked about everybody.
    #[must_use]
    pub const fn is_evaluating(&self) -> bool {
        self.evaluated < self.revision
    }

    /// Whether others are told who goes in and out: only where its purpose is one that leaves the house.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        matches!(
            self.spec.purpose,
            Purpose::MarketingEmail | Purpose::MarketingSms | Purpose::MarketingPush | Purpose::AdsSharing
        )
    }
}

/// Somebody goes into audiences and out of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// `user_id:…` or `anonymous_id:…`, so that an erasure finds it.
    pub subject: String,
    /// Numbers of audiences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entered: Vec<u32>,
    /// The same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exited: Vec<u32>,
    /// When that was decided.
    pub at: UtcMillis,
}

/// What the log says of audiences. Written to the log as JSON: only append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudienceNote {
    /// An audience is so from now on.
    Put {
        /// What it is.
        spec: AudienceSpec,
        /// When.
        at: UtcMillis,
    },
    /// There is no such audience any more.
    Delete {
        /// Its name.
        name: String,
        /// When.
        at: UtcMillis,
    },
    /// Everybody was asked about a revision.
    Evaluated {
        /// The audience's number.
        audience: u32,
        /// The revision.
        revision: u32,
    },
    /// Somebody goes in or out.
    Moved(Moved),
}

/// The audiences that somebody is in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Membership {
    /// Their numbers, ascending, each with the time of going in.
    pub of: Vec<(u32, UtcMillis)>,
}

impl Membership {
    /// Whether an audience is among them.
    #[must_use]
    pub fn is_of(&self, id: u32) -> bool {
        self.of.binary_search_by_key(&id, |(of, _)| *of).is_ok()
    }

    /// The numbers.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.of.iter().map(|(id, _)| *id)
    }
}
