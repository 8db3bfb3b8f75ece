//! Whom an event or a decision is about.

use serde::{Deserialize, Serialize};

/// A shopper as the shop names them: by its own id, or by the browser's anonymous one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// Known by an id that the shop gave.
    User(String),
    /// Known only by a first-party anonymous id.
    Anonymous(String),
}

/// Text that names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no subject: write user_id:… or anonymous_id:…")]
pub struct SubjectParseError(String);

impl Subject {
    /// The subject that a message's two ids name; the user id wins. `None` when both are empty.
    #[must_use]
    pub fn from_ids(user_id: Option<&str>, anonymous_id: Option<&str>) -> Option<Self> {
        let filled = |id: Option<&str>| id.filter(|s| !s.is_empty()).map(str::to_owned);
        filled(user_id).map(Self::User).or_else(|| filled(anonymous_id).map(Self::Anonymous))
    }

    /// The key under which this subject's state is stored: `u:` or `a:` and the id.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::User(id) => format!("u:{id}"),
            Self::Anonymous(id) => format!("a:{id}"),
        }
    }

    /// Parses `user_id:…` or `anonymous_id:…`, the form that [`std::fmt::Display`] writes.
    ///
    /// # Errors
    /// [`SubjectParseError`] for any other prefix, or an empty id.
    pub fn parse(text: &str) -> Result<Self, SubjectParseError> {
        match text.split_once(':') {
            Some(("user_id", id)) if !id.is_empty() => Ok(Self::User(id.to_owned())),
            Some(("anonymous_id", id)) if !id.is_empty() => Ok(Self::Anonymous(id.to_owned())),
            _ => Err(SubjectParseError(text.chars().take(64).collect())),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user_id:{id}"),
            Self::Anonymous(id) => write!(f, "anonymous_id:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_as_written() {
        for subject in [Subject::User("17850".into()), Subject::Anonymous("a:b".into())] {
            assert_eq!(Subject::parse(&subject.to_string()), Ok(subject));
        }
        assert!(Subject::parse("user_id:").is_err() && Subject::parse("17850").is_err());
    }

    #[test]
    fn the_user_id_wins() {
        assert_eq!(Subject::from_ids(Some("u"), Some("a")), Some(Subject::User("u".into())));
        assert_eq!(Subject::from_ids(Some(""), Some("a")), Some(Subject::Anonymous("a".into())));
        assert_eq!(Subject::from_ids(None, None), None);
    }
}
