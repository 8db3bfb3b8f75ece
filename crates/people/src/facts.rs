//! What an act brings along beside its products' numbers: what those products are, and how the shopper came.
//!
//! Names of categories, brands and attributes are *words*: small numbers that stand for texts, given by
//! whoever folds, so that profiles stay small and quick to copy.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Levels of a category path that taste is kept for, from the root.
pub const MAX_CATEGORY_LEVELS: usize = 4;
/// Attributes of a product that taste is kept for.
pub const MAX_ATTRIBUTES: usize = 4;
/// Steps of a [price level](price_level) for a price that doubles.
pub const PRICE_STEPS: i32 = 1_024;

/// What a product is, as of one record of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemFacts {
    /// The words of its category's levels, the root first, each with the path down to it.
    pub categories: Vec<u32>,
    /// The word of its brand.
    pub brand: Option<u32>,
    /// The words of its attributes, `name=value`.
    pub attributes: Vec<u32>,
    /// Its price in the shop's currency, see [`price_level`].
    pub price_level: Option<i32>,
    /// Whether it is reduced: its list price is above its price.
    pub is_reduced: bool,
}

/// A product of an act.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fact {
    /// What it is.
    pub item: Arc<ItemFacts>,
    /// Its price level less the mean of its category's products; `None` where there are fewer than three.
    pub relative_price: Option<i32>,
}

/// A price in minor units on a scale of ratios: 1,024 times its binary logarithm. `None` below one unit.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "64 × 1,024 at most")]
#[expect(clippy::cast_precision_loss, reason = "the logarithm is coarser")]
pub fn price_level(minor: i64) -> Option<i32> {
    (minor > 0).then(|| ((minor as f64).log2() * f64::from(PRICE_STEPS)).round() as i32)
}

/// The price in minor units of a [level](price_level).
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
pub fn price_minor(level: i32) -> i64 {
    (f64::from(level) / f64::from(PRICE_STEPS)).exp2().round() as i64
}

/// What an event without an [action](crate::Action) says of the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signal {
    /// Nothing beyond that something happened.
    #[default]
    None,
    /// A search.
    Searched,
    /// A list was seen, narrowed or ordered.
    Listed,
    /// The cart was looked at.
    CartSeen,
    /// The checkout began, or went on a step.
    Checkout,
    /// Payment was given: the last step before an order.
    Payment,
    /// A coupon was applied.
    Coupon,
}

macro_rules! closed_set {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "u8", try_from = "u8")]
        #[expect(missing_docs, reason = "each variant is what its name says, as enrichment names it")]
        pub enum $name { $($variant = $number,)* }

        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, as enrichment and answers write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What has this name, if anything does.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }

        impl From<$name> for u8 {
            fn from(one: $name) -> Self {
                one as Self
            }
        }

        impl TryFrom<u8> for $name {
            type Error = String;

            fn try_from(number: u8) -> Result<Self, String> {
                let found = Self::ALL.get(usize::from(number)).copied();
                found.ok_or_else(|| format!(concat!("no ", stringify!($name), " has the number {}"), number))
            }
        }
    };
}

closed_set! {
    /// What a shopper holds in hand. Stored as its number: only append.
    Device {
        Phone = 0 "phone",
        Tablet = 1 "tablet",
        Desktop = 2 "desktop",
        Tv = 3 "tv",
        Console = 4 "console",
        Wearable = 5 "wearable",
        Bot = 6 "bot",
        Server = 7 "server",
    }
}

closed_set! {
    /// How a visit began. Stored as its number: only append.
    Channel {
        Search = 0 "search",
        Social = 1 "social",
        Email = 2 "email",
        Paid = 3 "paid",
        Direct = 4 "direct",
        Referral = 5 "referral",
    }
}

/// A country, as two capital letters of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u16", from = "u16")]
pub struct Country([u8; 2]);

impl Country {
    /// The country of two ASCII letters, in any case.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let letters: [u8; 2] = code.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_alphabetic).then(|| Self(letters.map(|l| l.to_ascii_uppercase())))
    }

    /// Its two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only a damaged record has anything but letters.
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl From<Country> for u16 {
    fn from(country: Country) -> Self {
        Self::from_be_bytes(country.0)
    }
}

impl From<u16> for Country {
    fn from(number: u16) -> Self {
        Self(number.to_be_bytes())
    }
}

/// How and from where an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrival {
    /// What it came from.
    pub device: Option<Device>,
    /// What the visit began with; only events that begin one say so.
    pub channel: Option<Channel>,
    /// Where the shopper was.
    pub country: Option<Country>,
}

/// What a shopper said of themselves, in a quiz or a preference centre.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatedTaste {
    /// Words of categories, levels of a path included.
    pub categories: Vec<u32>,
    /// Words of brands.
    pub brands: Vec<u32>,
    /// Words of attributes.
    pub attributes: Vec<u32>,
    /// The most they want to pay for one product, in minor units of the shop's currency.
    pub price_max_minor: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_and_names_read_back() {
        for (number, one) in (0u8..).zip(Device::ALL) {
            assert_eq!((u8::from(*one), Device::try_from(number)), (number, Ok(*one)));
            assert_eq!(Device::parse(one.as_str()), Some(*one));
        }
        for (number, one) in (0u8..).zip(Channel::ALL) {
            assert_eq!((u8::from(*one), Channel::try_from(number)), (number, Ok(*one)));
            assert_eq!(Channel::parse(one.as_str()), Some(*one));
        }
        assert!(Device::try_from(8).is_err() && Channel::parse("tv").is_none());
    }

    #[test]
    fn a_price_doubles_by_1024_steps() {
        let (one, two) = (price_level(1_999).unwrap(), price_level(3_998).unwrap());
        assert_eq!((two - one, price_minor(one)), (PRICE_STEPS, 1_999));
        assert_eq!((price_level(0), price_level(-5)), (None, None));
    }

    #[test]
    fn a_country_has_two_letters() {
        let country = Country::parse("gb").unwrap();
        assert_eq!((country.as_str(), Country::from(u16::from(country))), ("GB", country));
        assert!(Country::parse("GBR").is_none() && Country::parse("1x").is_none());
    }
}
