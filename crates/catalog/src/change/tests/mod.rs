use super::*;
use crate::Inventory;

const T: fn(i64) -> UtcMillis = UtcMillis::new;

/// A product with one variant that is counted as `i`, `total` of it on hand at `at`.
fn product(title: &str, at: i64, total: u32) -> Product {
    let inventory =
        Inventory { item: "i".into(), total: Some(total), total_at: T(at), ..Inventory::default() };
    let variant = Variant { sku: "s".into(), inventory: Some(inventory), ..Variant::default() };
    Product {
        id: "p".into(),
        title: title.into(),
        variants: vec![variant],
        updated_at: T(at),
        ..Product::default()
    }
}

fn put(title: &str, at: i64, total: u32) -> Change {
    Change::Product(Box::new(product(title, at, total)))
}

fn level(location: &str, quantity: u32, at: i64) -> Change {
    let level = Level { location: location.into(), quantity, at: T(at) };
    Change::Stock { item: "i".into(), level }
}

fn after(changes: &[Change]) -> Option<Product> {
    changes.iter().fold(None, |known, change| change.apply(known.as_ref()).or(known))
}

#[track_caller]
fn check(changes: &[Change], expected: Availability) {
    assert_eq!(after(changes).unwrap().availability, expected);
}

#[test]
fn an_older_product_does_not_replace_a_newer_one() {
    assert_eq!(after(&[put("new", 20, 1), put("old", 10, 0)]).unwrap().title, "new");
    assert_eq!(after(&[put("old", 10, 0), put("new", 20, 1)]).unwrap().title, "new");
    let discovered = Product { origin: Origin::Discovered, updated_at: T(99), ..product("seen", 99, 1) };
    assert_eq!(put("told", 10, 1).apply(Some(&discovered)).unwrap().title, "told");
}

#[test]
fn what_is_withdrawn_stays_so_when_older_news_arrive() {
    let gone = Change::Withdrawn { id: "p".into(), at: T(30) };
    check(&[put("a", 10, 5), gone.clone(), put("late", 20, 5), level("x", 3, 40)], Availability::Withdrawn);
    check(&[gone.clone(), put("late", 20, 5)], Availability::Withdrawn);
    check(&[gone, put("sold again", 40, 5)], Availability::InStock);
}

#[test]
fn the_later_of_total_and_levels_is_believed() {
    use Availability::{InStock, OutOfStock};
    check(&[put("a", 10, 5)], InStock);
    check(&[put("a", 10, 0)], OutOfStock);
    check(&[put("a", 10, 5), level("x", 0, 20)], OutOfStock);
    check(&[put("a", 10, 5), level("x", 0, 20), level("y", 2, 21)], InStock);
    check(&[put("a", 10, 5), level("x", 0, 20), level("x", 4, 15)], OutOfStock);
    check(&[put("a", 30, 5), level("x", 0, 20)], InStock);
    check(&[put("a", 10, 0), level("x", 0, 11), put("b", 30, 2)], InStock);
    check(&[put("a", 10, 5), level("y", 5, 11), put("b", 30, 5), level("x", 0, 31)], InStock);
}

#[test]
fn news_that_say_nothing_new_change_nothing() {
    let known = after(&[put("a", 10, 5), level("x", 3, 20)]).unwrap();
    assert_eq!(known.variants[0].stock, [crate::Stock { location: "x".into(), quantity: 3 }]);
    assert_eq!(level("x", 3, 20).apply(Some(&known)), None);
    assert_eq!(level("x", 9, 19).apply(Some(&known)), None);
    let other = Level { location: "x".into(), quantity: 1, at: T(50) };
    assert_eq!(Change::Stock { item: "other".into(), level: other }.apply(Some(&known)), None);
    assert_eq!(level("x", 3, 20).apply(None), None);
}

#[test]
fn what_is_not_counted_can_always_be_had() {
    let mut made_to_order = product("a", 10, 0);
    made_to_order.variants[0].inventory.as_mut().unwrap().always_sold = true;
    let change = Change::Product(Box::new(made_to_order));
    assert_eq!(change.apply(None).unwrap().availability, Availability::InStock);
}
