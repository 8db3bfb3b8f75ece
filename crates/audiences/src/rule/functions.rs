//! The functions that a rule may call.

/// How often an event was sent within so many days.
pub(super) const COUNT_EVENTS: &str = "count_events";
/// How many days ago an event was sent last.
pub(super) const DAYS_SINCE_EVENT: &str = "days_since_event";

/// Those over the history of events: the name, how many arguments, and how it is written.
pub(super) const OVER_HISTORY: [(&str, usize, &str); 2] = [
    (COUNT_EVENTS, 2, "count_events(\"Product Viewed\", 30), with a name and a number of days"),
    (DAYS_SINCE_EVENT, 1, "days_since_event(\"Order Completed\"), with a name"),
];

/// Those of the language, its macros included.
const BUILT_IN: [&str; 20] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "dyn",
    "type",
    "max",
    "min",
];

/// Whether there is such a function. What the language calls its operators by begins with neither letter.
pub(super) fn is_known(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_alphabetic()) || all().any(|known| known == name)
}

/// All that have a name.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    OVER_HISTORY.iter().map(|(name, ..)| *name).chain(BUILT_IN)
}
