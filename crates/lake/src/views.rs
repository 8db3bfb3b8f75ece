//! Views over the tables, for the questions that most begin with.

use crate::family::Family;

/// Every event of every family.
pub(crate) const EVENTS: &str = "events";
/// Every event of a person with the session that it belongs to.
pub(crate) const SESSIONS: &str = "sessions";

/// Names of all views.
pub(crate) const ALL: [&str; 2] = [EVENTS, SESSIONS];

/// The tables and views that a view reads.
pub(crate) fn needs(view: &str) -> Vec<&'static str> {
    match view {
        EVENTS => Family::ALL.iter().map(|f| f.table()).collect(),
        SESSIONS => vec![EVENTS],
        _ => Vec::new(),
    }
}

/// A view's query.
pub(crate) fn query(view: &str) -> Option<String> {
    match view {
        EVENTS => {
            let parts = Family::ALL.iter().map(|f| format!("SELECT '{0}' AS family, * FROM {0}", f.table()));
            Some(parts.collect::<Vec<_>>().join(" UNION ALL BY NAME "))
        }
        SESSIONS => Some(SESSIONS_QUERY.to_owned()),
        _ => None,
    }
}

/// A session ends after 30 minutes without an event. A person is the user where one is named, else the
/// browser; who signs in begins a session of the user.
const SESSIONS_QUERY: &str = "\
WITH told AS (
  SELECT *, coalesce('user:' || user_id, 'browser:' || anonymous_id) AS person FROM events
), gaps AS (
  SELECT *, CASE WHEN occurred_at - lag(occurred_at) OVER w <= INTERVAL '30 minutes' THEN 0 ELSE 1 END AS begins
  FROM told WHERE person IS NOT NULL
  WINDOW w AS (PARTITION BY person ORDER BY occurred_at, \"offset\")
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY person ORDER BY occurred_at, \"offset\"
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session_number
  FROM gaps
)
SELECT * EXCLUDE (begins),
  row_number() OVER (PARTITION BY person, session_number ORDER BY occurred_at, \"offset\") AS session_position
FROM numbered";
