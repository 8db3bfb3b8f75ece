//! The projection thread: read, fold, show, and again.
//!
//! A batch of records goes through [`prepare`](crate::prepare) and [`fold`](crate::fold), which the cores
//! share, with [`plan`](crate::plan) between them, which keeps the log's order. What comes out does not depend
//! on how the log was cut into batches nor on who folded what, so that a rebuild gives the same bytes. Then the
//! live views learn it, and the offset counts as applied. The store learns it later, from the
//! [keeper](crate::keeper).
//!
//! An error of the state store or the log stops it; the pipeline then refuses further events, since nothing
//! would come of them, and `/readyz` says so. A record that cannot be read, or makes the folding panic, is
//! counted, kept as a dead letter and passed over.

use std::collections::hash_map::Entry;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tradewind_people::{Click, SessionRecord};
use tradewind_ports::{LogReader, Offset, Record, block_on};
use xxhash_rust::xxh3::xxh3_64;

use crate::audiences;
use crate::changes::Changes;
use crate::counted::Counted;
use crate::dead_letters::{Note, words_of_panic};
use crate::dedupe::Dedupe;
use crate::duplicates::Uncounted;
use crate::erasure::{self, Order};
use crate::facts::{Before, Facts};
use crate::fold::{self, Folded, Touched};
use crate::keeper::{CHECKPOINT_RECORDS, Pace, Task, committed};
use crate::measures;
use crate::outbox::Effects;
use crate::pipeline::{Inner, PipelineError};
use crate::plan::{Plan, Views};
use crate::prepare::{self, Item, Prepared};
use crate::pulse::Pulses;
use crate::reads::Reads;
use crate::sieve::key_of;

/// Records are taken in batches of about this size, so that what was just sent is soon seen.
const BATCH_BYTES: usize = 512 << 10;
/// How long the thread waits for new records before it looks whether it should stop.
const IDLE: Duration = Duration::from_millis(200);
/// Clicks kept of one session's record; a longer session keeps its first ones.
const MAX_SESSION_CLICKS: usize = 2_000;

/// The projection and what it remembers between batches.
pub(crate) struct Projection {
    inner: Arc<Inner>,
    dedupe: Dedupe,
    counted: Counted,
    facts: Facts,
    pool: rayon::ThreadPool,
    keeper: mpsc::Sender<Task>,
    pace: Pace,
    next_session: u32,
    /// Since the last checkpoint; profiles and links are in [`Live::pending`].
    current: Changes,
    frozen: Option<Arc<Changes>>,
}

impl Projection {
    pub(crate) fn new(inner: Arc<Inner>, keeper: mpsc::Sender<Task>) -> Result<Self, PipelineError> {
        let dedupe = Dedupe::new(inner.store.as_ref(), &inner.tables)?;
        dedupe.prepare(inner.store.as_ref(), inner.clock.now())?;
        let next_session = u32::try_from(inner.live.sessions.read().sessions()).unwrap_or(u32::MAX);
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|n| format!("fold-{n}"))
            .build()
            .map_err(|e| crate::live::damaged("the folding threads", &e))?;
        let (pace, current, frozen) = (Pace::new(), Changes::default(), None);
        let catalog = inner.live.catalog.load();
        let counted = Counted::of(&catalog);
        let facts = Facts::of(&catalog, inner.settings.currency);
        drop(catalog);
        Ok(Self { inner, dedupe, counted, facts, pool, keeper, pace, next_session, current, frozen })
    }

    /// Applies records until the pipeline is told to stop and the log is read to its end.
    pub(crate) fn run(mut self, mut reader: Box<dyn LogReader>) {
        if let Err(error) = self.follow(reader.as_mut()) {
            tracing::error!(%error, offset = reader.position(), "the projection has stopped");
            self.inner.fail();
        }
    }

    fn follow(&mut self, reader: &mut dyn LogReader) -> Result<(), PipelineError> {
        loop {
            let records = reader.read(BATCH_BYTES)?;
            if records.is_empty() {
                self.checkpoint(self.current.records > 0)?;
                if self.inner.stopping.load(Ordering::Acquire) {
                    return self.finish();
                }
                self.inner.log.wait_past(reader.position(), IDLE);
            } else {
                self.apply(&records, reader.position())?;
                self.checkpoint(self.pace.is_due(self.current.records))?;
            }
            self.obey(reader.position())?;
            if self.inner.failed.load(Ordering::Acquire) {
                return Ok(());
            }
        }
    }

    /// Removes whom it was told to, if anybody. Nothing else happens meanwhile; `next` is the next record.
    fn obey(&mut self, next: Offset) -> Result<(), PipelineError> {
        let orders = std::mem::take(&mut *self.inner.orders.lock());
        if orders.is_empty() {
            return Ok(());
        }
        self.finish()?;
        self.checkpoint(false)?;
        let inner = Arc::clone(&self.inner);
        if inner.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let reads = Reads {
            store: inner.store.as_ref(),
            tables: &inner.tables,
            live: &inner.live,
            frozen: None,
            currency: inner.settings.currency,
        };
        for Order { whose, reply } in orders {
            // Whoever no longer waits does not need the answer.
            let _ = reply.send((erasure::remove(&reads, &whose)?, next));
        }
        Ok(())
    }

    /// Waits until the store has everything.
    fn finish(&mut self) -> Result<(), PipelineError> {
        while self.current.records > 0 {
            if !block_on(committed(&self.inner, self.frozen.as_ref().map_or(0, |f| f.next))) {
                return Ok(());
            }
            self.checkpoint(true)?;
        }
        block_on(committed(&self.inner, self.frozen.as_ref().map_or(0, |f| f.next)));
        Ok(())
    }

    /// Applies records in as many batches as it takes: one, unless folding panics. Then each half is a batch
    /// of its own, down to the poisonous record, which becomes a dead letter.
    fn apply(&mut self, records: &[Record], next: Offset) -> Result<(), PipelineError> {
        let began = Instant::now();
        let inner = Arc::clone(&self.inner);
        let frozen = self.frozen.clone();
        let reads = Reads {
            store: inner.store.as_ref(),
            tables: &inner.tables,
            live: &inner.live,
            frozen: frozen.as_deref(),
            currency: inner.settings.currency,
        };
        let (plan, folded) = match std::panic::catch_unwind(AssertUnwindSafe(|| self.fold(&reads, records))) {
            Ok(folded) => folded?,
            Err(panic) if records.len() <= 1 => {
                (self.bury(&reads, records, &words_of_panic(panic.as_ref()))?, Folded::default())
            }
            Err(_) => {
                let (before, after) = records.split_at(records.len() / 2);
                self.apply(before, after[0].offset)?;
                return self.apply(after, next);
            }
        };
        self.show(&reads, plan, folded)?;
        self.current.records += records.len() as u64;
        self.current.next = next;
        inner.live.applied.send_replace(next);
        self.expire()?;
        let (count, took) = (records.len() as u64, began.elapsed());
        inner.gate.learn(count, took);
        measures::projected(count, took, inner.log.end().saturating_sub(next));
        Ok(())
    }

    /// What records do, before anybody sees it; nothing has changed yet.
    fn fold(&self, reads: &Reads<'_>, records: &[Record]) -> Result<(Plan, Folded), PipelineError> {
        let items = self.shared(records.len(), || prepare::prepare(records, reads, &self.dedupe));
        let plan = self.plan(reads, records, items)?;
        let next_session = self.next_session;
        let folded = self.shared(plan.steps.len(), || fold::fold(&plan, reads, next_session))?;
        Ok((plan, folded))
    }

    /// Keeps a record that makes the folding panic as a dead letter.
    fn bury(&self, reads: &Reads<'_>, records: &[Record], words: &str) -> Result<Plan, PipelineError> {
        let mut letters = self.current.letters.clone();
        for record in records {
            tracing::error!(offset = record.offset, words, "a log record made the projection panic");
            measures::unreadable_record();
            let limits = self.inner.settings.dead_letters;
            letters.poison(reads, limits, record, ("panicked", words.to_owned()))?;
        }
        let mut plan = Plan::default();
        plan.letters = Some(letters);
        plan.buried = records.iter().map(|record| Uncounted::Record(record.offset)).collect();
        Ok(plan)
    }

    /// Does a step with all cores if it is worth it.
    fn shared<T: Send>(&self, size: usize, step: impl FnOnce() -> T + Send) -> T {
        if size < prepare::WORTH_SHARING { step() } else { self.pool.install(step) }
    }

    /// The second step: in the log's order.
    fn plan(
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
            match item? {
                Item::Event(prepared) => {
                    let place = Uncounted::Record(record.offset);
                    self.event(&mut plan, reads, &views, place, prepared)?;
                }
                Item::Product(product) => plan.product(&views, *product),
                Item::Change(change) => {
                    if !plan.change(&views, &change) {
                        measures::stock_without_product();
                    }
                }
                Item::Identity(command) => plan.command(reads, &command)?,
                Item::Note(note) => {
                    let letters = plan.letters.get_or_insert_with(|| self.current.letters.clone());
                    let limits = self.inner.settings.dead_letters;
                    let is_redrive = matches!(*note, Note::Redriven { .. });
                    let again = letters.note(reads, limits, record.offset, *note)?;
                    if is_redrive && again.is_empty() {
                        plan.duplicates.push(Uncounted::Record(record.offset));
                    }
                    let is_one_of_several = again.len() > 1;
                    for (n, (event, at)) in (0..).zip(again) {
                        let prepared = prepare::of_event((&event).into(), at, reads, &self.dedupe)?;
                        let place = Uncounted::of(record.offset, is_one_of_several.then_some(n));
                        self.event(&mut plan, reads, &views, place, prepared)?;
                    }
                }
                Item::Features(note) => plan.features.get_or_insert_default().apply(reads, &note)?,
                Item::Audience(note) => {
                    plan.audiences.get_or_insert_default().apply(reads, &note, &mut plan.effects)?;
                }
                Item::Nothing => {}
                Item::Unreadable(error) => {
                    tracing::error!(%error, offset = record.offset, "a log record could not be read");
                    measures::unreadable_record();
                    let letters = plan.letters.get_or_insert_with(|| self.current.letters.clone());
                    let limits = self.inner.settings.dead_letters;
                    letters.poison(reads, limits, record, ("unreadable", error.to_string()))?;
                }
            }
        }
        Ok(plan)
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

    /// Shows a batch to the readers of the live views, and keeps it for the next checkpoint.
    fn show(&mut self, reads: &Reads<'_>, plan: Plan, folded: Folded) -> Result<(), PipelineError> {
        let live = reads.live;
        let touch = audiences::of_batch(&plan, &folded, live);
        self.next_session += folded.begun;
        self.dedupe.note(&plan.seen);
        self.current.seen.extend(plan.seen);
        self.counted.extend(plan.counted);
        for uncounted in plan.duplicates.iter().chain(&plan.buried) {
            let older = reads.frozen.map(|f| &f.duplicates);
            self.current.duplicates.note(*uncounted, older, reads.store, reads.tables)?;
        }
        if let Some(letters) = plan.letters {
            self.current.letters = letters;
        }
        self.current.effects.extend(plan.effects);
        if let Some(features) = plan.features {
            features.show(live, &mut self.current);
        }
        if let Some(audiences) = plan.audiences {
            audiences.show(live, &mut self.current)?;
        }
        let is_rank_due = !plan.products.is_empty() || !plan.gains.is_empty();
        let mut items = live.items.write();
        for id in plan.new_items {
            self.current.items.push((items.len(), Arc::clone(&id)));
            items.push(id);
        }
        drop(items);
        if !plan.facts.words.is_empty() {
            let mut words = live.words.write();
            for text in &plan.facts.words {
                self.current.words.push((words.len(), Arc::clone(text)));
                words.push(Arc::clone(text));
            }
        }
        self.facts.extend(plan.facts);
        if !plan.products.is_empty() {
            let mut catalog = (**live.catalog.load()).clone();
            for (item, product) in plan.products {
                self.current.products.insert(item, Arc::clone(&product));
                catalog.put(item, product);
            }
            live.catalog.store(Arc::new(catalog));
        }
        if !plan.gains.is_empty() {
            let mut popularity = live.popularity.write();
            for gain in &plan.gains {
                popularity.add(gain.item, gain.at.get(), gain.weight);
                self.current.gained.insert(gain.item);
            }
        }
        plan.consents.show(live, &self.inner.policy);
        let mut news = Vec::with_capacity(folded.touched.len());
        for touched in &folded.touched {
            let kept = self.remember(reads, touched, plan.keys.key(touched.owner))?;
            if live.refused.read().refuses_training_by(plan.keys.key(touched.owner)) {
                continue;
            }
            news.extend(kept.iter().filter(|c| c.news).map(|c| (touched.session, c.item)));
        }
        live.learn_clicks(&news);
        if !plan.links.is_empty() {
            let mut linked = live.linked.write();
            plan.links.keys().for_each(|anonymous| linked.insert(&key_of(anonymous)));
        }
        let mut pending = live.pending.write();
        for (number, profile) in folded.profiles {
            pending.current.profiles.insert(Arc::clone(plan.keys.key(number)), profile);
        }
        pending.current.links.extend(plan.links);
        plan.woven.show(&mut pending.current, live);
        drop(pending);
        if let Some(touch) = touch {
            live.touches.add(touch, live);
        }
        live.counters.lock().add(&plan.counts, &mut self.current.counts);
        let now = self.inner.clock.now();
        if let Some(received_at) = plan.first_received {
            measures::shown(now.since(received_at));
        }
        let mut latest = live.latest_event_at.lock();
        *latest = (*latest).max(plan.latest_event_at);
        drop(latest);
        measures::events_applied(u64::from(plan.events));
        measures::duplicates_dropped(plan.duplicates.len() as u64);
        live.pulses.lock().note(now, plan.events, plan.live_events, plan.latest);
        if is_rank_due {
            // A keeper that has ended has told why.
            let _ = self.keeper.send(Task::Rank);
        }
        Ok(())
    }

    /// Writes what was touched into its session's record. Gives what the record had room for.
    fn remember<'a>(
        &mut self,
        reads: &Reads<'_>,
        touched: &'a Touched,
        owner: &str,
    ) -> Result<&'a [Click], PipelineError> {
        let record = match self.current.sessions.entry(touched.session) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let begin = || SessionRecord {
                    subject_hash: xxh3_64(owner.as_bytes()),
                    started_at: touched.at,
                    last_at: touched.at,
                    clicks: Vec::new(),
                };
                entry.insert(reads.session(touched.session)?.unwrap_or_else(|| Arc::new(begin())))
            }
        };
        let record = Arc::make_mut(record);
        record.last_at = record.last_at.max(touched.at);
        let room = MAX_SESSION_CLICKS.saturating_sub(record.clicks.len());
        let kept = &touched.clicks[..room.min(touched.clicks.len())];
        record.clicks.extend_from_slice(kept);
        Ok(kept)
    }

    /// Hands what has changed to the keeper, if it is due and the keeper is done with the last. Waits for it
    /// when very much has changed.
    fn checkpoint(&mut self, is_due: bool) -> Result<(), PipelineError> {
        let live = &self.inner.live;
        if let Some(frozen) = &self.frozen {
            if self.current.records >= 2 * CHECKPOINT_RECORDS {
                block_on(committed(&self.inner, frozen.next));
            }
            if *live.checkpointed.borrow() < frozen.next {
                return Ok(());
            }
            self.frozen = None;
        }
        if !is_due || self.inner.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut changes = std::mem::take(&mut self.current);
        let popularity = live.popularity.read();
        let raw = |item| popularity.raw(item).map(|raw| (item, raw));
        changes.popularity = changes.gained.drain().filter_map(raw).collect();
        drop(popularity);
        let mut pending = live.pending.write();
        changes.people = std::mem::take(&mut pending.current);
        let changes = Arc::new(changes);
        pending.frozen = Some(Arc::clone(&changes));
        drop(pending);
        self.frozen = Some(Arc::clone(&changes));
        self.pace.handed_over();
        // A keeper that has ended has told why, and the pipeline has failed.
        let _ = self.keeper.send(Task::Commit(changes));
        Ok(())
    }

    /// Drops remembered message ids that are too old, once a day of the clock, when nothing is being written.
    fn expire(&mut self) -> Result<(), PipelineError> {
        let now = self.inner.clock.now();
        if self.frozen.is_none() && self.pace.is_new_day(now) {
            let store = self.inner.store.as_ref();
            self.dedupe.expire(store, now, &mut self.current.seen)?;
            self.dedupe.prepare(store, now)?;
        }
        Ok(())
    }
}
