//! The utility of a product to a shopper in a moment, and what follows from it.
//!
//! Choices are a multinomial logit (McFadden 1974): each product's utility and that of leaving get Gumbel noise,
//! and the largest wins. All figures here are in units of that noise.

use crate::math::{dot, month_index};
use crate::rng::{key, logistic, unit};
use crate::shop::Shop;
use crate::shopper::Shopper;
use crate::visit::{Intent, SessionContext};

/// The utility of taking nothing from a list.
pub(crate) const LEAVE: f64 = 4.6;

/// Weight of the match between taste and character.
const TASTE: f64 = 1.7;

/// Weight of the match between what the visit aims at and character.
const AIM: f64 = 2.2;

/// Added for the leaf that was looked at last, beyond what the intent adds.
const SAME_LEAF: f64 = 0.7;

/// Added for what completes a product in the cart, and one that was just seen.
const COMPLETES_CART: f64 = 2.6;
const COMPLETES_SEEN: f64 = 0.8;

/// Taken from what was already seen in this visit, and from what is already in the cart.
const SEEN: f64 = 2.2;
const IN_CART: f64 = 6.0;

impl Shop {
    /// What a product is worth to a shopper now, in units of the choice's noise.
    #[must_use]
    pub fn utility(&self, shopper: &Shopper, context: &SessionContext, item: u32) -> f64 {
        let truth = self.truth(item);
        let month = month_index(context.at);
        let weather = shopper.place().cold * 0.3 * (truth.season[0] - truth.season[6]).clamp(-1.0, 1.0);
        let own = 0.8 * (unit(key(&[shopper.key, u64::from(item)])) - 0.5);
        let thrift = if context.intent == Intent::Gift { 0.5 } else { 1.0 };
        TASTE * dot(&shopper.taste, &truth.latent) + AIM * dot(&context.aim, &truth.latent) + truth.quality
            - thrift * shopper.price_sensitivity * truth.relative_price
            + truth.season[month]
            + weather
            + own
            + self.intent_match(context, item)
            + self.company(context, item)
    }

    /// How well a product serves what the visit is for.
    fn intent_match(&self, context: &SessionContext, item: u32) -> f64 {
        if context.wanted == Some(item) {
            return 4.0;
        }
        let (truth, Some(leaf)) = (self.truth(item), context.leaf) else { return 0.0 };
        let same_department = self.leaves[usize::from(leaf)].department == truth.department;
        match context.intent {
            Intent::Browse if truth.leaf == leaf => 0.6,
            Intent::Browse => 0.3,
            _ if truth.leaf == leaf => 1.2,
            _ if same_department => 0.2,
            _ => -0.6,
        }
    }

    /// What the products seen and taken so far add.
    fn company(&self, context: &SessionContext, item: u32) -> f64 {
        let seen = if context.viewed.contains(&item) { -SEEN } else { 0.0 };
        let taken = if context.cart.contains(&item) { -IN_CART } else { 0.0 };
        let after = context.viewed.last().map_or(0.0, |&last| {
            let same = if self.truth(last).leaf == self.truth(item).leaf { SAME_LEAF } else { 0.0 };
            same + COMPLETES_SEEN * self.completes(item, last)
        });
        let whole = context.cart.iter().map(|&with| self.completes(item, with)).fold(0.0, f64::max);
        seen + taken + after + COMPLETES_CART * whole
    }

    /// The probability that a product that was chosen from a list goes into the cart; 0 when out of stock.
    pub(crate) fn add_probability(
        &self,
        shopper: &Shopper,
        context: &SessionContext,
        item: u32,
        utility: f64,
    ) -> f64 {
        if !self.in_stock(item) || context.cart.contains(&item) {
            return 0.0;
        }
        let basket = if context.cart.is_empty() { 0.0 } else { 0.9 };
        logistic(
            -2.35 + 0.55 * (utility - LEAVE) + context.intent.urgency() + 0.5 * shopper.readiness + basket,
        )
    }

    /// The probability that a product in the cart is bought.
    pub(crate) fn buy_probability(&self, shopper: &Shopper, context: &SessionContext, utility: f64) -> f64 {
        logistic(-1.6 + 0.2 * (utility - LEAVE) + 0.6 * context.intent.urgency() + 0.8 * shopper.readiness)
    }
}
