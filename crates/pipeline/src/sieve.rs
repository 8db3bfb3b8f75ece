//! What a table of the store surely does not have, told without asking it.
//!
//! Nearly every message id is new, and nearly no anonymous id is linked to a user; asking the store for each
//! took an eighth of the time of an event. A sieve remembers the keys of a table in a Bloom filter: it may
//! hold a key for known that is not, never the other way round. So the store is asked for the few that are
//! left, and what is decided stays exact.
//!
//! **Limits.** 10 bits a key, in layers of 1, 2, 4 … 32 MiB that are added as they fill: at most 63 MiB for
//! 52 million keys of one table, some 1 % of new keys held for known by each layer. A table that outgrows
//! this, or has over a million keys when the program starts, has no sieve: the store is asked, as for all.

use tradewind_ports::{StateError, StateStore, TableId};
use xxhash_rust::xxh3::xxh3_128;

/// A hash of 128 bits, of which each 64 are as good as random.
pub(crate) type Key = [u8; 16];

pub(crate) fn key_of(id: &str) -> Key {
    xxh3_128(id.as_bytes()).to_be_bytes()
}

/// The most keys of a table that are read when the program starts; reading so many takes about a second.
const MAX_READ: usize = 1_000_000;
/// Blocks of the first layer: 1 MiB.
const FIRST_BLOCKS: usize = 1 << 14;
/// Layers, each twice as large as the one before.
const MAX_LAYERS: usize = 6;
/// Bits that a key sets.
const BITS: u32 = 6;
/// Keys of a block.
const KEYS_OF_A_BLOCK: usize = 51;

/// The bits of a key lie in one line of the processor's cache, so that looking costs one access to memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Block([u64; 8]);

/// What a table may have.
pub(crate) struct Sieve {
    /// The last one is being filled; none when there is no key yet.
    layers: Vec<Vec<Block>>,
    /// Keys in the last layer.
    filled: usize,
    /// Whether all of the table's keys are in it.
    is_whole: bool,
    first_blocks: usize,
}

impl Sieve {
    fn new(first_blocks: usize) -> Self {
        Self { layers: Vec::new(), filled: 0, is_whole: true, first_blocks }
    }

    /// The sieve of a table; `key` makes what it is asked by out of the table's own keys.
    pub(crate) fn of(
        store: &dyn StateStore,
        table: TableId,
        key: impl Fn(&[u8]) -> Option<Key>,
    ) -> Result<Self, StateError> {
        let mut sieve = Self::new(FIRST_BLOCKS);
        for (read, pair) in store.scan(table, &[]).enumerate() {
            match key(&pair?.0).filter(|_| read < MAX_READ) {
                Some(key) => sieve.insert(&key),
                None => {
                    sieve.give_up();
                    break;
                }
            }
        }
        Ok(sieve)
    }

    fn give_up(&mut self) {
        (self.layers, self.is_whole) = (Vec::new(), false);
    }

    /// Notes that the table has a key, or will have it with the next checkpoint.
    pub(crate) fn insert(&mut self, key: &Key) {
        if !self.is_whole {
            return;
        }
        let is_full = self.layers.last().is_none_or(|last| self.filled >= last.len() * KEYS_OF_A_BLOCK);
        if is_full {
            if self.layers.len() == MAX_LAYERS {
                self.give_up();
                return;
            }
            self.layers.push(vec![Block([0; 8]); self.first_blocks << self.layers.len()]);
            self.filled = 0;
        }
        let Some(last) = self.layers.last_mut() else { return };
        let place = place(key, last.len());
        for (word, bit) in bits(key) {
            last[place].0[word] |= bit;
        }
        self.filled += 1;
    }

    /// Whether the table may have a key; if not, it surely has not.
    pub(crate) fn may_have(&self, key: &Key) -> bool {
        let has = |layer: &Vec<Block>| {
            let block = &layer[place(key, layer.len())].0;
            bits(key).all(|(word, bit)| block[word] & bit != 0)
        };
        !self.is_whole || self.layers.iter().any(has)
    }
}

fn half(key: &Key, from: usize) -> u64 {
    key[from..].first_chunk::<8>().map_or(0, |eight| u64::from_be_bytes(*eight))
}

/// The block of a key, by its first half.
fn place(key: &Key, blocks: usize) -> usize {
    // The high half of the product is below `blocks`.
    usize::try_from((u128::from(half(key, 0)) * blocks as u128) >> 64).unwrap_or(0)
}

/// The bits of a key in its block, by its second half: word and bit, nine bits of the hash for each.
fn bits(key: &Key) -> impl Iterator<Item = (usize, u64)> {
    let second = half(key, 8);
    (0..BITS).map(move |n| {
        let nine = second >> (9 * n);
        (usize::try_from((nine >> 6) & 7).unwrap_or(0), 1 << (nine & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        key_of(&format!("m-{n}"))
    }

    #[test]
    fn every_key_is_known_through_all_layers_and_few_others_are() {
        let mut sieve = Sieve::new(16);
        let capacity = 16 * 63 * KEYS_OF_A_BLOCK;
        (0..capacity).for_each(|n| sieve.insert(&key(n)));
        assert_eq!((sieve.layers.len(), sieve.is_whole), (MAX_LAYERS, true));
        assert!((0..capacity).all(|n| sieve.may_have(&key(n))));
        let wrong = (capacity..2 * capacity).filter(|&n| sieve.may_have(&key(n))).count();
        assert!(wrong * 100 < capacity * 2 * MAX_LAYERS, "{wrong} of {capacity} are held for known");
        sieve.insert(&key(capacity));
        assert!(sieve.layers.is_empty() && sieve.may_have(&key(usize::MAX)), "one that is full asks for all");
    }

    #[test]
    fn one_without_keys_knows_none() {
        let sieve = Sieve::new(16);
        assert!((0..1_000).all(|n| !sieve.may_have(&key(n))));
    }

    #[test]
    fn what_a_table_has_is_known_and_what_does_not_read_makes_it_blind() {
        let dir = tempfile::tempdir().unwrap();
        let store = tradewind_embedded::FjallStore::open(dir.path(), 1 << 20).unwrap();
        let table = store.table("links").unwrap();
        let mut batch = tradewind_ports::Batch::default();
        batch.put(table, "a-1", "u");
        store.commit(&batch).unwrap();
        let by_text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(key_of);
        let sieve = Sieve::of(&store, table, by_text).unwrap();
        assert!(sieve.may_have(&key_of("a-1")) && !sieve.may_have(&key_of("a-2")));
        let blind = Sieve::of(&store, table, |_| None).unwrap();
        assert!(blind.may_have(&key_of("a-2")));
    }
}
