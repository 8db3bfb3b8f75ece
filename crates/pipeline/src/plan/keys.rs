//! Profile keys by the numbers that a batch gives them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Profile keys by the numbers that a batch gives them, those that meet in it joined into groups.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    numbers: FxHashMap<Arc<str>, u32>,
    keys: Vec<Arc<str>>,
    parents: Vec<u32>,
}

impl Keys {
    pub(crate) fn number(&mut self, key: &str) -> u32 {
        if let Some(&number) = self.numbers.get(key) {
            return number;
        }
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let key: Arc<str> = Arc::from(key);
        self.numbers.insert(Arc::clone(&key), number);
        self.keys.push(key);
        self.parents.push(number);
        number
    }

    /// The key with this number.
    pub(crate) fn key(&self, number: u32) -> &Arc<str> {
        &self.keys[number as usize]
    }

    /// The number that stands for the whole group of this one.
    pub(crate) fn group(&self, mut number: u32) -> u32 {
        while self.parents[number as usize] != number {
            number = self.parents[number as usize];
        }
        number
    }

    /// The number of a key, if it has one already.
    pub(crate) fn find(&self, key: &str) -> Option<u32> {
        self.numbers.get(key).copied()
    }

    pub(crate) fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.group(one), self.group(other));
        self.parents[one.max(other) as usize] = one.min(other);
    }
}
