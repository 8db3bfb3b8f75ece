//! The gate before the log: no more goes in than the projection will soon have applied.
//!
//! Appends wait for their turn, first come first served, while what is in the log and not applied is worth more
//! than [`GateTargets::lag`] at the projection's pace. So an event that was acknowledged is in its profile soon
//! after, also under full load. If what waits would take longer than [`GateTargets::queue`] to apply, newcomers
//! are refused at once.
//!
//! Who asks before its body is read gets a [`Seat`] and counts from then on, by the size of the body, so that no
//! more are let in than will be taken: reading what is then refused would cost those that are taken. Seats count
//! only while appends have to wait, so that bodies that come slowly keep nobody out of a server at rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, Notify};

/// How much may wait, as time that applying it takes at the pace that the projection shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateTargets {
    /// What may lie in the log unapplied; more lets the cores share larger batches, and shows events later.
    pub lag: Duration,
    /// What may wait before the gate; beyond it newcomers are refused.
    pub queue: Duration,
}

impl Default for GateTargets {
    fn default() -> Self {
        Self { lag: Duration::from_millis(40), queue: Duration::from_millis(500) }
    }
}

/// So many records may lie unapplied whatever the pace.
const LAG_FLOOR: u64 = 1_000;
/// Records a second that a pipeline is believed to apply before it has shown what it can.
const FIRST_GUESS: u64 = 20_000;
/// Batches with fewer records say little of the pace.
const TELLING: u64 = 256;

/// Bytes of a record before one was seen.
const FIRST_SIZE: u64 = 512;

/// The gate's counts.
pub(crate) struct Gate {
    targets: GateTargets,
    turn: Mutex<()>,
    /// Records of those that were let in and are not answered, by the sizes of their bodies.
    seated: AtomicU64,
    /// Bytes of a record, a moving mean.
    size: AtomicU64,
    /// Records of appends that wait for their turn.
    waiting: AtomicU64,
    /// Records handed to the log and not durable yet.
    in_flight: AtomicU64,
    /// Told when some of those have arrived.
    arrived: Notify,
    /// Records a second, a moving mean.
    pace: AtomicU64,
}

/// Takes a number off a counter when dropped.
pub(crate) struct Counted<'a> {
    counter: &'a AtomicU64,
    number: u64,
    told: Option<&'a Notify>,
}

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicU64, number: u64, told: Option<&'a Notify>) -> Self {
        counter.fetch_add(number, Ordering::AcqRel);
        Self { counter, number, told }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.counter.fetch_sub(self.number, Ordering::AcqRel);
        if let Some(told) = self.told {
            told.notify_one();
        }
    }
}

impl Gate {
    pub(crate) fn new(targets: GateTargets) -> Self {
        let (turn, arrived, pace) = (Mutex::new(()), Notify::new(), AtomicU64::new(FIRST_GUESS));
        let (seated, size) = (AtomicU64::new(0), AtomicU64::new(FIRST_SIZE));
        let (waiting, in_flight) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { targets, turn, seated, size, waiting, in_flight, arrived, pace }
    }

    /// Notes how large records are.
    pub(crate) fn learn_size(&self, records: &[Vec<u8>]) {
        let bytes: usize = records.iter().map(Vec::len).sum();
        if let Some(mean) = (bytes as u64).checked_div(records.len() as u64) {
            let before = self.size.load(Ordering::Relaxed);
            self.size.store((before * 7 + mean) / 8, Ordering::Relaxed);
        }
    }

    /// Notes how long a batch took to apply.
    pub(crate) fn learn(&self, records: u64, took: Duration) {
        if records < TELLING {
            return;
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let shown = records.saturating_mul(1_000_000) / micros;
        let before = self.pace.load(Ordering::Relaxed);
        self.pace.store((before * 7 + shown) / 8, Ordering::Relaxed);
    }

    /// Records that are applied in this time.
    fn in_time(&self, time: Duration) -> u64 {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        (self.pace.load(Ordering::Relaxed).saturating_mul(millis) / 1_000).max(LAG_FLOOR)
    }

    /// Whether no newcomer can be taken now, with so many records durable and not applied.
    pub(crate) fn is_overloaded(&self, lag: u64) -> bool {
        let soon = self.in_time(self.targets.lag);
        let most = soon + self.in_time(self.targets.queue);
        let is_full = |waiting: u64| waiting + lag > most;
        let under_way = self.under_way();
        is_full(under_way) || (under_way + lag >= soon && is_full(self.seated.load(Ordering::Acquire)))
    }

    /// Whether not even those that were let in can be taken, because there are far more than was thought.
    pub(crate) fn is_flooded(&self, lag: u64) -> bool {
        let before = self.under_way() + lag;
        before > self.in_time(self.targets.lag) + 2 * self.in_time(self.targets.queue)
    }

    /// Records that wait for the log to have them.
    fn under_way(&self) -> u64 {
        self.waiting.load(Ordering::Acquire) + self.in_flight.load(Ordering::Acquire)
    }

    /// Lets in a request with a body of so many bytes.
    pub(crate) fn seat(self: &Arc<Self>, bytes: usize) -> Seat {
        let size = self.size.load(Ordering::Relaxed).max(1);
        let records = (bytes as u64).div_ceil(size);
        self.seated.fetch_add(records, Ordering::AcqRel);
        Seat { gate: Arc::clone(self), records }
    }

    /// Whether the next append may go on, with so many records durable and not applied.
    pub(crate) fn has_room(&self, lag: u64) -> bool {
        self.in_flight.load(Ordering::Acquire) + lag < self.in_time(self.targets.lag)
    }

    /// Waits in line with so many records.
    pub(crate) fn queue(&self, records: u64) -> Counted<'_> {
        Counted::new(&self.waiting, records, None)
    }

    /// The turn of whoever has waited longest.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Waits until something that was on its way to the log has arrived there. One may wait at a time.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Counts records as handed to the log until they are durable.
    pub(crate) fn send(&self, records: u64) -> Counted<'_> {
        Counted::new(&self.in_flight, records, Some(&self.arrived))
    }
}

/// The place of a request that was let in, until it is answered.
pub struct Seat {
    gate: Arc<Gate>,
    records: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.gate.seated.fetch_sub(self.records, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_let_in_counts_before_it_is_read_and_is_taken_after() {
        let gate = Arc::new(Gate::new(GateTargets::default()));
        gate.learn_size(&[]);
        for _ in 0..100 {
            gate.learn_size(&[vec![0; 50], vec![0; 150]]);
        }
        // 20,000 a second are 1,000 and 10,000 records, here of 100 bytes.
        let seat = gate.seat(1_000_000);
        assert!(!gate.is_overloaded(999), "a body that comes slowly keeps nobody out while nobody waits");
        assert!(!gate.is_overloaded(1_000) && gate.is_overloaded(1_001), "who waits is in front of others");
        assert!(!gate.is_flooded(1_001), "and is not refused any more");
        let queued = gate.queue(10_000);
        assert!(!gate.is_overloaded(1_000), "a request in line is not counted twice");
        drop(queued);
        let more = gate.queue(21_001);
        assert!(gate.is_flooded(0) && gate.is_overloaded(0));
        drop((seat, more));
        assert!(!gate.is_overloaded(11_000) && gate.is_overloaded(11_001));
    }

    #[test]
    fn room_and_refusal_follow_the_pace() {
        let gate = Gate::new(GateTargets::default());
        assert!(gate.has_room(999) && !gate.has_room(1_000));
        for _ in 0..100 {
            gate.learn(10_000, Duration::from_millis(100));
            gate.learn(1, Duration::from_secs(9));
        }
        let pace = gate.pace.load(Ordering::Relaxed);
        assert!((99_000..=100_000).contains(&pace), "{pace}");
        assert!(gate.has_room(3_900) && !gate.has_room(4_000));
        assert!(!gate.is_overloaded(53_000) && gate.is_overloaded(54_001));
        let sent = gate.send(3_950);
        let queued = gate.queue(50_000);
        assert!(!gate.has_room(50) && gate.is_overloaded(52));
        drop((sent, queued));
        assert!(gate.has_room(50) && !gate.is_overloaded(52));
    }

    #[test]
    fn the_targets_say_how_much() {
        let targets = GateTargets { lag: Duration::from_millis(100), queue: Duration::from_millis(200) };
        let gate = Gate::new(targets);
        assert!(gate.has_room(1_999) && !gate.has_room(2_000), "at 20,000 a second before anything is shown");
        assert!(!gate.is_overloaded(6_000) && gate.is_overloaded(6_001));
    }
}
