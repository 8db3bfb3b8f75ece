//! Signals, regions, the record and its stored form; the oracle stands in `oracle.rs`.

mod oracle;

use proptest::prelude::*;
use serde::Deserialize;
use tradewind_kernel::{Purpose, Purposes, UtcMillis};

use super::*;

#[derive(Deserialize)]
struct Made {
    kind: String,
    name: String,
    text: String,
    granted: Vec<Purpose>,
    denied: Vec<Purpose>,
}

/// Strings that the trade's own encoders made, and broken ones: `clients/fixtures/consent-strings.mjs`.
#[test]
fn strings_of_the_trades_encoders_come_to_their_purposes() {
    let made: Vec<Made> = serde_json::from_str(include_str!("strings.json")).unwrap();
    assert!(made.len() >= 60);
    for one in made {
        let signal = if one.kind == "tcf" { of_tc_string(&one.text) } else { of_gpp(&one.text) };
        let expected: (Purposes, Purposes) =
            (one.granted.into_iter().collect(), one.denied.into_iter().collect());
        assert_eq!((signal.granted, signal.denied), expected, "{}: {}", one.name, one.text);
    }
}

fn set(names: &str) -> Purposes {
    names.split_whitespace().map(|name| Purpose::parse(name).unwrap()).collect()
}

const WEB: &str = "analytics personalization model_training experimentation ads_sharing";

#[track_caller]
fn check(consent: &str, granted: &str, denied: &str) {
    let sources = Sources { consent: Some(consent), ..Sources::default() };
    let told = Told::of(&sources.signals(&Categories::default()));
    assert_eq!((told.granted, told.denied), (set(granted), set(denied)), "{consent}");
}

#[test]
fn segments_map_is_read_by_its_rules() {
    check("null", "", "");
    check("{}", "", "");
    check(r#"{"categoryPreferences":null}"#, "", "");
    let all = "analytics personalization model_training experimentation marketing_email marketing_sms \
               marketing_push ads_sharing";
    check(r#"{"categoryPreferences":{}}"#, "", all);
    check(
        r#"{"categoryPreferences":{"Advertising":true,"Analytics":false,"Functional":true,"DataSharing":false}}"#,
        "personalization",
        "analytics model_training experimentation ads_sharing",
    );
    check(
        r#"{"categoryPreferences":{"C0001":true,"C0002":true,"C0003":true,"C0004":true,"C0005":true}}"#,
        WEB,
        "",
    );
    check(
        r#"{"categoryPreferences":{"C0002":true}}"#,
        "analytics model_training experimentation",
        "personalization ads_sharing",
    );
    check(r#"{"categoryPreferences":{"necessary":true}}"#, "", WEB);
    check(r#"{"categoryPreferences":{"personalization":"maybe"}}"#, "", WEB);
    check(r#"{"categoryPreferences":{"marketing_email":true}}"#, "marketing_email", WEB);
    check(r#"{"categoryPreferences":[1]}"#, "", all);
    check("7", "", all);
}

#[test]
fn googles_names_say_only_what_they_say() {
    check(r#"{"categoryPreferences":{"ad_user_data":true,"ad_personalization":false}}"#, "", "ads_sharing");
    check(
        r#"{"consentMode":{"analytics_storage":"granted","personalization_storage":"denied","ad_storage":"GRANTED"}}"#,
        "analytics ads_sharing",
        "personalization",
    );
    check(r#"{"consentMode":{"functionality_storage":"granted"}}"#, "", "");
}

#[test]
fn other_signals_are_read_too() {
    check(r#"{"gpc":true}"#, "", "ads_sharing");
    check(r#"{"gpc":false}"#, "", "");
    check(
        r#"{"purposes":{"personalization":true,"analytics":false,"x":true}}"#,
        "personalization",
        "analytics",
    );
    check(
        r#"{"ucp":{"dev.ucp.consent.marketing":{"granted":true},"dev.ucp.consent.sale_or_sharing":{"granted":false}}}"#,
        "marketing_email marketing_sms marketing_push",
        "ads_sharing",
    );
    let strings = include_str!("strings.json");
    let made: Vec<Made> = serde_json::from_str(strings).unwrap();
    check(&format!(r#"{{"tcString":"{}"}}"#, made[0].text), WEB, "");
    check(&format!(r#"{{"tcString":"{}","gdprApplies":false}}"#, made[1].text), "", "");
    check(r#"{"tcString":7}"#, "", WEB);
    check(r#"{"gpp":"DBABLA"}"#, "", WEB);
    let categories = Categories::default();
    let of = |sources: Sources<'_>| Told::of(&sources.signals(&categories));
    let rudder = r#"{"provider":"oneTrust","allowedConsentIds":["C0001","C0003"],"deniedConsentIds":["C0002","C0004"]}"#;
    let told = of(Sources { management: Some(rudder), ..Sources::default() });
    let denied = "analytics model_training experimentation ads_sharing";
    assert_eq!((told.granted, told.denied), (set("personalization"), set(denied)));
    let unasked = r#"{"provider":"custom","allowedConsentIds":[],"deniedConsentIds":[]}"#;
    assert!(of(Sources { management: Some(unasked), ..Sources::default() }).is_silent());
    let traits =
        r#"{"emailMarketing":{"granted":true,"state":"subscribed"},"smsMarketing":{"granted":false}}"#;
    let told = of(Sources { traits: Some(traits), ..Sources::default() });
    assert_eq!((told.granted, told.denied), (set("marketing_email"), set("marketing_sms")));
}

#[test]
fn the_strictest_of_an_events_signals_wins_and_all_are_named() {
    let made: Vec<Made> = serde_json::from_str(include_str!("strings.json")).unwrap();
    let yes = r#"{"categoryPreferences":{"Analytics":true,"Functional":true,"Advertising":true}}"#;
    let sources =
        Sources { consent: Some(yes), gpc: true, tc_cookie: Some(&made[6].text), ..Sources::default() };
    let told = Told::of(&sources.signals(&Categories::default()));
    assert_eq!(told.granted, set("analytics experimentation"), "{}", made[6].name);
    assert_eq!(told.denied, set("personalization model_training ads_sharing"));
    let kinds: Vec<&str> = told.kinds.iter().map(SignalKind::as_str).collect();
    assert_eq!(kinds, ["segment", "gpc", "tcf"]);
}

#[test]
fn a_shops_own_categories_go_over_the_built_in_ones_and_must_be_there() {
    let own = [("Komfort".to_owned(), vec!["personalization".to_owned()])].into();
    let categories = Categories::with_own(&own).unwrap();
    let of = |consent: &str| {
        let sources = Sources { consent: Some(consent), ..Sources::default() };
        Told::of(&sources.signals(&categories)).granted
    };
    assert_eq!(of(r#"{"categoryPreferences":{"komfort":true}}"#), set("personalization"));
    assert_eq!(of(r#"{"categoryPreferences":{"functional":true}}"#), set(""), "its own one is missing");
    assert_eq!(of(r#"{"categoryPreferences":{"functional":false,"komfort":true}}"#), set(""));
    let wrong = [("X".to_owned(), vec!["spying".to_owned()])].into();
    assert!(Categories::with_own(&wrong).unwrap_err().to_string().contains("spying"));
}

#[test]
fn a_region_decides_where_nobody_was_asked() {
    let policy = Policy::default();
    assert!(policy.version() > 0, "the built-in rules read");
    let of = |region: &str| policy.unasked(Region::parse(region).ok().as_ref());
    for strict in ["DE", "de-BY", "GB", "CH", "BR", "IS", "CA-QC"] {
        assert_eq!(of(strict), Purposes::NONE, "{strict}");
    }
    for lax in ["US", "US-CA", "CA-ON", "XX", ""] {
        assert_eq!(of(lax), set(WEB), "{lax}");
    }
    let at_home = policy.clone().with_default_region(Region::parse("FR").ok());
    assert_eq!((at_home.unasked(None), at_home.rule_of(None)), (Purposes::NONE, "opt_in"));
    assert_eq!(at_home.rule_of(Region::parse("US").ok().as_ref()), "opt_out");
    assert_eq!(Policy::off().unasked(Region::parse("DE").ok().as_ref()), set(WEB));
    assert!(Policy::from_json(r#"{"version":1,"rules":{"maybe":{"allowed":[]}},"regions":{}}"#).is_err());
    let generous =
        r#"{"version":2,"rules":{"other":{"allowed":["marketing_email","analytics"]}},"regions":{}}"#;
    assert_eq!(
        Policy::from_json(generous).unwrap().unasked(None),
        set("analytics"),
        "no rule allows a channel"
    );
}

fn told(granted: &str, denied: &str) -> Told {
    Told { granted: set(granted), denied: set(denied), kinds: SignalKinds::default().with(SignalKind::Api) }
}

fn at(ms: i64) -> UtcMillis {
    UtcMillis::new(ms)
}

#[test]
fn what_was_said_goes_over_the_region() {
    let policy = Policy::default();
    let mut record = Record::default();
    record.locate("DE", at(1));
    assert!(!policy.standing(Some(&record)).allows(Purpose::Personalization));
    record.hear(&told("personalization", ""), at(2));
    let standing = policy.standing(Some(&record));
    assert!(standing.allows(Purpose::Personalization) && !standing.allows(Purpose::Analytics));
    let profile: Permitted<Personalization, &str> = standing.permit("profile").unwrap();
    assert_eq!((*profile, profile.purpose()), ("profile", Purpose::Personalization));
    assert!(!format!("{profile:?}").contains("\"profile\""), "a line of a log shows no data");
    assert_eq!(standing.permit::<Analytics, _>(1).unwrap_err(), Refusal(Purpose::Analytics));
    record.hear(&told("", "personalization"), at(3));
    assert!(!Policy::off().standing(Some(&record)).allows(Purpose::Personalization), "off or not");
    record.locate("US", at(2 * UtcMillis::HOUR));
    assert!(policy.standing(Some(&record)).allows(Purpose::Analytics), "the latest place counts");
    record.locate("DE", at(1));
    assert_eq!(record.region(), Region::parse("US").ok());
}

#[test]
fn together_only_what_both_agreed_to_is_allowed() {
    let record = |granted: &str, denied: &str, ms: i64| {
        let mut record = Record::default();
        record.hear(&told(granted, denied), at(ms));
        record
    };
    let mut ours = record("personalization analytics ads_sharing", "", 10);
    ours.absorb(&record("personalization", "analytics", 5));
    assert_eq!(
        ours.said(),
        (set("personalization"), set("analytics ads_sharing")),
        "one said no, one nothing"
    );
    ours.hear(&told("analytics", ""), at(7));
    assert!(ours.said().1.contains(Purpose::Analytics), "what was said before the two met");
    ours.hear(&told("analytics", ""), at(11));
    assert!(ours.said().0.contains(Purpose::Analytics));
    let mut fresh = Record::default();
    fresh.absorb(&ours);
    assert_eq!(fresh.said(), ours.said(), "who was never asked takes over");
    let before = ours.said();
    ours.absorb(&Record::default());
    assert_eq!(ours.said(), before);
}

#[test]
fn the_history_is_bounded_and_counts_what_it_forgot() {
    let mut record = Record::default();
    let change = |n: i64| Change {
        at: at(n),
        received_at: at(n),
        granted: 1,
        denied: 0,
        kinds: 1,
        policy: 1,
        message_id: n.to_string(),
        raw: String::new(),
        source: String::new(),
        notice: None,
    };
    (0..100).for_each(|n| record.note(change(n)));
    assert_eq!((record.history().len(), record.forgotten()), (MAX_HISTORY, 36));
    assert_eq!(record.history().last().map(|c| c.message_id.as_str()), Some("99"));
}

/// A record as version 1 wrote it, in hex; this program and every later one must read it.
const RECORD_V1: &str = "0194820093c3cd03e8cd01000193c2cd03e8cd010092a24445ce006ddd009\
     19acd03e8cd044c0102cd010001a16da172a17393a16ea133a16800";

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn version_1_still_reads_and_writes_the_same() {
    let mut record = Record::default();
    record.hear(&told("analytics", "personalization"), at(1_000));
    record.locate("DE", at(7_200_001));
    record.note(Change {
        at: at(1_000),
        received_at: at(1_100),
        granted: 1,
        denied: 2,
        kinds: 256,
        policy: 1,
        message_id: "m".into(),
        raw: "r".into(),
        source: "s".into(),
        notice: Some(Notice { id: "n".into(), version: "3".into(), hash: "h".into() }),
    });
    let bytes = crate::encode(&record).unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, RECORD_V1);
    assert_eq!(crate::decode::<Record>(&bytes_of(RECORD_V1)).unwrap(), record);
}

proptest! {
    #[test]
    fn the_state_does_not_depend_on_the_order_of_arrival(
        words in prop::collection::vec((0..24i64, any::<u8>(), any::<u8>()), 0..12),
        seed in any::<u64>(),
    ) {
        let hear = |words: &[(i64, u8, u8)]| {
            let mut record = Record::default();
            for &(ms, granted, denied) in words {
                let granted = Purposes::from_bits(granted & !denied);
                let told = Told { granted, denied: Purposes::from_bits(denied), kinds: SignalKinds::default() };
                record.hear(&told, at(ms));
                record.locate(if granted.bits() > 99 { "DE" } else { "US" }, at(ms * 20 * UtcMillis::MINUTE));
            }
            (record.said(), record.region())
        };
        let mut shuffled = words.clone();
        shuffled.sort_by_key(|&(ms, g, d)| (ms as u64 ^ u64::from(g) << 8 ^ u64::from(d) << 16).wrapping_mul(seed | 1));
        prop_assert_eq!(hear(&words), hear(&shuffled));
    }

    #[test]
    fn any_text_is_read_without_a_panic_and_never_grants_what_it_denies(text in "\\PC*", tail in "[A-Za-z0-9_.~-]{0,120}") {
        for text in [&text, &format!("C{tail}"), &format!("DBABLA~{tail}"), &format!("D{tail}")] {
            for signal in [of_tc_string(text), of_gpp(text)] {
                prop_assert_eq!(signal.granted.and(signal.denied), Purposes::NONE);
            }
            let sources = Sources {
                consent: Some(text), management: Some(text), buyer: Some(text), traits: Some(text),
                gpc: false, tc_cookie: None,
            };
            let told = Told::of(&sources.signals(&Categories::default()));
            prop_assert_eq!(told.granted, Purposes::NONE);
        }
    }

    #[test]
    fn a_string_cut_short_grants_nothing(which in 0..14usize, keep in 0.0..1.0f64) {
        let made: Vec<Made> = serde_json::from_str(include_str!("strings.json")).unwrap();
        let text = &made[which].text;
        let core = text.split('.').next().unwrap();
        // The last letters of the core only fill it up.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a length")]
        let cut = ((core.len() - 3) as f64 * keep) as usize;
        prop_assert_eq!(of_tc_string(&core[..cut]).granted, Purposes::NONE);
    }
}
