//! How many people an audience has, from a sample.

/// The share of normal values within this many standard deviations is 95 %.
const Z: f64 = 1.959_964;

/// A count of a sample, and what follows for everybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Profiles that were looked at.
    pub sampled: u64,
    /// Those of them that fit.
    pub matched: u64,
    /// The lower end of the share, with 95 % confidence.
    pub low: f64,
    /// The likeliest share.
    pub share: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// Wilson's interval for a share; of everybody, where the sample is all that there is, the share itself.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "people are fewer than 2^52")]
    pub fn new(sampled: u64, matched: u64, is_whole: IsWhole) -> Self {
        if sampled == 0 {
            let high = if is_whole == IsWhole::Yes { 0.0 } else { 1.0 };
            return Self { sampled, matched, low: 0.0, share: 0.0, high };
        }
        let (n, share) = (sampled as f64, matched as f64 / sampled as f64);
        if is_whole == IsWhole::Yes {
            return Self { sampled, matched, low: share, share, high: share };
        }
        let z2 = Z * Z / n;
        let middle = (share + z2 / 2.0) / (1.0 + z2);
        let half = Z * (share * (1.0 - share) / n + z2 / (4.0 * n)).sqrt() / (1.0 + z2);
        Self { sampled, matched, low: (middle - half).max(0.0), share, high: (middle + half).min(1.0) }
    }
}

/// Whether a sample is everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsWhole {
    /// Nobody was left out.
    Yes,
    /// There are others.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        let some = Estimate::new(100, 10, IsWhole::No);
        assert!((some.low - 0.0552).abs() < 1e-4 && (some.high - 0.1744).abs() < 1e-4, "{some:?}");
        let none = Estimate::new(50, 0, IsWhole::No);
        assert!(none.low == 0.0 && (none.high - 0.0713).abs() < 1e-4, "{none:?}");
        let all = Estimate::new(8, 2, IsWhole::Yes);
        assert_eq!((all.low, all.share, all.high), (0.25, 0.25, 0.25));
        assert_eq!(Estimate::new(0, 0, IsWhole::No).high, 1.0);
    }
}
