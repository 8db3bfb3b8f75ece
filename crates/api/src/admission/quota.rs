//! How many events each write key may send, and all of them together.
//!
//! Where no keys are configured any key will do, and they share one bucket: who makes up keys gains nothing,
//! and what is kept stays as small as the configuration.

use std::time::Duration;

use parking_lot::Mutex;

use super::AdmissionSettings;
use super::bucket::{Bucket, Rate};
use crate::problem::{Code, Problem};

/// Which quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// That of one write key.
    Key,
    /// That of all together.
    All,
}

impl Limit {
    /// Its name among the reasons of refusals.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Key => "quota_key",
            Self::All => "quota_all",
        }
    }
}

/// A quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) limit: Limit,
    /// Events a second that it allows.
    per_second: u32,
    /// How long until a request passes again.
    wait: Duration,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let Refused { limit, per_second, wait } = refused;
        let detail = match limit {
            Limit::Key => format!(
                "this write key has sent more than its {per_second} events a second \
                 (collect.events_per_second_per_key); none of this request was taken"
            ),
            Limit::All => format!(
                "all write keys together have sent more than {per_second} events a second \
                 (collect.events_per_second); none of this request was taken"
            ),
        };
        Self::new(Code::QuotaExceeded, detail).after(wait)
    }
}

/// Buckets of the keys, and of all.
struct Buckets {
    keys: Vec<Bucket>,
    all: Bucket,
}

/// The quotas and what is left of them.
pub(crate) struct Quotas {
    known: Vec<String>,
    per_key: Option<Rate>,
    all: Option<Rate>,
    per_second: (u32, u32),
    buckets: Mutex<Buckets>,
}

impl Quotas {
    pub(super) fn new(settings: &AdmissionSettings, keys: &[String]) -> Self {
        let per_second = (settings.events_per_second_per_key, settings.events_per_second);
        let per_key = Rate::new(per_second.0, settings.burst_seconds);
        let all = Rate::new(per_second.1, settings.burst_seconds);
        let places = keys.len().max(1);
        let buckets = Buckets { keys: vec![Bucket::full(per_key); places], all: Bucket::full(all) };
        Self { known: keys.to_vec(), per_key, all, per_second, buckets: Mutex::new(buckets) }
    }

    /// The bucket of a key. One that is not known has been refused by others, or is as good as any.
    fn place(&self, key: &str) -> usize {
        self.known.iter().position(|k| k == key).unwrap_or(0)
    }

    fn unlimited(&self) -> bool {
        self.per_key.is_none() && self.all.is_none()
    }

    fn refusal(&self, buckets: &Buckets, place: Option<usize>, now: Duration) -> Result<(), Refused> {
        let of_key = self.per_key.zip(place).map(|(rate, place)| buckets.keys[place].wait(rate, now));
        let of_all = self.all.map(|rate| buckets.all.wait(rate, now));
        let refused = |limit, per_second, wait: Option<Duration>| match wait {
            Some(wait) if !wait.is_zero() => Err(Refused { limit, per_second, wait }),
            _ => Ok(()),
        };
        refused(Limit::Key, self.per_second.0, of_key)?;
        refused(Limit::All, self.per_second.1, of_all)
    }

    /// Whether a request passes; without a key only the quota of all is asked.
    pub(super) fn check(&self, key: Option<&str>, now: Duration) -> Result<(), Refused> {
        if self.unlimited() {
            return Ok(());
        }
        // A key that is not known has no quota to use up; it is refused for what it is.
        let is_known = |key: &&str| self.known.is_empty() || self.known.iter().any(|k| k == key);
        let place = key.filter(is_known).map(|key| self.place(key));
        self.refusal(&self.buckets.lock(), place, now)
    }

    /// Takes a request's events from both buckets, or from neither.
    pub(super) fn charge(&self, key: &str, events: usize, now: Duration) -> Result<(), Refused> {
        if self.unlimited() {
            return Ok(());
        }
        let (place, events) = (self.place(key), events.max(1));
        let mut buckets = self.buckets.lock();
        self.refusal(&buckets, Some(place), now)?;
        if let Some(rate) = self.per_key {
            buckets.keys[place].take(rate, now, events);
        }
        if let Some(rate) = self.all {
            buckets.all.take(rate, now, events);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::ZERO;

    fn quotas(per_key: u32, all: u32) -> Quotas {
        let settings = AdmissionSettings {
            events_per_second_per_key: per_key,
            events_per_second: all,
            burst_seconds: 1,
            ..AdmissionSettings::default()
        };
        Quotas::new(&settings, &["a".into(), "b".into()])
    }

    fn limit(result: Result<(), Refused>) -> Option<Limit> {
        result.err().map(|r| r.limit)
    }

    #[test]
    fn one_key_does_not_use_up_the_others() {
        let quotas = quotas(10, 0);
        assert_eq!(quotas.charge("a", 10, START), Ok(()));
        assert_eq!(limit(quotas.charge("a", 1, START)), Some(Limit::Key));
        assert_eq!(limit(quotas.check(Some("a"), START)), Some(Limit::Key));
        assert_eq!(quotas.check(Some("b"), START), Ok(()));
        assert_eq!(quotas.check(Some("stranger"), START), Ok(()));
        assert_eq!(quotas.check(None, START), Ok(()));
        assert_eq!(quotas.charge("b", 10, START), Ok(()));
        assert_eq!(quotas.charge("a", 1, Duration::from_millis(101)), Ok(()));
    }

    #[test]
    fn what_all_have_used_up_nobody_gets_and_nobody_pays_for() {
        let quotas = quotas(100, 10);
        assert_eq!(quotas.charge("a", 15, START), Ok(()));
        assert_eq!(limit(quotas.charge("b", 90, START)), Some(Limit::All));
        assert_eq!(limit(quotas.check(None, START)), Some(Limit::All));
        // Had "b" paid for what was refused, this would be over its own quota.
        let later = Duration::from_secs(1);
        assert_eq!(quotas.charge("b", 100, later), Ok(()));
    }

    #[test]
    fn a_request_without_events_counts_as_one() {
        let quotas = quotas(2, 0);
        assert_eq!((quotas.charge("a", 0, START), quotas.charge("a", 0, START)), (Ok(()), Ok(())));
        assert_eq!(limit(quotas.charge("a", 0, START)), Some(Limit::Key));
    }

    #[test]
    fn without_limits_nothing_is_refused() {
        let quotas = quotas(0, 0);
        assert!((0..1_000).all(|_| quotas.charge("a", 2_500, START).is_ok()));
    }
}
