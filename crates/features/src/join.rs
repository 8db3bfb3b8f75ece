//! The point-in-time join, by which training sets know no more than was known then.

use std::collections::HashMap;

use tradewind_kernel::UtcMillis;

use crate::row::Row;
use crate::value::Value;

/// An entity at a time: a row of the training set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTime {
    /// The entity, see [`crate::entity_key`].
    pub entity: String,
    /// The time that it is looked at from.
    pub at: UtcMillis,
}

/// A row of the features' history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// The entity.
    pub entity: String,
    /// What held for it.
    pub row: Row,
}

/// For each entity row, in their order, the values of the latest feature row with
/// `at − ttl ≤ event_at ≤ at`; of two with the same time the one made later, and then the one that stands
/// later. `None` where there is none. `ttl_ms` of `None` sets no limit.
///
/// ```
/// use tradewind_features::{EntityTime, HistoryRow, Row, Value, point_in_time_join};
/// use tradewind_kernel::UtcMillis;
///
/// let row = |at, value| HistoryRow {
///     entity: "ada".into(),
///     row: Row { event_at: UtcMillis::new(at), created_at: UtcMillis::new(0), values: vec![Some(Value::Int(value))] },
/// };
/// let ask = |at| EntityTime { entity: "ada".into(), at: UtcMillis::new(at) };
/// let history = [row(10, 1), row(20, 2)];
/// let joined = point_in_time_join(&[ask(9), ask(19), ask(20), ask(26)], &history, Some(5));
/// let values: Vec<_> = joined.iter().map(|v| v.and_then(|v| v[0].clone())).collect();
/// assert_eq!(values, [None, None, Some(Value::Int(2)), None]);
/// ```
#[must_use]
pub fn point_in_time_join<'a>(
    entities: &[EntityTime],
    history: &'a [HistoryRow],
    ttl_ms: Option<i64>,
) -> Vec<Option<&'a [Option<Value>]>> {
    let mut by_entity: HashMap<&str, Vec<&Row>> = HashMap::new();
    for one in history {
        by_entity.entry(&one.entity).or_default().push(&one.row);
    }
    for rows in by_entity.values_mut() {
        // Stable: rows of the same times keep their order.
        rows.sort_by_key(|row| (row.event_at, row.created_at));
    }
    let latest = |ask: &EntityTime| {
        let rows = by_entity.get(ask.entity.as_str())?;
        let row = rows[..rows.partition_point(|row| row.event_at <= ask.at)].last()?;
        let is_young = ttl_ms.is_none_or(|ttl| ask.at.since(row.event_at) <= ttl);
        is_young.then_some(row.values.as_slice())
    };
    entities.iter().map(latest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(entity: u8, event: i64, created: i64, value: i64) -> HistoryRow {
        let (event_at, created_at) = (UtcMillis::new(event), UtcMillis::new(created));
        let values = vec![Some(Value::Int(value))];
        HistoryRow { entity: entity.to_string(), row: Row { event_at, created_at, values } }
    }

    proptest! {
        #[test]
        fn it_is_what_going_through_all_rows_gives(
            history in prop::collection::vec((0..4u8, 0..40i64, 0..3i64), 0..60),
            asks in prop::collection::vec((0..5u8, 0..50i64), 0..40),
            ttl in prop::option::of(0..30i64),
        ) {
            let rows = history.iter().zip(0..).map(|(&(e, at, made), n)| row(e, at, made, n));
            let rows: Vec<HistoryRow> = rows.collect();
            let asks: Vec<EntityTime> =
                asks.iter().map(|&(e, at)| EntityTime { entity: e.to_string(), at: UtcMillis::new(at) }).collect();
            let joined = point_in_time_join(&asks, &rows, ttl);
            for (ask, joined) in asks.iter().zip(joined) {
                let mut best: Option<&HistoryRow> = None;
                for row in rows.iter().filter(|r| r.entity == ask.entity) {
                    let age = ask.at.since(row.row.event_at);
                    if age >= 0 && ttl.is_none_or(|t| age <= t)
                        && best.is_none_or(|b| row.row.replaces(&b.row))
                    {
                        best = Some(row);
                    }
                }
                prop_assert_eq!(joined, best.map(|b| b.row.values.as_slice()));
            }
        }
    }
}
