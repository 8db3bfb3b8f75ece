//! What holds where a person was never asked: rules by region, as data.
//!
//! The built-in rules stand in `policies.json` beside this file; a shop may put its own in their place. The
//! file has a version, which is written with every event that was stamped by it. Rules are of three kinds:
//! where consent has to be given first (`opt_in`), where it holds until withdrawn (`opt_out`), and `other`,
//! for the rest of the world and where the region is not known. No rule allows marketing to a channel: that
//! needs a word of the person.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tradewind_kernel::{Purpose, Purposes};

use super::permitted::Standing;
use super::record::Record;
use super::signal::{minus, or};

const BUILT_IN: &str = include_str!("policies.json");

/// A policy that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It does not read.
    #[error("the policies do not read: {0}")]
    Json(#[from] serde_json::Error),
    /// A region is none.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// A list is under a name that no rule has.
    #[error("'{0}' is no rule: there are opt_in, opt_out and other")]
    Rule(String),
}

/// Text that is no region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no region: write a country as two letters, or a part of it as US-CA")]
pub struct RegionError(String);

/// A country (ISO 3166-1), or a part of one (ISO 3166-2), in capitals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

impl Region {
    /// Reads `DE` or `US-CA`.
    ///
    /// # Errors
    /// [`RegionError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let wrong = || RegionError(text.chars().take(16).collect());
        let (country, part) = text.split_once('-').map_or((text, None), |(c, p)| (c, Some(p)));
        let is_part = |p: &str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric());
        let holds = country.len() == 2
            && country.bytes().all(|b| b.is_ascii_alphabetic())
            && part.is_none_or(is_part);
        if holds { Ok(Self(text.to_ascii_uppercase())) } else { Err(wrong()) }
    }

    /// Of a country and its part, where they are known.
    #[must_use]
    pub fn of(country: Option<&str>, part: Option<&str>) -> Option<Self> {
        let country = country?;
        let whole = part.and_then(|part| Self::parse(&[country, "-", part].concat()).ok());
        whole.or_else(|| Self::parse(country).ok())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Region {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Whether regions have a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// What nobody was asked for is allowed, but for marketing to a channel. What somebody said holds.
    Off,
    /// What nobody was asked for follows the region.
    #[default]
    Regional,
}

/// The file's form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    rules: BTreeMap<String, Rule>,
    regions: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    allowed: Vec<Purpose>,
}

/// The rules at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    version: u32,
    mode: Mode,
    default_region: Option<Region>,
    opt_in: (Purposes, BTreeSet<Region>),
    opt_out: (Purposes, BTreeSet<Region>),
    other: Purposes,
}

impl Default for Policy {
    /// The built-in rules, by region.
    fn default() -> Self {
        Self::from_json(BUILT_IN).unwrap_or_else(|_| Self::off())
    }
}

/// What a rule may allow of those whom nobody asked.
const UNASKED: Purposes = Purposes::from_bits(
    1 << Purpose::Analytics as u8
        | 1 << Purpose::Personalization as u8
        | 1 << Purpose::ModelTraining as u8
        | 1 << Purpose::Experimentation as u8
        | 1 << Purpose::AdsSharing as u8,
);

impl Policy {
    /// Without regions: see [`Mode::Off`].
    #[must_use]
    pub fn off() -> Self {
        let none = (Purposes::NONE, BTreeSet::new());
        let (opt_in, opt_out) = (none.clone(), none);
        Self { version: 0, mode: Mode::Off, default_region: None, opt_in, opt_out, other: UNASKED }
    }

    /// Reads rules in the form of the built-in ones.
    ///
    /// # Errors
    /// [`PolicyError`] when they do not read.
    pub fn from_json(json: &str) -> Result<Self, PolicyError> {
        let file: File = serde_json::from_str(json)?;
        let known = ["opt_in", "opt_out", "other"];
        if let Some(name) =
            file.rules.keys().chain(file.regions.keys()).find(|n| !known.contains(&n.as_str()))
        {
            return Err(PolicyError::Rule(name.clone()));
        }
        let allowed = |name: &str| -> Purposes {
            let rule = file.rules.get(name);
            rule.map_or(Purposes::NONE, |rule| rule.allowed.iter().copied().collect()).and(UNASKED)
        };
        let regions = |name: &str| -> Result<BTreeSet<Region>, RegionError> {
            file.regions.get(name).into_iter().flatten().map(|text| Region::parse(text)).collect()
        };
        Ok(Self {
            version: file.version,
            mode: Mode::Regional,
            default_region: None,
            opt_in: (allowed("opt_in"), regions("opt_in")?),
            opt_out: (allowed("opt_out"), regions("opt_out")?),
            other: allowed("other"),
        })
    }

    /// The same for a shop whose shoppers are there when nothing else is known.
    #[must_use]
    pub fn with_default_region(self, default_region: Option<Region>) -> Self {
        Self { default_region, ..self }
    }

    /// The version of the rules; 0 without any.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Whether regions have a say.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The region that counts where none is known.
    #[must_use]
    pub const fn default_region(&self) -> Option<&Region> {
        self.default_region.as_ref()
    }

    /// The rule's name for a region.
    #[must_use]
    pub fn rule_of(&self, region: Option<&Region>) -> &'static str {
        match self.mode {
            Mode::Off => "off",
            Mode::Regional => self.find(region.or(self.default_region.as_ref())).0,
        }
    }

    /// What is allowed in a region where nothing was said.
    #[must_use]
    pub fn unasked(&self, region: Option<&Region>) -> Purposes {
        match self.mode {
            Mode::Off => self.other,
            Mode::Regional => self.find(region.or(self.default_region.as_ref())).1,
        }
    }

    /// The rule for a region: a part of a country before the country.
    fn find(&self, region: Option<&Region>) -> (&'static str, Purposes) {
        let Some(region) = region else { return ("other", self.other) };
        let country = region.0.get(..2).unwrap_or_default();
        for region in [region.as_str(), country] {
            if self.opt_in.1.contains(region) {
                return ("opt_in", self.opt_in.0);
            }
            if self.opt_out.1.contains(region) {
                return ("opt_out", self.opt_out.0);
            }
        }
        ("other", self.other)
    }

    /// What a person agrees to: what the person said, and for the rest the region's rule.
    #[must_use]
    pub fn standing(&self, record: Option<&Record>) -> Standing {
        let unasked = self.unasked(record.and_then(Record::region).as_ref());
        let Some(record) = record else { return Standing::new(unasked) };
        let (granted, denied) = record.said();
        Standing::new(minus(or(unasked, granted), denied))
    }
}
