//! The stamp: the consent in force, as far as an event and its request tell.
//!
//! TC and GPP strings repeat with every event of a browser. They cost a few microseconds each; everything else
//! is read only where it is there, so an event without a word on consent pays for its region's rule at most.

use std::sync::Arc;

use serde_json::value::RawValue;
use tradewind_events::enrich::Context;
use tradewind_events::{ConsentStamp, Enrichment, Event};
use tradewind_kernel::Purposes;
use tradewind_people::consent::{Categories, Mode, Policy, Region, SignalKind, Sources, Told};

use super::Sender;

/// What signals mean, and what holds without any.
#[derive(Debug, Clone)]
pub struct ConsentRules {
    categories: Categories,
    policy: Arc<Policy>,
}

impl Default for ConsentRules {
    /// The built-in categories, and no rule of a region.
    fn default() -> Self {
        Self { categories: Categories::default(), policy: Arc::new(Policy::off()) }
    }
}

/// What an event's context says of consent, and where the event happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Said<'a> {
    consent: Option<&'a str>,
    management: Option<&'a str>,
    buyer: Option<&'a str>,
    region: Option<Region>,
}

impl<'a> Said<'a> {
    /// Of a context that was read, or could not be. One that could not and speaks of consent says no to all:
    /// as JSON of a form that nothing is meant by.
    pub(super) fn of(
        raw: Option<&'a RawValue>,
        context: Option<&Result<Context<'a>, serde_json::Error>>,
    ) -> Self {
        match context {
            Some(Ok(context)) => Self {
                consent: context.consent.map(RawValue::get),
                management: context.consent_management.map(RawValue::get),
                buyer: context.buyer.map(RawValue::get),
                region: None,
            },
            Some(Err(_)) => {
                let speaks = raw.is_some_and(|raw| raw.get().contains("onsent"));
                Self { consent: speaks.then_some("0"), ..Self::default() }
            }
            None => Self::default(),
        }
    }

    /// The same of an event of which is known where it happened.
    pub(super) fn at(self, enriched: &Enrichment) -> Self {
        Self { region: Region::of(enriched.country.as_deref(), enriched.region.as_deref()), ..self }
    }
}

impl ConsentRules {
    /// Rules.
    #[must_use]
    pub fn new(categories: Categories, policy: Arc<Policy>) -> Self {
        Self { categories, policy }
    }

    /// Stamps an event.
    pub(super) fn stamp(&self, event: &mut Event, said: &Said<'_>, sender: &Sender<'_>) {
        let traits = event.traits.as_deref().map(RawValue::get).filter(|traits| traits.contains("Marketing"));
        let sources = Sources {
            consent: said.consent,
            management: said.management,
            buyer: said.buyer,
            traits,
            gpc: sender.opts_out,
            tc_cookie: sender.tc_cookie,
        };
        let says_nothing = [sources.consent, sources.management, sources.buyer, traits, sources.tc_cookie]
            .iter()
            .all(Option::is_none)
            && !sources.gpc;
        let signals = if says_nothing { Vec::new() } else { sources.signals(&self.categories) };
        let told = Told::of(&signals);
        let region = said.region.as_ref().or(self.policy.default_region());
        let region = region.filter(|_| self.policy.mode() == Mode::Regional);
        if told.is_silent() && region.is_none() {
            return;
        }
        let unasked = self.policy.unasked(region);
        let in_force = (unasked.bits() | told.granted.bits()) & !told.denied.bits();
        let of_cookie = signals.into_iter().find(|s| s.kind == SignalKind::Tcf && sender.tc_cookie.is_some());
        event.consent = Some(Box::new(ConsentStamp {
            granted: told.granted,
            denied: told.denied,
            in_force: Purposes::from_bits(in_force),
            policy: self.policy.version(),
            signals: told.kinds.bits(),
            region: region.map(|region| region.as_str().to_owned()),
            raw: of_cookie.map(|signal| signal.raw),
        }));
    }
}
