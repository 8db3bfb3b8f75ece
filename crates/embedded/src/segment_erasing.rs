//! Records of segments overwritten for good.
//!
//! A segment that holds one is written anew beside the old file, each erased record as zeros of its own length,
//! and takes its place in one step, with its age. So every record keeps its offset and its position: indices
//! stay true, and a reader that has the old file open goes on in it. A power cut leaves the old file or the new
//! one; a copy that was not done is removed at the next start. The segment that is written to is closed first.
//!
//! Takes as much free room as one segment has. What opening cut off and kept in `.cut` files is removed too:
//! nobody knows whose it is.

use std::io;
use std::path::{Path, PathBuf};

use tradewind_ports::Offset;

use crate::disk::{Disk, DiskFile};
use crate::segment::{self, FRAME_BYTES, Frame, GROUP_BYTES, HEADER_BYTES};
use crate::segment_log::Shared;

/// What a copy under way is called: the segment's name, then this.
const UNDER_WAY: &str = "erasing";
/// What a torn tail that was kept ends in.
const CUT: &str = "cut";
/// The copy is written in pieces of about this size.
const PIECE_BYTES: usize = 1 << 20;

/// Why records were not erased.
#[derive(Debug)]
pub(crate) enum NotErased {
    /// A copy could not be made: the segment holds what it held.
    Held(io::Error),
    /// A segment does not read.
    Damaged { file: PathBuf, position: u64, what: &'static str },
    /// A sync or the change of names failed: nobody knows which file a power cut would leave.
    Unknown(io::Error),
}

/// Removes what an interrupted erasing left.
pub(crate) fn clear(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    for path in with_extension(disk, dir, UNDER_WAY)? {
        disk.remove(&path)?;
    }
    Ok(())
}

fn with_extension(disk: &dyn Disk, dir: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = disk.list(dir)?;
    found.retain(|path| path.extension().is_some_and(|e| e == extension));
    Ok(found)
}

/// Erases the records at these offsets, sorted, of segments that are closed. Gives how many it found.
pub(crate) fn erase(shared: &Shared, dir: &Path, offsets: &[Offset]) -> Result<u64, NotErased> {
    let _alone = shared.removing.lock();
    let view = shared.view.lock();
    let ends = view.segments.iter().skip(1).map(|s| s.base).chain([view.end]);
    let parts: Vec<_> =
        view.segments.iter().zip(ends).map(|(s, end)| (s.base, end, s.path.clone())).collect();
    drop(view);
    let mut erased = 0;
    for (base, end, path) in parts {
        let from = offsets.partition_point(|&o| o < base);
        let wanted = &offsets[from..offsets.partition_point(|&o| o < end)];
        if !wanted.is_empty() {
            rewrite(&*shared.disk, dir, &path, base, wanted)?;
            erased += wanted.len() as u64;
        }
    }
    let cut = with_extension(&*shared.disk, dir, CUT).map_err(NotErased::Held)?;
    for path in &cut {
        shared.disk.remove(path).map_err(NotErased::Held)?;
    }
    if !cut.is_empty() {
        shared.disk.sync_dir(dir).map_err(NotErased::Unknown)?;
    }
    Ok(erased)
}

fn rewrite(
    disk: &dyn Disk,
    dir: &Path,
    path: &Path,
    base: Offset,
    wanted: &[Offset],
) -> Result<(), NotErased> {
    let copy = path.with_extension(UNDER_WAY);
    match disk.remove(&copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(NotErased::Held(error)),
        _ => {}
    }
    let made = disk.create(&copy).map_err(NotErased::Held).and_then(|mut out| {
        let file = disk.open(path).map_err(NotErased::Held)?;
        let mut copying = Copying { path, file: &*file, out: &mut *out, record: base, at: 0 };
        copying.run(wanted)?;
        out.sync().map_err(NotErased::Unknown)
    });
    if let Err(failed) = made {
        // The next start removes what is left of it.
        let _ = disk.remove(&copy);
        return Err(failed);
    }
    disk.replace(&copy, path).map_err(NotErased::Unknown)?;
    disk.sync_dir(dir).map_err(NotErased::Unknown)
}

struct Copying<'a> {
    path: &'a Path,
    file: &'a dyn DiskFile,
    out: &'a mut dyn DiskFile,
    /// The offset of the next record.
    record: Offset,
    /// Where in the file the bytes held begin.
    at: u64,
}

impl Copying<'_> {
    fn run(&mut self, wanted: &[Offset]) -> Result<(), NotErased> {
        let mut wanted = wanted.iter().copied().peekable();
        let (mut held, mut piece) = (Vec::new(), Vec::new());
        self.file.read_at(0, HEADER_BYTES, &mut piece).map_err(NotErased::Held)?;
        self.at = HEADER_BYTES;
        let mut start = 0;
        loop {
            match segment::look(&held[start..]) {
                Frame::Whole(size) => {
                    if wanted.next_if_eq(&self.record).is_some() {
                        segment::put_frame(&mut piece, &vec![0; size]);
                    } else {
                        piece.extend_from_slice(&held[start..start + FRAME_BYTES + size]);
                    }
                    start += FRAME_BYTES + size;
                    self.record += 1;
                }
                Frame::Group(_) => {
                    piece.extend_from_slice(&held[start..start + GROUP_BYTES]);
                    start += GROUP_BYTES;
                }
                Frame::Damaged(what) => return Err(self.damaged(start, what)),
                Frame::Partial(needed) => {
                    held.drain(..start);
                    self.at += start as u64;
                    start = 0;
                    let before = held.len();
                    let more = (needed - before).max(PIECE_BYTES) as u64;
                    self.file.read_at(self.at + before as u64, more, &mut held).map_err(NotErased::Held)?;
                    if held.len() == before {
                        break;
                    }
                }
            }
            if piece.len() >= PIECE_BYTES {
                self.put(&mut piece)?;
            }
        }
        if !held.is_empty() || wanted.peek().is_some() {
            return Err(self.damaged(0, "a record that is cut"));
        }
        self.put(&mut piece)
    }

    fn put(&mut self, piece: &mut Vec<u8>) -> Result<(), NotErased> {
        self.out.append(piece).map_err(NotErased::Held)?;
        piece.clear();
        Ok(())
    }

    fn damaged(&self, start: usize, what: &'static str) -> NotErased {
        NotErased::Damaged { file: self.path.to_owned(), position: self.at + start as u64, what }
    }
}
