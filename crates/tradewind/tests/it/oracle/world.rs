//! The messages that a shop would send, made of a seed: message `i` is a function of `i`, so that nothing is
//! kept of a million of them.
//!
//! A person has at most one user id and up to three devices, each an anonymous id of this person alone, for
//! ever. Only so is what a person's profile says independent of the order of delivery: the first user of an
//! anonymous id gets what the id did so far, so with two users on a device it would matter who comes first.
//! Each device of a user is made known by a message of its own, somewhere in the history.

use serde_json::{Value, json};

use super::time::{HOUR_MS, written};
use crate::support::Rng;

/// What a message is called where it is counted, its type, and what it does to products.
pub(super) type Name = (&'static str, &'static str, Option<&'static str>);

const IDENTIFY: Name = ("identify", "identify", None);
const ALIAS: Name = ("alias", "alias", None);
const REFUND: Name = ("Order Refunded", "track", Some("return"));
/// As often as they stand here.
const NAMES: [Name; 16] = [
    ("Product Viewed", "track", Some("view")),
    ("Product Viewed", "track", Some("view")),
    ("Product Viewed", "track", Some("view")),
    ("Product Viewed", "track", Some("view")),
    ("Product Clicked", "track", Some("click")),
    ("Product Clicked", "track", Some("click")),
    ("Product Added", "track", Some("add")),
    ("Product Added", "track", Some("add")),
    ("Product Removed", "track", Some("remove")),
    ("Product Added to Wishlist", "track", Some("wish")),
    ("Order Completed", "track", Some("buy")),
    ("Order Completed", "track", Some("buy")),
    REFUND,
    ("page", "page", None),
    ("page", "page", None),
    ("Size Guide Opened", "track", None),
];

/// A product's number, how many of it where that is said, and its price in minor units.
pub(super) type Line = (usize, Option<u32>, i64);

/// One distinct message, before anybody writes it down.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) index: usize,
    pub(super) name: Name,
    pub(super) person: usize,
    /// Whether it names the person's user.
    names_user: bool,
    /// The person's device that it names.
    device: Option<usize>,
    pub(super) at_ms: i64,
    pub(super) lines: Vec<Line>,
    /// What an order earned, in minor units.
    pub(super) revenue: Option<(&'static str, i64)>,
    /// What it looks like where there is a choice.
    form: usize,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) seed: u64,
    /// Distinct messages.
    pub(super) messages: usize,
    pub(super) people: usize,
    pub(super) products: usize,
    pub(super) begin_ms: i64,
    pub(super) span_ms: i64,
    /// Whether users have devices.
    pub(super) links: bool,
}

impl World {
    /// The person's user id, if it has one.
    pub(super) fn user(person: usize) -> Option<String> {
        (!person.is_multiple_of(4)).then(|| format!("u{person}"))
    }

    pub(super) fn device(person: usize, device: usize) -> String {
        format!("a{person}-{device}")
    }

    pub(super) fn devices(&self, person: usize) -> usize {
        match (person % 4, self.links) {
            (0, _) => 1,
            (2, true) => 1,
            (3, true) => 3,
            _ => 0,
        }
    }

    /// The device that message `index` makes known: in each four people there are four.
    fn link(&self, index: usize) -> Option<(usize, usize)> {
        let stride = self.messages / self.people;
        if !self.links || index % stride != stride / 2 || index / stride >= self.people / 4 * 4 {
            return None;
        }
        let place = index / stride;
        let four = place / 4 * 4;
        Some(if place % 4 == 3 { (four + 2, 0) } else { (four + 3, place % 4) })
    }

    pub(super) fn message(&self, index: usize) -> Message {
        let mut rng = Rng(self.seed ^ (index as u64).wrapping_mul(0x5851_f42d_4c95_7f2d));
        let at_ms = self.begin_ms + self.span_ms / int(self.messages) * int(index);
        let form = rng.below(1 << 20);
        if let Some((person, device)) = self.link(index) {
            let name = if rng.below(8) == 0 { ALIAS } else { IDENTIFY };
            let device = Some(device);
            return Message {
                index,
                name,
                person,
                names_user: true,
                device,
                at_ms,
                lines: vec![],
                revenue: None,
                form,
            };
        }
        // Some people do much more than others.
        let luck = rng.below(1 << 16) * (rng.below(1 << 16) + 1) >> 16;
        let person = self.people * luck >> 16;
        let name = *rng.pick(&NAMES);
        let devices = self.devices(person);
        let has_user = Self::user(person).is_some();
        let names_user = has_user && (devices == 0 || rng.below(3) == 0);
        let device = (devices > 0 && (!names_user || rng.below(2) == 0)).then(|| rng.below(devices.max(1)));
        let lines = self.lines(&mut rng, name, person);
        let revenue = (name.2 == Some("buy")).then(|| {
            let summed: i64 = lines.iter().map(|l| l.2 * i64::from(l.1.unwrap_or(1))).sum();
            let currency = *rng.pick(&["EUR", "GBP"]);
            (currency, if form % 4 == 3 { summed } else { int(rng.below(50_000)) })
        });
        Message { index, name, person, names_user, device, at_ms, lines, revenue, form }
    }

    /// A person buys of a hundred products at most, so that none is forgotten, and refunds may name none.
    fn lines(&self, rng: &mut Rng, name: Name, person: usize) -> Vec<Line> {
        let count = match name {
            (_, "page", _) => 0,
            REFUND => rng.below(3),
            (_, _, Some("buy")) => 1 + rng.below(4),
            _ => 1,
        };
        let line = |_| {
            let product = (person * 7 + rng.below(100)) % self.products;
            let quantity = (rng.below(3) > 0).then(|| 1 + u32::try_from(rng.below(3)).unwrap());
            (product, quantity, int(99 + product * 37))
        };
        (0..count).map(line).collect()
    }
}

fn int(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

/// Minor units as a decimal number of major ones.
fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

impl Message {
    /// Its type: where a message is sent alone, also the path's last part.
    pub(super) fn kind(&self) -> &'static str {
        self.name.1
    }

    /// The message as a client writes it; the same at each delivery.
    pub(super) fn json(&self) -> Value {
        let (label, kind, action) = self.name;
        let mut json = json!({"type": kind, "messageId": format!("m-{}", self.index)});
        if kind == "track" {
            // Known names come in any case; an unknown one stays as it was sent.
            let name =
                if action.is_some() && self.form % 7 == 0 { label.to_lowercase() } else { label.to_owned() };
            json["event"] = name.into();
        } else if kind == "page" {
            json["name"] = "Home".into();
        }
        if self.names_user {
            json["userId"] = World::user(self.person).into();
        }
        if let Some(device) = self.device {
            let key = if self.name == ALIAS { "previousId" } else { "anonymousId" };
            json[key] = World::device(self.person, device).into();
        }
        let key = if self.form % 2 == 0 { "timestamp" } else { "originalTimestamp" };
        json[key] = self.time();
        json["properties"] = self.properties();
        json
    }

    fn time(&self) -> Value {
        match self.form % 6 {
            0 => written(self.at_ms, 0).into(),
            1 => written(self.at_ms, HOUR_MS).into(),
            2 => written(self.at_ms, -11 * HOUR_MS / 2).into(),
            3 => written(self.at_ms, 0).trim_end_matches('Z').replace('T', " ").into(),
            4 => written(self.at_ms, 0).replace('Z', "987+00:00").into(),
            _ => self.at_ms.into(),
        }
    }

    fn properties(&self) -> Value {
        let line = |&(product, quantity, price): &Line| {
            let mut line = json!({"product_id": format!("p{product}"), "name": format!("Product {product}")});
            line["price"] = decimal(price).parse::<f64>().unwrap().into();
            if let Some(quantity) = quantity {
                line["quantity"] = quantity.into();
            }
            line
        };
        let mut json = match self.name.2 {
            Some("buy" | "return") => {
                json!({"order_id": self.index, "products": self.lines.iter().map(line).collect::<Vec<_>>()})
            }
            _ => self.lines.first().map_or_else(|| json!({}), line),
        };
        let Some((currency, minor)) = self.revenue else { return json };
        // The shop's own currency need not be said.
        if currency != "EUR" || self.form % 3 > 0 {
            json["currency"] = currency.into();
        }
        let more = decimal(minor + 499).parse::<f64>().unwrap();
        match self.form % 4 {
            0 => {
                (json["revenue"], json["total"]) =
                    (decimal(minor).parse::<f64>().unwrap().into(), more.into())
            }
            1 => json["revenue"] = decimal(minor).into(),
            2 => json["total"] = decimal(minor).parse::<f64>().unwrap().into(),
            _ => {}
        }
        json
    }
}
