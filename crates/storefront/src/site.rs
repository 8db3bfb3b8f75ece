//! What sets one shop's front apart from another's.

use serde::Serialize;
use tradewind_kernel::Currency;

/// The shop's own words.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// The shop's name, in the header and in every page's title.
    pub name: String,
    /// One sentence below the name, on the home page and for search engines.
    pub tagline: String,
    /// The currency of carts whose products name none.
    pub currency: Currency,
    /// The language of the shop's words, a BCP 47 tag for `<html lang>`.
    pub language: String,
    /// Where the footer's "API docs" leads.
    pub docs_href: String,
}

impl Site {
    /// A shop in English whose API docs are at `/docs`.
    #[must_use]
    pub fn new(name: impl Into<String>, tagline: impl Into<String>, currency: Currency) -> Self {
        Self {
            name: name.into(),
            tagline: tagline.into(),
            currency,
            language: "en".to_owned(),
            docs_href: "/docs".to_owned(),
        }
    }
}
