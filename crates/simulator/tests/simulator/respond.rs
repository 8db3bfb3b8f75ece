//! The counterfactual: pure, paired, exact on average.

use tradewind_kernel::UtcMillis;
use tradewind_simulator::{Device, Intent, SessionContext, Shop, ShopParams, Shopper};

fn shop() -> Shop {
    Shop::generate(&ShopParams::default())
}

fn noon() -> UtcMillis {
    UtcMillis::parse("2026-06-15T12:00:00Z").unwrap()
}

/// The ids of a leaf's first products, best for the shopper first where `sorted`.
fn ids<'a>(shop: &'a Shop, items: &[u32]) -> Vec<&'a str> {
    items.iter().map(|&item| shop.products()[item as usize].id.as_str()).collect()
}

fn by_utility(shop: &Shop, shopper: &Shopper, context: &SessionContext, count: usize) -> Vec<u32> {
    let leaf = context.leaf.map_or(0, usize::from);
    let mut items: Vec<u32> = shop.leaves()[leaf].members.iter().copied().take(count).collect();
    let utility = |item: u32| shop.utility(shopper, context, item);
    items.sort_by(|&a, &b| utility(b).total_cmp(&utility(a)));
    items
}

#[test]
fn the_same_question_has_the_same_answer() {
    let shop = shop();
    let shopper = shop.shopper(7, 3);
    for session in 0..200 {
        let context = shop.visit(&shopper, session, noon());
        let list = ids(&shop, &by_utility(&shop, &shopper, &context, 10));
        assert_eq!(shop.respond(&shopper, &context, &list), shop.respond(&shopper, &context, &list));
    }
}

#[test]
fn responses_are_consistent() {
    let shop = shop();
    let mut bought = 0;
    for number in 0..2_000 {
        let shopper = shop.shopper(7, number);
        let context = shop.visit(&shopper, number, noon());
        let list = ids(&shop, &by_utility(&shop, &shopper, &context, 12));
        let response = shop.respond(&shopper, &context, &list);
        assert!((1..=list.len()).contains(&response.examined));
        assert!(response.clicked.iter().all(|&position| position < response.examined));
        assert!(response.added.is_none_or(|added| response.clicked.first() == Some(&added)));
        assert!(response.bought.is_none_or(|bought| response.added == Some(bought)));
        match response.bought {
            Some(position) => {
                let product = shop.product(list[position]).unwrap();
                assert_eq!(response.revenue, product.price.unwrap());
                assert_eq!(response.margin.minor, response.revenue.minor - product.cost.unwrap().minor);
                bought += 1;
            }
            None => assert_eq!((response.revenue.minor, response.margin.minor), (0, 0)),
        }
    }
    assert!(bought > 10, "{bought}");
}

#[test]
fn the_expectation_is_the_mean() {
    let shop = shop();
    let mut shopper = shop.shopper(7, 11);
    shopper.readiness = 1.5;
    let mut context = shop.visit(&shopper, 5, noon());
    context.intent = Intent::Replenish;
    let list = ids(&shop, &by_utility(&shop, &shopper, &context, 10));
    let expected = shop.expected_value(&shopper, &context, &list);
    let rounds = 40_000;
    let (mut any, mut clicks, mut adds, mut buys, mut revenue) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for session in 0..rounds {
        context.session = session;
        let response = shop.respond(&shopper, &context, &list);
        any += f64::from(!response.clicked.is_empty());
        clicks += response.clicked.len() as f64;
        adds += f64::from(response.added.is_some());
        buys += f64::from(response.bought.is_some());
        revenue += response.revenue.minor as f64;
    }
    let check = |what: &str, sum: f64, expected: f64, tolerance: f64| {
        let mean = sum / rounds as f64;
        assert!((mean - expected).abs() < tolerance * expected, "{what}: {mean} against {expected}");
    };
    check("any click", any, expected.any_click, 0.02);
    check("clicks", clicks, expected.clicks, 0.02);
    check("adds", adds, expected.add, 0.05);
    check("buys", buys, expected.buy, 0.07);
    check("revenue", revenue, expected.revenue_minor, 0.1);
}

#[test]
fn relevance_pays() {
    let shop = shop();
    let (mut best, mut worst, mut shown) = (0.0, 0.0, 0);
    for number in 0..300 {
        let shopper = shop.shopper(7, number);
        let context = shop.visit(&shopper, number, noon());
        let sorted = by_utility(&shop, &shopper, &context, 24);
        let reversed: Vec<u32> = sorted.iter().rev().copied().collect();
        let front = shop.expected_value(&shopper, &context, &ids(&shop, &sorted));
        let back = shop.expected_value(&shopper, &context, &ids(&shop, &reversed));
        shown += u32::from(front.any_click >= back.any_click - 1e-12);
        best += front.buy;
        worst += back.buy;
        let few = shop.expected_value(&shopper, &context, &ids(&shop, &sorted[..sorted.len() / 2]));
        assert!(few.any_click <= front.any_click + 1e-12, "more to choose from is never less");
    }
    assert_eq!(shown, 300, "the better first, the more is clicked");
    assert!(best > 1.1 * worst, "{best} against {worst}");
}

#[test]
fn the_first_positions_get_the_clicks() {
    let shop = shop();
    for device in [Device::Mobile, Device::Desktop] {
        let mut clicks = [0.0; 12];
        for number in 0..4_000 {
            let shopper = shop.shopper(7, number);
            let mut context = shop.visit(&shopper, number, noon());
            context.device = device;
            let leaf = context.leaf.map_or(0, usize::from);
            let members = &shop.leaves()[leaf].members;
            let turn = usize::try_from(number).unwrap() % members.len();
            let list: Vec<u32> = (0..12).map(|i| members[(turn + i) % members.len()]).collect();
            for position in shop.respond(&shopper, &context, &ids(&shop, &list)).clicked {
                clicks[position] += 1.0;
            }
        }
        assert!(clicks[0] > 1.15 * clicks[3] && clicks[3] > 1.3 * clicks[11], "{device:?}: {clicks:?}");
    }
}

#[test]
fn common_random_numbers_pair_two_policies() {
    let shop = shop();
    let (mut paired, mut apart, mut unlike) = (Vec::new(), Vec::new(), 0);
    for number in 0..4_000 {
        let shopper = shop.shopper(7, number);
        let context = shop.visit(&shopper, number, noon());
        let mut other = context.clone();
        other.session += 1_000_000;
        let sorted = by_utility(&shop, &shopper, &context, 12);
        let mut swapped = sorted.clone();
        swapped.swap(0, 2);
        let clicked = |context: &SessionContext, items: &[u32]| {
            f64::from(!shop.respond(&shopper, context, &ids(&shop, items)).clicked.is_empty())
        };
        let first = clicked(&context, &sorted);
        paired.push(first - clicked(&context, &swapped));
        apart.push(first - clicked(&other, &swapped));
        // What is read in both lists and liked in one is liked in the other.
        let (a, b) = (
            shop.respond(&shopper, &context, &ids(&shop, &sorted)),
            shop.respond(&shopper, &context, &ids(&shop, &swapped)),
        );
        assert_eq!(a.examined, b.examined);
        let liked = |r: &tradewind_simulator::Response, items: &[u32]| {
            let mut liked: Vec<u32> = r.clicked.iter().map(|&p| items[p]).collect();
            liked.sort_unstable();
            liked
        };
        unlike += u32::from(a.examined >= 3 && liked(&a, &sorted) != liked(&b, &swapped));
    }
    let variance = |xs: &[f64]| xs.iter().map(|x| x * x).sum::<f64>() / xs.len() as f64;
    assert!(variance(&paired) < 0.3 * variance(&apart), "{} {}", variance(&paired), variance(&apart));
    assert_eq!(unlike, 0);
}

#[test]
fn odd_lists_are_taken() {
    let shop = shop();
    let shopper = shop.shopper(7, 3);
    let context = shop.visit(&shopper, 1, noon());
    assert_eq!(shop.respond(&shopper, &context, &[]).examined, 0);
    assert_eq!(shop.expected_value(&shopper, &context, &[]).clicks, 0.0);
    let unknown = shop.respond(&shopper, &context, &["nothing", "TW-1"]);
    assert!(unknown.examined >= 1 && unknown.clicked.is_empty());
    let twice = shop.expected_value(&shopper, &context, &["TW-1001", "TW-1001"]);
    assert!(
        (twice.any_click - shop.expected_value(&shopper, &context, &["TW-1001"]).any_click).abs() < 1e-12
    );
}
