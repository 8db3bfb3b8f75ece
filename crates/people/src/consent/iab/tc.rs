//! Reading a TC string, as far as purposes go.
//!
//! Of our own, because the library's reading of publishers' restrictions departs from the specification, and
//! because it lists every vendor of a range: a string of some thousand characters would take seconds. Here
//! lists of vendors are passed over, but have to be whole.

/// Where the fields of the core stand, in bits.
const SERVICE_SPECIFIC: usize = 138;
const PURPOSE_CONSENTS: usize = 152;
const VENDORS: usize = 213;

/// What is read of a TC string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TcString {
    /// Whether it is for one site; others are no longer valid.
    pub(super) is_service_specific: bool,
    consents: usize,
}

impl TcString {
    /// Reads a string; none if it is not whole, or not of version 2.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut segments = text.split('.');
        let core = Self::core(segments.next()?)?;
        segments.try_for_each(other_segment)?;
        Some(core)
    }

    /// Whether a purpose, from 1, is consented to.
    pub(super) fn consents_to(&self, purpose: usize) -> bool {
        (1..=24).contains(&purpose) && self.consents >> (24 - purpose) & 1 == 1
    }

    fn core(segment: &str) -> Option<Self> {
        let mut bits = Bits { text: segment.as_bytes(), at: 0 };
        if bits.take(6)? != 2 {
            return None;
        }
        bits.at = SERVICE_SPECIFIC;
        let is_service_specific = bits.take(1)? == 1;
        bits.at = PURPOSE_CONSENTS;
        let consents = bits.take(24)?;
        bits.at = VENDORS;
        bits.pass_vendors()?;
        bits.pass_vendors()?;
        for _ in 0..bits.take(12)? {
            bits.skip(8)?;
            bits.pass_ranges()?;
        }
        Some(Self { is_service_specific, consents })
    }
}

/// Whether a segment behind the core is whole: vendors disclosed (1) or allowed (2), or a publisher's own
/// purposes (3).
fn other_segment(segment: &str) -> Option<()> {
    let mut bits = Bits { text: segment.as_bytes(), at: 0 };
    match bits.take(3)? {
        1 | 2 => bits.pass_vendors(),
        3 => {
            bits.skip(48)?;
            let own = bits.take(6)?;
            bits.skip(own * 2)
        }
        _ => None,
    }
}

/// Bits of base64url text, from the front.
struct Bits<'a> {
    text: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for _ in 0..count {
            let six = sixth(*self.text.get(self.at / 6)?)?;
            value = value << 1 | usize::from(six >> (5 - self.at % 6) & 1);
            self.at += 1;
        }
        Some(value)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.at += count;
        (self.at <= self.text.len() * 6).then_some(())
    }

    fn pass_vendors(&mut self) -> Option<()> {
        let highest = self.take(16)?;
        if self.take(1)? == 0 { self.skip(highest) } else { self.pass_ranges() }
    }

    fn pass_ranges(&mut self) -> Option<()> {
        for _ in 0..self.take(12)? {
            let is_range = self.take(1)? == 1;
            self.skip(if is_range { 32 } else { 16 })?;
        }
        Some(())
    }
}

/// Six bits of a letter of base64url.
fn sixth(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}
