//! The projection thread: read, fold, commit, publish, and again.
//!
//! An error of the state store or the log stops it; the pipeline then refuses further events, since nothing
//! would come of them, and `/readyz` says so. A record that cannot be read is counted and passed over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tradewind_kernel::UtcMillis;
use tradewind_models::SessionNo;
use tradewind_ports::{Batch, LogReader, Offset, Record};

use crate::counted::Counted;
use crate::dedupe::Dedupe;
use crate::entry::Entry;
use crate::live::compact_if_grown;
use crate::pipeline::{Inner, PipelineError};
use crate::pulse::Pulses;
use crate::tables::OFFSET;
use crate::trending::Trending;
use crate::work::{Reads, Work};
use crate::{fold, measures};

/// Records are taken in batches of about this size, so that what was just sent is soon seen.
const BATCH_BYTES: usize = 512 << 10;
/// The same when more than a batch is waiting: a profile that several records change is then written once.
const BACKLOG_BATCH_BYTES: usize = 4 << 20;
/// So many records that wait are a backlog.
const BACKLOG: u64 = 4_000;
/// How long the thread waits for new records before it looks whether it should stop.
const IDLE: Duration = Duration::from_millis(200);
/// Rankings are made anew at most this often.
const RANK_EVERY: Duration = Duration::from_millis(500);

/// The projection and what it remembers between batches.
pub(crate) struct Projection {
    inner: Arc<Inner>,
    dedupe: Dedupe,
    counted: Counted,
    next_session: u32,
    ranked_at: Option<Instant>,
    ranking_took: Duration,
    unranked: bool,
    week_checked: i64,
    compacted_clicks: usize,
}

impl Projection {
    pub(crate) fn new(inner: Arc<Inner>) -> Result<Self, PipelineError> {
        let mut dedupe = Dedupe::new(&inner.tables);
        dedupe.prepare(inner.store.as_ref(), inner.clock.now())?;
        let sessions = inner.live.sessions.read();
        let (next_session, compacted_clicks) =
            (u32::try_from(sessions.sessions()).unwrap_or(u32::MAX), sessions.clicks());
        drop(sessions);
        Ok(Self {
            counted: Counted::of(&inner.live.catalog.load()),
            inner,
            dedupe,
            next_session,
            ranked_at: None,
            ranking_took: Duration::ZERO,
            unranked: false,
            week_checked: 0,
            compacted_clicks,
        })
    }

    /// Applies records until the pipeline is told to stop and the log is read to its end.
    pub(crate) fn run(mut self, mut reader: Box<dyn LogReader>) {
        if let Err(error) = self.follow(reader.as_mut()) {
            tracing::error!(%error, offset = reader.position(), "the projection has stopped");
            self.inner.failed.store(true, Ordering::Release);
            self.inner.live.applied.send_modify(|_| {});
        }
    }

    fn follow(&mut self, reader: &mut dyn LogReader) -> Result<(), PipelineError> {
        loop {
            let waiting = self.inner.log.end().saturating_sub(reader.position());
            let size = if waiting > BACKLOG { BACKLOG_BATCH_BYTES } else { BATCH_BYTES };
            let records = reader.read(size)?;
            if records.is_empty() {
                if self.inner.stopping.load(Ordering::Acquire) {
                    return Ok(());
                }
                self.rank_if_due();
                self.inner.log.wait_past(reader.position(), IDLE);
            } else {
                self.apply(&records, reader.position())?;
                self.rank_if_due();
            }
        }
    }

    fn apply(&mut self, records: &[Record], next: Offset) -> Result<(), PipelineError> {
        let began = Instant::now();
        let inner = Arc::clone(&self.inner);
        let reads = Reads { store: inner.store.as_ref(), tables: &inner.tables, live: &inner.live };
        let mut work = Work::default();
        let described_from = records.len().saturating_sub(Pulses::wanted());
        for (n, record) in records.iter().enumerate() {
            work.describing = n >= described_from;
            self.fold(&mut work, &reads, record)?;
        }
        let mut batch = Batch::default();
        self.dedupe.write(&mut batch);
        work.write(&reads, &mut batch)?;
        self.learn_popularity(&work, &mut batch);
        batch.put(inner.tables.meta, OFFSET, next.to_be_bytes());
        inner.store.commit(batch)?;
        self.publish(work);
        inner.live.applied.send_replace(next);
        self.expire()?;
        measures::projected(records.len() as u64, began.elapsed(), inner.log.end().saturating_sub(next));
        Ok(())
    }

    fn fold(&mut self, work: &mut Work, reads: &Reads<'_>, record: &Record) -> Result<(), PipelineError> {
        match Entry::read(&record.bytes) {
            Ok(Entry::Event(event)) if self.dedupe.is_new(reads.store, &event)? => {
                let currency = self.inner.settings.currency;
                fold::event(work, reads, &event, currency, &mut self.next_session)?;
            }
            Ok(Entry::Event(_)) => work.duplicates += 1,
            Ok(Entry::Product(product)) => fold::product(work, reads, *product, &mut self.counted),
            Ok(Entry::Change(change)) => {
                if !fold::change(work, reads, &change, &mut self.counted) {
                    measures::stock_without_product();
                }
            }
            Ok(Entry::Decision(_)) => {}
            Err(error) => {
                tracing::error!(%error, offset = record.offset, "a log record could not be read");
                measures::unreadable_record();
            }
        }
        Ok(())
    }

    /// Popularity is kept as it is written, so that both always agree: the view is changed before the
    /// commit, which is harmless, since a commit that fails ends the projection.
    fn learn_popularity(&self, work: &Work, batch: &mut Batch) {
        if work.gains.is_empty() {
            return;
        }
        let mut popularity = self.inner.live.popularity.write();
        for gain in &work.gains {
            popularity.add(gain.item, gain.at.get(), gain.weight);
        }
        let mut items: Vec<u32> = work.gains.iter().map(|g| g.item).collect();
        items.sort_unstable();
        items.dedup();
        for item in items {
            if let Some(raw) = popularity.raw(item) {
                batch.put(self.inner.tables.popularity, item.to_be_bytes(), raw.to_be_bytes());
            }
        }
    }

    /// Shows a committed batch to the readers of the live views.
    fn publish(&mut self, work: Work) {
        let live = &self.inner.live;
        if !work.new_items.is_empty() {
            let mut items = live.items.write();
            work.new_items.into_iter().for_each(|id| items.push(id));
        }
        if !work.products.is_empty() {
            let mut catalog = (**live.catalog.load()).clone();
            if catalog.is_empty() {
                self.ranked_at = None;
            }
            work.products.into_iter().for_each(|(item, product)| catalog.put(item, product));
            live.catalog.store(Arc::new(catalog));
            self.unranked = true;
        }
        if !work.clicks.is_empty() {
            let mut sessions = live.sessions.write();
            for (number, item) in work.clicks {
                while sessions.sessions() <= number as usize {
                    sessions.start_session();
                }
                sessions.click(SessionNo(number), item);
            }
            drop(sessions);
            compact_if_grown(&live.sessions, &mut self.compacted_clicks);
        }
        self.unranked |= !work.gains.is_empty();
        for (key, profile) in work.profiles {
            match profile {
                Some(profile) => live.profiles.insert(key, Arc::new(profile)),
                None => {
                    live.profiles.remove(&key);
                }
            }
        }
        for (number, record) in work.sessions {
            live.records.insert(number, Arc::new(record));
        }
        let mut latest = live.latest_event_at.lock();
        *latest = (*latest).max(work.latest_event_at);
        drop(latest);
        measures::events_applied(u64::from(work.events));
        measures::duplicates_dropped(work.duplicates);
        live.pulses.lock().note(self.inner.clock.now(), work.events, work.live_events, work.latest);
    }

    /// Makes the rankings anew, when something has changed and the last time is long enough ago; a ranking
    /// that is slow to make is made less often, so that it never takes more than some 5 % of the time.
    fn rank_if_due(&mut self) {
        let pause = RANK_EVERY.max(self.ranking_took * 20);
        if !self.unranked || self.ranked_at.is_some_and(|at| at.elapsed() < pause) {
            return;
        }
        let began = Instant::now();
        let live = &self.inner.live;
        let trending = Trending::rank(&live.popularity.read(), &live.catalog.load());
        live.trending.store(Arc::new(trending));
        self.ranking_took = began.elapsed();
        self.ranked_at = Some(Instant::now());
        self.unranked = false;
    }

    /// Drops remembered message ids that are too old, once a day of the clock.
    fn expire(&mut self) -> Result<(), PipelineError> {
        let now = self.inner.clock.now();
        let day = now.get().div_euclid(UtcMillis::DAY);
        if day != self.week_checked {
            self.week_checked = day;
            self.dedupe.expire(self.inner.store.as_ref(), now)?;
            self.dedupe.prepare(self.inner.store.as_ref(), now)?;
        }
        Ok(())
    }
}
