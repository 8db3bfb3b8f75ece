//! Priors: what may be expected of somebody of whom nothing is known yet, from what others who came the same
//! way did on their first visit.
//!
//! A [`Group`] is the shop, a channel, or a channel and a country. Each first visit counts in three of them
//! ([`Group::all`]); one person adds at most one to each number, so that a number is a number of people. What is
//! counted of an event, [`Before::after`] says; [`Priors`] are the estimates.
//!
//! Estimates shrink towards the next wider group (empirical Bayes): the fewer people a group has, and the less
//! the groups of its kind differ, the more it says what the wider one says. A group of fewer than
//! [`MIN_PEOPLE`] is not told at all.
//!
//! Limits: [`MAX_GROUPS`] groups, [`MAX_WORDS`] categories of each; what there is no room for counts in the
//! wider groups only. Of categories the Misra–Gries summary is kept (J. Misra, D. Gries, *Finding repeated
//! elements*, 1982), which tells each one too low by at most a 65th of all.

mod estimate;
mod table;

use serde::{Deserialize, Serialize};

use crate::facts::{Channel, Country};
use crate::{Act, Action, Profile};

pub use estimate::{Priors, blend};
pub use table::Groups;

/// A group of fewer people is not told.
pub const MIN_PEOPLE: u64 = 50;
/// Groups that are kept.
pub const MAX_GROUPS: usize = 1_024;
/// Categories that are kept of each.
pub const MAX_WORDS: usize = 64;
/// The bands of prices, as the trait `price_band` names them.
pub const BANDS: [&str; 3] = ["budget", "middle", "premium"];
/// Products with a price that a person has to have looked at to be of a band.
pub(crate) const ENOUGH_PRICES: u8 = 3;

/// People who came the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Everybody.
    Shop,
    /// By a channel, or without one that is known.
    Channel(Option<Channel>),
    /// And from a country.
    Place(Option<Channel>, Option<Country>),
}

impl Group {
    /// The groups that somebody is of, the widest first.
    #[must_use]
    pub const fn all(channel: Option<Channel>, country: Option<Country>) -> [Self; 3] {
        [Self::Shop, Self::Channel(channel), Self::Place(channel, country)]
    }

    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Channel(_) => "channel",
            Self::Place(..) => "channel_and_country",
        }
    }

    /// Its key in the table: the kind, the channel's number and the country's, big-endian; what is not known is
    /// all ones.
    #[must_use]
    pub fn key(self) -> [u8; 4] {
        let channel = |channel: Option<Channel>| channel.map_or(u8::MAX, u8::from);
        match self {
            Self::Shop => [0, u8::MAX, u8::MAX, u8::MAX],
            Self::Channel(by) => [1, channel(by), u8::MAX, u8::MAX],
            Self::Place(by, from) => {
                let [high, low] = from.map_or(u16::MAX, u16::from).to_be_bytes();
                [2, channel(by), high, low]
            }
        }
    }

    /// Reads a key; `None` for one that this program does not write.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Option<Self> {
        let &[kind, channel, high, low] = key else { return None };
        let channel = match channel {
            u8::MAX => None,
            number => Some(Channel::try_from(number).ok()?),
        };
        let country = Some(u16::from_be_bytes([high, low])).filter(|number| *number != u16::MAX);
        match kind {
            0 => Some(Self::Shop),
            1 => Some(Self::Channel(channel)),
            2 => Some(Self::Place(channel, country.map(Country::from))),
            _ => None,
        }
    }
}

/// The way in which somebody came.
pub type Way = (Option<Channel>, Option<Country>);

/// What an event of a first visit adds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gain {
    /// How they came.
    pub way: Way,
    /// Whether they are counted with it.
    pub person: bool,
    /// As what they were counted so far, where that became known otherwise.
    pub before: Option<Way>,
    /// Whether they ordered for the first time.
    pub order: bool,
    /// The band of prices that they are of, see [`BANDS`].
    pub band: Option<u8>,
    /// Categories that they took an interest in for the first time, as words.
    pub words: Vec<u32>,
}

/// How somebody came, as it counts.
#[must_use]
pub const fn way_of(profile: &Profile) -> Way {
    (profile.reach.first_channel, profile.reach.country)
}

/// What has to be remembered of a profile to tell what an event adds.
#[derive(Debug, Clone)]
pub struct Before {
    events: u64,
    orders: u32,
    prices: u8,
    way: Way,
    words: Vec<u32>,
}

impl Before {
    /// Of a profile, before `act` is folded in; `None` where nothing can come of it.
    #[must_use]
    pub fn of(profile: &Profile, act: &Act<'_>) -> Option<Self> {
        if profile.sessions > 1 {
            return None;
        }
        let mut words: Vec<u32> = Vec::new();
        let mut note = |word: u32| {
            if profile.taste.categories.get(word).is_none() && !words.contains(&word) {
                words.push(word);
            }
        };
        if act.action.is_some_and(Action::shows_interest) {
            act.facts.iter().flat_map(|fact| &fact.item.categories).copied().for_each(&mut note);
        }
        act.stated.iter().flat_map(|stated| &stated.categories).copied().for_each(&mut note);
        Some(Self {
            events: profile.events,
            orders: profile.orders,
            prices: profile.taste.relative_price.count,
            way: way_of(profile),
            words,
        })
    }

    /// What the event adds, as the profile is after it.
    #[must_use]
    pub fn after(self, profile: &Profile) -> Option<Gain> {
        // A second visit has begun, or the two arrived in another order than they happened.
        if profile.sessions > 1 {
            return None;
        }
        let way = way_of(profile);
        let is_first = self.events == 0;
        let prices = &profile.taste.relative_price;
        let gain = Gain {
            way,
            person: is_first,
            before: (!is_first && self.way != way).then_some(self.way),
            order: self.orders == 0 && profile.orders > 0,
            band: (self.prices < ENOUGH_PRICES)
                .then(|| prices.of(ENOUGH_PRICES).map(crate::traits::band_of))
                .flatten(),
            words: self.words,
        };
        let is_nothing = !gain.person
            && gain.before.is_none()
            && !gain.order
            && gain.band.is_none()
            && gain.words.is_empty();
        (!is_nothing).then_some(gain)
    }
}

/// What is counted of a group, in people. Stored by position: new fields go to the end, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GroupCounts {
    /// Who came.
    pub people: u64,
    /// Who ordered on their first visit.
    pub buyers: u64,
    /// Who is of a band of prices, see [`BANDS`].
    pub bands: [u64; 3],
    /// Words of categories with those who took an interest.
    pub categories: Vec<(u32, u64)>,
}

impl GroupCounts {
    /// Counts what an event adds.
    fn add(&mut self, gain: &Gain) {
        self.people += u64::from(gain.person || gain.before.is_some());
        self.buyers += u64::from(gain.order);
        if let Some(band) = gain.band.and_then(|band| self.bands.get_mut(usize::from(band))) {
            *band += 1;
        }
        for word in &gain.words {
            self.note(*word);
        }
    }

    /// Somebody counted here is counted elsewhere from now on.
    fn leave(&mut self) {
        self.people = self.people.saturating_sub(1);
    }

    fn note(&mut self, word: u32) {
        if let Some((_, people)) = self.categories.iter_mut().find(|(known, _)| *known == word) {
            *people += 1;
        } else if self.categories.len() < MAX_WORDS {
            self.categories.push((word, 1));
        } else {
            for (_, people) in &mut self.categories {
                *people -= 1;
            }
            self.categories.retain(|(_, people)| *people > 0);
        }
    }

    /// How many took an interest in a category, by its word.
    #[must_use]
    pub fn of_word(&self, word: u32) -> u64 {
        self.categories.iter().find(|(known, _)| *known == word).map_or(0, |(_, people)| *people)
    }
}

#[cfg(test)]
mod tests;
