//! The point-in-time join as SQL, for the lake.
//!
//! The text uses joins and a window function only, which every engine has. The names that it contains have
//! been checked by the registry; whoever gives the tables' names answers for them.

use std::fmt::Write;

use crate::plan::{Column, ReadPlan};
use crate::view::{Source, View};

/// A query that gives each row of the table `entities` (the view's join keys and `event_timestamp`) with
/// the view's features as they were then, from the table `history` (join keys, features, `event_timestamp`,
/// `created`). An entity row without a feature row has nulls.
///
/// Rows of `entities` that are equal in all columns are told apart by `row_number()`, so none is lost.
#[must_use]
pub fn training_set_sql(view: &View, entities: &str, history: &str) -> String {
    let all: Vec<(&str, &str)> =
        view.spec.features.iter().map(|f| (f.name.as_str(), f.name.as_str())).collect();
    joined(view, &all, entities, history)
}

/// A query that gives each row of the query `entities` with all columns of a plan as they were then, each view
/// joined to the rows of its own query. The views of the plan must be over the lake's SQL: the first one that
/// is not comes back as the error.
///
/// # Errors
/// The view of which the lake has no history.
pub fn training_query<'a>(plan: &'a ReadPlan, entities: &str) -> Result<String, &'a View> {
    let mut query = format!("({}) AS q", plain(entities));
    for (place, planned) in plan.views.iter().enumerate() {
        let view = &*planned.view;
        let Source::Sql(history) = &view.spec.source else { return Err(view) };
        let named = |column: &'a Column| {
            let feature = &view.spec.features[planned.features[column.place]];
            (feature.name.as_str(), column.name.as_str())
        };
        let columns: Vec<(&str, &str)> = plan.columns.iter().filter(|c| c.view == place).map(named).collect();
        query = format!("({}) AS q", joined(view, &columns, &query, &format!("({})", plain(history))));
    }
    Ok(format!("SELECT * FROM {query}"))
}

/// A query as it may stand in brackets.
fn plain(query: &str) -> &str {
    query.trim().trim_end_matches(';')
}

/// `columns` are features with the names that they get.
fn joined(view: &View, columns: &[(&str, &str)], entities: &str, history: &str) -> String {
    let keys: Vec<String> = view.spec.keys().into_iter().map(|k| k.name).collect();
    let on: Vec<String> = keys.iter().map(|k| format!("f.\"{k}\" = e.\"{k}\"")).collect();
    let columns = |table: &str| {
        columns.iter().fold(String::new(), |mut all, (feature, name)| {
            // Writing into a text does not fail.
            let _ = write!(all, ", {table}.\"{feature}\" AS \"{name}\"");
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
    fn views_of_a_plan_are_joined_one_after_the_other() {
        let mut registry = crate::Registry::default();
        for name in ["a", "b"] {
            let spec = serde_json::json!({"name": name, "entity": "subject", "purpose": "personalization",
                "features": [{"name": "n", "type": "int64"}, {"name": "m", "type": "int64"}],
                "source": {"sql": format!("select * from {name};")}});
            registry.put_view(&serde_json::from_value(spec).unwrap()).unwrap();
        }
        let plan = registry.plan(&["a:n", "b:m", "b:n"], crate::Naming::Full).unwrap();
        let sql = training_query(&plan, "select 1;").unwrap();
        for part in [
            "FROM (select 1) AS q",
            "LEFT JOIN (select * from a) f",
            "f.\"n\" AS \"a__n\"",
            "f.\"m\" AS \"b__m\", f.\"n\" AS \"b__n\"",
        ] {
            assert!(sql.contains(part), "{part} is not in {sql}");
        }
        assert!(!sql.contains("a__m") && !sql.contains(';'));
        registry.put_view(&habits()).unwrap();
        let plan = registry.plan(&["a:n", "habits:visits"], crate::Naming::Full).unwrap();
        assert_eq!(training_query(&plan, "select 1").unwrap_err().spec.name, "habits");
    }

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
