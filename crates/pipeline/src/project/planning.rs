//! The second step of a batch: its records, one by one in the log's order, become a [`Plan`]. Repetitions are
//! dropped here; what cannot be read or makes the folding panic becomes a dead letter.

use tradewind_ports::{Offset, Record};

use super::Projection;
use crate::dead_letters::{Letters, Note};
use crate::duplicates::Uncounted;
use crate::facts::Before;
use crate::measures;
use crate::outbox::Effects;
use crate::pipeline::PipelineError;
use crate::plan::{Plan, Views};
use crate::prepare::{self, Item, Prepared};
use crate::pulse::Pulses;
use crate::reads::Reads;

impl Projection {
    /// Plans records, which [`prepare`](crate::prepare) read as `items`.
    pub(super) fn plan(
        &self,
        reads: &Reads<'_>,
        records: &[Record],
        items: Vec<Result<Item<'_>, PipelineError>>,
    ) -> Result<Plan, PipelineError> {
        let mut plan = Plan::default();
        plan.effects = Effects::of(&self.inner.outlet);
        let (known, catalog) = (reads.live.items.read(), reads.live.catalog.load());
        let words = reads.live.words.read();
        let before = Before { words: &words, facts: &self.facts, currency: reads.currency };
        let views = Views { items: &known, catalog: &catalog, counted: &self.counted, before };
        let described_from = records.len().saturating_sub(Pulses::wanted());
        for (n, (item, record)) in items.into_iter().zip(records).enumerate() {
            plan.describing = n >= described_from;
            plan.effects.at(record.offset);
            self.record(&mut plan, reads, &views, record, item?)?;
        }
        Ok(plan)
    }

    /// Plans one record. Another kind of record gets an arm here.
    fn record(
        &self,
        plan: &mut Plan,
        reads: &Reads<'_>,
        views: &Views<'_>,
        record: &Record,
        item: Item<'_>,
    ) -> Result<(), PipelineError> {
        match item {
            Item::Event(prepared) => {
                self.event(plan, reads, views, Uncounted::Record(record.offset), prepared)
            }
            Item::Product(product) => {
                plan.product(views, *product);
                Ok(())
            }
            Item::Change(change) => {
                if !plan.change(views, &change) {
                    measures::stock_without_product();
                }
                Ok(())
            }
            Item::Identity(command) => plan.command(reads, &command),
            Item::Note(note) => self.note(plan, reads, views, record.offset, *note),
            Item::Features(note) => plan.features.get_or_insert_default().apply(reads, &note),
            Item::Audience(note) => {
                plan.audiences.get_or_insert_default().apply(reads, &note, &mut plan.effects)
            }
            Item::Nothing => Ok(()),
            Item::Unreadable(error) => {
                tracing::error!(%error, offset = record.offset, "a log record could not be read");
                self.poison(plan, reads, record, ("unreadable", error.to_string()))
            }
        }
    }

    /// Plans what became of a dead letter: one that is read again gives its events now.
    fn note(
        &self,
        plan: &mut Plan,
        reads: &Reads<'_>,
        views: &Views<'_>,
        offset: Offset,
        note: Note,
    ) -> Result<(), PipelineError> {
        let is_redrive = matches!(note, Note::Redriven { .. });
        let limits = self.inner.settings.dead_letters;
        let again = self.letters(plan).note(reads, limits, offset, note)?;
        if is_redrive && again.is_empty() {
            plan.duplicates.push(Uncounted::Record(offset));
        }
        let is_one_of_several = again.len() > 1;
        for (n, (event, at)) in (0..).zip(again) {
            let prepared = prepare::of_event((&event).into(), at, reads, &self.dedupe)?;
            let place = Uncounted::of(offset, is_one_of_several.then_some(n));
            self.event(plan, reads, views, place, prepared)?;
        }
        Ok(())
    }

    /// Plans an event, if its message is new; `place` is where it stands.
    fn event(
        &self,
        plan: &mut Plan,
        reads: &Reads<'_>,
        views: &Views<'_>,
        place: Uncounted,
        prepared: Prepared<'_>,
    ) -> Result<(), PipelineError> {
        let older = [Some(&self.current.seen), reads.frozen.map(|f| &f.seen)];
        if prepared.mark.take(&mut plan.seen, older.iter().flatten()) {
            plan.event(reads, views, prepared)
        } else {
            plan.duplicates.push(place);
            Ok(())
        }
    }

    /// Gives records that make the folding panic a plan that only keeps them as dead letters.
    pub(super) fn bury(
        &self,
        reads: &Reads<'_>,
        records: &[Record],
        words: &str,
    ) -> Result<Plan, PipelineError> {
        let mut plan = Plan::default();
        for record in records {
            tracing::error!(offset = record.offset, words, "a log record made the projection panic");
            self.poison(&mut plan, reads, record, ("panicked", words.to_owned()))?;
            plan.buried.push(Uncounted::Record(record.offset));
        }
        Ok(plan)
    }

    /// Keeps a record that the projection cannot use as a dead letter.
    fn poison(
        &self,
        plan: &mut Plan,
        reads: &Reads<'_>,
        record: &Record,
        why: (&str, String),
    ) -> Result<(), PipelineError> {
        measures::unreadable_record();
        self.letters(plan).poison(reads, self.inner.settings.dead_letters, record, why)
    }

    /// The dead letters as they are after what is planned so far.
    fn letters<'a>(&self, plan: &'a mut Plan) -> &'a mut Letters {
        plan.letters.get_or_insert_with(|| self.current.letters.clone())
    }
}
