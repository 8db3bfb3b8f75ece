//! The counterfactual: what one shopper would have done with one list.
//!
//! A pure function of the shop's seed, the shopper, the context and the list. The noise is keyed by product,
//! not by position or list, so that two policies meet the same luck (common random numbers) and their difference
//! has a small variance. [`Shop::expected_value`] is the exact mean over that noise.
//!
//! The model: the list is read from the top to a random depth; every product read whose noisy utility beats that
//! of leaving is clicked, the best of them first; that best one may go into the cart, and from there be bought,
//! one piece at the product's own price.

use tradewind_kernel::Money;

use crate::choice::LEAVE;
use crate::rng::{gumbel, key, logistic, unit};
use crate::shop::Shop;
use crate::shopper::Shopper;
use crate::visit::SessionContext;

/// What the noise of a key is for.
const DEPTH: u64 = 1;
const LIKING: u64 = 2;
const LEAVING: u64 = 3;
const ADDING: u64 = 4;
const BUYING: u64 = 5;

/// What a shopper does with a list. Positions count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// How many positions, from the top, were read; 0 only for an empty list.
    pub examined: usize,
    /// Positions clicked, the best liked first.
    pub clicked: Vec<usize>,
    /// The position put into the cart: the first one clicked, or none.
    pub added: Option<usize>,
    /// The position bought: the one added, or none.
    pub bought: Option<usize>,
    /// What the purchase brings, before shipping; zero without one.
    pub revenue: Money,
    /// Revenue less the product's cost.
    pub margin: Money,
}

/// The exact means of what [`Shop::respond`] draws.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Expected {
    /// Probability that anything is clicked.
    pub any_click: f64,
    /// Number of clicks.
    pub clicks: f64,
    /// Probability that something goes into the cart.
    pub add: f64,
    /// Probability that something is bought.
    pub buy: f64,
    /// Revenue, minor units of the shop's currency.
    pub revenue_minor: f64,
    /// Margin, minor units of the shop's currency.
    pub margin_minor: f64,
}

/// The probability that a position, from 0, is read.
fn attention(context: &SessionContext, position: usize) -> f64 {
    1.0 / (1.0 + context.device.attention_fall() * position as f64)
}

impl Shop {
    /// What the shopper would do with the products of this list, given by their ids.
    ///
    /// Unknown ids, and an id's second place in the list, are read but never clicked.
    #[must_use]
    pub fn respond(&self, shopper: &Shopper, context: &SessionContext, list: &[&str]) -> Response {
        self.respond_items(shopper, context, &self.numbers(list))
    }

    /// The exact mean of [`Shop::respond`] over its noise, for this shopper, context and list.
    #[must_use]
    pub fn expected_value(&self, shopper: &Shopper, context: &SessionContext, list: &[&str]) -> Expected {
        let items = self.numbers(list);
        let mut sum = Expected::default();
        let leaving = libm::exp(LEAVE);
        let (mut total, mut so_far) = (0.0, Expected::default());
        for (position, item) in items.iter().enumerate() {
            let read = attention(context, position);
            if let Some(item) = *item {
                let utility = self.utility(shopper, context, item);
                let weight = libm::exp(utility);
                let add = weight * self.add_probability(shopper, context, item, utility);
                let buy = add * self.buy_probability(shopper, context, utility);
                let (price, cost) = self.price_and_cost_minor(item);
                total += weight;
                so_far.add += add;
                so_far.buy += buy;
                so_far.revenue_minor += buy * price as f64;
                so_far.margin_minor += buy * (price - cost) as f64;
                sum.clicks += read * logistic(utility - LEAVE);
            }
            let deeper = if position + 1 < items.len() { attention(context, position + 1) } else { 0.0 };
            let ends_here = (read - deeper) / (leaving + total);
            sum.any_click += ends_here * total;
            sum.add += ends_here * so_far.add;
            sum.buy += ends_here * so_far.buy;
            sum.revenue_minor += ends_here * so_far.revenue_minor;
            sum.margin_minor += ends_here * so_far.margin_minor;
        }
        sum
    }

    /// The products of a list by number; none for what is unknown or was there before.
    fn numbers(&self, list: &[&str]) -> Vec<Option<u32>> {
        let mut items: Vec<Option<u32>> = Vec::with_capacity(list.len());
        for id in list {
            let item = self.index_of(id);
            items.push(item.filter(|_| !items.contains(&item)));
        }
        items
    }

    /// [`Shop::respond`] for products by number.
    pub(crate) fn respond_items(
        &self,
        shopper: &Shopper,
        context: &SessionContext,
        list: &[Option<u32>],
    ) -> Response {
        let moment = key(&[self.seed, shopper.key, context.session, u64::from(context.step)]);
        let noise = |what: u64, item: u32| key(&[moment, what, u64::from(item)]);
        let patience = unit(noise(DEPTH, 0));
        let examined =
            (0..list.len()).take_while(|&position| patience < attention(context, position)).count();
        let leaving = LEAVE + gumbel(noise(LEAVING, 0));
        let mut liked: Vec<(usize, u32, f64, f64)> = Vec::new();
        for (position, item) in list.iter().take(examined).enumerate() {
            let Some(item) = *item else { continue };
            let utility = self.utility(shopper, context, item);
            let felt = utility + gumbel(noise(LIKING, item));
            if felt > leaving {
                liked.push((position, item, utility, felt));
            }
        }
        liked.sort_by(|a, b| b.3.total_cmp(&a.3));
        let zero = Money::new(0, self.currency);
        let clicked = liked.iter().map(|&(position, ..)| position).collect();
        let mut response =
            Response { examined, clicked, added: None, bought: None, revenue: zero, margin: zero };
        let Some(&(position, item, utility, _)) = liked.first() else { return response };
        if unit(noise(ADDING, item)) < self.add_probability(shopper, context, item, utility) {
            response.added = Some(position);
            if unit(noise(BUYING, item)) < self.buy_probability(shopper, context, utility) {
                let (price, cost) = self.price_and_cost_minor(item);
                response.bought = Some(position);
                response.revenue = Money::new(price, self.currency);
                response.margin = Money::new(price - cost, self.currency);
            }
        }
        response
    }
}
