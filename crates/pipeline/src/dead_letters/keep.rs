//! What the projection does to the letters, over what the state holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use tradewind_events::Event;
use tradewind_kernel::UtcMillis;
use tradewind_ports::{Batch, Offset, Record, StateStore};

use super::{Attempt, KeptLetter, LOG_DIALECT, Letter, LetterLimits, LetterTotals, Note};
use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::reads::Reads;
use crate::tables::{DEAD_LETTERS, Tables, u64_of};

/// Attempts kept of one letter; older ones go.
const MAX_ATTEMPTS: usize = 16;
/// The version byte of a row, before its JSON.
const ROW_VERSION: u8 = 1;

/// The letters that changed since the last checkpoint; `None` is one that is gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Letters {
    changed: BTreeMap<Offset, Option<Arc<KeptLetter>>>,
    totals: Option<LetterTotals>,
}

/// An event of a re-driven letter, and the time by which it is looked up among the messages seen: that of
/// the re-drive, since the ids of the week in which it was received may be forgotten.
pub(crate) type Again = (Event, UtcMillis);

impl Letters {
    /// Takes a note of the log. Gives the events that are to be applied now.
    pub(crate) fn note(
        &mut self,
        reads: &Reads<'_>,
        limits: LetterLimits,
        offset: Offset,
        note: Note,
    ) -> Result<Vec<Again>, PipelineError> {
        match note {
            Note::Letter(letter) => self.keep(reads, limits, offset, *letter)?,
            Note::Redriven { id, at, by, events } => {
                if let Some(mut kept) = self.waiting(reads, id)? {
                    kept.is_resolved = true;
                    self.totals(reads)?.waiting -= 1;
                    self.attempted(id, kept, Attempt { at, by, code: None, detail: String::new() });
                    return Ok(events.into_iter().map(|event| (event, at)).collect());
                }
            }
            Note::Failed { id, at, by, code, detail } => {
                if let Some(kept) = self.waiting(reads, id)? {
                    self.attempted(id, kept, Attempt { at, by, code: Some(code), detail });
                }
            }
            Note::Dropped { id, .. } => {
                if let Some(kept) = self.get(reads, id)? {
                    self.remove(reads, id, &kept)?;
                }
            }
        }
        Ok(Vec::new())
    }

    /// Keeps a record that the projection could not read or apply. The failure of a re-drive is told in the
    /// history of its letter instead.
    pub(crate) fn poison(
        &mut self,
        reads: &Reads<'_>,
        limits: LetterLimits,
        record: &Record,
        (code, detail): (&str, String),
    ) -> Result<(), PipelineError> {
        let read = crate::Entry::read(&record.bytes);
        if let Ok(crate::Entry::DeadLetter(note)) = read {
            if let Note::Redriven { id, at, by, .. } = *note {
                let code = code.to_owned();
                self.note(reads, limits, record.offset, Note::Failed { id, at, by, code, detail })?;
            }
            return Ok(());
        }
        let received_at = match read {
            Ok(crate::Entry::Event(event)) => event.received_at,
            _ => UtcMillis::default(),
        };
        let (dialect, code) = (LOG_DIALECT.to_owned(), code.to_owned());
        let payload = String::from_utf8_lossy(&record.bytes).into_owned();
        let letter = Letter {
            received_at,
            dialect,
            key: None,
            index: 0,
            code,
            detail,
            payload,
            cut: false,
            envelope: None,
        };
        self.keep(reads, limits, record.offset, letter.bounded())
    }

    fn keep(
        &mut self,
        reads: &Reads<'_>,
        limits: LetterLimits,
        id: Offset,
        letter: Letter,
    ) -> Result<(), PipelineError> {
        let totals = self.totals(reads)?;
        totals.kept += 1;
        totals.waiting += 1;
        totals.bytes += letter.payload.len() as u64;
        let kept = KeptLetter { letter, is_resolved: false, history: Vec::new() };
        self.changed.insert(id, Some(Arc::new(kept)));
        loop {
            let totals = self.totals(reads)?;
            if totals.kept <= limits.max_letters && totals.bytes <= limits.max_bytes {
                return Ok(());
            }
            let Some((oldest, kept)) = self.oldest(reads)? else { return Ok(()) };
            self.remove(reads, oldest, &kept)?;
            let totals = self.totals(reads)?;
            totals.pushed_out += 1;
            totals.first = oldest + 1;
        }
    }

    /// Removes a letter, if it is there.
    pub(crate) fn drop_letter(&mut self, reads: &Reads<'_>, id: Offset) -> Result<(), PipelineError> {
        match self.get(reads, id)? {
            Some(kept) => self.remove(reads, id, &kept),
            None => Ok(()),
        }
    }

    fn remove(&mut self, reads: &Reads<'_>, id: Offset, kept: &KeptLetter) -> Result<(), PipelineError> {
        let totals = self.totals(reads)?;
        totals.kept -= 1;
        totals.waiting -= u64::from(!kept.is_resolved);
        totals.bytes -= kept.letter.payload.len() as u64;
        self.changed.insert(id, None);
        Ok(())
    }

    fn attempted(&mut self, id: Offset, mut kept: KeptLetter, attempt: Attempt) {
        kept.history.push(attempt);
        let over = kept.history.len().saturating_sub(MAX_ATTEMPTS);
        kept.history.drain(..over);
        self.changed.insert(id, Some(Arc::new(kept)));
    }

    fn get(&self, reads: &Reads<'_>, id: Offset) -> Result<Option<KeptLetter>, PipelineError> {
        let lately = reads.frozen.map(|f| &f.letters);
        match self.changed.get(&id).or_else(|| lately?.changed.get(&id)) {
            Some(kept) => Ok(kept.as_deref().cloned()),
            None => stored(reads.store, reads.tables, id),
        }
    }

    fn waiting(&self, reads: &Reads<'_>, id: Offset) -> Result<Option<KeptLetter>, PipelineError> {
        Ok(self.get(reads, id)?.filter(|kept| !kept.is_resolved))
    }

    fn oldest(&mut self, reads: &Reads<'_>) -> Result<Option<(Offset, KeptLetter)>, PipelineError> {
        let first = self.totals(reads)?.first;
        let none = Self::default();
        let lately = reads.frozen.map_or(&none, |f| &f.letters);
        let oldest = |(id, kept): (&Offset, &Option<Arc<KeptLetter>>)| Some((*id, kept.as_deref()?.clone()));
        let of_now = self.changed.iter().find_map(oldest);
        let of_then = lately.changed.iter().filter(|(id, _)| !self.changed.contains_key(id)).find_map(oldest);
        let of_batch = of_now.into_iter().chain(of_then).min_by_key(|(id, _)| *id);
        for pair in reads.store.scan(reads.tables.dead_letters, &first.to_be_bytes()) {
            let (key, value) = pair?;
            let id = u64_of(&key).unwrap_or(u64::MAX);
            if of_batch.as_ref().is_some_and(|(found, _)| *found <= id) {
                break;
            }
            if !self.changed.contains_key(&id) && !lately.changed.contains_key(&id) {
                return Ok(Some((id, decode(&value)?)));
            }
        }
        Ok(of_batch)
    }

    fn totals(&mut self, reads: &Reads<'_>) -> Result<&mut LetterTotals, PipelineError> {
        let known = match self.totals.or_else(|| reads.frozen?.letters.totals) {
            Some(totals) => totals,
            None => totals(reads.store, reads.tables)?,
        };
        Ok(self.totals.insert(known))
    }

    /// Turns the changes into writes.
    pub(crate) fn write(&self, tables: &Tables, batch: &mut Batch) -> Result<(), PipelineError> {
        for (id, kept) in &self.changed {
            match kept {
                Some(kept) => batch.put(tables.dead_letters, id.to_be_bytes(), encode(kept)?),
                None => batch.delete(tables.dead_letters, id.to_be_bytes()),
            }
        }
        if let Some(totals) = &self.totals {
            let json = serde_json::to_vec(totals).map_err(|e| damaged("the dead letters' totals", &e))?;
            batch.put(tables.meta, DEAD_LETTERS, json);
        }
        Ok(())
    }
}

/// The letter that is kept under an id.
pub(super) fn stored(
    store: &dyn StateStore,
    tables: &Tables,
    id: Offset,
) -> Result<Option<KeptLetter>, PipelineError> {
    store.get(tables.dead_letters, &id.to_be_bytes())?.map(|bytes| decode(&bytes)).transpose()
}

/// Every letter that is stored, with its row as JSON.
pub(crate) fn each_stored(
    store: &dyn StateStore,
    tables: &Tables,
    mut take: impl FnMut(Offset, &[u8]),
) -> Result<(), PipelineError> {
    for pair in store.scan(tables.dead_letters, &[]) {
        let (key, row) = pair?;
        take(u64_of(&key).unwrap_or(u64::MAX), row.get(1..).unwrap_or_default());
    }
    Ok(())
}

/// All letters in numbers.
pub(crate) fn totals(store: &dyn StateStore, tables: &Tables) -> Result<LetterTotals, PipelineError> {
    match store.get(tables.meta, DEAD_LETTERS)? {
        Some(json) => serde_json::from_slice(&json).map_err(|e| damaged("the dead letters' totals", &e)),
        None => Ok(LetterTotals::default()),
    }
}

pub(super) fn encode(kept: &KeptLetter) -> Result<Vec<u8>, PipelineError> {
    let mut bytes = vec![ROW_VERSION];
    serde_json::to_writer(&mut bytes, kept).map_err(|e| damaged("a dead letter", &e))?;
    Ok(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Result<KeptLetter, PipelineError> {
    match bytes {
        [ROW_VERSION, json @ ..] => serde_json::from_slice(json).map_err(|e| damaged("a dead letter", &e)),
        _ => Err(damaged("a dead letter", &"it is of another version; run a newer program")),
    }
}

/// What a panic said.
pub(crate) fn words_of_panic(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it did not say why").to_owned()
}
