//! Shoppers: what they like, what they can spend, how they come.

use crate::data::{FIRST_NAMES, LAST_NAMES, REGIONS, Region, STYLES};
use crate::math::{Latent, blend, direction};
use crate::rng::{Rng, key, text_key};
use crate::shop::Shop;

/// What a shopper holds in their hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Device {
    /// A telephone: short lists are read, and less is bought.
    Mobile,
    /// A computer.
    Desktop,
    /// A tablet.
    Tablet,
}

impl Device {
    /// Its name in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Desktop => "desktop",
            Self::Tablet => "tablet",
        }
    }

    /// How quickly attention falls along a list: position `p` from 0 is examined with 1 / (1 + fall · p).
    pub(crate) fn attention_fall(self) -> f64 {
        match self {
            Self::Mobile => 0.17,
            Self::Desktop => 0.09,
            Self::Tablet => 0.12,
        }
    }
}

/// How a session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The address was typed or kept.
    Direct,
    /// A search engine.
    Search,
    /// A newsletter.
    Email,
    /// A social network.
    Social,
    /// An advertisement.
    Paid,
}

impl Channel {
    pub(crate) const ALL: [Self; 5] = [Self::Direct, Self::Search, Self::Email, Self::Social, Self::Paid];

    /// Its name, as campaigns write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Search => "search",
            Self::Email => "email",
            Self::Social => "social",
            Self::Paid => "paid",
        }
    }
}

/// A person who visits the shop, with the truth about them.
#[derive(Debug, Clone)]
pub struct Shopper {
    /// Their number; equal numbers of one shop and seed are one person.
    pub number: u64,
    /// What they like, in the products' space. Length 1.
    pub taste: Latent,
    /// Utility lost when a price doubles, over ln 2.
    pub price_sensitivity: f64,
    /// How readily they buy, as log-odds added to every purchase.
    pub readiness: f64,
    /// Favourite departments, indexes into [`Shop::departments`].
    pub departments: Vec<u16>,
    /// What they mostly use.
    pub device: Device,
    /// Their user id, where they have or will open an account.
    pub user_id: Option<String>,
    /// Whether they come back; the others come once.
    pub returning: bool,
    /// Purposes and whether they agreed, for Segment's `context.consent.categoryPreferences`.
    pub consent: [(&'static str, bool); 6],
    pub(crate) region: usize,
    pub(crate) key: u64,
}

/// What people choose in a consent banner, with how often.
const CONSENTS: [(f64, [bool; 6]); 5] = [
    (0.58, [true, true, true, true, true, true]),
    (0.12, [true, true, true, true, false, false]),
    (0.08, [true, true, false, true, false, false]),
    (0.08, [true, false, false, false, false, false]),
    (0.14, [false, false, false, false, false, false]),
];

/// The purposes, in the order of [`CONSENTS`].
const PURPOSES: [&str; 6] =
    ["analytics", "personalization", "model_training", "experimentation", "marketing_email", "ads_sharing"];

impl Shopper {
    /// Their anonymous id on a device: a first-party UUID.
    #[must_use]
    pub fn anonymous_id(&self, device: Device) -> String {
        let (a, b) = (key(&[self.key, device as u64, 1]), key(&[self.key, device as u64, 2]));
        let (first, second) = (format!("{a:016x}"), format!("{b:016x}"));
        format!("{}-{}-4{}-a{}-{}", &first[..8], &first[8..12], &first[13..], &second[1..4], &second[4..])
    }

    /// Where they live: country code and region.
    #[must_use]
    pub fn home(&self) -> (&'static str, &'static str) {
        (self.place().country, self.place().name)
    }

    /// Their language tag and time zone.
    #[must_use]
    pub fn locale(&self) -> (&'static str, &'static str) {
        (self.place().locale, self.place().timezone)
    }

    /// Given and family name, invented.
    #[must_use]
    pub fn full_name(&self) -> (&'static str, &'static str) {
        let mut rng = Rng::new(&[self.key, text_key("name")]);
        (*rng.pick(FIRST_NAMES), *rng.pick(LAST_NAMES))
    }

    pub(crate) fn place(&self) -> &'static Region {
        &REGIONS[self.region]
    }
}

impl Shop {
    /// The returning shopper with this number; a function of the shop, `seed` and `number`.
    #[must_use]
    pub fn shopper(&self, seed: u64, number: u64) -> Shopper {
        self.make_shopper(key(&[seed, text_key("shopper"), number]), number, true)
    }

    /// Somebody who comes once, if at all.
    #[must_use]
    pub fn passer_by(&self, seed: u64, number: u64) -> Shopper {
        self.make_shopper(key(&[seed, text_key("passer-by"), number]), number, false)
    }

    fn make_shopper(&self, key: u64, number: u64, returning: bool) -> Shopper {
        let mut rng = Rng::new(&[key]);
        let mut departments = vec![rng.below(self.departments.len())];
        if rng.chance(0.6) {
            departments.push(rng.below(self.departments.len()));
        }
        departments.dedup();
        let style = rng.below(STYLES.len());
        let second = departments.last().copied().unwrap_or(0);
        let taste = blend(&[
            (0.7, &self.department_latents[departments[0]]),
            (0.4, &self.department_latents[second]),
            (0.8, &self.style_latents[style]),
            (0.5, &direction(&mut rng)),
        ]);
        let region = rng.weighted(&REGIONS.iter().map(|r| r.weight).collect::<Vec<_>>());
        let device = [Device::Mobile, Device::Desktop, Device::Tablet][rng.weighted(&[0.56, 0.36, 0.08])];
        let consent = CONSENTS[rng.weighted(&CONSENTS.map(|(share, _)| share))].1;
        let account = rng.chance(if returning { 0.55 } else { 0.12 });
        Shopper {
            number,
            taste,
            price_sensitivity: rng.between(0.2, 1.4),
            readiness: 0.7 * rng.normal() + if returning { 0.35 } else { -0.25 },
            departments: departments.iter().map(|&d| u16::try_from(d).unwrap_or(0)).collect(),
            device,
            user_id: account.then(|| format!("{}{number:06}", if returning { "u" } else { "g" })),
            returning,
            consent: std::array::from_fn(|i| (PURPOSES[i], consent[i])),
            region,
            key,
        }
    }
}
