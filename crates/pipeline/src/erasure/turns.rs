//! Browsers that several people used: which of what names the browser alone is whose.
//!
//! **The rule.** It is the one by which profiles are folded ([`Owners::at`]): what happened under an anonymous id
//! belongs to the user who claimed it last before, until the next user claims it; what happened before the first
//! claim belongs to the first. A claim is an event that carries both ids, an alias or an order. So of an event or
//! a decision that names the browser alone, its time says whose it is.
//!
//! Limits: of one browser the first and the latest 31 changes of hands are known; what lies between is taken for
//! that of the user before. Times are those at which events happened, by the corrected clock. A sign-in, an alias
//! and an order claim to the millisecond; an event that merely carries both ids counts from the beginning of its ten
//! minutes on ([`SEEN_STEP_MS`](tradewind_people::identity::SEEN_STEP_MS)).

use std::collections::BTreeMap;

use tradewind_kernel::UtcMillis;
use tradewind_people::identity::Owners;

/// A time during which a browser was somebody's who shares it with others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// The browser's id.
    pub anonymous: String,
    /// From when on.
    pub from: UtcMillis,
    /// Up to when; what happened then is the next one's.
    pub until: UtcMillis,
}

/// Turns by browser.
#[derive(Debug, Default, Clone)]
pub(super) struct Turns(BTreeMap<String, Vec<(UtcMillis, UtcMillis)>>);

impl Turns {
    pub(super) fn add(&mut self, turn: Turn) {
        let times = self.0.entry(turn.anonymous).or_default();
        let time = (turn.from, turn.until);
        if !times.contains(&time) {
            times.push(time);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn hold(&self, anonymous: &str, at: UtcMillis) -> bool {
        let times = self.0.get(anonymous).into_iter().flatten();
        times.into_iter().any(|(from, until)| (*from..*until).contains(&at))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Turn> + '_ {
        self.0.iter().flat_map(|(anonymous, times)| {
            let turn = |&(from, until)| Turn { anonymous: anonymous.clone(), from, until };
            times.iter().map(turn)
        })
    }
}

/// The turns of these users at a browser that is not theirs alone.
pub(super) fn of(anonymous: &str, owners: &Owners, is_theirs: impl Fn(&str) -> bool) -> Vec<Turn> {
    let (first, last) = (UtcMillis::new(i64::MIN), UtcMillis::new(i64::MAX));
    let runs: Vec<(UtcMillis, &str)> =
        owners.runs().map(|(from, user)| (from.unwrap_or(first), user)).collect();
    let ends = runs.iter().skip(1).map(|(from, _)| *from).chain([last]);
    let mut turns = Vec::new();
    for (n, ((from, user), until)) in runs.iter().zip(ends).enumerate() {
        if is_theirs(user) {
            let from = if n == 0 { first } else { *from };
            turns.push(Turn { anonymous: anonymous.to_owned(), from, until });
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_lasts_until_the_next_ones_claim() {
        let at = UtcMillis::new;
        let runs = [(10, "ann"), (20, "bob"), (30, "ann")].map(|(t, user)| (at(t), user));
        let owners = Owners::of_times(runs.to_vec()).unwrap();
        let check = |user: &str, expected: &[(i64, i64)]| {
            let mut turns = Turns::default();
            of("d", &owners, |one| one == user).into_iter().for_each(|turn| turns.add(turn));
            let found: Vec<_> = turns.all().map(|turn| (turn.from.get(), turn.until.get())).collect();
            assert_eq!(found, expected, "{user}");
            for time in [i64::MIN, 0, 9, 10, 19, 20, 29, 30, 99] {
                assert_eq!(turns.hold("d", at(time)), owners.at(at(time)) == Some(user), "{user} at {time}");
                assert!(!turns.hold("e", at(time)));
            }
        };
        check("ann", &[(i64::MIN, 20), (30, i64::MAX)]);
        check("bob", &[(20, 30)]);
        check("eve", &[]);
    }
}
