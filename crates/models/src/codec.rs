//! The byte layout that the models share.
//!
//! `magic (4 bytes) · version (1 byte) · 3 zero bytes · fields`, little-endian throughout; an array is
//! written without its length, which an earlier field tells. There is no checksum: the artifact that holds
//! these bytes has one. A reader accepts every version up to its own, checks each count against the bytes
//! that are really there before it allocates, and refuses what is left over.

/// Why bytes could not be read back as a model. The texts read well after "failed to load the model: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The first four bytes are not those of this kind of model.
    #[error("these bytes hold another kind of content")]
    WrongMagic,
    /// A newer program wrote the bytes.
    #[error("format version {found} is newer than {supported}, the latest that this program reads")]
    NewerVersion {
        /// The version in the bytes.
        found: u8,
        /// The latest version that can be read.
        supported: u8,
    },
    /// The bytes end before the arrays do.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes follow the last field.
    #[error("{0} unexpected bytes follow the end")]
    TrailingBytes(usize),
    /// Two fields contradict each other.
    #[error("the content contradicts itself: {0}")]
    Inconsistent(&'static str),
}

/// Appends little-endian fields.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(magic: [u8; 4], version: u8) -> Self {
        let mut bytes = magic.to_vec();
        bytes.extend([version, 0, 0, 0]);
        Self(bytes)
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn f32(&mut self, value: f32) {
        self.u32(value.to_bits());
    }

    pub(crate) fn u32s(&mut self, values: impl ExactSizeIterator<Item = u32>) {
        self.0.reserve(values.len() * 4);
        values.for_each(|value| self.u32(value));
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes little-endian fields off the front.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], magic: [u8; 4], supported: u8) -> Result<Self, FormatError> {
        let Some((header, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(FormatError::Truncated);
        };
        if header[..4] != magic {
            return Err(FormatError::WrongMagic);
        }
        if header[4] == 0 || header[5..] != [0; 3] {
            return Err(FormatError::Inconsistent("the header's reserved bytes are set"));
        }
        if header[4] > supported {
            return Err(FormatError::NewerVersion { found: header[4], supported });
        }
        Ok(Self(rest))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        let (head, rest) = self.0.split_first_chunk::<4>().ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*head))
    }

    pub(crate) fn f32(&mut self) -> Result<f32, FormatError> {
        self.u32().map(f32::from_bits)
    }

    /// Takes `len` numbers; allocates only when the bytes are there.
    pub(crate) fn u32s(&mut self, len: usize) -> Result<Vec<u32>, FormatError> {
        let size_bytes = len.checked_mul(4).ok_or(FormatError::Truncated)?;
        let (head, rest) = self.0.split_at_checked(size_bytes).ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(head.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect())
    }

    pub(crate) fn finish(self) -> Result<(), FormatError> {
        if self.0.is_empty() { Ok(()) } else { Err(FormatError::TrailingBytes(self.0.len())) }
    }
}

/// Checks that `starts` cuts an array of `len` into consecutive pieces: begins with 0, never falls, ends
/// with `len`.
pub(crate) fn check_starts(starts: &[u32], len: usize) -> Result<(), FormatError> {
    let whole = starts.first() == Some(&0) && starts.last().is_some_and(|&end| end as usize == len);
    if whole && starts.is_sorted() {
        Ok(())
    } else {
        Err(FormatError::Inconsistent("the offsets do not cut the array into pieces"))
    }
}
