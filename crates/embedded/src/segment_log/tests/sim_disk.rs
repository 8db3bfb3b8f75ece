//! A disk in memory that loses, tears and refuses as real ones may, all from a seed.
//!
//! For each file it knows what is synced and what is written; for each folder which names are. A power cut
//! takes any part of the difference: any sectors of what was written, any change of size, any name. What was
//! cut off or removed again before a sync may have reached the disk by itself, so that may come back too.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{Disk, DiskFile};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// Numbers that a seed determines (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of `0..below`.
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % (below as u64)).unwrap()
    }

    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }
}

#[derive(Default, Clone)]
struct Content {
    synced: Vec<u8>,
    now: Vec<u8>,
    /// What it held before it was cut, until the next sync.
    uncut: Option<Vec<u8>>,
    written_at_ms: i64,
}

/// What goes wrong, counted from when it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The power fails before the n-th change or sync; an append before it may be half done.
    Power(usize),
    /// The n-th sync fails, and nobody knows what it did.
    Sync(usize),
}

struct State {
    contents: HashMap<u64, Content>,
    names: BTreeMap<PathBuf, u64>,
    synced_names: BTreeMap<PathBuf, u64>,
    /// Names that were made and removed since the last sync.
    removed_names: BTreeMap<PathBuf, u64>,
    fault: Fault,
    /// So many bytes may still be written, in so many appends.
    space: (usize, usize),
    is_failing: bool,
    made: u64,
    appends: i64,
}

/// The simulated disk; clones share it.
#[derive(Clone)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            contents: HashMap::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            removed_names: BTreeMap::new(),
            fault: Fault::None,
            space: (usize::MAX, usize::MAX),
            is_failing: false,
            made: 0,
            appends: 0,
        })))
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        let mut state = self.0.lock();
        (state.fault, state.is_failing) = (fault, false);
    }

    /// Lets so many bytes be written, in so many appends.
    pub(crate) fn set_space(&self, bytes: usize, appends: usize) {
        self.0.lock().space = (bytes, appends);
    }

    /// Whether a fault has struck.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.lock().is_failing
    }

    /// Takes any part of what is not synced.
    pub(crate) fn power_cut(&self, dice: &mut Dice) {
        let state = &mut *self.0.lock();
        let mut paths: Vec<PathBuf> = state.names.keys().chain(state.synced_names.keys()).cloned().collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let (now, synced) = (state.names.get(&path).copied(), state.synced_names.get(&path).copied());
            let kept = if now != synced && dice.once_in(2) { synced } else { now };
            match kept {
                Some(id) => state.names.insert(path, id),
                None => state.names.remove(&path),
            };
        }
        for (path, id) in std::mem::take(&mut state.removed_names) {
            if dice.once_in(2) {
                state.names.entry(path).or_insert(id);
            }
        }
        state.synced_names = state.names.clone();
        let mut ids: Vec<u64> = state.contents.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            let content = state.contents.get_mut(&id).unwrap();
            if let Some(uncut) = content.uncut.take().filter(|_| dice.once_in(2)) {
                content.now = uncut;
            }
            content.now = survivor(content, dice);
            content.synced = content.now.clone();
        }
    }
}

/// What is left of a file: any size that it had or was about to have, each sector old or new or, where there
/// was none before, zero.
fn survivor(content: &Content, dice: &mut Dice) -> Vec<u8> {
    let Content { synced, now, .. } = content;
    if now == synced {
        return now.clone();
    }
    let (low, high) = (synced.len().min(now.len()), synced.len().max(now.len()));
    let size = match dice.roll(4) {
        0 => synced.len(),
        1 => now.len(),
        2 => low + dice.roll(high - low + 1),
        _ => (low + dice.roll(high - low + 1)).next_multiple_of(SECTOR_BYTES).min(high),
    };
    // Of a hundred sectors, how many are new.
    let share = [100, 100, 90, 50, 0][dice.roll(5)];
    let mut left = vec![0; size];
    for (number, sector) in left.chunks_mut(SECTOR_BYTES).enumerate() {
        let source = if dice.roll(100) < share { now } else { synced };
        let from = (number * SECTOR_BYTES).min(source.len());
        let to = (from + sector.len()).min(source.len());
        sector[..to - from].copy_from_slice(&source[from..to]);
    }
    left
}

fn fails(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

impl State {
    /// Lets a change happen, or not.
    fn change(&mut self) -> io::Result<()> {
        if let Fault::Power(left) = &mut self.fault {
            if *left == 0 {
                self.is_failing = true;
                return Err(fails("the power is gone"));
            }
            *left -= 1;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.change()?;
        if let Fault::Sync(left) = &mut self.fault {
            if *left == 0 {
                self.is_failing = true;
                return Err(fails("the sync failed"));
            }
            *left -= 1;
        }
        Ok(())
    }

    fn append(&mut self, id: u64, bytes: &[u8]) -> io::Result<()> {
        let half = if self.fault == Fault::Power(0) { bytes.len() / 2 } else { bytes.len() };
        let space = if self.space.1 == 0 { 0 } else { self.space.0 };
        let room = half.min(space);
        self.space = (space - room, self.space.1.saturating_sub(1));
        self.appends += 1;
        let content = self.contents.get_mut(&id).unwrap();
        content.now.extend_from_slice(&bytes[..room]);
        content.written_at_ms = self.appends;
        self.change()?;
        if room < bytes.len() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }

    fn id(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn make(&mut self, path: &Path) -> u64 {
        self.made += 1;
        self.names.insert(path.to_owned(), self.made);
        self.contents.insert(self.made, Content::default());
        self.made
    }
}

struct SimFile(SimDisk, u64);

impl Disk for SimDisk {
    fn make_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.0.lock().names.keys().cloned().collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.change()?;
        if state.names.contains_key(path) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        Ok(Box::new(SimFile(self.clone(), state.make(path))))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(SimFile(self.clone(), self.0.lock().id(path)?)))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path)
    }

    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        state.change()?;
        let id = state.id(path).unwrap_or_else(|_| state.make(path));
        state.contents.get_mut(&id).unwrap().now.clear();
        state.append(id, bytes)?;
        state.sync()?;
        let content = state.contents.get_mut(&id).unwrap();
        content.synced = content.now.clone();
        Ok(())
    }

    fn replace(&self, new: &Path, old: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.change()?;
        let (id, replaced) = (state.id(new)?, state.id(old)?);
        let age = state.contents[&replaced].written_at_ms;
        state.contents.get_mut(&id).unwrap().written_at_ms = age;
        state.names.remove(new);
        state.names.insert(old.to_owned(), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.change()?;
        let id = state.names.remove(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        if !state.synced_names.contains_key(path) {
            state.removed_names.insert(path.to_owned(), id);
        }
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.sync()?;
        state.synced_names = state.names.clone();
        state.removed_names.clear();
        Ok(())
    }

    fn written_at_ms(&self, path: &Path) -> io::Result<i64> {
        let state = self.0.lock();
        Ok(state.contents[&state.id(path)?].written_at_ms)
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.0.lock().space.0 as u64)
    }
}

impl DiskFile for SimFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.0.0.lock().contents[&self.1].now.len() as u64)
    }

    fn read_at(&self, at: u64, most: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let state = self.0.0.lock();
        let now = &state.contents[&self.1].now;
        let from = usize::try_from(at).unwrap().min(now.len());
        let to = from.saturating_add(usize::try_from(most).unwrap()).min(now.len());
        out.extend_from_slice(&now[from..to]);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.0.lock().append(self.1, bytes)
    }

    fn truncate(&mut self, size_bytes: u64) -> io::Result<()> {
        let mut state = self.0.0.lock();
        state.change()?;
        let content = state.contents.get_mut(&self.1).unwrap();
        content.uncut = Some(content.now.clone());
        content.now.resize(usize::try_from(size_bytes).unwrap(), 0);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.0.0.lock();
        state.sync()?;
        let content = state.contents.get_mut(&self.1).unwrap();
        content.synced.clone_from(&content.now);
        content.uncut = None;
        Ok(())
    }
}
