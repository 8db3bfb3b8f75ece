//! The segments as parts that are removed from the log's beginning.
//!
//! Each removal is synced before the next one, so that a power cut in the middle never leaves a hole. A reader
//! that has a removed file open goes on to its end; the disk gets the room back after that.

use std::io;
use std::path::Path;

use tradewind_ports::{LogPart, Offset};

use crate::segment_log::Shared;

/// Why a removal ended early.
#[derive(Debug)]
pub(crate) enum NotRemoved {
    /// The file could not be removed: it is held as before.
    Held(io::Error),
    /// The removal could not be synced: nobody knows which files a power cut would leave.
    Unknown(io::Error),
}

/// All parts, oldest first.
pub(crate) fn parts(shared: &Shared) -> io::Result<Vec<LogPart>> {
    let _held = shared.removing.lock();
    let view = shared.view.lock();
    let ends = view.segments.iter().skip(1).map(|s| s.base).chain([view.end]);
    let found: Vec<_> =
        view.segments.iter().zip(ends).map(|(s, end)| (s.path.clone(), s.base, end, s.bytes)).collect();
    drop(view);
    let part = |(path, first, end, size_bytes): (std::path::PathBuf, Offset, Offset, u64)| {
        Ok(LogPart { first, end, size_bytes, written_at_ms: shared.disk.written_at_ms(&path)? })
    };
    found.into_iter().map(part).collect()
}

/// Removes the segments that end at `offset` or before it, but never the last one. Gives the new start.
pub(crate) fn remove_before(shared: &Shared, dir: &Path, offset: Offset) -> Result<Offset, NotRemoved> {
    let _alone = shared.removing.lock();
    loop {
        let mut view = shared.view.lock();
        if view.segments.get(1).is_none_or(|next| next.base > offset) {
            return Ok(view.start());
        }
        // No reader opens it from here on.
        let oldest = view.segments.remove(0);
        drop(view);
        if let Err(error) = shared.disk.remove(&oldest.path) {
            shared.view.lock().segments.insert(0, oldest);
            return Err(NotRemoved::Held(error));
        }
        shared.disk.sync_dir(dir).map_err(NotRemoved::Unknown)?;
        tracing::info!(file = %oldest.path.display(), "a part of the log was removed");
    }
}
