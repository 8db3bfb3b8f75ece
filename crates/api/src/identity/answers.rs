//! The wire types of `/v1/identity`.

use serde::{Deserialize, Serialize};
use tradewind_kernel::Subject;
use tradewind_people::identity::{Person, Picture, ShownEdge};
use utoipa::ToSchema;

/// Two users who are one person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeIn {
    /// `user_id:…`
    pub(crate) into: String,
    /// `user_id:…`
    pub(crate) from: String,
    /// Who wants it, and why; kept with the edge.
    pub(crate) reason: String,
}

/// A user who is not one person with others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitIn {
    /// `user_id:…`
    pub(crate) subject: String,
    /// `user_id:…` of one whom a merge joins to it; without it, all of them.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// Who wants it, and why; kept with the edge.
    pub(crate) reason: String,
}

/// A person who is more than one user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonOut {
    /// The smallest of the users' ids.
    id: String,
    /// The users, each with a profile of its own underneath.
    users: Vec<String>,
}

impl From<&Person> for PersonOut {
    fn from(person: &Person) -> Self {
        Self { id: person.id.clone(), users: person.users.clone() }
    }
}

/// That two ids belong together, or no longer do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EdgeOut {
    one: String,
    other: String,
    /// `identify`, `alias`, `order`, `seen` (an event carried both), `contact`, `merge` or `split`.
    kind: &'static str,
    /// When it was so first, RFC 3339.
    first_at: String,
    /// When last; of `seen` in steps of 10 minutes.
    last_at: String,
    /// What said so last: a message id, or a reason. Nothing for `seen`.
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
    /// How much it is trusted, 0 to 1.
    confidence: f64,
    /// Why it does not count: `alias_of_user`, `another_user`, `undone` or `superseded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<&'static str>,
}

impl From<ShownEdge> for EdgeOut {
    fn from(edge: ShownEdge) -> Self {
        let ShownEdge { id, span, ignored } = edge;
        Self {
            one: id.one.to_string(),
            other: id.other.to_string(),
            kind: id.kind.as_str(),
            first_at: span.first.at.to_rfc3339(),
            last_at: span.last_at().to_rfc3339(),
            source: span.last.source,
            confidence: f64::from(id.kind.confidence_permille()) / 1_000.0,
            ignored: ignored.map(tradewind_people::identity::Ignored::as_str),
        }
    }
}

/// Users who may be one person, and what they share. Nothing follows from it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestionOut {
    users: Vec<String>,
    because: String,
}

/// Who is who around one id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityOut {
    /// What was asked for.
    subject: String,
    /// The person: its id is the smallest of its users' ids. None where no user is known.
    person: Option<PersonOut>,
    /// All ids that are joined to it.
    nodes: Vec<String>,
    edges: Vec<EdgeOut>,
    /// Other users that may be the same person; only a merge makes them so.
    suggestions: Vec<SuggestionOut>,
}

impl IdentityOut {
    pub(crate) fn new(subject: &Subject, picture: Picture) -> Self {
        let Picture { person, users, nodes, edges, suggestions } = picture;
        let suggestions = suggestions
            .into_iter()
            .map(|s| SuggestionOut { users: s.users, because: s.because.to_string() })
            .collect();
        Self {
            subject: subject.to_string(),
            person: person.map(|id| PersonOut { id, users }),
            nodes: nodes.iter().map(ToString::to_string).collect(),
            edges: edges.into_iter().map(EdgeOut::from).collect(),
            suggestions,
        }
    }
}
