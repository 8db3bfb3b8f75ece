//! Plays the default history and prints its size and rates: `cargo run --release --example stats`.
//! An argument prints so many events instead.

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::collections::BTreeMap;
use std::time::Instant;

use tradewind_simulator::{History, HistoryParams, Shop, ShopParams};

fn main() {
    let start = Instant::now();
    let shop = Shop::generate(&ShopParams::default());
    println!("{} products in {:?}", shop.products().len(), start.elapsed());
    if let Some(count) = std::env::args().nth(1).and_then(|text| text.parse().ok()) {
        for event in History::new(&shop, &HistoryParams::default()).take(count) {
            println!("{}", serde_json::to_string(&event).unwrap_or_default());
        }
        return;
    }
    let start = Instant::now();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut last_seen: BTreeMap<String, i64> = BTreeMap::new();
    let (mut events, mut bytes, mut sessions) = (0u64, 0usize, 0u64);
    for event in History::new(&shop, &HistoryParams::default()) {
        events += 1;
        bytes += event.encode().map_or(0, |b| b.len());
        let at = event.occurred_at.get();
        let before = last_seen.insert(event.anonymous_id.unwrap_or_default(), at);
        sessions += u64::from(before.is_none_or(|before| at - before > 30 * 60_000));
        *counts.entry(event.name.unwrap_or_else(|| format!("{:?}", event.kind))).or_default() += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{events} events, {bytes} bytes, {sessions} sessions in {seconds:.2} s");
    for (name, count) in counts {
        println!("{name:24} {count:8} {:7.3} per session", count as f64 / sessions as f64);
    }
}
