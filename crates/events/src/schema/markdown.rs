//! The page of reference that is made from the registry.

use std::fmt::Write;

use super::{Need, OF_EACH_PRODUCT, Property, Registry, Schema};

const HEAD: &str = "# Events

Made by `tradewind schema list --markdown`; do not edit. Names are recognised in any case. Every event is \
kept, whether it is listed here or not. *Required* means that without it the event is of little use: \
`tradewind schema check` calls it an error, and only a request with `?strict=1` is refused for it. \
*Recommended* means that something is not possible without it; the last column says what. What each property \
says is in the [last table](#properties).

Amounts of money are numbers of major units (12.50), kept as whole minor units. `revenue` is after \
discounts, before tax and shipping; `total` includes both. `products[].price` is the price of each product \
in the list `products`.

";

/// The whole page, of every event's newest version.
#[must_use]
pub fn reference(registry: &Registry) -> String {
    let mut page = HEAD.to_owned();
    for schema in registry.applying() {
        // Writing to a string does not fail.
        let _ = writeln!(page, "- [{}](#{})", schema.event, anchor(&schema.event));
    }
    for schema in registry.applying() {
        section(&mut page, schema);
    }
    glossary(&mut page, registry);
    page
}

fn anchor(event: &str) -> String {
    event.to_lowercase().replace(' ', "-")
}

fn section(page: &mut String, schema: &Schema) {
    let _ = write!(page, "\n## {}\n\n{}", schema.event, schema.description);
    if !schema.enables.is_empty() {
        let _ = write!(page, " Good for: {}.", schema.enables);
    }
    page.push('\n');
    let of = |need: Need| schema.properties.iter().filter(move |p| p.need == need);
    let needed: Vec<&Property> = of(Need::Required).chain(of(Need::Recommended)).collect();
    if !needed.is_empty() {
        page.push_str("\n| property | type | | what it makes possible |\n|---|---|---|---|\n");
    }
    for property in needed {
        let or: String = property.or.iter().map(|name| format!(" or `{name}`")).collect();
        let (name, kind, need) = (&property.name, kind(property), property.need.as_str());
        let _ = writeln!(page, "| `{name}`{or} | {kind} | {need} | {} |", cell(&property.enables));
    }
    let optional: Vec<String> = of(Need::Optional).map(|p| format!("`{}`", p.name)).collect();
    if !optional.is_empty() {
        let _ = writeln!(page, "\nMay also have: {}.", optional.join(", "));
    }
}

/// What each property says, once.
fn glossary(page: &mut String, registry: &Registry) {
    page.push_str(
        "\n## Properties\n\n| property | type | what it says | what it makes possible |\n|---|---|---|---|\n",
    );
    let mut told: Vec<(&str, &str)> = Vec::new();
    for property in registry.applying().flat_map(|s| &s.properties) {
        let name = property.name.strip_prefix(OF_EACH_PRODUCT).unwrap_or(&property.name);
        if !told.contains(&(name, &property.description)) {
            told.push((name, &property.description));
            let [description, enables] = [&property.description, &property.enables].map(|words| cell(words));
            let _ = writeln!(page, "| `{name}` | {} | {description} | {enables} |", kind(property));
        }
    }
}

fn kind(property: &Property) -> String {
    let of = property.unit.as_ref().map_or_else(String::new, |unit| format!(", {unit}"));
    format!("{}{of}", property.kind.as_str())
}

fn cell(words: &str) -> String {
    words.replace('|', "\\|")
}
