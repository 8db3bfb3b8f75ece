use super::*;

fn read(json: &str) -> CommerceDetails {
    CommerceDetails::read(Some(&RawValue::from_string(json.to_owned()).unwrap()), Currency::EUR)
}

fn minor(amount: Option<Money>) -> Option<i64> {
    amount.map(|m| m.minor)
}

#[test]
fn an_order_in_minor_units() {
    let order = read(
        r#"{"order_id":"o1","checkout_id":"c1","currency":"JPY","subtotal":1000,"tax":"80","shipping":500,
            "discount":100,"total":1480,"revenue":900,"coupon":"SPRING","affiliation":"web",
            "products":[{"product_id":"p1","price":500,"quantity":2,"discount":"50","coupon":"P","stock":3}]}"#,
    );
    let facts = &order.facts;
    let amounts = [facts.subtotal, facts.tax, facts.shipping, facts.discount, facts.total, facts.revenue];
    assert_eq!(amounts.map(minor), [1000, 80, 500, 100, 1480, 900].map(Some));
    assert_eq!(facts.total.unwrap().to_string(), "1480 JPY");
    let product = &order.products[0];
    assert_eq!(
        (minor(product.price), minor(product.discount), product.stock),
        (Some(500), Some(50), Some(3.0))
    );
    assert_eq!((facts.coupon.as_deref(), product.coupon.as_deref()), (Some("SPRING"), Some("P")));
}

#[test]
fn positions_have_one_meaning_whatever_their_base() {
    let list = read(
        r#"{"list_id":"home","decision_id":"d1","placement":"home.for_you","products":[
            {"product_id":"a","position":1},{"product_id":"b","position":0,"position_base":0},
            {"product_id":"c","position":0},{"product_id":"d"},{"product_id":"e","position":"7"}]}"#,
    );
    let slots: Vec<Option<u32>> = list.products.iter().map(ProductDetails::slot).collect();
    assert_eq!(slots, [Some(0), Some(0), None, None, Some(6)]);
    assert_eq!(list.facts.decision_id.as_deref(), Some("d1"));
    assert_eq!(list.facts.placement.as_deref(), Some("home.for_you"));
}

#[test]
fn searches_filters_and_reviews() {
    let search = read(
        r#"{"query":{"q":"vase"},"number_of_results":"0","sorts":[{"type":"price","value":"desc"}],
        "filters":[{"type":"price","value":[10,20]},{"type":"color","value":"blue"},"odd"]}"#,
    );
    assert_eq!((search.query.as_deref(), search.results_count()), (Some(r#"{"q":"vase"}"#), Some(0)));
    let filters: Vec<_> = search.filters.iter().map(|f| f.value.as_deref().unwrap()).collect();
    assert_eq!(filters, ["[10,20]", "blue"]);
    assert_eq!(search.sorts[0].kind.as_deref(), Some("price"));
    assert_eq!(read(r#"{"rating":"4.5","review_id":9}"#).facts.rating, Some(4.5));
    assert_eq!(read(r#"{"results_count":-1}"#).results_count(), None);
}

#[test]
fn one_odd_property_loses_itself_only() {
    let odd = read(
        r#"{"order_id":"o1","total":1e999,"tax":{},"step":[1],"field":"zip","rating":"many","field":"city"}"#,
    );
    assert_eq!(odd.facts.order_id.as_deref(), Some("o1"));
    assert_eq!((odd.facts.total, odd.facts.tax, odd.facts.step, odd.facts.rating), (None, None, None, None));
    assert_eq!(odd.facts.field.as_deref(), Some("city"));
    for json in ["[]", "null", "3", r#""text""#, "{}"] {
        assert_eq!(read(json).facts, Facts::default(), "{json}");
    }
}
