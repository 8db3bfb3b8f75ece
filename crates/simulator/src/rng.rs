//! Randomness that is a function of its key alone: SplitMix64 (Steele, Lea, Flood 2014).
//!
//! Written out here, because results must stay the same across platforms and releases, and because the
//! counterfactual half needs one uniform number per key, without a stream. `exp` and `ln` come from `libm`,
//! since the platform's own may differ in the last bit.

/// The increment of SplitMix64.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scrambles 64 bits, one to one.
pub(crate) const fn mix(key: u64) -> u64 {
    let a = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    b ^ (b >> 31)
}

/// One key out of several parts; their order matters.
pub(crate) fn key(parts: &[u64]) -> u64 {
    parts.iter().fold(GAMMA, |sum, &part| mix(sum.wrapping_add(part).wrapping_add(GAMMA)))
}

/// A key of text.
pub(crate) fn text_key(text: &str) -> u64 {
    text.bytes().fold(GAMMA, |sum, byte| mix(sum ^ u64::from(byte)))
}

/// A number above 0 and below 1 for a key.
pub(crate) fn unit(key: u64) -> f64 {
    ((mix(key) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// A standard Gumbel number for a key: adding one to each utility makes the largest a logit choice.
pub(crate) fn gumbel(key: u64) -> f64 {
    -libm::log(-libm::log(unit(key)))
}

/// The logistic function.
pub(crate) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// The stream of a key of several parts.
    pub(crate) fn new(parts: &[u64]) -> Self {
        Self(key(parts))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number above 0 and below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// A number from `low` to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `count`; 0 for a `count` of 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// About normal, mean 0 and deviation 1, never beyond ±3.5: the sum of four uniform numbers.
    pub(crate) fn normal(&mut self) -> f64 {
        let bits = self.bits();
        let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum();
        (sum as f64 / 65_535.0 - 2.0) * 1.732_050_807_568_877_2
    }

    /// An exponential waiting time of this mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.unit())
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// An index drawn by weight; the last one where the weights sum to nothing.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Puts a list in random order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_never_changes() {
        let mut rng = Rng::new(&[1, 2]);
        let first = [rng.bits(), rng.bits()];
        assert_eq!(first, {
            let mut again = Rng::new(&[1, 2]);
            [again.bits(), again.bits()]
        });
        assert_eq!(mix(GAMMA), 16_294_208_416_658_607_535, "SplitMix64 of seed 0, first output");
    }

    #[test]
    fn moments_are_right() {
        let mut rng = Rng::new(&[7]);
        let count = 100_000;
        let (mut sum, mut squares, mut uniform, mut gumbels) = (0.0, 0.0, 0.0, 0.0);
        for i in 0..count {
            let x = rng.normal();
            sum += x;
            squares += x * x;
            uniform += rng.unit();
            gumbels += gumbel(i);
        }
        let n = count as f64;
        assert!((sum / n).abs() < 0.02 && (squares / n - 1.0).abs() < 0.02);
        assert!((uniform / n - 0.5).abs() < 0.005 && (gumbels / n - 0.5772).abs() < 0.02);
        assert!((0..1000).all(|_| rng.below(7) < 7));
    }
}
