//! The cart, the order and the return.

use tradewind_events::{Event, Kind};
use tradewind_kernel::UtcMillis;

use super::session::Scene;
use super::write::{self, Line};

/// Orders under this many minor units pay for shipping, and how much.
const FREE_SHIPPING_MINOR: i64 = 6_000;
const SHIPPING_MINOR: i64 = 490;

/// Share of the orders of which something is sent back.
const RETURNED: f64 = 0.08;

/// Share of the carts of nothing decided that still reach the checkout.
const TRIED: f64 = 0.22;

impl Scene<'_> {
    /// Puts a product into the cart, in a variant that can be had where there is one.
    pub(super) fn add(&mut self, item: u32, decided: bool) {
        let product = &self.shop.products()[item as usize];
        let to_be_had = |v: &usize| product.variants[*v].stock.iter().any(|s| s.quantity > 0);
        let variants: Vec<usize> = (0..product.variants.len()).filter(to_be_had).collect();
        let variant = variants.get(self.rng.below(variants.len())).copied().unwrap_or(0);
        let price = product.variants.get(variant).and_then(|v| v.price).or(product.price);
        let many = if self.shop.leaf_of(item).spec.consumable { 0.35 } else { 0.08 };
        let quantity = if self.rng.chance(many) { 2 + i64::from(self.rng.chance(0.3)) } else { 1 };
        let line = Line { item, variant, price_minor: price.map_or(0, |p| p.minor), quantity };
        self.tell_line("Product Added", line);
        self.cart.push(line);
        self.context.cart.push(item);
        if decided {
            self.decided.push(item);
        }
        self.pause(1.0, 6.0);
    }

    /// Writes an event about one line of the cart.
    fn tell_line(&mut self, name: &str, line: Line) {
        let product = &self.shop.products()[line.item as usize];
        let facts = self.facts;
        let cart = self.cart_id();
        let inside = format!(r#""cart_id":"{cart}",{},{}"#, facts.line(product, line), facts.currency);
        let path = if name == "Product Added" { product.url.as_deref().unwrap_or("/") } else { "/cart" };
        self.track(name, &inside, path);
    }

    fn cart_id(&self) -> String {
        format!("cart-{:x}", self.context.session)
    }

    /// Ends the visit: with an order where a purchase was decided, else without.
    pub(super) fn leave_or_buy(&mut self) {
        if self.cart.is_empty() {
            return;
        }
        let buys = !self.decided.is_empty();
        if !buys && !self.rng.chance(2.0 * TRIED) {
            return;
        }
        self.view_cart();
        self.reconsider();
        if self.cart.is_empty() || (!buys && !self.rng.chance(0.5)) {
            return;
        }
        let inside = format!("{},{}", self.sum_up(0), self.facts.currency);
        self.track("Checkout Started", &inside, "/checkout");
        self.pause(8.0, 40.0);
        if self.user.is_none() && self.shopper.user_id.is_some() && self.rng.chance(0.8) {
            self.sign_in();
        }
        if buys {
            self.order();
        }
    }

    fn view_cart(&mut self) {
        let inside = format!(r#""cart_id":"{}","products":{}"#, self.cart_id(), self.lines(&self.cart));
        self.track("Cart Viewed", &inside, "/cart");
        self.pause(3.0, 12.0);
    }

    /// Takes some of what was not decided out of the cart again.
    fn reconsider(&mut self) {
        for line in self.cart.clone() {
            if !self.decided.contains(&line.item) && self.rng.chance(0.4) {
                self.tell_line("Product Removed", line);
                self.cart.retain(|kept| kept.item != line.item);
                self.context.cart.retain(|&kept| kept != line.item);
                self.pause(1.0, 3.0);
            }
        }
    }

    /// Places the order, and perhaps plans its return.
    fn order(&mut self) {
        let id = format!("HF-{}-{}", self.seed, self.next_order + self.orders);
        self.orders += 1;
        let payment = format!(r#""order_id":"{id}","payment_method":"card""#);
        self.track("Payment Info Entered", &payment, "/checkout");
        self.pause(4.0, 15.0);
        let revenue: i64 = self.cart.iter().map(|line| line.price_minor * line.quantity).sum();
        let shipping = if revenue < FREE_SHIPPING_MINOR { SHIPPING_MINOR } else { 0 };
        let inside = format!(
            r#""order_id":"{id}",{},"total":{},{}"#,
            self.sum_up(shipping),
            self.facts.amount(revenue + shipping),
            self.facts.currency
        );
        self.track("Order Completed", &inside, "/checkout/thanks");
        if self.rng.chance(RETURNED) {
            self.plan_return(&id);
        }
    }

    /// Something of the order comes back 4 to 20 days later.
    fn plan_return(&mut self, id: &str) {
        let whole = self.rng.chance(0.4);
        let some = self.rng.below(self.cart.len());
        let back: &[Line] = if whole { &self.cart } else { &self.cart[some..=some] };
        let total: i64 = back.iter().map(|line| line.price_minor * line.quantity).sum();
        let inside = format!(
            r#""order_id":"{id}","total":{},{},"products":{}"#,
            self.facts.amount(total),
            self.facts.currency,
            self.lines(back)
        );
        let wait = (self.rng.between(4.0, 20.0) * UtcMillis::DAY as f64) as i64;
        let event = self.event(Kind::Track, Some("Order Refunded"), "/account/returns");
        let at = event.occurred_at.plus(wait);
        let properties = write::object(&inside);
        self.later.push(Event { properties, occurred_at: at, received_at: at, ..event });
    }

    /// Revenue, shipping and lines of the cart, as properties.
    fn sum_up(&self, shipping_minor: i64) -> String {
        let revenue: i64 = self.cart.iter().map(|line| line.price_minor * line.quantity).sum();
        let (revenue, shipping) = (self.facts.amount(revenue), self.facts.amount(shipping_minor));
        let lines = self.lines(&self.cart);
        format!(r#""revenue":{revenue},"shipping":{shipping},"tax":0,"products":{lines}"#)
    }

    /// A JSON array of lines.
    fn lines(&self, lines: &[Line]) -> String {
        let of = |line: &Line| {
            format!("{{{}}}", self.facts.line(&self.shop.products()[line.item as usize], *line))
        };
        format!("[{}]", lines.iter().map(of).collect::<Vec<_>>().join(","))
    }
}
