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
