//! The letters as others see them: list, look up, re-drive, drop.

use tradewind_events::Event;
use tradewind_ports::Offset;

use super::keep::{decode, stored};
use super::{KeptLetter, Letter, LetterTotals, Note, totals};
use crate::entry::{self, Entry};
use crate::pipeline::{CollectError, Pipeline, PipelineError};
use crate::tables::u64_of;

/// The list is read backwards in windows of offsets: the first of this width, each further one four times
/// as wide, since letters may lie far apart.
const FIRST_WINDOW: u64 = 1 << 10;

impl Pipeline {
    /// Takes events, and letters that came with them, in one append: on success all are durable.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn collect_with(&self, events: &[Event], letters: Vec<Letter>) -> Result<(), CollectError> {
        let notes: Vec<Note> =
            letters.into_iter().map(|letter| Note::Letter(Box::new(letter.bounded()))).collect();
        self.collect_all(events, &notes).await
    }

    /// Takes notes about letters in one append: on success they are durable and will be applied.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn note_letters(&self, notes: &[Note]) -> Result<(), CollectError> {
        self.collect_all(&[], notes).await
    }

    async fn collect_all(&self, events: &[Event], notes: &[Note]) -> Result<(), CollectError> {
        let too_large = |e: serde_json::Error| CollectError::TooLarge(e.to_string());
        let mut records = Vec::with_capacity(events.len() + notes.len());
        let kept = self.without_names(events);
        for event in kept.iter() {
            records.push(entry::of_event(event).map_err(too_large)?);
        }
        for note in notes {
            let note = self.note_without_names(note);
            records.push(entry::of_note(&note).map_err(too_large)?);
        }
        let end = self.append(records).await?;
        let again = notes.iter().flat_map(|note| match note {
            Note::Redriven { events, .. } => events.as_slice(),
            _ => &[],
        });
        self.raise(events.iter().chain(again), end);
        Ok(())
    }

    /// The letter of this id, as far as notes are applied.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn dead_letter(&self, id: Offset) -> Result<Option<KeptLetter>, PipelineError> {
        stored(self.inner.store.as_ref(), &self.inner.tables, id)
    }

    /// All letters in numbers.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn dead_letter_totals(&self) -> Result<LetterTotals, PipelineError> {
        totals(self.inner.store.as_ref(), &self.inner.tables)
    }

    /// Letters with an id below `before` that are `wanted`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn dead_letters(
        &self,
        before: Option<Offset>,
        limit: usize,
        mut wanted: impl FnMut(&KeptLetter) -> bool,
    ) -> Result<Vec<(Offset, KeptLetter)>, PipelineError> {
        let (store, table) = (self.inner.store.as_ref(), self.inner.tables.dead_letters);
        let first = self.dead_letter_totals()?.first;
        let mut end = before.unwrap_or(u64::MAX).min(self.inner.log.end());
        let (mut found, mut width) = (Vec::new(), FIRST_WINDOW);
        while end > first && found.len() < limit {
            let start = end.saturating_sub(width).max(first);
            let mut window = Vec::new();
            for pair in store.scan(table, &start.to_be_bytes()) {
                let (key, value) = pair?;
                let id = u64_of(&key).unwrap_or(u64::MAX);
                if id >= end {
                    break;
                }
                let kept = decode(&value)?;
                if wanted(&kept) {
                    window.push((id, kept));
                }
            }
            found.extend(window.into_iter().rev().take(limit - found.len()));
            (end, width) = (start, width.saturating_mul(4));
        }
        Ok(found)
    }

    /// The ids of all letters whose payload or envelope names an id, such as a user's: what is left of
    /// somebody outside of the profiles. `id` is looked for as it stands in JSON.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn dead_letters_naming(&self, id: &str) -> Result<Vec<Offset>, PipelineError> {
        let quoted = serde_json::Value::from(id).to_string();
        let escaped = quoted.trim_matches('"');
        let names = |text: &str| !id.is_empty() && (text.contains(id) || text.contains(escaped));
        let letters = self.dead_letters(None, usize::MAX, |kept| {
            let letter = &kept.letter;
            names(&letter.payload) || letter.envelope.as_ref().is_some_and(|e| names(e.get()))
        })?;
        Ok(letters.into_iter().map(|(id, _)| id).collect())
    }

    /// The event that a record of the log holds, where this program can read it by now.
    ///
    /// # Errors
    /// [`PipelineError`] when the log does not read.
    pub fn logged_event(&self, offset: Offset) -> Result<Option<Event>, PipelineError> {
        let record = self.inner.log.reader(offset)?.read(1)?.into_iter().next();
        match record.as_ref().map(|record| Entry::read(&record.bytes)) {
            Some(Ok(Entry::Event(event))) => Ok(Some(event)),
            _ => Ok(None),
        }
    }
}
