//! What happened in the shop: all visits over a number of days, as canonical events in the order of time.
//!
//! Visits are played in the order of their starts. Their events wait in a heap until no later visit can begin
//! before them, so that overlapping visits interleave; the heap holds the open visits and the returns to come.
//! Played time runs from the start of `start`'s UTC day; nothing later than the last day's end but for the visits
//! that are then under way.

mod checkout;
mod lists;
mod session;
mod write;

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use rustc_hash::FxHashMap;
use tradewind_events::Event;
use tradewind_kernel::UtcMillis;

use crate::math::{month_index, weekday_index};
use crate::rng::{Rng, text_key};
use crate::shop::Shop;
use crate::shopper::Shopper;

/// What a history is played from. Equal parameters on equal shops give equal events, byte for byte.
#[derive(Debug, Clone)]
pub struct HistoryParams {
    /// The seed of everything random in it, the shoppers included.
    pub seed: u64,
    /// The first day.
    pub start: UtcMillis,
    /// How many days.
    pub days: u32,
    /// Visits on an ordinary day; weekends and December have more.
    pub sessions_per_day: u32,
    /// How many returning shoppers there are; they make 55 % of the visits. The others come once.
    pub shoppers: u32,
}

impl Default for HistoryParams {
    /// Sixty days from 2026-01-01 with 800 visits on each, 6,000 returning shoppers.
    fn default() -> Self {
        Self {
            seed: 1,
            start: UtcMillis::new(1_767_225_600_000),
            days: 60,
            sessions_per_day: 800,
            shoppers: 6_000,
        }
    }
}

/// Share of the visits that returning shoppers make.
const RETURNING: f64 = 0.55;

/// How many more visits a weekday (Monday first) and a month have than an ordinary one.
const WEEKDAYS: [f64; 7] = [1.02, 0.95, 0.94, 0.96, 0.92, 1.02, 1.24];
const MONTHS: [f64; 12] = [0.92, 0.88, 0.92, 0.98, 1.02, 1.04, 1.04, 0.96, 0.98, 1.04, 1.26, 1.42];

/// When in their day people visit, by the hour.
const HOURS: [f64; 24] = [
    0.7, 0.4, 0.2, 0.2, 0.2, 0.4, 1.0, 2.0, 3.0, 3.8, 4.2, 4.4, 5.0, 4.8, 4.2, 4.0, 4.3, 4.8, 5.6, 6.6, 7.6,
    7.4, 5.2, 2.4,
];

/// A returning shopper's past, as far as it matters.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// When their last visit ended.
    busy_until: UtcMillis,
    /// Whether a browser of theirs is signed in.
    signed_in: bool,
}

/// A visit that will begin.
#[derive(Debug)]
struct Start {
    at: UtcMillis,
    shopper: Shopper,
    luck: u64,
}

/// An event that waits for its turn.
#[derive(Debug)]
struct Pending {
    at: UtcMillis,
    number: u64,
    event: Event,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// An iterator over all events of a history. Message ids are `sim-<seed>-<n>`, n counting from 1.
#[derive(Debug)]
pub struct History<'a> {
    shop: &'a Shop,
    params: HistoryParams,
    facts: write::Facts,
    day: u32,
    starts: VecDeque<Start>,
    pending: BinaryHeap<Reverse<Pending>>,
    pasts: FxHashMap<u64, Past>,
    sessions: u64,
    orders: u64,
    queued: u64,
    yielded: u64,
}

impl<'a> History<'a> {
    /// A history that has yet to be played.
    #[must_use]
    pub fn new(shop: &'a Shop, params: &HistoryParams) -> Self {
        let whole_day = params.start.get().div_euclid(UtcMillis::DAY) * UtcMillis::DAY;
        Self {
            shop,
            params: HistoryParams { start: UtcMillis::new(whole_day), ..params.clone() },
            facts: write::Facts::of(shop),
            day: 0,
            starts: VecDeque::new(),
            pending: BinaryHeap::new(),
            pasts: FxHashMap::default(),
            sessions: 0,
            orders: 0,
            queued: 0,
            yielded: 0,
        }
    }

    /// The end of the last day.
    fn end(&self) -> UtcMillis {
        self.params.start.plus(i64::from(self.params.days) * UtcMillis::DAY)
    }

    /// Draws the visits of the next day, in the order of their starts. False after the last day.
    fn plan_day(&mut self) -> bool {
        if self.day >= self.params.days {
            return false;
        }
        let midnight = self.params.start.plus(i64::from(self.day) * UtcMillis::DAY);
        let mut rng = Rng::new(&[self.params.seed, text_key("day"), u64::from(self.day)]);
        let busy =
            WEEKDAYS[weekday_index(midnight)] * MONTHS[month_index(midnight)] * (1.0 + 0.05 * rng.normal());
        let visits = (f64::from(self.params.sessions_per_day) * busy).round().max(0.0) as u64;
        let mut starts: Vec<Start> =
            (0..visits).map(|nth| self.draw_start(midnight, nth, &mut rng)).collect();
        starts.sort_by_key(|start| (start.at, start.luck));
        self.starts = starts.into();
        self.day += 1;
        true
    }

    fn draw_start(&self, midnight: UtcMillis, nth: u64, rng: &mut Rng) -> Start {
        let seed = self.params.seed;
        let shopper = if self.params.shoppers > 0 && rng.chance(RETURNING) {
            let keen = rng.unit() * rng.unit();
            self.shop.shopper(seed, (keen * f64::from(self.params.shoppers)) as u64)
        } else {
            self.shop.passer_by(seed, (u64::from(self.day) << 32) + nth)
        };
        let hour = i64::try_from(rng.weighted(&HOURS)).unwrap_or(12) - shopper.place().offset_hours;
        let within = (rng.unit() * UtcMillis::HOUR as f64) as i64;
        let at = midnight.plus(hour.rem_euclid(24) * UtcMillis::HOUR + within);
        Start { at, shopper, luck: rng.bits() }
    }

    /// Plays one visit and queues its events.
    fn play(&mut self, start: Start) {
        let Start { at, shopper, luck } = start;
        let past = self.pasts.get(&shopper.number).filter(|_| shopper.returning);
        if past.is_some_and(|p| p.busy_until >= at) {
            return;
        }
        self.sessions += 1;
        let signed_in = past.is_some_and(|p| p.signed_in);
        let opening =
            session::Opening { at, number: self.sessions, luck, signed_in, next_order: self.orders + 1 };
        let returning = shopper.returning.then_some(shopper.number);
        let seed = self.params.seed;
        let outcome = session::play(self.shop, &self.facts, &shopper, opening, seed);
        self.orders += outcome.orders;
        if let Some(number) = returning {
            self.pasts.insert(number, Past { busy_until: outcome.ended_at, signed_in: outcome.signed_in });
        }
        let end = self.end();
        for event in outcome.events {
            self.queue(event);
        }
        for event in outcome.later.into_iter().filter(|event| event.occurred_at < end) {
            self.queue(event);
        }
    }

    fn queue(&mut self, event: Event) {
        self.queued += 1;
        self.pending.push(Reverse(Pending { at: event.occurred_at, number: self.queued, event }));
    }
}

impl Iterator for History<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if self.starts.is_empty() && self.plan_day() {
                continue;
            }
            let next_start = self.starts.front().map(|start| start.at);
            let due = self.pending.peek().map(|Reverse(first)| first.at);
            match (next_start, due) {
                (None, None) => return None,
                (Some(start), due) if due.is_none_or(|due| due >= start) => {
                    let start = self.starts.pop_front()?;
                    self.play(start);
                }
                _ => {
                    let Reverse(mut first) = self.pending.pop()?;
                    self.yielded += 1;
                    first.event.message_id = format!("sim-{}-{}", self.params.seed, self.yielded);
                    return Some(first.event);
                }
            }
        }
    }
}
