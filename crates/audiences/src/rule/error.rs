//! Why a rule is none.

use tradewind_pipeline::MAX_RULE_CHARS;

use super::MAX_DEPTH;
use super::names::Place;

/// Why a rule is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is too long or too deep.
    #[error("a rule has at most {MAX_RULE_CHARS} characters, and brackets at most {MAX_DEPTH} deep")]
    TooLarge,
    /// It goes through a list within going through a list.
    #[error(
        "a macro such as exists or all stands within another, which may take for ever: put them side by side"
    )]
    NestedLoops,
    /// It is no CEL.
    #[error("the rule does not read{}: {why}", at(*.place))]
    Syntax {
        /// What is wrong.
        why: String,
        /// Where, if that is known.
        place: Option<Place>,
    },
    /// It names what is no trait.
    #[error("'{name}' ({place}) is no trait{}; GET /v1/traits lists them", like(*.nearest))]
    UnknownTrait {
        /// What it names.
        name: String,
        /// Where.
        place: Place,
        /// The trait whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// It calls what is no function.
    #[error("'{name}' ({place}) is no function{}", like(*.nearest))]
    UnknownFunction {
        /// What it calls.
        name: String,
        /// Where.
        place: Place,
        /// The function whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// It asks for the history of events in another way than there is.
    #[error("{name} ({place}) is asked as {usage}")]
    Usage {
        /// The function.
        name: &'static str,
        /// Where.
        place: Place,
        /// How it is written.
        usage: &'static str,
    },
    /// It names nothing of anybody.
    #[error(
        "the rule names no trait and no event, so it would fit everybody or nobody; GET /v1/traits lists traits"
    )]
    NoTrait,
}

impl RuleError {
    /// Where in the rule it is, if that is known.
    #[must_use]
    pub const fn place(&self) -> Option<Place> {
        match self {
            Self::Syntax { place, .. } => *place,
            Self::UnknownTrait { place, .. }
            | Self::UnknownFunction { place, .. }
            | Self::Usage { place, .. } => Some(*place),
            Self::TooLarge | Self::NestedLoops | Self::NoTrait => None,
        }
    }

    /// What a program can tell it by, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "rule_too_large",
            Self::NestedLoops => "rule_nested",
            Self::Syntax { .. } => "rule_syntax",
            Self::UnknownTrait { .. } => "unknown_trait",
            Self::UnknownFunction { .. } => "unknown_function",
            Self::Usage { .. } => "wrong_arguments",
            Self::NoTrait => "no_trait",
        }
    }
}

fn at(place: Option<Place>) -> String {
    place.map_or_else(String::new, |place| format!(" ({place})"))
}

fn like(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!(": did you mean '{name}'?"))
}
