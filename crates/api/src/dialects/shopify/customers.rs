//! Customers, and what they consent to.

use serde_json::Value;
use tradewind_events::Kind;

use super::payload::{object, put, put_texts};
use super::{Heard, Notice, Said};
use crate::collect::parse::reject;
use crate::dialects::draft::{Fields, text_of};

/// A customer's topics: what is told of the customer is written over what was known, and nothing else.
pub(super) fn known(notice: &Notice, payload: &Fields) -> Heard {
    let Some(id) = text_of(payload, "customer_id").or_else(|| text_of(payload, "id")) else {
        return Err(reject("id_missing", "the customer has no id"));
    };
    let mut draft = notice.draft(Kind::Identify, payload, &["updated_at", "created_at"]);
    draft.user_id = Some(id);
    let texts = [
        ("email", "email"),
        ("email_address", "email"),
        ("first_name", "firstName"),
        ("last_name", "lastName"),
        ("phone", "phone"),
        ("created_at", "createdAt"),
        ("locale", "locale"),
        ("tags", "tags"),
    ];
    let traits = &mut draft.traits;
    put_texts(traits, payload, &texts);
    if let Some(address) = object(payload, "default_address") {
        let mut out = Fields::new();
        let parts = [
            ("address1", "street"),
            ("city", "city"),
            ("province_code", "state"),
            ("zip", "postalCode"),
            ("country_code", "country"),
        ];
        put_texts(&mut out, address, &parts);
        put(traits, "address", Some(out).filter(|a| !a.is_empty()));
    }
    put(traits, "emailMarketing", consent(payload, "email_marketing_consent"));
    put(traits, "smsMarketing", consent(payload, "sms_marketing_consent"));
    Ok(Said::Events(vec![draft]))
}

/// A channel's consent: whether it is given, in what state it is, since when, and how it was asked for.
fn consent(payload: &Fields, name: &str) -> Option<Value> {
    let told = object(payload, name)?;
    let state = text_of(told, "state")?.to_lowercase();
    let mut out = Fields::new();
    put(&mut out, "granted", Some(state == "subscribed"));
    put(&mut out, "state", Some(state));
    put_texts(&mut out, told, &[("consent_updated_at", "updatedAt"), ("opt_in_level", "optInLevel")]);
    Some(out.into())
}
