//! Rows of events, of their order lines and of their impressions.

use serde_json::value::RawValue;
use tradewind_events::{Commerce, Enrichment, Event, Kind, Origin, ProductRef};
use tradewind_kernel::{Currency, Money, UtcMillis};

use crate::columns::{Cell, Column, column};
use crate::family::Family;

/// An event with what was read out of its properties and context.
pub(crate) struct EventRow {
    pub(crate) offset: i64,
    pub(crate) event: Event,
    pub(crate) commerce: Commerce,
    /// What the event says of one product, where it is about one.
    product: Option<ProductRef>,
    page: Page,
}

/// Where it happened.
#[derive(Default)]
struct Page {
    path: Option<String>,
    referrer: Option<String>,
}

impl Page {
    fn read(event: &Event) -> Self {
        #[derive(serde::Deserialize, Default)]
        struct Told {
            path: Option<serde_json::Value>,
            referrer: Option<serde_json::Value>,
        }
        #[derive(serde::Deserialize, Default)]
        struct Context {
            page: Option<Told>,
        }
        let text = |value: Option<serde_json::Value>| value?.as_str().map(str::to_owned);
        let context = event.context.as_ref().and_then(|c| serde_json::from_str::<Context>(c.get()).ok());
        let mut told = context.unwrap_or_default().page.unwrap_or_default();
        if told.path.is_none() && event.kind == Kind::Page {
            let own = event.properties.as_ref().and_then(|p| serde_json::from_str::<Told>(p.get()).ok());
            told = own.unwrap_or_default();
        }
        Self { path: text(told.path), referrer: text(told.referrer) }
    }
}

impl EventRow {
    pub(crate) fn new(offset: i64, event: Event, currency: Currency) -> Self {
        let mut commerce = Commerce::read(event.properties.as_deref(), currency);
        let product = (commerce.products.len() == 1).then(|| commerce.products.remove(0));
        let page = Page::read(&event);
        Self { offset, event, commerce, product, page }
    }

    pub(crate) fn family(&self) -> Family {
        Family::of(self.event.kind, self.event.name.as_deref())
    }

    /// The products of an event that may name several.
    pub(crate) fn products(&self) -> impl Iterator<Item = &ProductRef> {
        self.product.iter().chain(&self.commerce.products)
    }

    fn enriched<'a, T>(&'a self, read: impl FnOnce(&'a Enrichment) -> Option<T>) -> Option<T> {
        self.event.enriched.as_deref().and_then(read)
    }

    fn price(&self) -> Option<Money> {
        self.product.as_ref()?.price(self.commerce.currency)
    }
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Track => "track",
        Kind::Identify => "identify",
        Kind::Page => "page",
        Kind::Screen => "screen",
        Kind::Group => "group",
        Kind::Alias => "alias",
    }
}

fn raw(json: &Option<Box<RawValue>>) -> Option<&str> {
    json.as_deref().map(RawValue::get)
}

/// A place in a list; what is out of range is left out.
fn whole(number: Option<f64>) -> Option<i32> {
    number.filter(|n| n.is_finite() && n.abs() < f64::from(i32::MAX)).map(|n| n as i32)
}

/// The columns of every table of events.
pub(crate) fn event_columns() -> Vec<Column<EventRow>> {
    vec![
        column(crate::columns::DAY, Cell::Day(|r| Some(r.event.occurred_at))),
        column("offset", Cell::Long(|r| Some(r.offset))),
        column("message_id", Cell::Text(|r| Some(&r.event.message_id))),
        column("kind", Cell::Text(|r| Some(kind_name(r.event.kind)))),
        column("name", Cell::Text(|r| r.event.name.as_deref())),
        column("user_id", Cell::Text(|r| r.event.user_id.as_deref())),
        column("anonymous_id", Cell::Text(|r| r.event.anonymous_id.as_deref())),
        column("occurred_at", Cell::Time(|r| Some(r.event.occurred_at))),
        column("received_at", Cell::Time(|r| Some(r.event.received_at))),
        column("origin", Cell::Text(|r| Some(origin_name(r.event.origin)))),
        column("product_id", Cell::Text(|r| r.product.as_ref()?.id())),
        column("price_minor", Cell::Long(|r| r.price().map(|m| m.minor))),
        column("currency", Cell::Text(|r| Some(r.commerce.currency.as_str()))),
        column("quantity", Cell::Real(|r| r.product.as_ref()?.quantity)),
        column("position", Cell::Int(|r| whole(r.product.as_ref()?.position))),
        column("product_count", Cell::Int(|r| i32::try_from(r.products().count()).ok())),
        column("order_id", Cell::Text(|r| r.commerce.order_id.as_deref())),
        column("revenue_minor", Cell::Long(|r| r.commerce.revenue.map(|m| m.minor))),
        column("query", Cell::Text(|r| r.commerce.query.as_deref())),
        column("page_path", Cell::Text(|r| r.page.path.as_deref())),
        column("referrer", Cell::Text(|r| r.page.referrer.as_deref())),
        column("device", Cell::Text(|r| r.enriched(|e| e.device.as_deref()))),
        column("os", Cell::Text(|r| r.enriched(|e| e.os.as_deref()))),
        column("browser", Cell::Text(|r| r.enriched(|e| e.browser.as_deref()))),
        column("channel", Cell::Text(|r| r.enriched(|e| e.channel.as_deref()))),
        column("source", Cell::Text(|r| r.enriched(|e| e.source.as_deref()))),
        column("country", Cell::Text(|r| r.enriched(|e| e.country.as_deref()))),
        column("region", Cell::Text(|r| r.enriched(|e| e.region.as_deref()))),
        column("local_hour", Cell::Int(|r| r.enriched(|e| e.local_hour.map(i32::from)))),
        column("weekday", Cell::Int(|r| r.enriched(|e| e.weekday.map(i32::from)))),
        column("holiday", Cell::Text(|r| r.enriched(|e| e.holiday.as_deref()))),
        column("season", Cell::Text(|r| r.enriched(|e| e.season.as_deref()))),
        column("previous_id", Cell::Text(|r| r.event.previous_id.as_deref())),
        column("group_id", Cell::Text(|r| r.event.group_id.as_deref())),
        column("properties", Cell::Text(|r| raw(&r.event.properties))),
        column("traits", Cell::Text(|r| raw(&r.event.traits))),
        column("context", Cell::Text(|r| raw(&r.event.context))),
    ]
}

const fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Live => "live",
        Origin::Import => "import",
    }
}

/// One product of an event that names products in a list.
pub(crate) struct LineRow<'a> {
    event: &'a EventRow,
    product: &'a ProductRef,
    /// From 1, in the order of the list.
    line: i32,
    category: String,
}

/// The lines of an event, in their order.
pub(crate) fn lines_of(event: &EventRow) -> impl Iterator<Item = LineRow<'_>> {
    event.products().zip(1..).map(move |(product, line)| {
        let category = product.category_path().join(" > ");
        LineRow { event, product, line, category }
    })
}

/// The columns of `order_lines` and `impressions`.
pub(crate) fn line_columns<'a>() -> Vec<Column<LineRow<'a>>> {
    fn at(r: &LineRow<'_>) -> Option<UtcMillis> {
        Some(r.event.event.occurred_at)
    }
    vec![
        column(crate::columns::DAY, Cell::Day(at)),
        column("offset", Cell::Long(|r| Some(r.event.offset))),
        column("line", Cell::Int(|r| Some(r.line))),
        column("message_id", Cell::Text(|r| Some(&r.event.event.message_id))),
        column("name", Cell::Text(|r| r.event.event.name.as_deref())),
        column("user_id", Cell::Text(|r| r.event.event.user_id.as_deref())),
        column("anonymous_id", Cell::Text(|r| r.event.event.anonymous_id.as_deref())),
        column("occurred_at", Cell::Time(at)),
        column("order_id", Cell::Text(|r| r.event.commerce.order_id.as_deref())),
        column("product_id", Cell::Text(|r| r.product.id())),
        column("sku", Cell::Text(|r| r.product.sku.as_deref())),
        column("product_name", Cell::Text(|r| r.product.name.as_deref())),
        column("brand", Cell::Text(|r| r.product.brand.as_deref())),
        column("category", Cell::Text(|r| Some(r.category.as_str()).filter(|c| !c.is_empty()))),
        column("variant", Cell::Text(|r| r.product.variant.as_deref())),
        column("price_minor", Cell::Long(|r| r.product.price(r.event.commerce.currency).map(|m| m.minor))),
        column("currency", Cell::Text(|r| Some(r.event.commerce.currency.as_str()))),
        column("quantity", Cell::Real(|r| r.product.quantity)),
        column("position", Cell::Int(|r| whole(r.product.position))),
        column("channel", Cell::Text(|r| r.event.enriched(|e| e.channel.as_deref()))),
        column("country", Cell::Text(|r| r.event.enriched(|e| e.country.as_deref()))),
    ]
}

/// Where an event's lines go, if anywhere.
pub(crate) fn lines_table(event: &EventRow) -> Option<&'static str> {
    let parsed = tradewind_events::EventName::parse(event.event.name.as_deref().unwrap_or_default());
    match (event.event.kind, parsed.as_str()) {
        (Kind::Track, "Product List Viewed" | "Recommendations Viewed") => Some(IMPRESSIONS),
        (Kind::Track, _) if event.family() == Family::Orders => Some(ORDER_LINES),
        _ => None,
    }
}

/// One row for each product of an order's event.
pub(crate) const ORDER_LINES: &str = "order_lines";
/// One row for each product of a list that was shown.
pub(crate) const IMPRESSIONS: &str = "impressions";
