//! Product ids and the dense numbers that models know them by.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// The two-way list: a number for each product id ever named, in the order of first mention. Never shrinks.
#[derive(Debug, Default)]
pub struct Items {
    ids: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, u32>,
}

impl Items {
    /// The number of a product id, if it was ever named.
    #[must_use]
    pub fn number(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// The product id with this number.
    #[must_use]
    pub fn id(&self, number: u32) -> Option<&Arc<str>> {
        self.ids.get(number as usize)
    }

    /// How many there are; the next new one gets this number.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// A list of these ids, numbered in their order; of equal ones the first counts.
    #[must_use]
    pub fn from_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut items = Self::default();
        for id in ids {
            if items.number(id).is_none() {
                items.push(Arc::from(id));
            }
        }
        items
    }

    /// Adds an id that is not there yet; its number is [`len`](Self::len) as it was before.
    pub(crate) fn push(&mut self, id: Arc<str>) {
        self.numbers.insert(Arc::clone(&id), self.len());
        self.ids.push(id);
    }
}
