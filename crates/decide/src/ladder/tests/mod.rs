use std::sync::Arc;

use proptest::prelude::*;
use tradewind_catalog::{Availability, Product};
use tradewind_models::{ArtifactInfo, CoOccurrence, CoParams, Popularity};
use tradewind_people::consent::Policy;
use tradewind_people::{Act, Action};

use super::*;

const NOW: UtcMillis = UtcMillis::new(1_000_000_000);

/// A shop of `0..products` with the ids `p0`, `p1`, …, in two categories by parity.
struct Shop {
    items: Items,
    catalog: CatalogSnapshot,
    sessions: SessionIndex,
    trending: Trending,
    trained: Option<Trained>,
}

fn product(item: u32) -> Arc<Product> {
    let category_path = vec![if item.is_multiple_of(2) { "Even".into() } else { "Odd".into() }];
    Arc::new(Product {
        id: format!("p{item}"),
        title: format!("Product {item}"),
        category_path,
        ..Product::default()
    })
}

fn shop(products: u32, sessions: &[&[u32]]) -> Shop {
    let ids: Vec<String> = (0..products).map(|i| format!("p{i}")).collect();
    let catalog = CatalogSnapshot::build((0..products).map(|i| (i, product(i))));
    let mut popularity = Popularity::new(86_400_000);
    for &item in sessions.iter().copied().flatten() {
        popularity.add(item, NOW.get(), 1.0);
    }
    let info = ArtifactInfo {
        version: "t".into(),
        trained_at: String::new(),
        sessions: sessions.len(),
        shoppers: 1,
        baskets: 0,
        interactions: 0,
        window: (String::new(), String::new()),
        cpu_seconds: 0.0,
        manifest: Vec::new(),
    };
    Shop {
        items: Items::from_ids(ids.iter().map(String::as_str)),
        trending: Trending::rank(&popularity, &catalog),
        catalog,
        sessions: SessionIndex::build(sessions.iter().copied()),
        trained: Some(Trained {
            version: info.version.clone(),
            info,
            seen: CoOccurrence::fit_sequences(sessions.iter().copied(), &CoParams::default()),
            bought: CoOccurrence::fit_baskets(sessions, &CoParams::default()),
        }),
    }
}

fn ask(placements: &[(Placement, usize, &[&str])]) -> Ask {
    Ask {
        subject: None,
        anonymous_id: None,
        placements: placements
            .iter()
            .map(|&(placement, limit, anchors)| PlacementAsk {
                placement,
                limit,
                anchors: anchors.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        cart: None,
        category: None,
        allow_duplicates: false,
        budget_ms: 50,
    }
}

fn answer(shop: &Shop, ask: &Ask, profile: Option<&Profile>) -> Vec<PlacementAnswer> {
    let standing = Policy::off().standing(None);
    let inputs = Inputs {
        now: NOW,
        ask,
        profile: profile.map(|profile| standing.permit(profile).unwrap()),
        items: &shop.items,
        catalog: &shop.catalog,
        sessions: &shop.sessions,
        trained: shop.trained.as_ref(),
        trending: &shop.trending,
        category: ask.category.as_deref(),
        late: &[],
    };
    decide(&inputs, &mut Scratch::default())
}

fn ids(answer: &PlacementAnswer) -> Vec<&str> {
    answer.slots.iter().map(|s| &*s.product_id).collect()
}

fn viewer(items: &[u32]) -> Profile {
    let mut profile = Profile::default();
    for &item in items {
        profile.apply(&Act { at: NOW, action: Some(Action::View), items: &[(item, 1)], ..Act::default() }, 0);
    }
    profile
}

const SESSIONS: &[&[u32]] = &[&[1, 2, 3], &[1, 2, 3], &[1, 2], &[6, 8], &[6, 8], &[6, 9], &[8, 6]];

#[test]
fn a_session_moves_the_home_page() {
    let shop = shop(12, SESSIONS);
    let home = ask(&[(Placement::HomeForYou, 4, &[]), (Placement::HomeRecentlyViewed, 4, &[])]);
    let fresh = answer(&shop, &home, None);
    assert_eq!(fresh[0].slots[0].source, Source::Popularity);
    assert!(fresh[1].slots.is_empty() && fresh[0].degraded_reasons.is_empty());
    let profile = viewer(&[1]);
    let after = answer(&shop, &home, Some(&profile));
    assert_eq!(ids(&after[0])[..2], ["p2", "p3"]);
    assert_eq!(after[0].slots[0].reasons, ["chosen in sessions like this one, after Product 1"]);
    assert_eq!((ids(&after[1]), after[1].slots[0].reasons[0].as_str()), (vec!["p1"], "viewed just now"));
}

#[test]
fn a_reason_names_the_product_that_goes_best_with_what_is_shown() {
    let shop = shop(12, &[&[1, 2], &[1, 2], &[6, 8], &[6, 8]]);
    let answers = answer(&shop, &ask(&[(Placement::HomeForYou, 2, &[])]), Some(&viewer(&[1, 6])));
    let reasons: Vec<_> = answers[0].slots.iter().map(|s| (&*s.product_id, s.reasons[0].as_str())).collect();
    assert!(reasons.contains(&("p2", "chosen in sessions like this one, after Product 1")), "{reasons:?}");
    assert!(reasons.contains(&("p8", "chosen in sessions like this one, after Product 6")), "{reasons:?}");
}

#[test]
fn each_rung_fills_what_the_one_above_leaves_empty() {
    let shop = shop(12, SESSIONS);
    let similar = ask(&[(Placement::ProductSimilar, 11, &["p6"])]);
    let answer = &answer(&shop, &similar, None)[0];
    assert_eq!(answer.slots.len(), 11);
    assert!(!ids(answer).contains(&"p6"), "the product of the page is not on it");
    assert!(answer.slots.windows(2).all(|w| w[0].score >= w[1].score));
    let sources: Vec<Source> = answer.slots.iter().map(|s| s.source).collect();
    assert!(sources.starts_with(&[Source::SessionKnn]) && sources.ends_with(&[Source::Static]));
}

#[test]
fn similar_prefers_the_same_category_and_trending_is_about_the_shop() {
    let shop = shop(12, &[&[6, 9], &[6, 9], &[6, 8], &[1, 3], &[1, 3], &[1]]);
    let page = ask(&[(Placement::ProductSimilar, 2, &["p6"]), (Placement::HomeTrending, 1, &[])]);
    let answers = answer(&shop, &page, Some(&viewer(&[6, 8])));
    assert_eq!(ids(&answers[0]), ["p8", "p9"]);
    assert_eq!((answers[1].slots[0].source, ids(&answers[1])), (Source::Popularity, vec!["p1"]));
}

#[test]
fn what_is_missing_is_told_and_something_sensible_shown() {
    let mut shop = shop(6, SESSIONS);
    shop.trained = None;
    let page =
        ask(&[(Placement::ProductBoughtTogether, 2, &["p1"]), (Placement::ProductSimilar, 2, &["nope"])]);
    let answers = answer(&shop, &page, None);
    assert_eq!((answers[0].degraded_reasons.as_slice(), ids(&answers[0])[0]), (&["model_missing"][..], "p2"));
    assert_eq!(answers[1].degraded_reasons, ["anchor_unknown"]);
    assert_eq!(answers[1].slots.len(), 2);
    let empty = super::tests::shop(0, &[]);
    let answers = answer(&empty, &page, None);
    assert!(answers.iter().all(|a| a.slots.is_empty() && a.degraded_reasons.contains(&"catalog_empty")));
}

#[test]
fn what_cannot_be_bought_is_never_shown() {
    let mut shop = shop(12, SESSIONS);
    let gone = Product { availability: Availability::OutOfStock, ..Product::clone(&product(2)) };
    shop.catalog.put(2, Arc::new(gone));
    let profile = viewer(&[1]);
    let everywhere: Vec<_> = Placement::ALL.into_iter().map(|p| (p, 12, &["p1"][..])).collect();
    let page = Ask { allow_duplicates: true, ..ask(&everywhere) };
    for answer in answer(&shop, &page, Some(&profile)) {
        assert!(!ids(&answer).contains(&"p2"), "{:?}", answer.placement);
    }
}

#[test]
fn add_ons_go_with_the_cart_and_a_category_page_with_its_category() {
    let shop = shop(12, SESSIONS);
    let mut page = ask(&[(Placement::CartAddOns, 1, &[]), (Placement::HomeTrending, 3, &[])]);
    page.cart = Some(vec!["p8".into()]);
    page.category = Some("Odd".into());
    let answers = answer(&shop, &page, None);
    assert_eq!((ids(&answers[0]), answers[0].slots[0].source), (vec!["p6"], Source::BoughtTogether));
    assert_eq!(answers[1].slots[0].source, Source::CategoryPopularity);
    assert_eq!(ids(&answers[1])[..2], ["p1", "p3"]);
}

proptest! {
    /// Whatever is asked: limits hold, nothing twice on a page, everything eligible, scores fall.
    #[test]
    fn the_promises_hold(
        sessions in prop::collection::vec(prop::collection::vec(0..30u32, 1..8), 0..40),
        viewed in prop::collection::vec(0..30u32, 0..6),
        placements in prop::collection::vec((0..6usize, 1..15usize, 0..40u32), 1..8),
        trained in any::<bool>(),
    ) {
        let slices: Vec<&[u32]> = sessions.iter().map(Vec::as_slice).collect();
        let mut shop = shop(30, &slices);
        if !trained {
            shop.trained = None;
        }
        let mut page = ask(&[]);
        page.placements = placements.iter().map(|&(p, limit, anchor)| PlacementAsk {
            placement: Placement::ALL[p], limit, anchors: vec![format!("p{anchor}")],
        }).collect();
        let profile = viewer(&viewed);
        let answers = answer(&shop, &page, Some(&profile));
        let mut on_page = std::collections::HashSet::new();
        prop_assert_eq!(answers.len(), page.placements.len());
        for (answer, asked) in answers.iter().zip(&page.placements) {
            prop_assert!(answer.slots.len() <= asked.limit);
            prop_assert!(answer.slots.iter().all(|s| on_page.insert(s.item)));
            prop_assert!(answer.slots.windows(2).all(|w| w[0].score >= w[1].score));
            prop_assert!(answer.slots.iter().all(|s| s.score > 0.0 && s.score <= 1.0));
        }
        prop_assert_eq!(&super::tests::answer(&shop, &page, Some(&profile)), &answers);
    }
}
