//! A cart as the browser keeps it: product ids, variants and quantities, no prices.
//!
//! Written as `id*quantity` or `id~sku*quantity`, lines joined by `.`, ids and SKUs percent-encoded
//! (dots too). Whatever does not read is left out, so that a cookie that somebody made up is an empty cart.

use tradewind_catalog::Product;
use tradewind_kernel::Money;

use crate::shop::Shop;
use crate::text;

/// The most lines a cart holds.
pub(crate) const MAX_LINES: usize = 40;
/// The most pieces of one line.
pub(crate) const MAX_QUANTITY: u32 = 99;
/// The longest product id or SKU that is kept, in bytes.
const MAX_ID_BYTES: usize = 64;
/// The longest written cart, in bytes; browsers refuse a cookie beyond 4,096.
const MAX_COOKIE_BYTES: usize = 3_400;

/// One line of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The product.
    pub(crate) product_id: String,
    /// Which of its variants; empty where it has none to choose from.
    pub(crate) sku: String,
    /// How many, 1 to [`MAX_QUANTITY`].
    pub(crate) quantity: u32,
}

/// What somebody means to buy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cart {
    lines: Vec<Line>,
}

/// Why something could not be put into a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CartFull;

impl Cart {
    /// Reads a cookie's value, leaving out what does not read.
    pub(crate) fn parse(value: &str) -> Self {
        let mut cart = Self::default();
        if value.len() > MAX_COOKIE_BYTES {
            return cart;
        }
        for line in value.split('.').filter_map(parse_line) {
            if cart.lines.len() < MAX_LINES && cart.position(&line.product_id, &line.sku).is_none() {
                cart.lines.push(line);
            }
        }
        // What was sent without escapes may be longer when it is written again.
        while cart.write().len() > MAX_COOKIE_BYTES {
            cart.lines.pop();
        }
        cart
    }

    /// The cookie's value.
    pub(crate) fn write(&self) -> String {
        let id = |text: &str| text::encode(text).replace('.', "%2E").replace('~', "%7E");
        let line = |line: &Line| match line.sku.as_str() {
            "" => format!("{}*{}", id(&line.product_id), line.quantity),
            sku => format!("{}~{}*{}", id(&line.product_id), id(sku), line.quantity),
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join(".")
    }

    /// The lines, in the order in which they were added.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many pieces are in it.
    pub(crate) fn pieces(&self) -> u32 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// Adds pieces to a line, up to [`MAX_QUANTITY`].
    pub(crate) fn add(&mut self, product_id: &str, sku: &str, quantity: u32) -> Result<(), CartFull> {
        if let Some(at) = self.position(product_id, sku) {
            self.lines[at].quantity = (self.lines[at].quantity + quantity).min(MAX_QUANTITY);
            return Ok(());
        }
        let line = Line { product_id: product_id.to_owned(), sku: sku.to_owned(), quantity };
        self.lines.push(line);
        let too_long = product_id.len().max(sku.len()) > MAX_ID_BYTES;
        if too_long || self.lines.len() > MAX_LINES || self.write().len() > MAX_COOKIE_BYTES {
            self.lines.pop();
            return Err(CartFull);
        }
        Ok(())
    }

    /// Sets a line's quantity, 0 to remove it. The quantity before, or `None` where there is no such line.
    pub(crate) fn set(&mut self, product_id: &str, sku: &str, quantity: u32) -> Option<u32> {
        let at = self.position(product_id, sku)?;
        let before = self.lines[at].quantity;
        if quantity == 0 {
            self.lines.remove(at);
        } else {
            self.lines[at].quantity = quantity.min(MAX_QUANTITY);
        }
        Some(before)
    }

    /// Keeps the lines that can still be bought.
    pub(crate) fn retain_sold(&mut self, shop: &Shop) {
        self.lines.retain(|line| {
            let known = |sold: &Product| {
                line.sku.is_empty() || sold.variants.iter().any(|variant| variant.sku == line.sku)
            };
            shop.is_sold(&line.product_id)
                && shop.product(&line.product_id).is_some_and(|sold| known(sold))
                && shop.unit_price(line).is_some()
        });
    }

    /// What the lines cost together, one amount for each currency.
    pub(crate) fn totals(&self, shop: &Shop) -> Vec<Money> {
        let mut totals: Vec<Money> = Vec::new();
        for (line, each) in self.lines.iter().filter_map(|line| Some((line, shop.unit_price(line)?))) {
            let cost = each.minor.saturating_mul(i64::from(line.quantity));
            match totals.iter_mut().find(|total| total.currency == each.currency) {
                Some(total) => total.minor = total.minor.saturating_add(cost),
                None => totals.push(Money::new(cost, each.currency)),
            }
        }
        totals
    }

    fn position(&self, product_id: &str, sku: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.product_id == product_id && line.sku == sku)
    }
}

fn parse_line(text: &str) -> Option<Line> {
    let (what, quantity) = text.split_once('*')?;
    let (id, sku) = what.split_once('~').unwrap_or((what, ""));
    let read = |part: &str| {
        text::decode(part).filter(|id| id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control))
    };
    let line = Line { product_id: read(id)?, sku: read(sku)?, quantity: quantity.parse().ok()? };
    (!line.product_id.is_empty() && (1..=MAX_QUANTITY).contains(&line.quantity)).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_reads_back_as_written() {
        let mut cart = Cart::default();
        cart.add("85123A", "", 2).unwrap();
        cart.add("a.b~c*d é", "M/navy.1", 1).unwrap();
        cart.add("85123A", "", 98).unwrap();
        assert!(cart.write().is_ascii() && !cart.write().contains([';', ',', ' ', '"']));
        assert_eq!(Cart::parse(&cart.write()), cart);
        assert_eq!((cart.pieces(), cart.lines().len()), (100, 2));
    }

    #[test]
    fn made_up_cookies_are_harmless() {
        let check = |cookie: &str, lines: usize| assert_eq!(Cart::parse(cookie).lines().len(), lines);
        check("", 0);
        check("a*1.b*0.c*100.d*-1.e.f*x.*3.%zz*1.%00*1", 1);
        check("a*1.a*2", 1);
        check(&"x*1.".repeat(5_000), 0);
        assert!(Cart::parse(&format!("{}*1.", "@".repeat(60)).repeat(40)).write().len() <= MAX_COOKIE_BYTES);
        check(&(0..100).map(|n| format!("p{n}*1.")).collect::<String>(), MAX_LINES);
    }

    #[test]
    fn a_cart_has_an_end() {
        let mut cart = Cart::default();
        let added = (0..100).filter(|n| cart.add(&format!("{n:060}"), "", 1).is_ok()).count();
        assert_eq!(added, MAX_LINES);
        assert!(cart.write().len() <= MAX_COOKIE_BYTES);
        assert_eq!(Cart::default().add(&"x".repeat(65), "", 1), Err(CartFull));
        assert_eq!((cart.set("none", "", 1), cart.set(&format!("{:060}", 0), "", 0)), (None, Some(1)));
    }
}
