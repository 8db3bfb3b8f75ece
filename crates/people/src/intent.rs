//! What a visit is for, as far as its events tell: a probability for each [`Intent`] after each event.
//!
//! The probability that the visit ends with an order is a logistic model over the session's
//! [counts](SessionCounts). What remains is shared among the other intents by a softmax over fixed scores.
//!
//! **Where the numbers come from.** `INTERCEPT` and the weights that are marked *trained* were fitted by
//! `examples/train_intent.rs` on REES46's published clickstream: after each event, does an order follow in
//! the session? On the 3 of 10 people that were held out (5,439 moments, 241 before an order) the log-loss is
//! 0.165 against 0.182 of the constant rate, and the AUC 0.725. That data knows views, carts and orders only; weights that are marked *prior* were chosen by
//! hand, and so were the scores of the other intents. A shop's own rates differ: read the probability as a
//! ranking until it was fitted to the shop.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::facts::Signal;
use crate::{Action, OpenSession};

/// What a visit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intent {
    /// Looking around.
    Browse,
    /// Weighing a few similar products.
    Compare,
    /// About to order.
    ReadyToBuy,
    /// Coming back to what was seen in an earlier visit.
    ReturnVisit,
}

impl Intent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Browse, Self::Compare, Self::ReadyToBuy, Self::ReturnVisit];

    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Compare => "compare",
            Self::ReadyToBuy => "ready_to_buy",
            Self::ReturnVisit => "return_visit",
        }
    }
}

/// What happened in a session so far; an order begins the counts anew. Stored by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionCounts {
    /// Product pages seen, and clicks on products in lists.
    pub views: u16,
    /// Those of them that were seen before in this session.
    pub repeats: u16,
    /// Those of them in the same category as the one before.
    pub same_category: u16,
    /// Those of them that were seen in an earlier session.
    pub revisits: u16,
    /// Products put into the cart.
    pub adds: u16,
    /// Products taken out of it.
    pub removes: u16,
    /// Searches.
    pub searches: u16,
    /// Lists seen, narrowed or ordered.
    pub lists: u16,
    /// How far the checkout got: 0 not at all, 1 the cart was seen, 2 it began, 3 payment was given.
    pub checkout: u8,
    /// Orders.
    pub orders: u16,
    /// The category of the product touched last, as a word.
    pub last_category: Option<u32>,
}

/// One product touched, as the counts see it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Touched {
    pub(crate) is_repeat: bool,
    pub(crate) is_revisit: bool,
    pub(crate) category: Option<u32>,
}

impl SessionCounts {
    /// Counts an event without a product.
    pub(crate) fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::None | Signal::Coupon => {}
            Signal::Searched => self.searches = self.searches.saturating_add(1),
            Signal::Listed => self.lists = self.lists.saturating_add(1),
            Signal::CartSeen => self.checkout = self.checkout.max(1),
            Signal::Checkout => self.checkout = self.checkout.max(2),
            Signal::Payment => self.checkout = self.checkout.max(3),
        }
    }

    /// Counts a product touched.
    pub(crate) fn touch(&mut self, action: Action, touched: Touched) {
        match action {
            Action::Click | Action::View => {
                self.views = self.views.saturating_add(1);
                self.repeats = self.repeats.saturating_add(touched.is_repeat.into());
                self.revisits = self.revisits.saturating_add(touched.is_revisit.into());
                let same = touched.category.is_some() && touched.category == self.last_category;
                self.same_category = self.same_category.saturating_add(same.into());
            }
            Action::Add => self.adds = self.adds.saturating_add(1),
            Action::Remove => self.removes = self.removes.saturating_add(1),
            Action::Wish | Action::Buy | Action::Return => {}
        }
        self.last_category = touched.category.or(self.last_category);
    }

    /// Notes an order: what was wanted is had.
    pub(crate) fn order(&mut self) {
        *self = Self { orders: self.orders.saturating_add(1), ..Self::default() };
    }

    /// The model's inputs, in the order of [`WEIGHTS`]: logarithms of counts, and marks.
    #[must_use]
    pub fn inputs(&self, dwell_ms: i64) -> [f64; INPUTS] {
        let log = |count: u16| f64::from(count).ln_1p();
        #[expect(clippy::cast_precision_loss, reason = "a session is no longer than days")]
        let minutes = (dwell_ms.max(0) as f64 / UtcMillis::MINUTE as f64).ln_1p();
        [
            log(self.views),
            log(self.repeats),
            log(self.same_category),
            log(self.adds),
            minutes,
            f64::from(u8::from(self.orders > 0)),
            log(self.removes),
            log(self.searches),
            f64::from(u8::from(self.checkout == 1)),
            f64::from(u8::from(self.checkout == 2)),
            f64::from(u8::from(self.checkout == 3)),
        ]
    }
}

/// How many inputs the model has.
pub const INPUTS: usize = 11;
/// The first so many weights are trained, the others are priors.
pub const TRAINED: usize = 6;
/// The model's constant, trained.
pub const INTERCEPT: f64 = -2.70;
/// The model's weights, in the order of [`SessionCounts::inputs`].
pub const WEIGHTS: [f64; INPUTS] = [
    // trained: views, repeats, same category, adds, minutes, an order before
    -0.39, 0.09, 0.31, 2.00, -0.11, 1.04,
    // prior: removes, searches, cart seen, checkout begun, payment given
    -0.5, 0.1, 0.5, 1.8, 3.0,
];

/// The probability that an order follows in this session.
#[must_use]
pub fn purchase_probability(counts: &SessionCounts, dwell_ms: i64) -> f64 {
    let score: f64 = WEIGHTS.iter().zip(counts.inputs(dwell_ms)).map(|(w, x)| w * x).sum();
    1.0 / (1.0 + (-INTERCEPT - score).exp())
}

/// The probability of each intent in a session, in the order of [`Intent::ALL`]; they add up to one.
#[must_use]
pub fn intents(session: &OpenSession) -> [f64; 4] {
    let counts = &session.counts;
    let buys = purchase_probability(counts, session.last_at.since(session.started_at));
    let log = |count: u16| f64::from(count).ln_1p();
    let compares = (1.2f64.mul_add(log(counts.same_category), 0.9 * log(counts.repeats)) - 1.6).exp();
    let returns = if counts.revisits == 0 { 0.0 } else { 1.2f64.mul_add(log(counts.revisits), -0.3).exp() };
    let rest = (1.0 - buys) / (1.0 + compares + returns);
    [rest, rest * compares, buys, rest * returns]
}

/// The likeliest intent with its probability.
#[must_use]
pub fn likeliest(session: &OpenSession) -> (Intent, f64) {
    let all = intents(session);
    let pairs = Intent::ALL.into_iter().zip(all);
    pairs.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((Intent::Browse, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(counts: SessionCounts) -> OpenSession {
        OpenSession { counts, ..OpenSession::begin(UtcMillis::new(0)) }
    }

    #[test]
    fn probabilities_add_up_and_follow_what_happens() {
        let looked = SessionCounts { views: 2, ..SessionCounts::default() };
        let compared = SessionCounts { views: 6, repeats: 2, same_category: 5, ..looked };
        let added = SessionCounts { adds: 1, ..looked };
        let paying = SessionCounts { checkout: 3, ..added };
        let back = SessionCounts { revisits: 2, ..looked };
        for counts in [SessionCounts::default(), looked, compared, added, paying, back] {
            let sum: f64 = intents(&session(counts)).iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "{counts:?}: {sum}");
        }
        let of = |counts| likeliest(&session(counts)).0;
        assert_eq!(
            [of(looked), of(compared), of(paying)],
            [Intent::Browse, Intent::Compare, Intent::ReadyToBuy]
        );
        assert_eq!(of(back), Intent::ReturnVisit);
        let buys = |counts| intents(&session(counts))[2];
        assert!(buys(looked) < buys(added) && buys(added) < buys(paying));
    }

    #[test]
    fn an_order_begins_anew() {
        let mut counts = SessionCounts { adds: 2, checkout: 3, ..SessionCounts::default() };
        counts.order();
        assert_eq!(counts, SessionCounts { orders: 1, ..SessionCounts::default() });
    }
}
