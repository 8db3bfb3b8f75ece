//! Which categories of a consent banner stand for which purposes.
//!
//! A category may stand for several purposes, and a purpose for several categories, which must then all be
//! agreed to. Names are compared without case, blanks, dashes and underscores.

use std::collections::BTreeMap;

use tradewind_kernel::{Purpose, PurposeParseError, Purposes};

use super::signal::{Signal, SignalKind, or};

/// Categories that a table may have.
const MAX_CATEGORIES: usize = 256;

/// What a web page asks for: a map that says nothing of these denies them. A channel of marketing is asked for
/// elsewhere (at the checkout, in the account), so a map that does not name it says nothing of it.
const ASKED_ON_PAGES: Purposes = Purposes::from_bits(
    1 << Purpose::Analytics as u8
        | 1 << Purpose::Personalization as u8
        | 1 << Purpose::ModelTraining as u8
        | 1 << Purpose::Experimentation as u8
        | 1 << Purpose::AdsSharing as u8,
);

/// What is known without configuration: plain names, the names that consent platforms suggest, and the ids of
/// OneTrust. Strictly necessary ones stand for nothing, since nothing is asked for them.
const BUILT_IN: [(&[&str], &[Purpose]); 12] = [
    (&["necessary", "strictlynecessary", "essential", "required", "security", "c0001"], &[]),
    (
        &["analytics", "statistics", "performance", "measurement", "c0002"],
        &[Purpose::Analytics, Purpose::Experimentation, Purpose::ModelTraining],
    ),
    (&["functional", "functionality", "preferences", "c0003"], &[Purpose::Personalization]),
    (&["personalization", "personalisation"], &[Purpose::Personalization]),
    (&["modeltraining"], &[Purpose::ModelTraining]),
    (&["experimentation"], &[Purpose::Experimentation]),
    (&["advertising", "targeting", "marketing", "ads", "c0004"], &[Purpose::AdsSharing]),
    (&["datasharing", "saleorsharing", "socialmedia", "adssharing", "c0005"], &[Purpose::AdsSharing]),
    (&["marketingemail"], &[Purpose::MarketingEmail]),
    (&["marketingsms"], &[Purpose::MarketingSms]),
    (&["marketingpush"], &[Purpose::MarketingPush]),
    (&["unclassified"], &[]),
];

/// A table of categories that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    /// A category stands for a purpose that there is not.
    #[error("the category '{0}' stands for a purpose that is none: {1}")]
    Purpose(String, PurposeParseError),
    /// Too many.
    #[error("there are over {MAX_CATEGORIES} categories")]
    TooMany,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Categories {
    /// Purposes by the name's plain form.
    known: BTreeMap<String, Purposes>,
    /// The shop's own ones: what one of them stands for needs it in the map.
    own: BTreeMap<String, Purposes>,
}

impl Default for Categories {
    fn default() -> Self {
        let rows = BUILT_IN.iter().flat_map(|(names, purposes)| {
            let purposes: Purposes = purposes.iter().copied().collect();
            names.iter().map(move |name| ((*name).to_owned(), purposes))
        });
        Self { known: rows.collect(), own: BTreeMap::new() }
    }
}

impl Categories {
    /// The built-in table with the shop's own categories over it, each with the names of its purposes.
    ///
    /// # Errors
    /// [`CategoryError`] when a purpose is not known, or there are too many.
    pub fn with_own(own: &BTreeMap<String, Vec<String>>) -> Result<Self, CategoryError> {
        if own.len() > MAX_CATEGORIES {
            return Err(CategoryError::TooMany);
        }
        let mut table = Self::default();
        for (name, purposes) in own {
            let purposes: Result<Purposes, _> = purposes.iter().map(|p| Purpose::parse(p)).collect();
            let purposes = purposes.map_err(|e| CategoryError::Purpose(name.clone(), e))?;
            table.known.insert(plain(name), purposes);
            table.own.insert(plain(name), purposes);
        }
        Ok(table)
    }

    /// What a map of categories says. A map without any denies everything; in another one what is missing
    /// counts as not agreed to.
    pub(super) fn read(&self, kind: SignalKind, map: &[(String, bool)], raw: &str) -> Signal {
        if map.is_empty() {
            return Signal::new(kind, Purposes::NONE, Purposes::ALL, raw);
        }
        let (mut agreed, mut refused) = (Purposes::NONE, Purposes::NONE);
        let names: Vec<String> = map.iter().map(|(name, _)| plain(name)).collect();
        for (name, (_, is_agreed)) in names.iter().zip(map) {
            let Some(&purposes) = self.known.get(name) else { continue };
            let side = if *is_agreed { &mut agreed } else { &mut refused };
            *side = or(*side, purposes);
        }
        for (name, purposes) in &self.own {
            if !names.contains(name) {
                refused = or(refused, *purposes);
            }
        }
        let granted = agreed;
        let missing = Purposes::from_bits(ASKED_ON_PAGES.bits() & !agreed.bits());
        Signal::new(kind, granted, or(refused, missing), raw)
    }
}

/// A name as it is compared.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).take(128).flat_map(char::to_lowercase).collect()
}
