//! Whom rules fit, and what is no rule.

use tradewind_kernel::{Currency, Purpose, UtcMillis};
use tradewind_people::facts::StatedTaste;
use tradewind_people::history::NameHash;
use tradewind_people::traits::Context;
use tradewind_people::{Act, Action, Profile};

use super::*;

/// Someone with two orders and a liking for word 0.
fn someone() -> Profile {
    let stated = StatedTaste { categories: vec![0], ..StatedTaste::default() };
    let mut profile = Profile::default();
    for at in [0, 1_000] {
        let name = Some(NameHash::of("Order Completed"));
        let at = UtcMillis::new(at);
        let buy = Act { at, action: Some(Action::Buy), items: &[(1, 1)], name, ..Act::default() };
        profile.apply(&Act { stated: Some(&stated), ..buy }, 0);
    }
    profile
}

#[track_caller]
fn check(rule: &str, expected: bool) {
    let word = |word| (word == 0).then(|| "Camping".to_owned());
    let context = Context { now: UtcMillis::new(1_000), word: &word, currency: Currency::EUR };
    assert_eq!(
        Asker::new().fits(&Rule::compile(rule).unwrap(), &someone(), &context, Purposes::ALL),
        expected,
        "{rule}"
    );
}

#[test]
fn rules_fit() {
    check("orders >= 2", true);
    check("orders > 2", false);
    check("category_affinity['Camping'] > 0.5", true);
    check("'Kitchen' in category_affinity", false);
    check("lifecycle_stage == 'active' && !is_first_time_shopper", true);
    check("lifecycle_stage in ['vip', 'lapsed']", false);
    check("last_seen < '2026-01-01T00:00:00.000Z'", true);
    check("last_category.startsWith('Camping')", false);
    check("['vip', 'active'].exists(stage, stage == lifecycle_stage)", true);
    check("['vip', 'lapsed'].exists(stage, stage == lifecycle_stage)", false);
}

#[test]
fn what_is_missing_fits_nobody_and_hides_no_alternative() {
    check("category_affinity['Kitchen'] > 0.1", false);
    check("category_affinity['Kitchen'] > 0.1 || orders == 2", true);
    check("price_sensitivity > 0.1", false);
    check("orders", false);
}

#[test]
fn what_is_not_permitted_is_not_read() {
    let rule = Rule::compile("orders >= 2").unwrap();
    assert_eq!(rule.purposes(), Purposes::NONE.with(Purpose::Analytics));
    let word = |_| None;
    let context = Context { now: UtcMillis::new(1_000), word: &word, currency: Currency::EUR };
    let asker = Asker::new();
    assert!(asker.fits(&rule, &someone(), &context, rule.purposes()));
    assert!(!asker.fits(&rule, &someone(), &context, Purposes::ALL.without(Purpose::Analytics)));
    let rule = Rule::compile("count_events('Order Completed', 1) == 2").unwrap();
    assert_eq!(rule.purposes(), Purposes::NONE.with(Purpose::Personalization));
    assert!(asker.fits(&rule, &someone(), &context, rule.purposes()));
    let never = Rule::compile("count_events('x', 1) == 0 || days_since_event('x') == null").unwrap();
    assert!(asker.fits(&never, &someone(), &context, Purposes::ALL));
    let without = Purposes::ALL.without(Purpose::Personalization);
    assert!(!asker.fits(&rule, &someone(), &context, without));
    let counted = Rule::compile("count_events('x', 1) == 0").unwrap();
    assert!(!asker.fits(&counted, &someone(), &context, without));
}

#[test]
fn what_is_no_rule_is_told() {
    let error = |rule: &str| Rule::compile(rule).unwrap_err();
    let unknown = error("order > 2").to_string();
    assert!(unknown.contains("'order' (line 1, column 1) is no trait: did you mean 'orders'?"), "{unknown}");
    let second = error("orders > 2 &&\n  oders < 7");
    assert_eq!(second.place(), Some(Place { line: 2, column: 3 }));
    let syntax = error("orders >= 2 &&");
    assert!(matches!(syntax, RuleError::Syntax { place: Some(Place { line: 1, .. }), .. }), "{syntax:?}");
    let call = error("counts('x') > 1").to_string();
    assert!(call.contains("'counts' (line 1, column"), "{call}");
    let usage = error("orders > 1 && count_events('Product Viewed') > 1").to_string();
    assert!(usage.contains("count_events(\"Product Viewed\", 30)"), "{usage}");
    assert!(matches!(error("days_since_event('') > 1"), RuleError::Usage { .. }));
    assert_eq!(
        error("recent_categories.exists(c, recent_categories.all(d, c == d))"),
        RuleError::NestedLoops
    );
    assert_eq!(error("1 == 1"), RuleError::NoTrait);
    assert_eq!(error(&"(".repeat(40)), RuleError::TooLarge);
    assert_eq!(error(&"x".repeat(2_001)), RuleError::TooLarge);
    assert_eq!(error(&"!".repeat(40)), RuleError::TooLarge);
    check(&["orders - 1 != 7"; 40].join(" && "), true);
}

#[test]
fn events_are_counted_within_days() {
    check("count_events('Order Completed', 7) == 2 && days_since_event('order completed') == 0", true);
    check("count_events('Product Viewed', 7) >= 1", false);
    check("days_since_event('Product Viewed') > 30", false);
    check("days_since_event('Product Viewed') == null", true);
}
