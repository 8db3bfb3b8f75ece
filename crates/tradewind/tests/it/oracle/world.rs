//! The messages that a shop would send, made of a seed: message `i` is a function of `i`, so that nothing is
//! kept of a million of them.
//!
//! A person has at most one user id and up to three devices, each an anonymous id of this person alone, for
//! ever. Only so is what a person's profile says independent of the order of delivery: the first user of an
//! anonymous id gets what the id did so far, so with two users on a device it would matter who comes first.
//! Each device of a user is made known by a message of its own, somewhere in the history.

use crate::support::Rng;

/// What a message is called where it is counted, its type, and what it does to products.
pub(super) type Name = (&'static str, &'static str, Option<&'static str>);

const IDENTIFY: Name = ("identify", "identify", None);
pub(super) const ALIAS: Name = ("alias", "alias", None);
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
    pub(super) names_user: bool,
    /// The person's device that it names.
    pub(super) device: Option<usize>,
    pub(super) at_ms: i64,
    pub(super) lines: Vec<Line>,
    /// What an order earned, in minor units.
    pub(super) revenue: Option<(&'static str, i64)>,
    /// What it looks like where there is a choice.
    pub(super) form: usize,
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
        let luck = (rng.below(1 << 16) * (rng.below(1 << 16) + 1)) >> 16;
        let person = (self.people * luck) >> 16;
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
