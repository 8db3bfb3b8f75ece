//! What the console shows of the stream as it passes.

use std::collections::VecDeque;

use serde::Serialize;
use tradewind_kernel::UtcMillis;

/// Events kept for the console.
const LATEST: usize = 50;
/// Seconds of history kept.
const SECONDS: usize = 60;

/// One applied event, in few words.
#[derive(Debug, Clone, Serialize)]
pub struct LatestEvent {
    /// When it was received.
    pub at: UtcMillis,
    /// Whose it is.
    pub subject: String,
    /// Its name or kind.
    pub name: String,
    /// The products or the query that it names.
    pub detail: String,
}

/// The stream at one moment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pulse {
    /// Events ever applied.
    pub events_total: u64,
    /// Live events a second, the mean of the last 10 whole seconds.
    pub events_per_second: f64,
    /// Live events of each of the last 60 seconds, the oldest first.
    pub history: Vec<u32>,
    /// The latest events, newest first.
    pub latest_events: Vec<LatestEvent>,
    /// Durable records that are not applied yet.
    pub lag_events: u64,
}

#[derive(Default)]
pub(crate) struct Pulses {
    pub(crate) total: u64,
    /// (second since 1970, events), the latest last.
    seconds: VecDeque<(i64, u32)>,
    latest: VecDeque<LatestEvent>,
}

impl Pulses {
    /// Notes a batch that was applied at `now`, so many of it live rather than imported.
    pub(crate) fn note(&mut self, now: UtcMillis, applied: u32, live: u32, latest: Vec<LatestEvent>) {
        self.total += u64::from(applied);
        let second = now.get().div_euclid(UtcMillis::SECOND);
        match self.seconds.back_mut().filter(|s| s.0 == second) {
            Some(slot) => slot.1 += live,
            None => self.seconds.push_back((second, live)),
        }
        while self.seconds.len() > SECONDS + 1 {
            self.seconds.pop_front();
        }
        for event in latest {
            self.latest.push_front(event);
        }
        self.latest.truncate(LATEST);
    }

    /// Takes the events of some subjects, by their keys, out of the latest.
    pub(crate) fn forget(&mut self, is_theirs: impl Fn(&str) -> bool) {
        self.latest.retain(|event| !is_theirs(&event.subject));
    }

    /// The picture at `now`.
    pub(crate) fn read(&self, now: UtcMillis, lag_events: u64) -> Pulse {
        let this = now.get().div_euclid(UtcMillis::SECOND);
        let mut history = vec![0; SECONDS];
        for &(second, events) in &self.seconds {
            let ago = usize::try_from(this - second).unwrap_or(0);
            if (1..=SECONDS).contains(&ago) {
                history[SECONDS - ago] += events;
            }
        }
        let recent: u32 = history[SECONDS - 10..].iter().sum();
        Pulse {
            events_total: self.total,
            events_per_second: f64::from(recent) / 10.0,
            history,
            latest_events: self.latest.iter().cloned().collect(),
            lag_events,
        }
    }

    /// How many events of a batch are worth describing: no more than are kept.
    pub(crate) const fn wanted() -> usize {
        LATEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_whole_seconds() {
        let mut pulses = Pulses::default();
        for second in 0..100 {
            pulses.note(UtcMillis::new(second * 1_000), 20, 20, Vec::new());
        }
        let pulse = pulses.read(UtcMillis::new(100_000), 3);
        assert_eq!((pulse.events_total, pulse.lag_events, pulse.history), (2_000, 3, vec![20; 60]));
        assert!((pulse.events_per_second - 20.0).abs() < 1e-9);
        assert!(pulses.read(UtcMillis::new(300_000), 0).events_per_second.abs() < 1e-9);
    }
}
