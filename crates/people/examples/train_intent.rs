//! Fits the trained weights of `tradewind_people::intent` and tells how they do on people they have not seen.
//!
//! Reads REES46's clickstream as CSV from standard input: `zstd -dc 2019-Oct.csv.zst | cargo run --release -p
//! tradewind-people --example train_intent`. After each event: does an order follow in this session? The
//! people are split by a hash of their id, 7 of 10 to learn from. The inputs are those that the profile's fold
//! computes, since the events go through it.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use tradewind_kernel::UtcMillis;
use tradewind_people::facts::{Fact, ItemFacts};
use tradewind_people::intent::{INPUTS, INTERCEPT, TRAINED, WEIGHTS};
use tradewind_people::{Act, Action, Profile};

/// Steps of gradient descent.
const STEPS: usize = 20_000;
/// How far a step goes.
const RATE: f64 = 0.3;
/// What a weight's square costs.
const RIDGE: f64 = 1e-3;

/// One event.
struct Row {
    at: UtcMillis,
    action: Action,
    item: u32,
    category: u32,
}

/// The inputs after an event, and whether an order followed.
struct Sample {
    inputs: [f64; INPUTS],
    bought: f64,
}

fn main() {
    let people = read();
    let (mut learn, mut held_out) = (Vec::new(), Vec::new());
    for (user, rows) in &people {
        let side = if hash(*user) % 10 < 7 { &mut learn } else { &mut held_out };
        samples(rows, side);
    }
    let bought = |of: &[Sample]| of.iter().map(|s| s.bought).sum::<f64>();
    println!("{} people", people.len());
    println!("learned from: {} moments, {} before an order", learn.len(), bought(&learn));
    println!("held out: {} moments, {} before an order", held_out.len(), bought(&held_out));
    let model = fit(&learn);
    println!("intercept {:.2}, weights {:.2?}", model[TRAINED], &model[..TRAINED]);
    let mut committed: Vec<f64> = WEIGHTS[..TRAINED].to_vec();
    committed.push(INTERCEPT);
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let rate = bought(&learn) / learn.len() as f64;
    let constant: Vec<f64> =
        (0..=TRAINED).map(|n| if n == TRAINED { (rate / (1.0 - rate)).ln() } else { 0.0 }).collect();
    for (name, model) in [("the constant rate", &constant), ("fitted now", &model), ("committed", &committed)]
    {
        let (loss, auc) = judge(model, &held_out);
        println!("held out, {name}: log-loss {loss:.4}, AUC {auc:.3}");
    }
    calibration(&committed, &held_out);
}

fn hash(user: u64) -> u64 {
    (user ^ (user >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33
}

/// Everybody's events in the order of time.
fn read() -> Vec<(u64, Vec<Row>)> {
    let mut people: HashMap<u64, Vec<Row>> = HashMap::new();
    for line in std::io::stdin().lock().lines().skip(1).map_while(Result::ok) {
        let cells: Vec<&str> = line.split(',').collect();
        let [time, kind, item, category, .., user, _] = cells.as_slice() else { continue };
        let action = match *kind {
            "view" => Action::View,
            "cart" => Action::Add,
            "purchase" => Action::Buy,
            _ => continue,
        };
        let time = time.trim_end_matches(" UTC").replace(' ', "T") + "Z";
        let (Ok(at), Ok(user), Ok(item)) = (UtcMillis::parse(&time), user.parse(), item.parse()) else {
            continue;
        };
        #[expect(clippy::cast_possible_truncation, reason = "the lower half tells categories apart as well")]
        let category = category.parse::<u64>().unwrap_or_default() as u32;
        people.entry(user).or_default().push(Row { at, action, item, category });
    }
    let mut people: Vec<_> = people.into_iter().collect();
    people.sort_by_key(|(user, _)| *user);
    people.iter_mut().for_each(|(_, rows)| rows.sort_by_key(|row| row.at));
    people
}

/// The moments after each of a person's events.
fn samples(rows: &[Row], into: &mut Vec<Sample>) {
    let mut profile = Profile::default();
    let mut moments: Vec<(u32, bool, [f64; INPUTS])> = Vec::new();
    for row in rows {
        let item = ItemFacts { categories: vec![row.category], ..ItemFacts::default() };
        let facts = [Fact { item: Arc::new(item), relative_price: None }];
        let items = [(row.item, 1)];
        profile.apply(
            &Act { at: row.at, action: Some(row.action), items: &items, facts: &facts, ..Act::default() },
            0,
        );
        let Some(session) = &profile.session else { continue };
        let inputs = session.counts.inputs(session.last_at.since(session.started_at));
        moments.push((profile.sessions, row.action == Action::Buy, inputs));
    }
    for (place, (session, _, inputs)) in moments.iter().enumerate() {
        let bought = moments[place + 1..].iter().any(|(other, is_order, _)| other == session && *is_order);
        into.push(Sample { inputs: *inputs, bought: f64::from(u8::from(bought)) });
    }
}

fn probability(model: &[f64], sample: &Sample) -> f64 {
    let score: f64 = model[..TRAINED].iter().zip(sample.inputs).map(|(w, x)| w * x).sum();
    1.0 / (1.0 + (-model[TRAINED] - score).exp())
}

/// Logistic regression by gradient descent; the constant stands last.
fn fit(samples: &[Sample]) -> Vec<f64> {
    let mut model = vec![0.0; TRAINED + 1];
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let share = 1.0 / samples.len() as f64;
    for _ in 0..STEPS {
        let mut slope = [0.0; TRAINED + 1];
        for sample in samples {
            let error = probability(&model, sample) - sample.bought;
            for (place, slope) in slope.iter_mut().enumerate() {
                *slope += error * sample.inputs.get(place).filter(|_| place < TRAINED).unwrap_or(&1.0);
            }
        }
        for (place, weight) in model.iter_mut().enumerate() {
            let ridge = if place < TRAINED { RIDGE * *weight } else { 0.0 };
            *weight -= RATE * slope[place].mul_add(share, ridge);
        }
    }
    model
}

/// The mean log-loss, and the chance that a moment before an order has the greater probability.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn judge(model: &[f64], samples: &[Sample]) -> (f64, f64) {
    let mut scored: Vec<(f64, f64)> = samples.iter().map(|s| (probability(model, s), s.bought)).collect();
    let loss: f64 =
        scored.iter().map(|(p, bought)| -(bought * p.ln() + (1.0 - bought) * (1.0 - p).ln())).sum();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0.0, 0.0);
    for tied in scored.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let orders: f64 = tied.iter().map(|(_, bought)| bought).sum();
        let others = tied.len() as f64 - orders;
        won += orders * (below + others / 2.0);
        below += others;
    }
    let orders: f64 = scored.iter().map(|(_, bought)| bought).sum();
    (loss / samples.len() as f64, won / (orders * below))
}

/// What was foretold and what came, by tenths of the probability.
fn calibration(model: &[f64], samples: &[Sample]) {
    for (from, to) in [(0.0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.0)] {
        let within: Vec<(f64, f64)> = samples
            .iter()
            .map(|s| (probability(model, s), s.bought))
            .filter(|(p, _)| (from..to).contains(p))
            .collect();
        if !within.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "thousands")]
            let count = within.len() as f64;
            let sums = within.iter().fold((0.0, 0.0), |sums, one| (sums.0 + one.0, sums.1 + one.1));
            println!(
                "foretold {from} to {to}: {count} moments, mean {:.3}, came true {:.3}",
                sums.0 / count,
                sums.1 / count
            );
        }
    }
}
