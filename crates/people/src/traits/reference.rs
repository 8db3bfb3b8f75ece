//! The page of reference that is made from the table.

use std::fmt::Write;

use tradewind_kernel::UtcMillis;

use super::ALL;

const HEAD: &str = "# Traits

Made from the declarations in `people/src/traits/table.rs`; do not edit. `GET /v1/profiles/{subject}` gives \
the traits of one shopper, `GET /v1/traits` these declarations. A trait is told only where the *purpose* is \
permitted, and for as long after the shopper's latest event as the column *kept* says. Amounts are whole \
minor units of the shop's currency.

| trait | type | what it says | how it comes about | purpose | class | kept |
|---|---|---|---|---|---|---|
";

/// The whole page.
#[must_use]
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for one in ALL {
        let unit = if one.unit.is_empty() { String::new() } else { format!(", {}", one.unit) };
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {}{unit} | {} | {} | `{}` | {} | {} |",
            one.name,
            one.kind.as_str(),
            one.description,
            one.folded,
            one.purpose,
            one.class.as_str(),
            kept(one.ttl_ms),
        );
    }
    page
}

fn kept(ttl_ms: Option<i64>) -> String {
    match ttl_ms {
        None => "as the profile".to_owned(),
        Some(ttl) if ttl < UtcMillis::DAY => format!("{} minutes", ttl / UtcMillis::MINUTE),
        Some(ttl) => format!("{} days", ttl / UtcMillis::DAY),
    }
}
