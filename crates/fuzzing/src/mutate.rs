//! Cheap mutations that are the same on every machine, for the tests. The fuzzer has better ones.

/// What stands in for a piece of the input now and then: the values at which parsers break.
const ODD: [&[u8]; 20] = [
    b"null",
    b"\"\"",
    b"-1",
    b"1e999",
    b"1e308",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"[]",
    b"{}",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"\"\\ud800\"",
    b"\\u0000",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\"",
    b",",
    b"\r\n",
    b"9999-12-31T23:59:59.999999999-23:59",
];

/// Draws numbers from a seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that roll the same for one seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`, which must not be 0.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(usize::MAX) % sides
    }

    /// A few changes to `bytes`; pieces are taken from `other` too.
    pub fn mutate(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.roll(4) {
            self.change(&mut out, other);
        }
        out
    }

    fn change(&mut self, out: &mut Vec<u8>, other: &[u8]) {
        let at = self.roll(out.len() + 1);
        let until = (at + 1 + self.roll(24)).min(out.len());
        match self.roll(8) {
            0 if at < out.len() => out[at] ^= 1 << self.roll(8),
            1 if at < out.len() => out[at] = u8::try_from(self.roll(256)).unwrap_or(0),
            2 => drop(out.drain(at..until)),
            3 => out.truncate(at),
            4 => {
                let piece = out[at..until].to_vec();
                drop(out.splice(at..at, piece));
            }
            5 if !other.is_empty() => {
                let from = self.roll(other.len());
                let to = (from + 1 + self.roll(64)).min(other.len());
                drop(out.splice(at..until, other[from..to].iter().copied()));
            }
            _ => drop(out.splice(at..until, ODD[self.roll(ODD.len())].iter().copied())),
        }
    }
}
