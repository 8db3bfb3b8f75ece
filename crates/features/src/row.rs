//! A row: the values of one entity at one time.

use tradewind_kernel::UtcMillis;

use crate::value::Value;
use crate::view::{Feature, View};

/// Values in the order of their view's features.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// When they held.
    pub event_at: UtcMillis,
    /// When they were made.
    pub created_at: UtcMillis,
    /// `None` where there is no value.
    pub values: Vec<Option<Value>>,
}

impl Row {
    /// Whether it takes the place of an earlier one: not if it held earlier, or at the same time and was made
    /// earlier. Whatever the order in which rows come, the same one stays, unless both times are equal.
    #[must_use]
    pub fn replaces(&self, other: &Self) -> bool {
        (self.event_at, self.created_at) >= (other.event_at, other.created_at)
    }

    /// Whether its values are those of a view: as many, and each of its type.
    #[must_use]
    pub fn fits(&self, view: &View) -> bool {
        let features = &view.spec.features;
        let fits =
            |(value, feature): (&Option<Value>, &Feature)| value.as_ref().is_none_or(|v| feature.takes(v));
        self.values.len() == features.len() && self.values.iter().zip(features).all(fits)
    }
}

/// The key of an entity from the texts of its join keys: the one, or several with their lengths.
#[must_use]
pub fn entity_key(parts: &[&str]) -> String {
    match parts {
        [one] => (*one).to_owned(),
        many => many.iter().map(|part| format!("{}:{part}", part.len())).collect(),
    }
}

/// The key under which a row is stored: `view@v2`, a zero byte, the entity's key.
#[must_use]
pub fn row_key(view: &str, version: u32, entity: &str) -> Vec<u8> {
    format!("{view}@v{version}\0{entity}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_rows_the_later_one_stays() {
        let row = |event: i64, created: i64| Row {
            event_at: UtcMillis::new(event),
            created_at: UtcMillis::new(created),
            values: Vec::new(),
        };
        assert!(row(2, 0).replaces(&row(1, 9)) && !row(1, 9).replaces(&row(2, 0)));
        assert!(row(1, 2).replaces(&row(1, 1)) && !row(1, 1).replaces(&row(1, 2)));
        assert!(row(1, 1).replaces(&row(1, 1)), "a correction");
    }

    #[test]
    fn keys_of_several_parts_do_not_collide() {
        assert_eq!(entity_key(&["a:b"]), "a:b");
        assert_ne!(entity_key(&["a", "b1:c"]), entity_key(&["a1:b", "c"]));
        assert_ne!(row_key("v", 1, "x"), row_key("v", 11, "x"));
    }
}
