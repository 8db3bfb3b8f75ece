//! Whether two visits under different anonymous ids may be one person's: a score with a reason and an end, never
//! an edge of the graph and never a merge.
//!
//! Record linkage after Fellegi and Sunter (*A Theory for Record Linkage*, 1969): each thing that two visits
//! agree or differ on adds a weight, the logarithm of how much likelier it is for one person than for two; the
//! prior is that any of the candidates may be it. The weights are set by hand, not learned.
//!
//! Measured on the simulator's truth (`simulator/tests/stitching.rs`): without networks it is useless, 1 right of
//! 94 suggestions; with assumed networks of homes and telephones, at 700 of 1,000, 45 % are right and 23 % of what
//! could be found is. Its probabilities are too high, so do not act on them as such.
//!
//! Off unless a [`Policy`] says otherwise, and only between visits whose person and region allow it, which the
//! caller says of each by [`Visit::may_be_compared`]. A suggestion may warm a session that knows nothing yet.

use tradewind_kernel::UtcMillis;

/// What is compared of a visit. What is not known adds nothing.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The anonymous id.
    pub anonymous_id: String,
    /// Whether the person's consent and the region's rules allow to compare it.
    pub may_be_compared: bool,
    /// The salted hash of the network's prefix, and the part of all visits that come from there, 0 to 1.
    pub network: Option<(u64, f64)>,
    /// The country and its part.
    pub region: Option<String>,
    /// The language tag.
    pub locale: Option<String>,
    /// The class of device, the operating system and the browser, as one text.
    pub device: Option<String>,
    /// Products looked at, in the order of their numbers, each once.
    pub viewed: Vec<u32>,
    /// Products put into the cart, in the order of their numbers, each once.
    pub carted: Vec<u32>,
    /// When it began.
    pub started_at: UtcMillis,
    /// When its latest event was.
    pub last_at: UtcMillis,
}

/// Whether suggestions are made, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// None.
    #[default]
    Off,
    /// Those that are likely enough.
    Suggest {
        /// The least probability, of 1,000.
        min_permille: u16,
        /// How long a suggestion holds after the later of the two visits, in milliseconds.
        lives_ms: i64,
    },
}

/// That two anonymous ids may be one person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stitch {
    /// The id that it was asked for.
    pub anonymous_id: String,
    /// The other.
    pub other: String,
    /// How likely it is, of 1,000.
    pub probability_permille: u16,
    /// When it ends.
    pub expires_at: UtcMillis,
}

/// Weights of what two visits agree on or differ in, natural logarithms.
const OTHER_NETWORK: f64 = -0.9;
const SAME_REGION: f64 = 2.0;
const OTHER_REGION: f64 = -4.0;
const SAME_LOCALE: f64 = 0.5;
const OTHER_LOCALE: f64 = -3.0;
const SAME_DEVICE: f64 = 0.3;
const AT_ONCE: f64 = -2.0;
const WITHIN_A_DAY: f64 = 0.7;
const WITHIN_A_WEEK: f64 = 0.0;
const LATER: f64 = -1.0;
/// How likely one person is to look at, and to put into the cart, the same product again.
const AGAIN_VIEWED: f64 = 0.02;
const AGAIN_CARTED: f64 = 0.1;
/// The most that products add: people with the same taste look at the same products.
const MOST_OF_PRODUCTS: f64 = 2.0;
/// How likely one person is to come from the same network again.
const AGAIN_FROM_THERE: f64 = 0.6;

/// How likely two visits are one person's, 0 to 1. `share` gives the part of all visits that touch a product,
/// `candidates` how many visits it could be.
#[must_use]
pub fn probability(one: &Visit, other: &Visit, candidates: usize, share: impl Fn(u32) -> f64) -> f64 {
    let agree = |a: &Option<String>, b: &Option<String>, same: f64, differs: f64| match (a, b) {
        (Some(a), Some(b)) => {
            if a == b {
                same
            } else {
                differs
            }
        }
        _ => 0.0,
    };
    let network = match (one.network, other.network) {
        (Some((a, share)), Some((b, _))) if a == b => (AGAIN_FROM_THERE / share.max(1e-6)).ln().max(0.0),
        (Some(_), Some(_)) => OTHER_NETWORK,
        _ => 0.0,
    };
    let again = |a: &[u32], b: &[u32], again: f64| -> f64 {
        let common = a.iter().filter(|item| b.binary_search(item).is_ok());
        common.map(|item| (again / share(*item).max(1e-6)).ln().max(0.0)).sum()
    };
    let products =
        again(&one.viewed, &other.viewed, AGAIN_VIEWED) + again(&one.carted, &other.carted, AGAIN_CARTED);
    let sum = network
        + agree(&one.region, &other.region, SAME_REGION, OTHER_REGION)
        + agree(&one.locale, &other.locale, SAME_LOCALE, OTHER_LOCALE)
        + agree(&one.device, &other.device, SAME_DEVICE, 0.0)
        + products.min(MOST_OF_PRODUCTS)
        + timing(one, other);
    let odds = sum - (candidates.max(1) as f64).ln();
    1.0 / (1.0 + (-odds).exp())
}

fn timing(one: &Visit, other: &Visit) -> f64 {
    let (first, second) = if one.started_at <= other.started_at { (one, other) } else { (other, one) };
    match second.started_at.since(first.last_at) {
        gap if gap < 0 => AT_ONCE,
        gap if gap <= UtcMillis::DAY => WITHIN_A_DAY,
        gap if gap <= 7 * UtcMillis::DAY => WITHIN_A_WEEK,
        _ => LATER,
    }
}

/// The likeliest other visit, where the policy and both visits allow it and it is likely enough.
#[must_use]
pub fn suggest<'a>(
    policy: Policy,
    of: &Visit,
    others: impl IntoIterator<Item = &'a Visit>,
    candidates: usize,
    share: impl Fn(u32) -> f64,
) -> Option<Stitch> {
    let Policy::Suggest { min_permille, lives_ms } = policy else { return None };
    if !of.may_be_compared {
        return None;
    }
    let comparable = |other: &&Visit| other.may_be_compared && other.anonymous_id != of.anonymous_id;
    let scored = others.into_iter().filter(comparable);
    let scored = scored.map(|other| (probability(of, other, candidates, &share), other));
    let best = |a: &(f64, &Visit), b: &(f64, &Visit)| {
        a.0.total_cmp(&b.0).then_with(|| b.1.anonymous_id.cmp(&a.1.anonymous_id))
    };
    let (probability, other) = scored.max_by(best)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a probability is within 0 and 1"
    )]
    let probability_permille = (probability * 1_000.0) as u16;
    (probability_permille >= min_permille).then(|| Stitch {
        anonymous_id: of.anonymous_id.clone(),
        other: other.anonymous_id.clone(),
        probability_permille,
        expires_at: of.last_at.max(other.last_at).plus(lives_ms),
    })
}
