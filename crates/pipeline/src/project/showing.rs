//! The last step of a batch: the live views learn it, and it is kept for the next checkpoint.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use tradewind_people::{Click, SessionRecord};
use xxhash_rust::xxh3::xxh3_64;

use super::Projection;
use crate::aggregates;
use crate::audiences;
use crate::fold::{Folded, Touched};
use crate::keeper::Task;
use crate::live::Live;
use crate::measures;
use crate::pipeline::PipelineError;
use crate::plan::Plan;
use crate::reads::Reads;
use crate::sieve::key_of;

/// Clicks kept of one session's record; a longer session keeps its first ones.
const MAX_SESSION_CLICKS: usize = 2_000;

impl Projection {
    /// Shows a batch to the readers of the live views, and keeps it for the next checkpoint.
    pub(super) fn show(
        &mut self,
        reads: &Reads<'_>,
        mut plan: Plan,
        folded: Folded,
    ) -> Result<(), PipelineError> {
        let live = reads.live;
        let touch = audiences::of_batch(&plan, &folded, live);
        self.next_session += folded.begun;
        self.keep(reads, &mut plan)?;
        if let Some(features) = plan.features.take() {
            features.show(live, &mut self.current);
        }
        if let Some(audiences) = plan.audiences.take() {
            audiences.show(live, &mut self.current)?;
        }
        let is_rank_due = !plan.products.is_empty() || !plan.gains.is_empty();
        self.show_products(live, &mut plan);
        std::mem::take(&mut plan.consents).show(live, &self.inner.policy);
        aggregates::show(live, &plan.steps, &folded.gains, &mut self.current.aggregated);
        self.show_clicks(reads, &plan, &folded.touched)?;
        show_people(live, &mut plan, folded);
        if let Some(touch) = touch {
            live.touches.add(touch, live);
        }
        self.show_counts(live, plan);
        if is_rank_due {
            // A keeper that has ended has told why.
            let _ = self.keeper.send(Task::Rank);
        }
        Ok(())
    }

    /// What only the projection itself reads again.
    fn keep(&mut self, reads: &Reads<'_>, plan: &mut Plan) -> Result<(), PipelineError> {
        self.dedupe.note(&plan.seen);
        self.current.seen.extend(std::mem::take(&mut plan.seen));
        self.counted.extend(std::mem::take(&mut plan.counted));
        for uncounted in plan.duplicates.iter().chain(&plan.buried) {
            let older = reads.frozen.map(|f| &f.duplicates);
            self.current.duplicates.note(*uncounted, older, reads.store, reads.tables)?;
        }
        if let Some(letters) = plan.letters.take() {
            self.current.letters = letters;
        }
        self.current.effects.extend(std::mem::take(&mut plan.effects));
        Ok(())
    }

    /// The numbers of products, what they are, and how popular.
    fn show_products(&mut self, live: &Live, plan: &mut Plan) {
        let mut items = live.items.write();
        for id in plan.new_items.drain(..) {
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
        self.facts.extend(std::mem::take(&mut plan.facts));
        if !plan.products.is_empty() {
            let mut catalog = (**live.catalog.load()).clone();
            for (item, product) in plan.products.drain() {
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
    }

    /// Clicks, in the records of their sessions and, unless their owner refuses, in the session index.
    fn show_clicks(
        &mut self,
        reads: &Reads<'_>,
        plan: &Plan,
        touched: &[Touched],
    ) -> Result<(), PipelineError> {
        let live = reads.live;
        let mut news = Vec::with_capacity(touched.len());
        for touched in touched {
            let owner = plan.keys.key(touched.owner);
            let kept = self.remember(reads, touched, owner)?;
            if live.refused.read().refuses_training_by(owner) {
                continue;
            }
            news.extend(kept.iter().filter(|c| c.news).map(|c| (touched.session, c.item)));
        }
        live.learn_clicks(&news);
        Ok(())
    }

    /// How much there was, and when.
    fn show_counts(&mut self, live: &Live, plan: Plan) {
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
}

/// Profiles, and who is who.
fn show_people(live: &Live, plan: &mut Plan, folded: Folded) {
    if !plan.links.is_empty() {
        let mut linked = live.linked.write();
        plan.links.keys().for_each(|anonymous| linked.insert(&key_of(anonymous)));
    }
    let mut pending = live.pending.write();
    for (number, profile) in folded.profiles {
        pending.current.profiles.insert(Arc::clone(plan.keys.key(number)), profile);
    }
    pending.current.links.extend(std::mem::take(&mut plan.links));
    std::mem::take(&mut plan.woven).show(&mut pending.current, live);
}
