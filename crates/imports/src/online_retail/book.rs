//! The file's rows, gathered by invoice and by product: 16 bytes a line, about 200 an invoice.

use rustc_hash::FxHashMap;
use tradewind_kernel::UtcMillis;

use super::Sale;
use super::codes::{Sort, name_rank};
use crate::Reason;

/// Everything taken so far.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) invoices: Vec<Invoice>,
    pub(super) goods: Vec<Goods>,
    pub(super) lines: Vec<Line>,
    invoice_index: FxHashMap<Box<str>, u32>,
    goods_index: FxHashMap<Box<str>, u32>,
    code: String,
}

/// One invoice, without its lines.
#[derive(Debug)]
pub(super) struct Invoice {
    pub(super) number: Box<str>,
    pub(super) refund: bool,
    pub(super) customer: Option<Box<str>>,
    pub(super) country: Box<str>,
    pub(super) at: UtcMillis,
    pub(super) shipping_minor: i64,
    pub(super) discount_minor: i64,
}

/// One product as the rows so far tell of it.
#[derive(Debug)]
pub(super) struct Goods {
    pub(super) id: Box<str>,
    pub(super) name: String,
    name_from: (u8, UtcMillis),
    pub(super) price_minor: u32,
    pub(super) price_from: PriceFrom,
}

/// Which row set a price: a sale's outranks a refund's, then the later one's the earlier one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PriceFrom {
    sold: bool,
    pub(super) at: UtcMillis,
}

/// One line of an invoice; both places are indexes into the book.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) invoice: u32,
    pub(super) goods: u32,
    pub(super) quantity: u32,
    pub(super) price_minor: u32,
}

impl Book {
    /// Writes a row down.
    pub(super) fn add(&mut self, sale: &Sale<'_>) -> Result<(), Reason> {
        let price = u32::try_from(sale.price_minor).map_err(|_| Reason::BadPrice)?;
        let place = self.invoice(sale)?;
        let amount_minor = sale.price_minor.saturating_mul(i64::from(sale.quantity));
        let invoice = &mut self.invoices[place as usize];
        match sale.sort {
            Sort::Shipping => invoice.shipping_minor = invoice.shipping_minor.saturating_add(amount_minor),
            Sort::Discount => invoice.discount_minor = invoice.discount_minor.saturating_add(amount_minor),
            Sort::NotAProduct => return Err(Reason::NotAProduct),
            Sort::Goods => {
                let goods = self.goods(sale, price);
                self.lines.push(Line { invoice: place, goods, quantity: sale.quantity, price_minor: price });
            }
        }
        Ok(())
    }

    /// The row's invoice; a new one if the number is new.
    fn invoice(&mut self, sale: &Sale<'_>) -> Result<u32, Reason> {
        let newest = self.invoices.last().filter(|i| *i.number == *sale.invoice);
        let known = match newest {
            Some(_) => index(self.invoices.len() - 1),
            None => self.invoice_index.get(sale.invoice).copied(),
        };
        let Some(place) = known else {
            let place = index(self.invoices.len()).ok_or(Reason::TooLarge)?;
            self.invoice_index.insert(sale.invoice.into(), place);
            self.invoices.push(Invoice {
                number: sale.invoice.into(),
                refund: sale.refund,
                customer: sale.customer.map(Into::into),
                country: sale.country.into(),
                at: sale.at,
                shipping_minor: 0,
                discount_minor: 0,
            });
            return Ok(place);
        };
        let invoice = &mut self.invoices[place as usize];
        match (&invoice.customer, sale.customer) {
            (Some(known), Some(named)) if **known != *named => return Err(Reason::CustomerDiffers),
            (None, Some(named)) => invoice.customer = Some(named.into()),
            _ => (),
        }
        invoice.at = invoice.at.min(sale.at);
        Ok(place)
    }

    /// The row's product, told of its name and price.
    fn goods(&mut self, sale: &Sale<'_>, price_minor: u32) -> u32 {
        self.code.clear();
        self.code.push_str(sale.code);
        self.code.make_ascii_uppercase();
        let place = match self.goods_index.get(self.code.as_str()) {
            Some(&place) => place,
            None => self.new_goods(),
        };
        let goods = &mut self.goods[place as usize];
        let from = PriceFrom { sold: !sale.refund, at: sale.at };
        if from >= goods.price_from {
            (goods.price_minor, goods.price_from) = (price_minor, from);
        }
        if goods.name != sale.description {
            let from = (name_rank(sale.description), sale.at);
            if from >= goods.name_from && from.0 > 0 {
                goods.name.clear();
                goods.name.push_str(sale.description);
                goods.name_from = from;
            }
        } else {
            goods.name_from.1 = goods.name_from.1.max(sale.at);
        }
        place
    }

    fn new_goods(&mut self) -> u32 {
        // There are never more products than lines, and `invoice` has refused a file of 2^32 of those.
        let place = index(self.goods.len()).unwrap_or(u32::MAX);
        let earliest = UtcMillis::new(i64::MIN);
        self.goods_index.insert(self.code.as_str().into(), place);
        self.goods.push(Goods {
            id: self.code.as_str().into(),
            name: String::new(),
            name_from: (0, earliest),
            price_minor: 0,
            price_from: PriceFrom { sold: false, at: earliest },
        });
        place
    }
}

fn index(place: usize) -> Option<u32> {
    u32::try_from(place).ok()
}
