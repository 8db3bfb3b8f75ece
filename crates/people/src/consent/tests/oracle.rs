//! Histories of grant, withdraw and read, against an oracle that keeps every word and looks through all of
//! them at each read.

use tradewind_kernel::{Purpose, Purposes, UtcMillis};

use super::super::*;

/// Histories; at each step of one of them something is granted, withdrawn, told of a place, merged or read.
const HISTORIES: u64 = 100_000;
const STEPS: u64 = 12;

/// A small generator of numbers that look random, the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// All that the oracle knows: words on one purpose each, and places, in the order of arrival.
#[derive(Default)]
struct Oracle {
    words: Vec<(i64, Purpose, bool)>,
    places: Vec<(i64, &'static str)>,
}

impl Oracle {
    /// Whether data may be read for a purpose: by the last word said, where words at one time differ the no;
    /// without any word by the place of the last hour.
    fn allows(&self, purpose: Purpose) -> bool {
        let ours: Vec<_> = self.words.iter().filter(|(_, p, _)| *p == purpose).collect();
        match ours.iter().map(|(at, ..)| *at).max() {
            Some(last) => ours.iter().filter(|(at, ..)| *at == last).all(|(.., granted)| *granted),
            None if matches!(
                purpose,
                Purpose::MarketingEmail | Purpose::MarketingSms | Purpose::MarketingPush
            ) =>
            {
                false
            }
            None => {
                let hour = |at: i64| at / UtcMillis::HOUR;
                let last = self.places.iter().map(|(at, _)| hour(*at)).max();
                let places = self.places.iter().filter(|(at, _)| Some(hour(*at)) == last);
                let place = places.map(|(_, p)| *p).min();
                !matches!(place, Some("DE" | "BR"))
            }
        }
    }
}

fn read(standing: Standing, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Analytics => standing.permit::<Analytics, _>(()).is_ok(),
        Purpose::Personalization => standing.permit::<Personalization, _>(()).is_ok(),
        Purpose::ModelTraining => standing.permit::<ModelTraining, _>(()).is_ok(),
        Purpose::Experimentation => standing.permit::<Experimentation, _>(()).is_ok(),
        Purpose::MarketingEmail => standing.permit::<MarketingEmail, _>(()).is_ok(),
        Purpose::MarketingSms => standing.permit::<MarketingSms, _>(()).is_ok(),
        Purpose::MarketingPush => standing.permit::<MarketingPush, _>(()).is_ok(),
        Purpose::AdsSharing => standing.permit::<AdsSharing, _>(()).is_ok(),
    }
}

#[test]
fn a_hundred_thousand_histories_read_nothing_forbidden() {
    let policy = Policy::default();
    let (mut forbidden, mut withheld, mut reads, mut allowed) = (0, 0, 0, 0);
    for seed in 0..HISTORIES {
        let mut dice = Dice(seed);
        let (mut record, mut oracle) = (Record::default(), Oracle::default());
        for _ in 0..STEPS {
            let purpose = Purpose::ALL[dice.below(8) as usize];
            let ms = dice.below(20).cast_signed() * 20 * UtcMillis::MINUTE;
            match dice.below(4) {
                0 | 1 => {
                    let granted = dice.below(2) == 0;
                    let set: Purposes = [purpose].into_iter().collect();
                    let (yes, no) = if granted { (set, Purposes::NONE) } else { (Purposes::NONE, set) };
                    let told = Told { granted: yes, denied: no, kinds: SignalKinds::default() };
                    record.hear(&told, UtcMillis::new(ms));
                    oracle.words.push((ms, purpose, granted));
                }
                2 => {
                    let place = ["DE", "US", "BR", "AR"][dice.below(4) as usize];
                    record.locate(place, UtcMillis::new(ms));
                    oracle.places.push((ms, place));
                }
                _ => {
                    // As a reader finds it: from its stored form.
                    let stored = crate::encode(&record).unwrap();
                    let found: Record = crate::decode(&stored).unwrap();
                    let (ours, theirs) =
                        (read(policy.standing(Some(&found)), purpose), oracle.allows(purpose));
                    reads += 1;
                    allowed += u64::from(ours);
                    forbidden += u64::from(ours && !theirs);
                    withheld += u64::from(!ours && theirs);
                }
            }
        }
    }
    assert!(reads > HISTORIES && allowed > reads / 5, "{reads} reads, {allowed} allowed");
    assert_eq!((forbidden, withheld), (0, 0), "forbidden reads, and such as were withheld without a cause");
}
