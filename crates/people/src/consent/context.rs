//! Finding the signals in what an event and its request carry.
//!
//! Of an event's context are read: `consent` with `categoryPreferences` (Segment), `consentMode`, `tcString`
//! (unless `gdprApplies` is false), `gpp`, `gpc`, `ucp` and `purposes` (ours, by their names);
//! `consentManagement` (RudderStack); `buyer.consent` (UCP). Of traits, what Shopify's customers say of
//! marketing. Of the request, `Sec-GPC` and the cookie `euconsent-v2`.
//!
//! `consent` absent or null says nothing. What is there and has another form than it should is a denial.

use serde_json::{Map, Value};
use tradewind_kernel::{Purpose, Purposes};

use super::category::Categories;
use super::iab::{of_gpp, of_tc_string};
use super::signal::{Signal, SignalKind, or};

/// Where signals are looked for; each as JSON text, where there is one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'a> {
    /// `context.consent`
    pub consent: Option<&'a str>,
    /// `context.consentManagement`
    pub management: Option<&'a str>,
    /// `context.buyer`
    pub buyer: Option<&'a str>,
    /// What is said of the person.
    pub traits: Option<&'a str>,
    /// Whether the request carried `Sec-GPC: 1`.
    pub gpc: bool,
    /// The cookie `euconsent-v2`.
    pub tc_cookie: Option<&'a str>,
}

/// The members of `context.consent` under which a TC string, or a GPP string, is looked for.
const TC_NAMES: [&str; 4] = ["tcString", "tcf", "euconsent-v2", "gdpr_consent"];
const GPP_NAMES: [&str; 2] = ["gpp", "gppString"];

/// Google's names, and what each is of ours.
const CONSENT_MODE: [(&str, Option<Purpose>); 7] = [
    ("analytics_storage", Some(Purpose::Analytics)),
    ("personalization_storage", Some(Purpose::Personalization)),
    ("ad_storage", Some(Purpose::AdsSharing)),
    ("ad_user_data", Some(Purpose::AdsSharing)),
    ("ad_personalization", Some(Purpose::AdsSharing)),
    ("functionality_storage", None),
    ("security_storage", None),
];

/// The names of the Universal Commerce Protocol.
const UCP: [(&str, &[Purpose]); 4] = [
    ("marketing", &[Purpose::MarketingEmail, Purpose::MarketingSms, Purpose::MarketingPush]),
    ("analytics", &[Purpose::Analytics]),
    ("preferences", &[Purpose::Personalization]),
    ("sale_or_sharing", &[Purpose::AdsSharing]),
];

/// What Shopify's adapter puts into traits.
const SHOPIFY: [(&str, Purpose); 2] =
    [("emailMarketing", Purpose::MarketingEmail), ("smsMarketing", Purpose::MarketingSms)];

impl Sources<'_> {
    /// Every signal there is.
    #[must_use]
    pub fn signals(&self, categories: &Categories) -> Vec<Signal> {
        let mut found = Vec::new();
        if let Some(text) = self.consent.filter(|text| *text != "null") {
            match serde_json::from_str(text) {
                Ok(Value::Object(consent)) => of_consent(&consent, categories, &mut found),
                _ => found.push(unreadable(SignalKind::Segment, text)),
            }
        }
        if let Some(text) = self.management.filter(|text| *text != "null") {
            found.extend(of_management(text, categories));
        }
        if let Some(Ok(buyer)) = self.buyer.map(serde_json::from_str::<Value>) {
            found.extend(buyer.get("consent").map(of_ucp));
        }
        if let Some(Ok(Value::Object(traits))) = self.traits.map(serde_json::from_str) {
            found.extend(of_traits(&traits));
        }
        if self.gpc {
            found.push(Signal::gpc());
        }
        found.extend(self.tc_cookie.map(of_tc_string));
        found.retain(|signal| !signal.is_silent());
        found
    }
}

/// What has not the form that it should.
fn unreadable(kind: SignalKind, raw: &str) -> Signal {
    Signal::new(kind, Purposes::NONE, Purposes::ALL, raw)
}

fn of_consent(consent: &Map<String, Value>, categories: &Categories, found: &mut Vec<Signal>) {
    match consent.get("categoryPreferences") {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) if is_consent_mode(map) => found.push(of_consent_mode(map)),
        Some(Value::Object(map)) => {
            let pairs: Vec<(String, bool)> = map.iter().map(|(n, v)| (n.clone(), is_yes(v))).collect();
            found.push(categories.read(SignalKind::Segment, &pairs, &text_of(map)));
        }
        Some(other) => found.push(unreadable(SignalKind::Segment, &other.to_string())),
    }
    match consent.get("consentMode") {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) => found.push(of_consent_mode(map)),
        Some(other) => found.push(unreadable(SignalKind::ConsentMode, &other.to_string())),
    }
    let applies = consent.get("gdprApplies").or_else(|| consent.get("gdpr"));
    let is_outside = applies.is_some_and(|a| a == &Value::Bool(false) || a == &Value::from(0) || a == "0");
    if !is_outside {
        found.extend(strings(consent, &TC_NAMES).map(of_tc_string));
    }
    found.extend(strings(consent, &GPP_NAMES).map(of_gpp));
    if consent.get("gpc").is_some_and(is_yes) {
        found.push(Signal::gpc());
    }
    found.extend(consent.get("ucp").filter(|ucp| !ucp.is_null()).map(of_ucp));
    found.extend(consent.get("purposes").filter(|purposes| !purposes.is_null()).map(of_purposes));
}

/// The texts under these names; what is no text reads as one that means nothing, and so is a denial.
fn strings<'a>(object: &'a Map<String, Value>, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let told = names.iter().filter_map(|name| object.get(*name)).filter(|value| !value.is_null());
    told.map(|value| value.as_str().unwrap_or("?"))
}

fn text_of(map: &Map<String, Value>) -> String {
    serde_json::to_string(map).unwrap_or_default()
}

/// Whether a value says yes; whatever else it says is no.
fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(is_yes) => *is_yes,
        Value::String(text) => text.eq_ignore_ascii_case("granted") || text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// Whether a map of categories has Google's names only, as GA4's own consent comes.
fn is_consent_mode(map: &Map<String, Value>) -> bool {
    !map.is_empty() && map.keys().all(|name| CONSENT_MODE.iter().any(|(known, _)| known == name))
}

fn of_consent_mode(map: &Map<String, Value>) -> Signal {
    let (mut granted, mut denied) = (Purposes::NONE, Purposes::NONE);
    for (name, purpose) in CONSENT_MODE {
        let (Some(value), Some(purpose)) = (map.get(name), purpose) else { continue };
        let side = if is_yes(value) { &mut granted } else { &mut denied };
        *side = side.with(purpose);
    }
    Signal::new(SignalKind::ConsentMode, granted, denied, &text_of(map))
}

fn of_management(text: &str, categories: &Categories) -> Option<Signal> {
    let Ok(Value::Object(told)) = serde_json::from_str(text) else {
        return Some(unreadable(SignalKind::RudderStack, text));
    };
    let mut pairs = Vec::new();
    for (name, is_allowed) in [("allowedConsentIds", true), ("deniedConsentIds", false)] {
        match told.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Array(ids)) => {
                let ids = ids.iter().filter_map(Value::as_str);
                pairs.extend(ids.map(|id| (id.to_owned(), is_allowed)));
            }
            Some(_) => return Some(unreadable(SignalKind::RudderStack, text)),
        }
    }
    // A platform that has not asked yet sends lists with nothing in them.
    (!pairs.is_empty()).then(|| categories.read(SignalKind::RudderStack, &pairs, text))
}

fn of_ucp(consent: &Value) -> Signal {
    let Value::Object(consent) = consent else {
        return unreadable(SignalKind::Ucp, &consent.to_string());
    };
    let (mut granted, mut denied) = (Purposes::NONE, Purposes::NONE);
    for (name, value) in consent {
        let short = name.strip_prefix("dev.ucp.consent.").unwrap_or(name);
        let Some((_, purposes)) = UCP.iter().find(|(known, _)| *known == short) else { continue };
        let is_granted = value.get("granted").map_or_else(|| is_yes(value), is_yes);
        let side = if is_granted { &mut granted } else { &mut denied };
        *side = or(*side, purposes.iter().copied().collect());
    }
    Signal::new(SignalKind::Ucp, granted, denied, &text_of(consent))
}

fn of_traits(traits: &Map<String, Value>) -> Option<Signal> {
    let (mut granted, mut denied, mut raw) = (Purposes::NONE, Purposes::NONE, String::new());
    for (name, purpose) in SHOPIFY {
        let Some(told) = traits.get(name).filter(|told| told.is_object()) else { continue };
        let Some(word) = told.get("granted") else { continue };
        let side = if is_yes(word) { &mut granted } else { &mut denied };
        *side = side.with(purpose);
        raw.push_str(&told.to_string());
    }
    (!raw.is_empty()).then(|| Signal::new(SignalKind::Shopify, granted, denied, &raw))
}

fn of_purposes(purposes: &Value) -> Signal {
    let Value::Object(purposes) = purposes else {
        return unreadable(SignalKind::Api, &purposes.to_string());
    };
    let (mut granted, mut denied) = (Purposes::NONE, Purposes::NONE);
    for (name, value) in purposes {
        let Ok(purpose) = Purpose::parse(name) else { continue };
        let side = if is_yes(value) { &mut granted } else { &mut denied };
        *side = side.with(purpose);
    }
    Signal::new(SignalKind::Api, granted, denied, &text_of(purposes))
}
