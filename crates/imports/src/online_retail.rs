//! The UCI Online Retail dialect: one row for each line of an invoice, as a shop's ledger exports it.
//!
//! Columns `InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country`, or the
//! Online Retail II edition's `Invoice`, `Price` and `Customer ID`. Dates as `2010-12-01 08:26:00` or
//! `12/1/2010 8:26`, taken as UTC; prices in pounds.
//!
//! * **Products** first, in the order in which the file names them. Codes are in upper case: the file writes
//!   112 of them in both (`15056bl`, `15056BL`), always for the same goods. The title is the latest sensible
//!   description, the price the latest that it was *sold* for (a refund's only where no sale is known),
//!   `updated_at` the time of that row.
//! * **One event per invoice** then, by time: *Order Completed*, or *Order Refunded* for a number with `C`.
//!   Its time is the earliest of its rows. A known customer is the `user_id` (`17850.0` is `17850`); an
//!   invoice without one has the anonymous id `invoice-536365` to itself. A refund names no order that it
//!   undoes, so its `order_id` is its own number. Amounts of refunds are positive.
//! * **Charges** are no products: carriage becomes the event's `shipping`, a discount its `discount`. An
//!   invoice of charges alone still makes its event, with an empty list of products.
//!   `revenue` is goods less discount (for a refund: goods plus the discount granted afterwards), `total`
//!   adds the shipping. The country goes to `context.location.country`, as the file spells it.
//!
//! A row is judged in the order of the fields: the first thing wrong with it is the reason. Lines of one
//! product on one invoice stay apart, and carry the product's title, not the day's description.

mod book;
mod codes;
mod emit;

use tradewind_kernel::UtcMillis;

use crate::fields::{self, Dates};
use crate::intake::Intake;
use crate::table::{Column, Row, Table};
use crate::{ImportError, Reason, Sink, Source, Tally};
use book::Book;
use codes::Sort;

/// The columns, in the order of [`judge`]'s fields.
const COLUMNS: [Column; 8] = [
    &["InvoiceNo", "Invoice", "Invoice Number"],
    &["StockCode", "SKU"],
    &["Description"],
    &["Quantity", "Qty"],
    &["InvoiceDate", "Date"],
    &["UnitPrice", "Price"],
    &["CustomerID", "Customer"],
    &["Country"],
];

/// The longest invoice number, in bytes; message ids are made of it.
const MAX_INVOICE_BYTES: usize = 32;

/// A row that is sound by itself.
#[derive(Debug, Clone, Copy)]
struct Sale<'a> {
    invoice: &'a str,
    refund: bool,
    code: &'a str,
    sort: Sort,
    description: &'a str,
    quantity: u32,
    at: UtcMillis,
    price_minor: i64,
    customer: Option<&'a str>,
    country: &'a str,
}

/// Reads an Online Retail file. `now` is the time of receipt; rows dated later are rejected.
///
/// # Errors
/// [`ImportError`] when the file does not read, lacks a column, or the sink fails.
pub fn online_retail(source: Source, now: UtcMillis, sink: &mut dyn Sink) -> Result<Tally, ImportError> {
    let (mut table, meter) = Table::open(source, &COLUMNS)?;
    let mut intake = Intake::new(sink, meter);
    let mut book = Book::default();
    let mut dates = Dates::until(now);
    while table.advance()? {
        let taken = table.row().and_then(|row| judge(row, &mut dates)).and_then(|sale| book.add(&sale));
        match taken {
            Ok(()) => intake.row_taken(),
            Err(reason) => intake.row_rejected(table.line(), reason, &table.text(), "")?,
        }
    }
    emit::all(book, now, &mut intake)?;
    Ok(intake.finish())
}

fn judge<'a>(row: Row<'a, 8>, dates: &mut Dates) -> Result<Sale<'a>, Reason> {
    let [invoice, code, description, quantity, date, price, customer, country] = row.fields()?;
    let refund = is_refund(invoice)?;
    if code.is_empty() {
        return Err(Reason::NoStockCode);
    }
    let sort = codes::sort(fields::id(code)?);
    if sort == Sort::NotAProduct {
        return Err(Reason::NotAProduct);
    }
    let at = dates.read(date)?;
    let (negative, quantity) = fields::quantity(quantity)?;
    let price_minor = fields::amount_minor(price)?;
    match (negative, refund) {
        _ if sort == Sort::Discount => (),
        (true, false) => return Err(Reason::NegativeWithoutCancellation),
        (false, true) => return Err(Reason::PositiveInCancellation),
        _ => (),
    }
    if price_minor <= 0 {
        return Err(Reason::NoPrice);
    }
    let customer = fields::id(customer.strip_suffix(".0").unwrap_or(customer))?;
    let customer = Some(customer).filter(|c| !c.is_empty());
    let country = fields::id(country)?;
    Ok(Sale { invoice, refund, code, sort, description, quantity, at, price_minor, customer, country })
}

/// Whether an invoice number is a cancellation's.
fn is_refund(invoice: &str) -> Result<bool, Reason> {
    let number = invoice.strip_prefix(['C', 'c']);
    let digits = number.unwrap_or(invoice);
    let sound =
        !digits.is_empty() && digits.len() < MAX_INVOICE_BYTES && digits.bytes().all(|b| b.is_ascii_digit());
    if sound { Ok(number.is_some()) } else { Err(Reason::BadInvoiceNumber) }
}
