use super::*;

/// `habits(visits, spend)` of a customer by number.
pub(crate) fn habits() -> ViewSpec {
    serde_json::from_str(
        r#"{"name":"habits","entity":"subject","joinKeys":[{"name":"customer","type":"int64"}],
           "features":[{"name":"visits","type":"int64"},{"name":"spend","type":"double"}],
           "source":{"push":"habits_push"},"ttlSeconds":60,"purpose":"personalization"}"#,
    )
    .unwrap()
}

/// What is built in, with one trait.
pub(crate) fn with_orders() -> Registry {
    let kind = crate::ValueType::parse("int64").unwrap();
    let orders = Feature { from: Some("profile.orders".into()), ..Feature::new("orders", kind) };
    Registry::with_traits(&[orders])
}

#[test]
fn an_embedding_has_its_length() {
    let spec = |dimensions: u32, kind: &str| {
        let json = format!(
            r#"{{"name":"looks","entity":"product","features":[{{"name":"v","type":"{kind}","dimensions":{dimensions}}}],
                "source":{{"push":"looks"}},"purpose":"personalization"}}"#
        );
        serde_json::from_str::<ViewSpec>(&json).unwrap()
    };
    let mut registry = Registry::default();
    let Ok(Put::NewVersion(view)) = registry.put_view(&spec(3, "float_list")) else { panic!("refused") };
    let of = |numbers: &[f32]| {
        let list = numbers.iter().map(|n| crate::Value::Float(*n)).collect();
        let at = tradewind_kernel::UtcMillis::default();
        crate::Row { event_at: at, created_at: at, values: vec![Some(crate::Value::List(list))] }
    };
    assert!(of(&[0.1, 0.2, 0.3]).fits(&view) && !of(&[0.1, 0.2]).fits(&view));
    let longer = registry.put_view(&spec(4, "float_list")).unwrap();
    assert_eq!(longer.view().version, 2, "another length is another schema");
    for (dimensions, kind) in [(0, "float_list"), (5_000, "double_list"), (3, "string_list"), (3, "float")] {
        let error = registry.put_view(&spec(dimensions, kind)).unwrap_err();
        assert_eq!(error.pointer, "/features/0/dimensions", "{kind}");
    }
    let json = serde_json::to_value(&registry.view("looks", None).unwrap().spec).unwrap();
    assert_eq!(json["features"][0]["dimensions"], 4);
}

#[test]
fn a_schema_makes_a_version_and_words_do_not() {
    let mut registry = Registry::default();
    assert!(matches!(registry.put_view(&habits()), Ok(Put::NewVersion(v)) if v.version == 1));
    let mut words = ViewSpec { description: "how often".into(), ttl_seconds: 5, ..habits() };
    words.features.reverse();
    let Ok(Put::SameVersion(view)) = registry.put_view(&words) else { panic!("a new version") };
    assert_eq!((view.version, view.spec.ttl_seconds), (1, 5));
    assert_eq!(view.position("visits"), Some(0), "rows that are stored keep their meaning");
    let mut more = habits();
    more.features[1].kind = crate::ValueType::parse("float").unwrap();
    assert!(matches!(registry.put_view(&more), Ok(Put::NewVersion(v)) if v.version == 2));
    assert_eq!(registry.view("habits", Some(1)).unwrap().spec.description, "how often");
    assert_eq!(registry.view("habits", None).unwrap().version, 2);
    assert_eq!(registry.pushed_by("habits_push").count(), 1);
}

#[track_caller]
fn check(change: impl FnOnce(&mut ViewSpec), pointer: &str, words: &str) {
    let mut spec = habits();
    change(&mut spec);
    let error = Registry::default().put_view(&spec).unwrap_err();
    assert!(error.pointer == pointer && error.reason.contains(words), "{error}");
}

#[test]
fn what_is_wrong_with_a_declaration_is_told() {
    check(|s| s.name = "Habits".into(), "/name", "a-z");
    check(|s| s.name = "a__b".into(), "/name", "single _");
    check(|s| s.name = "subject_profile".into(), "/name", "built in");
    check(|s| s.features.clear(), "/features", "1 to 256");
    check(|s| s.features[1].name = "visits".into(), "/features/1/name", "two columns");
    check(|s| s.features[1].name = "customer".into(), "/features/1/name", "two columns");
    check(|s| s.features[0].name = "created".into(), "/features/0/name", "every row");
    check(|s| s.join_keys[0].kind = crate::ValueType::parse("bool").unwrap(), "/joinKeys/0/type", "int64");
    check(|s| s.join_keys[0].name = "subject".into(), "/joinKeys/0", "string key of a subject");
    check(|s| s.source = Source::Traits, "/source", "built in");
    check(|s| s.source = Source::Sql(" ".into()), "/source/sql", "not empty");
    check(|s| s.owner = "\u{7}".into(), "/owner", "control");
}

#[test]
fn a_service_names_what_there_is() {
    let mut registry = Registry::default();
    registry.put_view(&habits()).unwrap();
    let service = |features: &[&str]| ServiceSpec {
        name: "ranker".into(),
        features: features.iter().map(ToString::to_string).collect(),
        models: vec!["ranker_v3".into()],
        owner: String::new(),
        description: String::new(),
    };
    assert!(registry.put_service(&service(&["habits@v1:visits", "subject_profile"])).is_ok());
    let error = registry.put_service(&service(&["habits:visits", "habits:nothing"])).unwrap_err();
    assert!(error.pointer == "/features/1" && error.reason.contains("'nothing'"), "{error}");
    assert!(registry.put_service(&service(&["habits@v2:visits"])).is_err());
}
