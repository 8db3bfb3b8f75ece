use std::hint::black_box;
use std::time::Instant;

use super::*;

#[test]
fn every_name_reads_back() {
    for event in EventName::all() {
        let name = event.as_str();
        assert_eq!(EventName::parse(&format!("  {} ", name.to_uppercase())), *event);
        assert_eq!(EventName::parse(&name.to_lowercase()).as_str(), name);
        assert_eq!(EventName::canonical(&format!("\t{}", name.to_lowercase())), name);
    }
    assert_eq!(EventName::parse(" Size Guide Opened ").as_str(), "Size Guide Opened");
    assert_eq!(EventName::canonical(" Size Guide Opened "), "Size Guide Opened");
}

#[test]
fn what_only_looks_like_a_name_is_another() {
    for name in EventName::all().iter().map(EventName::as_str) {
        for other in [format!("{name}s"), name.replacen(' ', "_", 1) + "?", name[1..].to_owned()] {
            assert_eq!(EventName::parse(&other), EventName::Other(other.clone()));
        }
    }
    for short in ["", "a", "ab", "abc", "ÖÖÖ", "🛒"] {
        assert_eq!(EventName::canonical(short), short);
        assert!(!EventName::parse(short).is_known());
    }
}

#[test]
fn few_names_share_a_place() {
    let steps = |name: &str| {
        let (begin, index) = (place_of(name.as_bytes()), index_of(name).unwrap());
        (0..PLACES).find(|n| usize::from(TABLE[(begin + n) % PLACES]) == index).unwrap()
    };
    let all: Vec<usize> = NAMES.iter().map(|name| steps(name)).collect();
    assert!(all.iter().all(|&n| n <= 2) && all.iter().sum::<usize>() <= 6, "{all:?}");
}

/// The search that the table replaced.
fn one_by_one(name: &str) -> EventName {
    let name = name.trim();
    let found = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
    found.map_or_else(|| EventName::Other(name.to_owned()), |index| KNOWN[index].clone())
}

#[test]
#[ignore = "a measurement: cargo test --release -p tradewind-events the_table_is -- --ignored --nocapture"]
fn the_table_is_quicker_than_a_search() {
    let mix = ["Product Viewed", "product clicked", "Product Added", "Order Completed", "Size Guide Opened"];
    let once = |parse: fn(&str) -> EventName| {
        let began = Instant::now();
        for n in 0..20_000 {
            black_box(parse(black_box(mix[n % mix.len()])));
        }
        began.elapsed().as_secs_f64() * 1e9 / 2e4
    };
    // The best of many, by turns: whatever else runs on the machine only ever makes it slower.
    let (mut before, mut after) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..500 {
        (before, after) = (once(one_by_one).min(before), once(EventName::parse).min(after));
    }
    println!("a search {before:.1} ns, the table {after:.1} ns");
    assert!(mix.iter().all(|name| one_by_one(name) == EventName::parse(name)));
    assert!(after <= before, "{after} > {before}");
}
