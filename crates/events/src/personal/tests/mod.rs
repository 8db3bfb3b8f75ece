use std::collections::BTreeMap;

use tradewind_kernel::UtcMillis;

use super::*;

/// Gives names that tell what they stand for, and remembers what was taken.
#[derive(Default)]
struct Told(BTreeMap<String, String>);

impl Keeper for Told {
    fn email(&mut self, field: &str, value: &str) -> Option<String> {
        self.0.insert(field.into(), value.into());
        value.contains('@').then(|| "EMAIL".into())
    }
    fn phone(&mut self, field: &str, value: &str) -> Option<String> {
        self.0.insert(field.into(), value.into());
        Some("PHONE".into())
    }
    fn other(&mut self, field: &str, value: &str) {
        self.0.insert(field.into(), value.into());
    }
    fn within(&mut self, field: &str, address: &str) -> String {
        self.0.insert(field.into(), address.into());
        "WITHIN".into()
    }
    fn id(&mut self, slot: IdSlot, address: &str) -> String {
        self.0.insert(format!("{slot:?}"), address.into());
        "ID".into()
    }
}

fn event(kind: Kind, part: &str, json: &str) -> Event {
    let mut event = Event::new(kind, "m".into(), UtcMillis::new(0), UtcMillis::new(0));
    event.user_id = Some("u".into());
    let raw = RawValue::from_string(json.to_owned()).ok();
    match part {
        "properties" => event.properties = raw,
        "traits" => event.traits = raw,
        _ => event.context = raw,
    }
    event
}

/// Takes out of one part of an event, and gives what is left of it and what was taken.
#[track_caller]
fn check(part: &str, json: &str, left: &str, taken: &[(&str, &str)]) {
    let mut event = event(Kind::Track, part, json);
    let mut told = Told::default();
    let found = Rules::default().take_out(&mut event, &mut told);
    let of_part = [&event.properties, &event.traits, &event.context].into_iter().flatten().next();
    assert_eq!(of_part.map_or("", |raw| raw.get()), left, "{json}");
    let taken: BTreeMap<String, String> = taken.iter().map(|(f, v)| ((*f).into(), (*v).into())).collect();
    assert_eq!(told.0, taken, "{json}");
    assert_eq!(found, json != left, "{json}");
}

#[test]
fn what_is_not_personal_stays_byte_for_byte() {
    for json in [
        r#"{ "name": "Mug", "price":1e999, "shipping": 4.50, "x":[1 , 2], "mobile":true, "email":null }"#,
        r#"{"page":{"title":"@home","url":"https://shop.example/a?x=%20y","name":"P"},"library":{"name":"js"}}"#,
        r#"{"device":{"type":"phone","name":"Pixel"},"email":"","phone":false,"state":"open","city":"Rome"}"#,
        r#"{"image":"hero@2x.png","handle":"@ann","rate":"5 @ 3.50","a":"x@localhost"}"#,
    ] {
        check("properties", json, json, &[]);
        check("context", json, json, &[]);
    }
}

#[test]
fn members_go_by_their_names() {
    check(
        "traits",
        r#"{"email":"A@b.example","firstName":"Ann","last_name":"Oh","plan":"gold","phone":"0170 1234567","birthday":"1990-01-02","address":{"city":"Bern","zip":3000},"company":{"name":"Acme"},"name":"Ann Oh"}"#,
        r#"{"email":"EMAIL","plan":"gold","phone":"PHONE","company":{"name":"Acme"}}"#,
        &[
            ("traits.email", "A@b.example"),
            ("traits.firstName", "Ann"),
            ("traits.last_name", "Oh"),
            ("traits.phone", "0170 1234567"),
            ("traits.birthday", "1990-01-02"),
            ("traits.address", r#"{"city":"Bern","zip":3000}"#),
            ("traits.name", "Ann Oh"),
        ],
    );
    check(
        "properties",
        r#"{"order_id":"1","shipping":{"name":"Ann","city":"Bern","method":"dhl","cost":4},"customer":{"first_name":"Ann","id":7},"products":[{"name":"Mug"}]}"#,
        r#"{"order_id":"1","shipping":{"method":"dhl","cost":4},"customer":{"id":7},"products":[{"name":"Mug"}]}"#,
        &[
            ("properties.shipping.name", "Ann"),
            ("properties.shipping.city", "Bern"),
            ("properties.customer.first_name", "Ann"),
        ],
    );
    check(
        "context",
        r#"{"traits":{"Email":"a@b.example","name":"Ann"},"ip":1}"#,
        r#"{"traits":{"Email":"EMAIL"},"ip":1}"#,
        &[("context.traits.Email", "a@b.example"), ("context.traits.name", "Ann")],
    );
    check(
        "properties",
        r#"{"emails":["a@b.example","x"],"phone":491701234567,"email":"weekly","username":"ann"}"#,
        r#"{"emails":["EMAIL",null],"phone":"PHONE"}"#,
        &[
            ("properties.emails", "x"),
            ("properties.phone", "491701234567"),
            ("properties.email", "weekly"),
            ("properties.username", "ann"),
        ],
    );
}

#[test]
fn addresses_go_from_any_text() {
    let within = |json: &str, left: &str, field: &str, address: &str| {
        check("properties", json, left, &[(field, address)]);
    };
    within(
        r#"{"url":"https://x.example/?email=ann%2Bo%40b.example&c=1"}"#,
        r#"{"url":"https://x.example/?email=WITHIN&c=1"}"#,
        "properties.url",
        "ann+o@b.example",
    );
    within(
        r#"{"url":"/?next=%2Flogin%3Femail%3Dann%2540b.example%26x"}"#,
        r#"{"url":"/?next=%2Flogin%3Femail%3DWITHIN%26x"}"#,
        "properties.url",
        "ann@b.example",
    );
    within(
        r#"{"q":"mail <ann@b.example>, now"}"#,
        r#"{"q":"mail <WITHIN>, now"}"#,
        "properties.q",
        "ann@b.example",
    );
    within(r#"{"q":"ann\u0040b.example"}"#, r#"{"q":"WITHIN"}"#, "properties.q", "ann@b.example");
    within(r#"{"ann@b.example":1}"#, r#"{"WITHIN":1}"#, "name", "ann@b.example");
    check(
        "properties",
        r#"{"q":"a@b.example ä@ü.example"}"#,
        r#"{"q":"WITHIN WITHIN"}"#,
        &[("properties.q", "ä@ü.example")],
    );
}

#[test]
fn names_and_json_that_hide_are_found() {
    check(
        "traits",
        r#"{"\u0070hone":"0170123456"}"#,
        r#"{"phone":"PHONE"}"#,
        &[("traits.phone", "0170123456")],
    );
    check(
        "properties",
        r#"{"data":"{\"phone\":\"0170123456\",\"x\":1}"}"#,
        r#"{"data":"{\"phone\":\"PHONE\",\"x\":1}"}"#,
        &[("properties.data.phone", "0170123456")],
    );
    // {"phone":"0170123456"} in base64.
    let packed = "eyJwaG9uZSI6IjAxNzAxMjM0NTYifQ==";
    let left = "eyJwaG9uZSI6IlBIT05FIn0=";
    check(
        "properties",
        &format!(r#"{{"data_base64":"{packed}"}}"#),
        &format!(r#"{{"data_base64":"{left}"}}"#),
        &[("properties.data_base64.phone", "0170123456")],
    );
}

#[test]
fn ids_and_names_go_too() {
    let mut event = event(Kind::Track, "properties", r#"{"distinct_id":"+49 170 1234567","n":1}"#);
    event.user_id = Some("+49 170 1234567".into());
    event.anonymous_id = Some("ga:ann@b.example".into());
    event.name = Some("Mail to ann@b.example".into());
    event.message_id = "m:ann@b.example".into();
    let mut told = Told::default();
    assert!(Rules::default().take_out(&mut event, &mut told));
    assert_eq!((event.user_id.as_deref(), event.anonymous_id.as_deref()), (Some("ID"), Some("ga:ID")));
    assert_eq!((event.name.as_deref(), event.message_id.as_str()), (Some("Mail to WITHIN"), "m:WITHIN"));
    assert_eq!(event.properties.unwrap().get(), r#"{"distinct_id":"ID","n":1}"#);
}

#[test]
fn a_group_may_have_a_name_and_the_shop_may_say_more() {
    let mut of_group = event(Kind::Group, "traits", r#"{"name":"Acme","email":"a@b.example"}"#);
    Rules::default().take_out(&mut of_group, &mut Told::default());
    assert_eq!(of_group.traits.unwrap().get(), r#"{"name":"Acme","email":"EMAIL"}"#);
    let rules = Rules::with(&["Loyalty card".into()]);
    let mut event = event(Kind::Track, "properties", r#"{"loyalty_card":"77","x":{"loyaltyCard":8}}"#);
    assert!(rules.take_out(&mut event, &mut Told::default()));
    assert_eq!(event.properties.unwrap().get(), r#"{"x":{}}"#);
}

#[test]
fn messages_that_are_no_json_keep_their_shape_only() {
    let rules = Rules::default();
    let left = rules.message_without(r#"{"traits":{"firstName":"Ann"},"#, &mut Told::default());
    assert_eq!(left.as_deref(), Some(r#"{"xxxxxx":{"xxxxxxxxx":"xxx"},"#));
    assert_eq!(rules.message_without(r#"{"a":1}"#, &mut Told::default()), None);
    let said =
        text::said_without("invalid type: string \"Ann Oh\", expected f64 at a@b.example, integer `0170`");
    assert_eq!(said, "invalid type: string \"…\", expected f64 at [e-mail], integer `…`");
}

/// Whatever the JSON: the quick look never misses what the slow way would find, and what is left is JSON
/// without any of it.
#[test]
fn the_quick_look_misses_nothing() {
    use proptest::prelude::*;
    let name = prop_oneof![
        Just("email"),
        Just("Phone"),
        Just("first_name"),
        Just("name"),
        Just("traits"),
        Just("shipping"),
        Just("city"),
        Just("x"),
        Just("\\u0065mail"),
        Just("address"),
        Just("$set"),
        Just("user_data"),
    ];
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("true".to_owned()),
        Just("\"\"".to_owned()),
        Just("\"0170 123456\"".to_owned()),
        Just("\"ann@b.example\"".to_owned()),
        Just("\"x%40b.example\"".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just("\"eyJwaG9uZSI6IjAxNzAxMjM0NTYifQ==\"".to_owned()),
        Just("\"Ann\"".to_owned()),
        Just("\"{\\\"phone\\\":\\\"0170123456\\\"}\"".to_owned()),
    ];
    let json = leaf.prop_recursive(4, 24, 4, move |inner| {
        let member = (name.clone(), inner.clone(), any::<bool>());
        prop_oneof![
            prop::collection::vec(member, 0..4).prop_map(|members| {
                let all: Vec<String> = members
                    .into_iter()
                    .map(|(n, v, space)| format!("\"{n}\"{}:{v}", if space { " \n" } else { "" }))
                    .collect();
                format!("{{{}}}", all.join(","))
            }),
            prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(","))),
        ]
    });
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }, |(json in json, traits: bool)| {
        let json = format!("{{\"a\":{json}}}");
        let (rules, zone) = (Rules::default(), if traits { Zone::Person } else { Zone::Plain });
        let mut keeper = Told::default();
        let walk = walk::Walk { rules: &rules, ids: &[], keeper: &mut keeper, path: "p".into() }.value(&json, zone, 0);
        if walk.is_some() {
            prop_assert!(fast::may_hold(json.as_bytes(), zone, &rules.more), "missed: {}", json);
        }
        let left = walk.unwrap_or(json);
        prop_assert!(serde_json::from_str::<&RawValue>(&left).is_ok(), "{}", left);
        for mark in ["ann@b", "x%40b", "0170", "MDE3MD"] {
            let named = left.contains(mark);
            // A number under a name that says nothing stays.
            prop_assert!(!named || mark == "0170", "{} is left in {}", mark, left);
        }
        let again = walk::Walk { rules: &rules, ids: &[], keeper: &mut Told::default(), path: "p".into() }.value(&left, zone, 0);
        let twice = again.as_deref().unwrap_or(&left).replace("null", "").len() <= left.len();
        prop_assert!(twice);
    });
}

/// What an event that has nothing personal costs; run it in release to see.
#[test]
#[ignore = "a measurement"]
fn what_nothing_costs() {
    let context = r#"{"app":{"name":"shop","version":"1"},"library":{"name":"analytics.js","version":"next-1.70.0"},"page":{"path":"/p/mug","referrer":"https://shop.example/c/kitchen?x=1","search":"","title":"Mug - Paper Garden","url":"https://shop.example/p/mug?utm_source=x&utm_medium=cpc"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36","userAgentData":{"brands":[{"brand":"Chromium","version":"131"}],"mobile":false,"platform":"Linux"},"locale":"en-GB","timezone":"Europe/Berlin","screen":{"width":1920,"height":1080,"density":1},"campaign":{"source":"x","medium":"cpc","name":"spring"}}"#;
    let properties = r#"{"product_id":"p1","sku":"s1","category":"Kitchen/Mugs","name":"Mug with a handle","brand":"Paper","variant":"blue","price":12.5,"quantity":1,"currency":"EUR","position":3,"value":12.5,"url":"https://shop.example/p/mug","image_url":"https://shop.example/i/mug.png"}"#;
    let mut event = event(Kind::Track, "properties", properties);
    event.context = RawValue::from_string(context.to_owned()).ok();
    let (rules, rounds) = (Rules::default(), 200_000);
    let began = std::time::Instant::now();
    for _ in 0..rounds {
        assert!(
            !std::hint::black_box(&rules).take_out(std::hint::black_box(&mut event), &mut Told::default())
        );
    }
    println!("{} bytes: {:?} an event", context.len() + properties.len(), began.elapsed() / rounds);
}
