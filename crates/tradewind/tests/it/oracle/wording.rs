//! The messages as clients write them: times of several zones and forms, names in any case, revenue in each
//! of the ways in which an order may tell it.

use serde_json::{Value, json};

use super::time::{HOUR_MS, written};
use super::world::{ALIAS, Line, Message, World};

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
            let name = if action.is_some() && self.form.is_multiple_of(7) {
                label.to_lowercase()
            } else {
                label.to_owned()
            };
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
        let key = if self.form.is_multiple_of(2) { "timestamp" } else { "originalTimestamp" };
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
        if currency != "EUR" || !self.form.is_multiple_of(3) {
            json["currency"] = currency.into();
        }
        let more = decimal(minor + 499).parse::<f64>().unwrap();
        match self.form % 4 {
            0 => {
                json["revenue"] = decimal(minor).parse::<f64>().unwrap().into();
                json["total"] = more.into();
            }
            1 => json["revenue"] = decimal(minor).into(),
            2 => json["total"] = decimal(minor).parse::<f64>().unwrap().into(),
            _ => {}
        }
        json
    }
}
