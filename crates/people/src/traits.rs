//! Traits: what a profile says of a shopper, each declared once.
//!
//! [`ALL`] is the only list. A trait has a name, a type, a unit, the purpose that its use needs, a class of
//! data, a time to live and the way in which it is folded; its reading is a function of the profile and a
//! [`Context`]. Whatever shows traits (the API, the console, audiences, feature views, the page of reference)
//! goes through [`read`], which gives only what the permitted purposes allow and what has not outlived its
//! time.

mod reading;
mod reference;
mod table;
mod value;

use tradewind_kernel::{Currency, Purpose, Purposes, UtcMillis};

use crate::Profile;

pub use reading::Stage;
pub(crate) use reading::band_of;
pub use reference::reference;
pub use table::ALL;
pub use value::{TraitType, TraitValue};

/// What kind of data a trait is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataClass {
    /// What was done, counted.
    Behaviour,
    /// Orders and amounts.
    Orders,
    /// Device, channel, country.
    Technical,
    /// Concluded from what was done.
    Inferred,
    /// Said by the shopper.
    Stated,
}

impl DataClass {
    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Behaviour => "behaviour",
            Self::Orders => "orders",
            Self::Technical => "technical",
            Self::Inferred => "inferred",
            Self::Stated => "stated",
        }
    }
}

/// What a trait's reading needs beside the profile.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time.
    pub now: UtcMillis,
    /// The text of a word: a category's path, a brand, `name=value`.
    pub word: &'a dyn Fn(u32) -> Option<String>,
    /// The shop's currency: amounts are in its minor units.
    pub currency: Currency,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}

/// The declaration of a trait.
#[derive(Debug)]
pub struct Trait {
    /// Its name, in snake case.
    pub name: &'static str,
    /// Its type.
    pub kind: TraitType,
    /// What a number counts; empty for what has no unit.
    pub unit: &'static str,
    /// What its use needs consent for.
    pub purpose: Purpose,
    /// What kind of data it is.
    pub class: DataClass,
    /// So long after the latest event it is still told, in milliseconds; for ever if `None`.
    pub ttl_ms: Option<i64>,
    /// What it says.
    pub description: &'static str,
    /// How it comes about.
    pub folded: &'static str,
    /// Its value.
    read: fn(&Profile, &Context<'_>) -> TraitValue,
}

impl Trait {
    /// Its value at the context's time; [`TraitValue::Missing`] once it has outlived its time.
    #[must_use]
    pub fn value(&self, profile: &Profile, context: &Context<'_>) -> TraitValue {
        if self.ttl_ms.is_some_and(|ttl| context.now.since(profile.last_seen) > ttl) {
            return TraitValue::Missing;
        }
        (self.read)(profile, context)
    }
}

/// The declaration with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Trait> {
    ALL.iter().find(|one| one.name == name)
}

/// The traits of a profile that these purposes allow to read, with their values; those that are missing are
/// left out.
pub fn read<'a>(
    profile: &'a Profile,
    context: &'a Context<'a>,
    purposes: Purposes,
) -> impl Iterator<Item = (&'static Trait, TraitValue)> + 'a {
    let allowed = ALL.iter().filter(move |one| purposes.contains(one.purpose));
    let values = allowed.map(|one| (one, one.value(profile, context)));
    values.filter(|(_, value)| *value != TraitValue::Missing)
}

#[cfg(test)]
mod tests;
