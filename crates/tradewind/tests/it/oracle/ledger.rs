//! The oracle: what the shop's numbers must be, from the distinct messages alone, each read once and in the
//! order in which they happened. It shares no code with the program.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::time::{HOUR_MS, written};
use super::world::{Message, World};

/// A profile shows the latest of what was touched, this many.
const SHOWN: usize = 64;

/// What one person did, over all ids.
#[derive(Debug, Default, Clone)]
struct Person {
    first_ms: i64,
    last_ms: i64,
    events: u64,
    orders: u64,
    refunds: u64,
    revenue: BTreeMap<&'static str, i64>,
    actions: BTreeMap<&'static str, u64>,
    /// Product, action, time; oldest first.
    touched: Vec<(usize, &'static str, i64)>,
    /// Oldest first.
    bought: Vec<usize>,
    sessions: u64,
    cart: BTreeMap<String, u32>,
}

#[derive(Debug)]
pub(super) struct Ledger {
    people: Vec<Person>,
    by_name: BTreeMap<&'static str, u64>,
    products: BTreeSet<usize>,
}

impl Ledger {
    pub(super) fn of(world: &World) -> Self {
        let people = vec![Person::default(); world.people];
        let mut ledger = Self { people, by_name: BTreeMap::new(), products: BTreeSet::new() };
        for index in 0..world.messages {
            let message = world.message(index);
            *ledger.by_name.entry(message.name.0).or_default() += 1;
            if message.name.2.is_some() {
                ledger.products.extend(message.lines.iter().map(|line| line.0));
            }
            ledger.people[message.person].note(&message);
        }
        ledger
    }

    /// What of `/v1/stats` follows from the messages.
    pub(super) fn check_stats(&self, stats: &Value) {
        assert_eq!(stats["eventsByName"], json!(self.by_name));
        assert_eq!(stats["eventsTotal"], self.by_name.values().sum::<u64>());
        assert_eq!(stats["items"], self.products.len());
        assert_eq!(stats["rejectedTotal"], 0);
    }

    /// Whether a person did anything.
    pub(super) fn knows(&self, person: usize) -> bool {
        self.people[person].events > 0
    }

    /// What of a profile does not depend on the order of delivery.
    pub(super) fn expected(&self, person: usize) -> Value {
        self.people[person].expected()
    }

    /// What does: sessions, the cart, the order of what was bought; as it is where nothing comes late.
    pub(super) fn expected_in_order(&self, person: usize) -> Value {
        let person = &self.people[person];
        let bought: Vec<String> = person.bought.iter().rev().map(|p| format!("p{p}")).collect();
        json!({"sessions": person.sessions, "cart": person.cart, "bought": bought})
    }
}

impl Person {
    fn note(&mut self, message: &Message) {
        let at_ms = message.at_ms;
        if self.events == 0 || at_ms - self.last_ms > HOUR_MS / 2 {
            self.sessions += 1;
        }
        if self.events == 0 {
            self.first_ms = at_ms;
        }
        self.last_ms = at_ms;
        self.events += 1;
        let Some(action) = message.name.2 else { return };
        if !message.lines.is_empty() {
            *self.actions.entry(action).or_default() += message.lines.len() as u64;
        }
        if !matches!(action, "remove" | "return") {
            self.touched.extend(message.lines.iter().map(|line| (line.0, action, at_ms)));
        }
        for &(product, quantity, _) in &message.lines {
            let (key, quantity) = (format!("p{product}"), quantity.unwrap_or(1));
            match action {
                "add" => *self.cart.entry(key).or_default() += quantity,
                "remove" => {
                    let left = self.cart.get(&key).map_or(0, |held| held.saturating_sub(quantity));
                    self.cart.remove(&key);
                    if left > 0 {
                        self.cart.insert(key, left);
                    }
                }
                "buy" => {
                    self.cart.remove(&key);
                    self.bought.retain(|b| *b != product);
                    self.bought.push(product);
                }
                _ => {}
            }
        }
        self.orders += u64::from(action == "buy");
        self.refunds += u64::from(action == "return");
        if let Some((currency, minor)) = message.revenue {
            *self.revenue.entry(currency).or_default() += minor;
        }
        // No more than is shown is needed.
        if self.touched.len() > 4 * SHOWN {
            self.touched.drain(..3 * SHOWN);
        }
    }

    fn expected(&self) -> Value {
        let mut bought: Vec<String> = self.bought.iter().map(|p| format!("p{p}")).collect();
        bought.sort();
        let touch = |&(product, action, at_ms): &(usize, &str, i64)| json!({"productId": format!("p{product}"), "action": action, "at": written(at_ms, 0)});
        let recent: Vec<Value> = self.touched.iter().rev().take(SHOWN).map(touch).collect();
        json!({
            "firstSeen": written(self.first_ms, 0), "lastSeen": written(self.last_ms, 0), "events": self.events,
            "orders": self.orders, "refunds": self.refunds, "revenueMinor": self.revenue,
            "actions": self.actions, "recent": recent, "bought": bought,
        })
    }
}

/// Of a profile as it was answered, the same as [`Ledger::expected`] says.
pub(super) fn unordered(profile: &Value) -> Value {
    let mut kept = json!({});
    for key in ["firstSeen", "lastSeen", "events", "orders", "refunds", "revenueMinor", "recent"] {
        kept[key] = profile[key].clone();
    }
    // A refund of a whole order names no product, and counts none.
    let actions = profile["actions"].as_object().unwrap().iter().filter(|(_, count)| **count != 0);
    kept["actions"] = actions.map(|(name, count)| (name.clone(), count.clone())).collect();
    let mut bought: Vec<String> = serde_json::from_value(profile["bought"].clone()).unwrap();
    bought.sort();
    kept["bought"] = json!(bought);
    kept
}

/// The same as [`Ledger::expected_in_order`] says.
pub(super) fn ordered(profile: &Value) -> Value {
    let lines = profile["cart"].as_array().unwrap().iter();
    let cart: BTreeMap<&str, u64> =
        lines.map(|l| (l["productId"].as_str().unwrap(), l["quantity"].as_u64().unwrap())).collect();
    json!({"sessions": profile["sessions"], "cart": cart, "bought": profile["bought"]})
}
