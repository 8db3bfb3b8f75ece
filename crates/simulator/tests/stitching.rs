//! How well visits are stitched, measured on the simulator's truth: who is behind each anonymous id.
//!
//! The simulated shop knows no networks: products, region, language, device and time are all there is, which is
//! far too little. The second measurement assumes networks that are this test's own: two people share a home, from
//! where they come 7 times of 10, else from one of 20 networks of telephones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tradewind_events::Commerce;
use tradewind_kernel::{Currency, UtcMillis};
use tradewind_people::identity::stitch::{Policy, Stitch, Visit, suggest};
use tradewind_simulator::{Device, History, HistoryParams, Shop, ShopParams};

/// Visits are compared with those of so many days before.
const WINDOW_MS: i64 = 7 * UtcMillis::DAY;
const PAUSE_MS: i64 = 30 * UtcMillis::MINUTE;
/// Thresholds, of 1,000.
const LEAST: [u16; 2] = [300, 700];

/// What a threshold gave.
#[derive(Debug, Default, PartialEq)]
struct Measured {
    suggested: u32,
    right: u32,
    /// Visits of people who came under another id within the window.
    could: u32,
}

impl Measured {
    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from(self.suggested.max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from(self.could.max(1))
    }
}

/// The visits of a history in the order of their starts.
fn visits(shop: &Shop, params: &HistoryParams) -> Vec<Visit> {
    let (mut open, mut done): (BTreeMap<String, Visit>, Vec<Visit>) = (BTreeMap::new(), Vec::new());
    let mut numbers: HashMap<String, u32> = HashMap::new();
    for event in History::new(shop, params) {
        let (Some(id), at) = (event.anonymous_id.clone(), event.occurred_at) else { continue };
        if open.get(&id).is_some_and(|visit| at.since(visit.last_at) > PAUSE_MS) {
            done.extend(open.remove(&id));
        }
        let context: serde_json::Value =
            event.context.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let visit = open.entry(id.clone()).or_insert_with(|| Visit {
            anonymous_id: id,
            may_be_compared: true,
            region: text(&context["location"]["region"]),
            locale: text(&context["locale"]),
            device: text(&context["device"]["type"]),
            started_at: at,
            ..Visit::default()
        });
        visit.last_at = at;
        let list = match event.name.as_deref() {
            Some("Product Viewed") => &mut visit.viewed,
            Some("Product Added") => &mut visit.carted,
            _ => continue,
        };
        for product in Commerce::read(event.properties.as_deref(), Currency::EUR).products {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(product.id().unwrap_or_default().to_owned()).or_insert(next);
            if let Err(place) = list.binary_search(&number) {
                list.insert(place, number);
            }
        }
    }
    done.extend(open.into_values());
    done.sort_by(|a, b| (a.started_at, &a.anonymous_id).cmp(&(b.started_at, &b.anonymous_id)));
    done
}

/// Who is behind each anonymous id of those who come back.
fn truth(shop: &Shop, params: &HistoryParams) -> HashMap<String, u64> {
    let mut people = HashMap::new();
    for number in 0..u64::from(params.shoppers) {
        let shopper = shop.shopper(params.seed, number);
        for device in [Device::Mobile, Device::Desktop, Device::Tablet] {
            people.insert(shopper.anonymous_id(device), number);
        }
    }
    people
}

fn measure(visits: &[Visit], people: &HashMap<String, u64>, min_permille: u16) -> Measured {
    let mut touched: HashMap<u32, f64> = HashMap::new();
    for visit in visits {
        let items: BTreeSet<u32> = visit.viewed.iter().chain(&visit.carted).copied().collect();
        items.into_iter().for_each(|item| *touched.entry(item).or_default() += 1.0 / visits.len() as f64);
    }
    let share = |item| touched.get(&item).copied().unwrap_or(1.0);
    let policy = Policy::Suggest { min_permille, lives_ms: UtcMillis::DAY };
    let mut measured = Measured::default();
    for (n, visit) in visits.iter().enumerate() {
        let from = visits[..n].partition_point(|v| visit.started_at.since(v.started_at) > WINDOW_MS);
        let before = &visits[from..n];
        let is_same = |other: &str| {
            let person = people.get(&visit.anonymous_id);
            other != visit.anonymous_id && person.is_some() && people.get(other) == person
        };
        measured.could += u32::from(before.iter().any(|v| is_same(&v.anonymous_id)));
        if let Some(Stitch { other, .. }) = suggest(policy, visit, before, before.len(), share) {
            measured.suggested += 1;
            measured.right += u32::from(is_same(&other));
        }
    }
    measured
}

/// The same visits from assumed networks.
fn from_networks(visits: &[Visit], people: &HashMap<String, u64>) -> Vec<Visit> {
    let mix = |n: u64| (n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 17) % 10_000;
    let network = |n: usize, visit: &Visit| {
        let luck = mix(n as u64);
        let unknown = || 1_000_000 + n as u64;
        let home = people.get(&visit.anonymous_id).map_or_else(unknown, |person| 1_000 + person / 2);
        if luck < 7_000 { home } else { luck % 20 }
    };
    let networks: Vec<u64> = visits.iter().enumerate().map(|(n, visit)| network(n, visit)).collect();
    let mut counts: HashMap<u64, f64> = HashMap::new();
    networks.iter().for_each(|n| *counts.entry(*n).or_default() += 1.0 / networks.len() as f64);
    let with = |(visit, n): (&Visit, &u64)| Visit { network: Some((*n, counts[n])), ..visit.clone() };
    visits.iter().zip(&networks).map(with).collect()
}

fn told(what: &str, visits: &[Visit], people: &HashMap<String, u64>) -> Vec<Measured> {
    let measured: Vec<Measured> = LEAST.map(|least| measure(visits, people, least)).into();
    for (least, m) in LEAST.iter().zip(&measured) {
        let (precision, recall) = (m.precision(), m.recall());
        eprintln!("{what}, {least} of 1,000: {m:?}, precision {precision:.3}, recall {recall:.3}");
    }
    assert!(measured.windows(2).all(|w| w[1].suggested <= w[0].suggested), "a higher bar suggests less");
    measured
}

#[test]
fn precision_and_recall_on_the_simulators_truth() {
    let shop = Shop::generate(&ShopParams::default());
    let params = HistoryParams { days: 14, sessions_per_day: 150, shoppers: 600, ..HistoryParams::default() };
    let (visits, people) = (visits(&shop, &params), truth(&shop, &params));
    let bare = told("without networks", &visits, &people);
    assert!(
        f64::from(bare[1].suggested) < 0.01 * visits.len() as f64,
        "next to nothing is likely without a network"
    );
    let assumed = told("with assumed networks", &from_networks(&visits, &people), &people);
    assert!(assumed[1].precision() > 10.0 * bare[0].precision());
    let off = visits.iter().skip(1).find_map(|v| suggest(Policy::Off, v, &visits, 1, |_| 1e-6));
    assert_eq!(off, None, "off by default");
    let refusing = Visit { may_be_compared: false, ..visits[0].clone() };
    let likely = Policy::Suggest { min_permille: 0, lives_ms: 1 };
    assert_eq!(suggest(likely, &refusing, &visits, 1, |_| 1e-6), None);
    assert_eq!(suggest(likely, &visits[0], [&refusing], 1, |_| 1e-6), None);
}
