//! What the shop asks its visitors to agree to: the purposes in words, the banner, and how they stand.
//!
//! The banner is part of each page until somebody has chosen. It covers nothing, needs no script, and neither
//! answer is easier to give than the other: two buttons alike, no box ticked beforehand. The choice itself is
//! kept by the engine, for the subject; the browser keeps only that it was asked ([`cookies::CHOICE`]).
//!
//! A browser that sends Global Privacy Control has refused to have its data shared; no button overrules that.
//!
//! What was shown is kept with each choice as a notice: [`NOTICE`], [`VERSION`] and a hash of the words. Change the
//! version with the words, and everybody is asked again.

use serde::Serialize;
use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::cookies;
use crate::visit::{Purpose, Visit};

/// The name of the text that is shown.
pub(crate) const NOTICE: &str = "storefront.banner";
/// Its version.
pub(crate) const VERSION: &str = "1";

/// What the banner asks, above the purposes.
pub(crate) const QUESTION: &str = "May we use what you do here?";
/// Why it asks.
pub(crate) const WHY: &str = "To arrange the shop around you, to count what works and to learn from it. The shop \
    works the same either way, and you can change your mind at any time.";

/// One purpose, as it is asked for.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Asked {
    /// The engine's name.
    pub(crate) name: &'static str,
    /// In a few words.
    pub(crate) title: &'static str,
    /// What is done with what.
    pub(crate) words: &'static str,
}

/// The purposes that the shop asks for. Not for messages: it sends none.
pub(crate) const ASKED: [Asked; 5] = [
    Asked {
        name: "personalization",
        title: "Arrange the shop for me",
        words: "What you look at and buy decides what the rows of products show you.",
    },
    Asked {
        name: "analytics",
        title: "Count my visits",
        words: "Your visits are counted under your browser’s number. Otherwise only as one of many.",
    },
    Asked {
        name: "model_training",
        title: "Learn from me for everybody",
        words: "What goes together in your visits helps to find what fits for others.",
    },
    Asked {
        name: "experimentation",
        title: "Try things out with me",
        words: "You may see a new arrangement before others do, and we measure how it does.",
    },
    Asked {
        name: "ads_sharing",
        title: "Share with advertisers",
        words: "What you looked at may be told to others who show you advertising.",
    },
];

/// The purpose that Global Privacy Control refuses.
const SHARING: &str = "ads_sharing";

/// How somebody stands to one purpose.
#[derive(Debug, Serialize)]
pub(crate) struct Stand {
    asked: Asked,
    is_allowed: bool,
    /// The browser has refused it already.
    is_locked: bool,
    /// Since when and why; empty in the banner.
    since: String,
}

/// What the form of choices shows.
#[derive(Debug, Serialize)]
pub(crate) struct Form {
    question: &'static str,
    why: &'static str,
    stands: Vec<Stand>,
    /// Where the browser goes afterwards.
    back: String,
}

impl Form {
    /// The banner of a page, if it needs one: nobody is asked twice, and no crawler.
    pub(crate) fn banner(visit: &Visit) -> Option<Self> {
        let is_asked = visit.has_chosen || visit.purpose == Purpose::Robot || visit.path == "/privacy";
        (!is_asked).then(|| Self::of(None, visit, visit.back.clone()))
    }

    /// The form with how somebody stands, as `GET /v1/consent/{subject}` tells it.
    pub(crate) fn of(consent: Option<&Value>, visit: &Visit, back: String) -> Self {
        let stands = ASKED.map(|asked| {
            let told = consent.map(|consent| &consent["purposes"][asked.name]);
            let is_locked = visit.opts_out && asked.name == SHARING;
            let is_allowed = !is_locked && told.is_some_and(|told| told["allowed"] == true);
            let since = if is_locked { BY_BROWSER.to_owned() } else { told.map(since).unwrap_or_default() };
            Stand { asked, is_allowed, is_locked, since }
        });
        Self { question: QUESTION, why: WHY, stands: stands.into(), back }
    }
}

/// What stands beside a purpose that the browser has refused.
const BY_BROWSER: &str = "Not allowed: your browser asks for that (Global Privacy Control)";

fn since(told: &Value) -> String {
    let verb = if told["allowed"] == true { "Allowed" } else { "Not allowed" };
    match told["at"].as_str().and_then(|at| at.get(..10)) {
        Some(day) => format!("{verb}: you said so on {day}"),
        None => format!("{verb}: you were not asked, so the rule of your region holds"),
    }
}

/// Whether somebody does not agree to be shown a shop of their own.
pub(crate) fn is_withheld(consent: Option<&Value>) -> bool {
    consent.is_some_and(|consent| consent["purposes"]["personalization"]["allowed"] == false)
}

/// A choice as `PUT /v1/consent/{subject}` takes it. Every purpose that was asked for is in it.
pub(crate) fn choice(visit: &Visit, is_allowed: impl Fn(&str) -> bool, source: &str) -> Value {
    let may = |name: &str| is_allowed(name) && !(visit.opts_out && name == SHARING);
    let said = ASKED.iter().map(|asked| (asked.name.to_owned(), json!(may(asked.name))));
    let shown = ASKED.iter().flat_map(|asked| [asked.title, asked.words]);
    let shown: Vec<&str> = [QUESTION, WHY].into_iter().chain(shown).collect();
    let hash = format!("{:016x}", xxh3_64(shown.join("\n").as_bytes()));
    json!({
        "purposes": said.collect::<Map<_, _>>(),
        "source": source,
        "notice": { "id": NOTICE, "version": VERSION, "hash": hash },
    })
}

/// Whether the browser was asked the present question.
pub(crate) fn has_chosen(cookie: Option<&str>) -> bool {
    cookie == Some(VERSION)
}

/// That it was, for half a year.
pub(crate) fn chosen() -> Option<axum::http::HeaderValue> {
    cookies::set(cookies::CHOICE, VERSION, "/", cookies::HALF_YEAR_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_somebody_stands_is_said_with_its_reason() {
        let said = json!({"allowed": true, "basis": "said", "at": "2026-11-21T10:07:58.123Z"});
        assert_eq!(since(&said), "Allowed: you said so on 2026-11-21");
        let ruled = json!({"allowed": false, "basis": "rule"});
        assert_eq!(since(&ruled), "Not allowed: you were not asked, so the rule of your region holds");
        let withheld = json!({"purposes": {"personalization": ruled}});
        assert!(is_withheld(Some(&withheld)) && !is_withheld(None));
    }
}
