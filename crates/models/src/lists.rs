//! Many short lists of `u32` that grow one number at a time, in one allocation.
//!
//! Each list lives in a block of the arena whose size is a power of two; a list that outgrows its block
//! moves to one of twice the size and leaves the old block to the next list of that size. The arena is thus
//! at most about four times the numbers held, and typically less than twice.
//!
//! Limit: the arena holds fewer than 2³² numbers; [`GrowLists::insert`] says when it is full.

/// One list's block. An empty list has none.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn capacity(self) -> u32 {
        if self.len == 0 { 0 } else { self.len.next_power_of_two() }
    }
}

/// Growing lists, numbered from 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct GrowLists {
    spans: Vec<Span>,
    arena: Vec<u32>,
    /// Starts of left blocks, by the logarithm of their size.
    free: Vec<Vec<u32>>,
}

impl GrowLists {
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Adds empty lists until there are `len`.
    pub(crate) fn grow(&mut self, len: usize) {
        if len > self.spans.len() {
            self.spans.resize(len, Span::default());
        }
    }

    /// The numbers of a list; nothing for a list that does not exist.
    pub(crate) fn get(&self, list: usize) -> &[u32] {
        match self.spans.get(list) {
            Some(span) => &self.arena[span.start as usize..(span.start + span.len) as usize],
            None => &[],
        }
    }

    /// Inserts `value` before position `at`, which must not be past the end. False, and no change, when the
    /// arena is full.
    pub(crate) fn insert(&mut self, list: usize, at: usize, value: u32) -> bool {
        let span = self.spans[list];
        let start = if span.len < span.capacity() {
            span.start
        } else {
            match self.relocate(span) {
                Some(start) => start,
                None => return false,
            }
        };
        let (from, end) = (start as usize + at, (start + span.len) as usize);
        self.arena.copy_within(from..end, from + 1);
        self.arena[from] = value;
        self.spans[list] = Span { start, len: span.len + 1 };
        true
    }

    /// Copies a full list to a block of twice the size and tells where that is.
    fn relocate(&mut self, span: Span) -> Option<u32> {
        let class = (span.len + 1).next_power_of_two().trailing_zeros() as usize;
        let size = 1_usize << class;
        if self.free.len() <= class {
            self.free.resize(class + 1, Vec::new());
        }
        let start = match self.free[class].pop() {
            Some(start) => start,
            None => {
                let start = self.arena.len();
                u32::try_from(start + size).ok()?;
                self.arena.resize(start + size, 0);
                start as u32
            }
        };
        if span.len > 0 {
            let old = span.start as usize;
            self.arena.copy_within(old..old + span.len as usize, start as usize);
            self.free[class - 1].push(span.start);
        }
        Some(start)
    }

    /// Bytes allocated, by capacity.
    pub(crate) fn size_bytes(&self) -> usize {
        let free: usize = self.free.iter().map(|starts| starts.capacity() * 4 + size_of::<Vec<u32>>()).sum();
        self.spans.capacity() * size_of::<Span>() + self.arena.capacity() * 4 + free
    }
}

#[cfg(test)]
mod tests {
    use super::GrowLists;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_vectors(steps in prop::collection::vec((0_usize..6, any::<u16>(), any::<u32>()), 0..300)) {
            let mut model: Vec<Vec<u32>> = vec![Vec::new(); 6];
            let mut lists = GrowLists::default();
            lists.grow(6);
            for (list, at, value) in steps {
                let at = usize::from(at) % (model[list].len() + 1);
                model[list].insert(at, value);
                prop_assert!(lists.insert(list, at, value));
            }
            for (list, expected) in model.iter().enumerate() {
                prop_assert_eq!(lists.get(list), expected.as_slice());
            }
            let held: usize = model.iter().map(Vec::len).sum();
            prop_assert!(lists.arena.len() <= 4 * held + 4);
            prop_assert!(lists.get(99).is_empty());
        }
    }
}
