//! What personal data may be used for: the eight purposes that a shopper agrees to or not.

use serde::{Deserialize, Serialize};

/// One use of personal data. Stored as its number and written as its name: only append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Keeping what a person did under a name of theirs, and counting it.
    Analytics = 0,
    /// Using the profile to choose what to show.
    Personalization = 1,
    /// Training models on what the person did.
    ModelTraining = 2,
    /// Putting the person into a group of an experiment, and measuring.
    Experimentation = 3,
    /// Marketing by email.
    MarketingEmail = 4,
    /// Marketing by text message.
    MarketingSms = 5,
    /// Marketing by push message.
    MarketingPush = 6,
    /// Handing data to advertisers: sale and sharing of the American laws.
    AdsSharing = 7,
}

/// Text that names no purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no purpose: the purposes are {names}", names = Purpose::ALL.map(Purpose::as_str).join(", "))]
pub struct PurposeParseError(String);

impl Purpose {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Analytics,
        Self::Personalization,
        Self::ModelTraining,
        Self::Experimentation,
        Self::MarketingEmail,
        Self::MarketingSms,
        Self::MarketingPush,
        Self::AdsSharing,
    ];

    /// Its name, as answers and configurations write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Analytics => "analytics",
            Self::Personalization => "personalization",
            Self::ModelTraining => "model_training",
            Self::Experimentation => "experimentation",
            Self::MarketingEmail => "marketing_email",
            Self::MarketingSms => "marketing_sms",
            Self::MarketingPush => "marketing_push",
            Self::AdsSharing => "ads_sharing",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// [`PurposeParseError`] when no purpose has it; the error lists those that there are.
    pub fn parse(name: &str) -> Result<Self, PurposeParseError> {
        let found = Self::ALL.into_iter().find(|p| p.as_str() == name);
        found.ok_or_else(|| PurposeParseError(name.chars().take(64).collect()))
    }
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of purposes, one bit each: bit *n* is the purpose with the number *n*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Purposes(u8);

impl Purposes {
    /// No purpose.
    pub const NONE: Self = Self(0);
    /// Every purpose.
    pub const ALL: Self = Self(u8::MAX);

    /// The set with these bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a purpose is in it.
    #[must_use]
    pub const fn contains(self, purpose: Purpose) -> bool {
        self.0 & (1 << purpose as u8) != 0
    }

    /// The set with a purpose more.
    #[must_use]
    pub const fn with(self, purpose: Purpose) -> Self {
        Self(self.0 | (1 << purpose as u8))
    }

    /// The set with a purpose less.
    #[must_use]
    pub const fn without(self, purpose: Purpose) -> Self {
        Self(self.0 & !(1 << purpose as u8))
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Its purposes, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Purpose> for Purposes {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        purposes.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_numbers_stay() {
        for (number, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, number);
            assert_eq!(Purpose::parse(purpose.as_str()), Ok(purpose));
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.as_str());
        }
        let error = Purpose::parse("advertising").unwrap_err().to_string();
        assert!(error.contains("'advertising'") && error.contains("ads_sharing"), "{error}");
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: Purposes = [Purpose::Analytics, Purpose::AdsSharing].into_iter().collect();
        assert_eq!(set.bits(), 0b1000_0001);
        assert_eq!(set.without(Purpose::Analytics).iter().collect::<Vec<_>>(), [Purpose::AdsSharing]);
        assert!(Purposes::ALL.and(set) == set && !set.contains(Purpose::Personalization));
    }
}
