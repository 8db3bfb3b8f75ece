//! The books: what waits for whom, what has failed, how each endpoint is doing.
//!
//! Durable is what stands in the store; what is here in memory beside it orders the deliveries by their time: 40
//! bytes for each. How an endpoint is doing is forgotten by a restart, which asks it again.

mod desk;
mod erase;
pub(crate) mod open;
mod retry;

use std::collections::BTreeSet;
use std::sync::Arc;

use tradewind_kernel::UtcMillis;
use tradewind_pipeline::{EffectId, OutboxPage};
use tradewind_ports::{Batch, Offset, StateError, StateStore};
use xxhash_rust::xxh3::xxh3_64;

use crate::endpoint::Endpoint;
use crate::measures;
use crate::row::{Account, CURSOR, Delivery, LastAttempt, Stopped, Tables, decode, encode, id_of};
use crate::schedule::{Outcome, Trouble, Verdict, next_at, quiet_ms};

pub(crate) use retry::Asked;

/// Attempts that are under way at once.
const MAX_IN_FLIGHT: usize = 16;
/// The same at one endpoint.
const MAX_IN_FLIGHT_OF_ONE: usize = 4;
/// Deliveries that wait for one endpoint.
const MAX_WAITING: usize = 100_000;
/// Failed deliveries that are kept of one endpoint.
const MAX_FAILED: usize = 10_000;
/// How long they are kept.
const KEEP_FAILED_MS: i64 = 30 * UtcMillis::DAY;
/// How long the position stands in memory only, while there is nothing to take over.
const CURSOR_EVERY_MS: i64 = 10 * UtcMillis::SECOND;

/// Deliveries by their time.
type Timed = BTreeSet<(UtcMillis, EffectId)>;

/// An endpoint with what waits for it.
pub(crate) struct Desk {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) account: Account,
    /// By when they are due; without those under way.
    pub(crate) waiting: Timed,
    /// By when they failed.
    pub(crate) failed: Timed,
    pub(crate) in_flight: usize,
    /// Attempts in a row that ran into the endpoint's own trouble.
    pub(crate) troubles: u32,
    pub(crate) quiet_until: UtcMillis,
}

/// An attempt to be made.
pub(crate) struct Job {
    /// Which desk's.
    pub(crate) desk: usize,
    pub(crate) id: EffectId,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) delivery: Delivery,
}

/// All of it.
pub(crate) struct Books {
    store: Arc<dyn StateStore>,
    tables: Tables,
    pub(crate) desks: Vec<Desk>,
    /// Effects of records before this one were taken over.
    cursor: Offset,
    cursor_written_at: UtcMillis,
    /// Deliveries whose attempt is under way.
    under_way: BTreeSet<EffectId>,
    /// Those of them that nothing is kept of, whatever comes of the attempt.
    recalled: BTreeSet<EffectId>,
}

impl Books {
    /// Where to go on in the outbox.
    pub(crate) fn cursor(&self) -> Offset {
        self.cursor
    }

    /// Takes effects over from the outbox. Durable when it returns: they can be removed there.
    pub(crate) fn take_over(&mut self, page: &OutboxPage, now: UtcMillis) -> Result<(), StateError> {
        let mut batch = Batch::default();
        let (cursor, tables) = (self.cursor, self.tables);
        for desk in &mut self.desks {
            for (offset, effect_id, effect) in &page.effects {
                let is_new = *offset >= cursor && *offset >= desk.account.since;
                if !is_new || desk.account.stopped.is_some() || !desk.endpoint.topics.contains(effect.topic())
                {
                    continue;
                }
                let id = id_of(*effect_id, &desk.endpoint.name);
                let mut delivery = Delivery {
                    endpoint: desk.endpoint.name.clone(),
                    effect: effect.clone(),
                    taken_at: now,
                    attempts: 0,
                    due_at: now,
                    has_failed: false,
                    last: None,
                };
                if desk.waiting.len() < MAX_WAITING {
                    desk.waiting.insert((now, id));
                } else {
                    let detail = format!("{MAX_WAITING} deliveries waited for the endpoint already");
                    delivery.last = Some(attempt(now, None, "too_many_waiting", detail));
                    delivery.has_failed = true;
                    desk.failed.insert((now, id));
                }
                batch.put(tables.deliveries, id.0, encode(&delivery)?);
            }
            desk.forget_old(now, tables, &mut batch)?;
        }
        let is_due = now.since(self.cursor_written_at).abs() >= CURSOR_EVERY_MS;
        if page.upto > self.cursor && (is_due || !page.effects.is_empty()) {
            batch.put(tables.meta, CURSOR, page.upto.to_be_bytes());
            self.cursor_written_at = now;
        }
        self.cursor = self.cursor.max(page.upto);
        if !batch.is_empty() {
            self.store.commit(&batch)?;
        }
        if !page.effects.is_empty() {
            self.store.sync()?;
        }
        Ok(())
    }

    /// The next attempt to make now, if there is one and room for it.
    pub(crate) fn next(&mut self, now: UtcMillis) -> Result<Option<Job>, StateError> {
        if !self.has_room() {
            return Ok(None);
        }
        let due = |(n, desk): (usize, &Desk)| desk.due_at().filter(|at| *at <= now).map(|at| (at, n));
        let Some((_, n)) = self.desks.iter().enumerate().filter_map(due).min() else { return Ok(None) };
        let desk = &mut self.desks[n];
        let Some((_, id)) = desk.waiting.pop_first() else { return Ok(None) };
        let Some(row) = self.store.get(self.tables.deliveries, &id.0)? else { return self.next(now) };
        desk.in_flight += 1;
        self.under_way.insert(id);
        Ok(Some(Job { desk: n, id, endpoint: Arc::clone(&desk.endpoint), delivery: decode(&row)? }))
    }

    /// When the next attempt can be made, if nothing comes in between; none while there is no room for one.
    pub(crate) fn wakes_at(&self) -> Option<UtcMillis> {
        self.desks.iter().filter_map(Desk::due_at).min().filter(|_| self.has_room())
    }

    fn has_room(&self) -> bool {
        self.desks.iter().map(|desk| desk.in_flight).sum::<usize>() < MAX_IN_FLIGHT
    }

    /// Writes down what came of an attempt.
    pub(crate) fn settle(&mut self, job: Job, outcome: &Outcome, now: UtcMillis) -> Result<(), StateError> {
        let Job { desk: n, id, mut delivery, .. } = job;
        self.under_way.remove(&id);
        let is_recalled = self.recalled.remove(&id);
        let (tables, desk) = (self.tables, &mut self.desks[n]);
        let mut batch = Batch::default();
        desk.in_flight -= 1;
        delivery.attempts += 1;
        delivery.last = Some(attempt(now, outcome.status(), outcome.cause(), outcome.detail()));
        let verdict = if desk.account.stopped.is_some() && outcome.verdict() != Verdict::Delivered {
            Verdict::Gone
        } else {
            outcome.verdict()
        };
        match verdict {
            Verdict::Delivered => {
                batch.delete(tables.deliveries, id.0);
                desk.account.delivered += 1;
                desk.account.delivered_at = Some(now);
                (desk.troubles, desk.quiet_until) = (0, UtcMillis::default());
            }
            Verdict::Gone => {
                if !is_recalled {
                    desk.fail(id, delivery, now, tables, &mut batch)?;
                }
                desk.stop(self.store.as_ref(), tables, now, &mut batch)?;
            }
            Verdict::Again { after_ms, trouble } => {
                let seed = seed_of(id, delivery.attempts);
                let pauses = &desk.endpoint.pauses_ms;
                if trouble == Trouble::Endpoint {
                    desk.troubles = desk.troubles.saturating_add(1);
                    desk.quiet_until = now.plus(quiet_ms(pauses, desk.troubles, after_ms, seed));
                } else {
                    desk.troubles = 0;
                }
                match next_at(now, pauses, delivery.attempts, after_ms, seed) {
                    _ if is_recalled => {}
                    Some(at) => desk.wait(id, delivery, at, tables, &mut batch)?,
                    None => desk.fail(id, delivery, now, tables, &mut batch)?,
                }
            }
        }
        desk.write(tables, &mut batch)?;
        measures::attempted(&desk.endpoint.name, outcome);
        self.store.commit(&batch)
    }

    /// Makes durable what would be lost to a power cut.
    pub(crate) fn close(&self) -> Result<(), StateError> {
        let mut batch = Batch::default();
        batch.put(self.tables.meta, CURSOR, self.cursor.to_be_bytes());
        self.store.commit(&batch)?;
        self.store.sync()
    }

    /// Tells the metrics how things are.
    pub(crate) fn measure(&self) {
        for desk in &self.desks {
            measures::stand(&desk.endpoint.name, desk.waiting.len() + desk.in_flight, desk.failed.len());
        }
    }

    /// The delivery of an id, as it stands in the store.
    pub(crate) fn delivery(&self, id: EffectId) -> Result<Option<Delivery>, StateError> {
        self.store.get(self.tables.deliveries, &id.0)?.map(|row| decode(&row)).transpose()
    }
}

fn attempt(at: UtcMillis, status: Option<u16>, cause: &str, detail: String) -> LastAttempt {
    LastAttempt { at, status, cause: cause.to_owned(), detail }
}

/// What spreads the attempts of different deliveries.
fn seed_of(id: EffectId, attempts: usize) -> u64 {
    xxh3_64(&id.0).wrapping_add((attempts as u64).wrapping_mul(0x9e37_79b9))
}

#[cfg(test)]
mod tests;
