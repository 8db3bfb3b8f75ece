//! Whose an anonymous id is, and was.

use tradewind_kernel::UtcMillis;

use crate::identity::Span;

/// Turns of ownership that are kept of one anonymous id: the first, and the latest ones.
pub const MAX_RUNS: usize = 32;

/// Marks the stored form of several owners. No text begins with this byte.
const SEVERAL: u8 = 0xFF;
/// The version of that form: MessagePack of (milliseconds, user) pairs.
const VERSION: u8 = 1;

/// Who owns an anonymous id, by time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owners {
    /// One user, always.
    One(String),
    /// From each time on another, in the order of time; the first one's also before. Nobody's where empty.
    Runs(Vec<(UtcMillis, String)>),
}

impl Owners {
    /// Belongs to nobody: too many have claimed it.
    #[must_use]
    pub const fn nobody() -> Self {
        Self::Runs(Vec::new())
    }

    /// What follows from the claims of users. `None` where there are none.
    #[must_use]
    pub fn of<'a>(claims: impl IntoIterator<Item = (&'a str, &'a Span)>) -> Option<Self> {
        let mut times: Vec<(UtcMillis, &str)> = Vec::new();
        for (user, span) in claims {
            times.push((span.first.at, user));
            times.push((span.last_at(), user));
        }
        Self::of_times(times)
    }

    /// What follows from single claims, each at a time.
    #[must_use]
    pub fn of_times(mut times: Vec<(UtcMillis, &str)>) -> Option<Self> {
        times.sort_unstable();
        let (_, first) = *times.first()?;
        if times.iter().all(|(_, user)| *user == first) {
            return Some(Self::One(first.to_owned()));
        }
        times.dedup_by(|later, before| later.1 == before.1);
        if times.len() > MAX_RUNS {
            times.drain(1..=times.len() - MAX_RUNS);
        }
        Some(Self::Runs(times.into_iter().map(|(at, user)| (at, user.to_owned())).collect()))
    }

    /// The user that what happened at this time belongs to.
    #[must_use]
    pub fn at(&self, at: UtcMillis) -> Option<&str> {
        match self {
            Self::One(user) => Some(user),
            Self::Runs(runs) => {
                let place = runs.partition_point(|(from, _)| *from <= at);
                runs.get(place.saturating_sub(1)).map(|(_, user)| user.as_str())
            }
        }
    }

    /// The user that it belongs to from the latest claim on.
    #[must_use]
    pub fn latest(&self) -> Option<&str> {
        match self {
            Self::One(user) => Some(user),
            Self::Runs(runs) => runs.last().map(|(_, user)| user.as_str()),
        }
    }

    /// The user that what came before all claims belongs to.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        match self {
            Self::One(user) => Some(user),
            Self::Runs(runs) => runs.first().map(|(_, user)| user.as_str()),
        }
    }

    /// The turns, in the order of time; a single owner's begins at no time in particular.
    pub fn runs(&self) -> impl Iterator<Item = (Option<UtcMillis>, &str)> {
        let (one, runs) = match self {
            Self::One(user) => (Some((None, user.as_str())), &[][..]),
            Self::Runs(runs) => (None, runs.as_slice()),
        };
        one.into_iter().chain(runs.iter().map(|(at, user)| (Some(*at), user.as_str())))
    }

    /// The stored form: the user's id alone, or a marked and versioned list.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::One(user) => user.as_bytes().to_vec(),
            Self::Runs(runs) => {
                let body = rmp_serde::to_vec(runs).unwrap_or_default();
                [&[SEVERAL, VERSION], body.as_slice()].concat()
            }
        }
    }

    /// Reads what [`encode`](Self::encode) wrote. What does not read belongs to nobody.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        match bytes {
            [SEVERAL, VERSION, body @ ..] => {
                rmp_serde::from_slice(body).map_or_else(|_| Self::nobody(), Self::Runs)
            }
            [SEVERAL, ..] => Self::nobody(),
            user => Self::One(String::from_utf8_lossy(user).into_owned()),
        }
    }
}
