use std::collections::hash_map::RandomState;
use std::sync::Arc;

use super::*;
use crate::facts::{Arrival, Fact, ItemFacts, StatedTaste};
use tradewind_kernel::UtcMillis;

type Table = Groups<RandomState>;

/// Somebody's first visit.
struct Visit<'t> {
    table: &'t mut Table,
    profile: Profile,
    arrival: Arrival,
    minute: i64,
}

impl<'t> Visit<'t> {
    fn of(table: &'t mut Table, channel: Option<Channel>, country: &str) -> Self {
        let arrival = Arrival { device: None, channel, country: Country::parse(country) };
        Self { table, profile: Profile::default(), arrival, minute: 0 }
    }

    /// An event; `act` says what it is beside its time and its arrival.
    fn does(&mut self, act: &Act<'_>) -> Option<Gain> {
        self.minute += 1;
        let at = UtcMillis::new(1_700_000_000_000 + self.minute * UtcMillis::MINUTE);
        let act = Act { at, arrival: self.arrival, ..act.clone() };
        let before = Before::of(&self.profile, &act);
        self.profile.apply(&act, 0);
        let gain = before.and_then(|before| before.after(&self.profile));
        if let Some(gain) = &gain {
            self.table.add(gain, |_| {});
        }
        gain
    }

    fn looks(&mut self, category: u32, relative_price: i32) -> Option<Gain> {
        let item = Arc::new(ItemFacts { categories: vec![category], ..ItemFacts::default() });
        let facts = [Fact { item, relative_price: Some(relative_price) }];
        self.does(&Act { action: Some(Action::View), items: &[(1, 1)], facts: &facts, ..Act::default() })
    }

    fn orders(&mut self) -> Option<Gain> {
        self.does(&Act { action: Some(Action::Buy), items: &[(1, 1)], ..Act::default() })
    }
}

/// People who come from a country by search, of whom so many order.
fn come(table: &mut Table, country: &str, people: usize, buyers: usize) {
    for n in 0..people {
        let mut visit = Visit::of(table, Some(Channel::Search), country);
        visit.looks(7, -900);
        if n < buyers {
            visit.orders();
        }
    }
}

fn way(country: &str) -> Way {
    (Some(Channel::Search), Country::parse(country))
}

#[test]
fn one_person_counts_once_in_each_number() {
    let mut table = Table::default();
    let mut visit = Visit::of(&mut table, Some(Channel::Email), "GB");
    assert!(visit.looks(1, 900).unwrap().person);
    assert_eq!(visit.looks(1, 900), None, "the same again");
    let third = visit.looks(2, 900).unwrap();
    assert_eq!((third.person, third.words, third.band), (false, vec![2], Some(2)));
    assert!(visit.orders().unwrap().order);
    assert_eq!(visit.orders(), None, "a second order");
    let stated = StatedTaste { categories: vec![2, 3], ..StatedTaste::default() };
    let said = visit.does(&Act { stated: Some(&stated), ..Act::default() }).unwrap();
    assert_eq!(said.words, [3], "what was said counts like what was looked at");
    visit.minute += 60;
    assert_eq!(visit.looks(9, 0), None, "a second visit is no first one");
    for group in Group::all(Some(Channel::Email), Country::parse("GB")) {
        let counts = table.of(group).unwrap();
        assert_eq!((counts.people, counts.buyers, counts.bands), (1, 1, [0, 0, 1]), "{group:?}");
        assert_eq!(counts.categories, [(1, 1), (2, 1), (3, 1)]);
    }
}

#[test]
fn who_turns_out_to_have_come_otherwise_is_counted_there() {
    let mut table = Table::default();
    let mut visit = Visit::of(&mut table, None, "GB");
    visit.does(&Act::default());
    visit.arrival.channel = Some(Channel::Paid);
    visit.does(&Act::default());
    let people = |group| table.of(group).map(|counts| counts.people);
    let gb = Country::parse("GB");
    assert_eq!(people(Group::Place(None, gb)), Some(0));
    assert_eq!(people(Group::Place(Some(Channel::Paid), gb)), Some(1));
    assert_eq!(people(Group::Shop), Some(1));
}

#[test]
fn a_small_group_is_not_told() {
    let mut table = Table::default();
    assert_eq!(table.priors(way("GB")).group, None);
    come(&mut table, "GB", 49, 0);
    let unknown = table.priors(way("GB"));
    assert_eq!((unknown.group, unknown.people, unknown.band()), (None, 0, None));
    come(&mut table, "DE", 1, 0);
    assert_eq!(table.priors(way("GB")).group, Some(Group::Channel(Some(Channel::Search))));
    come(&mut table, "GB", 1, 0);
    let told = table.priors(way("GB"));
    assert_eq!((told.group, told.people), (Some(Group::Place(way("GB").0, way("GB").1)), 50));
    assert_eq!(table.priors((Some(Channel::Email), None)).group, Some(Group::Shop));
}

#[test]
fn estimates_lie_between_the_group_and_the_wider_one() {
    let mut table = Table::default();
    // Countries that differ: 2 % and 30 % order.
    for (country, buyers) in [("DE", 20), ("FR", 20), ("GB", 300), ("NL", 300)] {
        come(&mut table, country, 1_000, buyers);
    }
    come(&mut table, "BE", 60, 30);
    let shop = table.priors((None, None)).order_probability;
    assert!((shop - 0.165).abs() < 0.01, "{shop}");
    let large = table.priors(way("DE")).order_probability;
    assert!((0.02..0.03).contains(&large), "a large group says nearly its own: {large}");
    let small = table.priors(way("BE")).order_probability;
    assert!((0.3..0.5).contains(&small), "half of 60 people: {small}");
    // Where nobody differs, a small group says what the others say.
    let mut same = Table::default();
    for country in ["DE", "FR", "GB", "NL"] {
        come(&mut same, country, 1_000, 100);
    }
    come(&mut same, "BE", 60, 9);
    let small = same.priors(way("BE")).order_probability;
    assert!((small - 0.1).abs() < 0.02, "15 % of 60 people beside 10 % everywhere: {small}");
}

#[test]
fn tastes_and_bands_are_told_by_people() {
    let mut table = Table::default();
    for n in 0..200 {
        let mut visit = Visit::of(&mut table, Some(Channel::Search), "GB");
        for _ in 0..3 {
            visit.looks(if n % 4 == 0 { 8 } else { 7 }, if n % 4 == 0 { 900 } else { -900 });
        }
        if n < 3 {
            visit.looks(66, 0);
        }
    }
    let told = table.priors(way("GB"));
    let shares: Vec<(u32, f64)> = told.told_categories().collect();
    assert_eq!(shares.iter().map(|(word, _)| *word).collect::<Vec<_>>(), [7, 8], "three people are too few");
    assert!((shares[0].1 - 0.75).abs() < 0.02 && (shares[1].1 - 0.25).abs() < 0.02, "{shares:?}");
    assert_eq!((told.band(), told.banded), (Some("budget"), 200));
    assert!((told.bands.iter().sum::<f64>() - 1.0).abs() < 1e-9);
}

#[test]
fn a_group_keeps_so_many_categories_and_the_frequent_ones_stay() {
    let mut counts = GroupCounts::default();
    for n in 0..10_000u32 {
        counts.note(if n % 2 == 0 { 1 } else { 1_000 + n });
    }
    assert!(counts.categories.len() <= MAX_WORDS);
    let frequent = counts.of_word(1);
    assert!((4_800..=5_000).contains(&frequent), "too low by a 65th of all at most: {frequent}");
}

#[test]
fn keys_read_back() {
    let country = Country::parse("GB");
    for group in [Group::Shop, Group::Channel(None), Group::Channel(Some(Channel::Paid))]
        .into_iter()
        .chain([Group::Place(None, None), Group::Place(Some(Channel::Search), country)])
    {
        assert_eq!(Group::of_key(&group.key()), Some(group));
    }
    assert_eq!((Group::of_key(&[9, 0, 0, 0]), Group::of_key(&[0])), (None, None));
}

/// A group as version 1 wrote it.
const FIXTURE_V1: &[u8] = &[1, 0x94, 60, 9, 0x93, 1, 2, 3, 0x92, 0x92, 7, 40, 0x92, 8, 0xcc, 200];

#[test]
fn version_1_still_reads_and_writes_the_same() {
    let counts = GroupCounts { people: 60, buyers: 9, bands: [1, 2, 3], categories: vec![(7, 40), (8, 200)] };
    assert_eq!(crate::encode(&counts).unwrap(), FIXTURE_V1);
    assert_eq!(crate::decode::<GroupCounts>(FIXTURE_V1).unwrap(), counts);
}

#[test]
fn a_session_speaks_louder_with_each_event() {
    assert_eq!((blend(0.25, 0.75, 0), blend(0.25, 0.75, 4)), (0.25, 0.5));
    assert!(blend(0.1, 0.5, 100) > 0.48);
}
