//! The REES46 dialect: a multi-category shop's clickstream, one row for each thing done.
//!
//! Columns `event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session`;
//! prices in US dollars. The file is streamed in its own order, many GB if need be: 16 bytes a product and
//! one second's rows are remembered.
//!
//! * **Events:** `view` is *Product Viewed*, `cart` *Product Added* (one piece), `remove_from_cart` *Product
//!   Removed* (one piece), `purchase` *Order Completed* of one product. `user_id` names a device or a person
//!   over many sessions and becomes the user id; the session is `context.session_id`.
//! * **Products** are handed over when first seen and again whenever price, brand or category changes. A
//!   zero price is an unknown one: it is left out, and alone does not change a product already seen.
//!   `category_code` is the path (`appliances.environment.water_heater`: Appliances > Environment > Water
//!   heater), empty where it is; `category_id` is kept as an attribute. The file has no titles: they are
//!   made of brand, leaf and id, `Aqua water heater 3900821`.
//! * **Identical rows** are upstream's duplicates. The message id is a hash of the row, so of two identical
//!   rows the engine would keep one in any case; one that follows within the same second of the file is
//!   rejected as `duplicate_row`.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use serde_json::value::to_raw_value;
use tradewind_catalog::Product;
use tradewind_events::{Event, EventName, Kind, Origin};
use tradewind_kernel::{Currency, Money, UtcMillis};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::fields::{self, Dates, major, path_segment};
use crate::intake::Intake;
use crate::table::{Column, Row, Table};
use crate::{ImportError, Reason, Sink, Source, Tally};

/// The columns, in the order of [`judge`]'s fields.
const COLUMNS: [Column; 9] = [
    &["event_time"],
    &["event_type"],
    &["product_id"],
    &["category_id"],
    &["category_code"],
    &["brand"],
    &["price"],
    &["user_id"],
    &["user_session"],
];

/// How many rows of one second are remembered at most.
const MAX_ROWS_OF_A_SECOND: usize = 65_536;

/// A row that is sound by itself.
#[derive(Debug, Clone, Copy)]
struct Click<'a> {
    at: UtcMillis,
    name: EventKind,
    product: &'a str,
    category_id: &'a str,
    category_code: &'a str,
    brand: &'a str,
    price_minor: Option<i64>,
    user: &'a str,
    session: &'a str,
    hash: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EventKind {
    View,
    Cart,
    Remove,
    Purchase,
}

#[derive(Serialize)]
struct Properties<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    revenue: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    product: Option<&'a ProductLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    products: Option<[&'a ProductLine<'a>; 1]>,
}

#[derive(Serialize)]
struct ProductLine<'a> {
    product_id: &'a str,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    category: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    brand: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
}

#[derive(Serialize)]
struct Context<'a> {
    session_id: &'a str,
}

/// What is remembered of the rows before.
#[derive(Default)]
struct Memory {
    /// The hash of a product's id, and of its price, brand and category as last handed over.
    products: FxHashMap<u64, u64>,
    second: UtcMillis,
    rows: FxHashSet<u128>,
    scratch: Vec<u8>,
}

/// Reads a REES46 file. `now` is the time of receipt; rows dated later are rejected.
///
/// # Errors
/// [`ImportError`] when the file does not read, lacks a column, or the sink fails.
pub fn rees46(source: Source, now: UtcMillis, sink: &mut dyn Sink) -> Result<Tally, ImportError> {
    let (mut table, meter) = Table::open(source, &COLUMNS)?;
    let mut intake = Intake::new(sink, meter);
    let (mut memory, mut dates) = (Memory::default(), Dates::until(now));
    while table.advance()? {
        match table.row().and_then(|row| judge(row, &mut dates, &mut memory)) {
            Ok(click) => {
                intake.row_taken();
                if memory.product_changed(&click) {
                    intake.product(product(&click))?;
                }
                intake.event(event(&click, now)?)?;
            }
            Err(reason) => intake.row_rejected(table.line(), reason, &table.text(), "")?,
        }
    }
    Ok(intake.finish())
}

fn judge<'a>(row: Row<'a, 9>, dates: &mut Dates, memory: &mut Memory) -> Result<Click<'a>, Reason> {
    let fields = row.fields()?;
    let [time, kind, product, category_id, category_code, brand, price, user, session] = fields;
    let at = dates.read(time)?;
    let name = match kind {
        "view" => EventKind::View,
        "cart" => EventKind::Cart,
        "remove_from_cart" => EventKind::Remove,
        "purchase" => EventKind::Purchase,
        _ => return Err(Reason::UnknownEventType),
    };
    if product.is_empty() {
        return Err(Reason::NoProductId);
    }
    for text in [product, category_id, user, session] {
        fields::id(text)?;
    }
    if brand.len().max(category_code.len()) > fields::MAX_NAME_CHARS {
        return Err(Reason::TooLong);
    }
    let price_minor = match price {
        "" => None,
        text => Some(fields::amount_minor(text)?).filter(|&minor| minor != 0),
    };
    if price_minor.is_some_and(|minor| minor < 0) || (price_minor.is_none() && name == EventKind::Purchase) {
        return Err(Reason::NoPrice);
    }
    if user.is_empty() {
        return Err(Reason::NoUserId);
    }
    let hash = memory.first_of_its_kind(&fields, at).ok_or(Reason::DuplicateRow)?;
    Ok(Click { at, name, product, category_id, category_code, brand, price_minor, user, session, hash })
}

impl Memory {
    /// The row's hash, unless a row of the same second had it too.
    fn first_of_its_kind(&mut self, fields: &[&str], at: UtcMillis) -> Option<u128> {
        if at != self.second || self.rows.len() >= MAX_ROWS_OF_A_SECOND {
            self.rows.clear();
            self.second = at;
        }
        self.scratch.clear();
        for field in fields {
            self.scratch.extend_from_slice(field.as_bytes());
            self.scratch.push(0x1F);
        }
        let hash = xxh3_128(&self.scratch);
        self.rows.insert(hash).then_some(hash)
    }

    /// Whether the row tells something new of its product.
    fn product_changed(&mut self, click: &Click<'_>) -> bool {
        self.scratch.clear();
        for text in [click.brand, click.category_code, click.category_id] {
            self.scratch.extend_from_slice(text.as_bytes());
            self.scratch.push(0x1F);
        }
        self.scratch.extend_from_slice(&click.price_minor.unwrap_or_default().to_le_bytes());
        let (id, told) = (xxh3_64(click.product.as_bytes()), xxh3_64(&self.scratch));
        if click.price_minor.is_none() && self.products.contains_key(&id) {
            return false;
        }
        self.products.insert(id, told) != Some(told)
    }
}

fn category_path(code: &str) -> impl Iterator<Item = String> {
    code.split('.').filter(|part| !part.is_empty()).map(|part| capitalised(&part.replace('_', " ")))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `Aqua water heater 3900821`, `Water heater 3900821`, `Shiseido 44600062` or `Product 44600062`.
fn title(click: &Click<'_>) -> String {
    let leaf = click.category_code.rsplit('.').next().unwrap_or_default().replace('_', " ");
    let brand: Vec<String> = click.brand.split_whitespace().map(capitalised).collect();
    match (brand.is_empty(), leaf.is_empty()) {
        (true, true) => format!("Product {}", click.product),
        (true, false) => format!("{} {}", capitalised(&leaf), click.product),
        (false, true) => format!("{} {}", brand.join(" "), click.product),
        (false, false) => format!("{} {leaf} {}", brand.join(" "), click.product),
    }
}

fn product(click: &Click<'_>) -> Product {
    let segment = path_segment(click.product);
    let category_id = Some(click.category_id).filter(|id| !id.is_empty());
    Product {
        id: click.product.to_owned(),
        title: title(click),
        category_path: category_path(click.category_code).collect(),
        brand: Some(click.brand).filter(|brand| !brand.is_empty()).map(str::to_owned),
        price: click.price_minor.map(|minor| Money::new(minor, Currency::USD)),
        image_url: Some(format!("/media/{segment}.svg")),
        url: Some(format!("/p/{segment}")),
        attributes: category_id.map(|id| ("category_id".to_owned(), id.to_owned())).into_iter().collect(),
        updated_at: click.at,
        ..Product::default()
    }
}

fn event(click: &Click<'_>, now: UtcMillis) -> Result<Event, ImportError> {
    let name = match click.name {
        EventKind::View => EventName::ProductViewed,
        EventKind::Cart => EventName::ProductAdded,
        EventKind::Remove => EventName::ProductRemoved,
        EventKind::Purchase => EventName::OrderCompleted,
    };
    let bought = click.name == EventKind::Purchase;
    let price = click.price_minor.map(major);
    let line = ProductLine {
        product_id: click.product,
        name: title(click),
        category: category_path(click.category_code).collect::<Vec<_>>().join(" > "),
        brand: click.brand,
        price,
        quantity: (click.name != EventKind::View).then_some(1),
    };
    let properties = to_raw_value(&Properties {
        order_id: bought.then(|| format!("rees46-{:032x}", click.hash)),
        currency: Currency::USD,
        revenue: price.filter(|_| bought),
        total: price.filter(|_| bought),
        product: (!bought).then_some(&line),
        products: bought.then_some([&line]),
    })?;
    let context = Some(click.session).filter(|id| !id.is_empty()).map(|session_id| Context { session_id });
    Ok(Event {
        name: Some(name.as_str().to_owned()),
        user_id: Some(click.user.to_owned()),
        origin: Origin::Import,
        properties: Some(properties),
        context: context.map(|context| to_raw_value(&context)).transpose()?,
        ..Event::new(Kind::Track, format!("rees46:{:032x}", click.hash), click.at, now)
    })
}
