//! The point-in-time join as SQL, for the lake.
//!
//! The text uses joins and a window function only, which every engine has. The names that it contains have
//! been checked by the registry; whoever gives the tables' names answers for them.

use std::fmt::Write;

use crate::view::View;

/// A query that gives each row of the table `entities` (the view's join keys and `event_timestamp`) with
/// the view's features as they were then, from the table `history` (join keys, features, `event_timestamp`,
/// `created`). An entity row without a feature row has nulls.
///
/// Rows of `entities` that are equal in all columns are told apart by `row_number()`, so none is lost.
#[must_use]
pub fn training_set_sql(view: &View, entities: &str, history: &str) -> String {
    let keys: Vec<String> = view.spec.keys().into_iter().map(|k| k.name).collect();
    let on: Vec<String> = keys.iter().map(|k| format!("f.\"{k}\" = e.\"{k}\"")).collect();
    let columns = |table: &str| {
        view.spec.features.iter().fold(String::new(), |mut all, f| {
            // Writing into a text does not fail.
            let _ = write!(all, ", {table}.\"{0}\" AS \"{0}\"", f.name);
            all
        })
    };
    let young = match view.spec.ttl_seconds {
        0 => String::new(),
        ttl => format!(" AND f.\"event_timestamp\" >= e.\"event_timestamp\" - INTERVAL '{ttl} seconds'"),
    };
    format!(
        "WITH e AS (SELECT *, row_number() OVER () AS \"_row\" FROM {entities}),\n\
         ranked AS (SELECT e.*{features}, row_number() OVER (PARTITION BY e.\"_row\" \
         ORDER BY f.\"event_timestamp\" DESC, f.\"created\" DESC) AS \"_rank\"\n\
         FROM e LEFT JOIN {history} f ON {on} AND f.\"event_timestamp\" <= e.\"event_timestamp\"{young})\n\
         SELECT * EXCEPT (\"_row\", \"_rank\") FROM ranked WHERE \"_rank\" = 1 ORDER BY \"_row\"",
        features = columns("f"),
        on = on.join(" AND "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::habits;

    #[test]
    fn the_text_names_keys_features_and_the_limit() {
        let sql = training_set_sql(&View { spec: habits(), version: 1 }, "asked", "habits_v1");
        for part in [
            "f.\"customer\" = e.\"customer\"",
            "f.\"visits\" AS \"visits\", f.\"spend\" AS \"spend\"",
            "- INTERVAL '60 seconds'",
            "f.\"event_timestamp\" <= e.\"event_timestamp\"",
        ] {
            assert!(sql.contains(part), "{part} is not in {sql}");
        }
    }
}
