//! A file's bytes, decompressed where need be, with a meter on the compressed side.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first bytes of a zstd frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// A file to import: plain or zstd, told apart by its first bytes. Decompression takes at most 128 MiB.
pub struct Source {
    reader: Box<dyn Read + Send>,
    meter: Meter,
}

/// How far a source was read, in bytes of the file as it lies on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    done: Arc<AtomicU64>,
    total: u64,
}

struct Counted<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Opens a file.
///
/// # Errors
/// When it does not open, or its first bytes do not read.
pub fn open(path: impl AsRef<Path>) -> io::Result<Source> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    Source::new(file, total)
}

impl Source {
    /// Reads from any reader of `bytes_total` bytes; the number is only for the sink's progress.
    ///
    /// # Errors
    /// When the first bytes do not read.
    pub fn new(reader: impl Read + Send + 'static, bytes_total: u64) -> io::Result<Self> {
        let done = Arc::new(AtomicU64::new(0));
        let mut counted = Counted { inner: reader, done: Arc::clone(&done) };
        let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
        counted.by_ref().take(ZSTD_MAGIC.len() as u64).read_to_end(&mut head)?;
        let compressed = head == ZSTD_MAGIC;
        let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(head).chain(counted);
        let reader: Box<dyn Read + Send> =
            if compressed { Box::new(zstd::stream::read::Decoder::new(whole)?) } else { Box::new(whole) };
        Ok(Self { reader, meter: Meter { done, total: bytes_total } })
    }

    pub(crate) fn into_parts(self) -> (Box<dyn Read + Send>, Meter) {
        (self.reader, self.meter)
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("meter", &self.meter).finish_non_exhaustive()
    }
}

impl Meter {
    /// Bytes done and in all.
    pub(crate) fn read(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: Vec<u8>, expected: &[u8]) {
        let total = bytes.len() as u64;
        let (mut reader, meter) = Source::new(Cursor::new(bytes), total).unwrap().into_parts();
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        assert_eq!((text.as_slice(), meter.read()), (expected, (total, total)));
    }

    #[test]
    fn plain_and_compressed_files_read_the_same() {
        let packed = zstd::encode_all(&b"a,b\n1,2\n"[..], 3).unwrap();
        check(b"a,b\n1,2\n".to_vec(), b"a,b\n1,2\n");
        check([packed.clone(), packed.clone()].concat(), b"a,b\n1,2\na,b\n1,2\n");
        check(packed, b"a,b\n1,2\n");
        check(b"ab".to_vec(), b"ab");
        check(Vec::new(), b"");
    }
}
