//! Enrichment at acceptance: what the pure rules of `tradewind_events::enrich` make of an event's context
//! and of the request that brought it.
//!
//! A request's headers and address speak of the shopper only where the shopper's own device sends: not where
//! a library for servers is named, the channel is `server`, or the user agent is that of an HTTP library.
//! Addresses are used for the place and taken out of what is kept, whatever the origin of the event.
//!
//! User agents and time zones repeat, so what was made of them is kept, the latest 4,096 and 1,024 of them,
//! under the hash of their text. Addresses are kept nowhere.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use quick_cache::sync::Cache;
use serde_json::value::RawValue;
use tradewind_events::enrich::{
    Agent, Arrival, Context, Country, Hints, Page, address, country_of_locale, country_of_zone, holiday,
    is_server_library, local_time, main_zone, visit,
};
use tradewind_events::{Enrichment, Event, Kind};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::state::Api;

pub use self::consent::ConsentRules;
pub use self::geo::{GeoDatabase, GeoError};
pub use self::proxies::TrustedProxies;
pub(crate) use self::sender::{Peer, Sender};

mod consent;
mod geo;
mod proxies;
mod sender;

/// User agents of which is kept what they say.
const AGENTS: usize = 4_096;
/// Names of time zones of which is kept what they stand for.
const ZONES: usize = 1_024;
/// The longest user agent that is read, in bytes.
const MAX_AGENT: usize = 1_024;
/// The longest name of a time zone, in bytes.
const MAX_ZONE: usize = 64;

/// Makes enrichments; see the module.
pub struct Enricher {
    agents: Cache<u64, Agent>,
    zones: Cache<u64, Option<Zone>>,
    database: TimeZoneDatabase,
    geo: Option<GeoDatabase>,
    consent: ConsentRules,
}

/// What a time zone stands for.
#[derive(Debug, Clone)]
struct Zone {
    zone: TimeZone,
    country: Option<Country>,
}

/// Where an address is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'g> {
    pub(crate) country: Option<Country>,
    /// As ISO 3166-2 spells it after the dash.
    pub(crate) region: Option<&'g str>,
    pub(crate) zone: Option<&'g str>,
}

/// For events that come with no request: lines of a file.
static WITHOUT_GEO: LazyLock<Enricher> = LazyLock::new(|| Enricher::new(None));

impl Enricher {
    /// With a database that says where addresses are, or without.
    #[must_use]
    pub fn new(geo: Option<GeoDatabase>) -> Self {
        let (agents, zones) = (Cache::new(AGENTS), Cache::new(ZONES));
        let consent = ConsentRules::default();
        Self { agents, zones, database: TimeZoneDatabase::bundled(), geo, consent }
    }

    /// The same with rules of consent.
    #[must_use]
    pub fn with_consent(self, consent: ConsentRules) -> Self {
        Self { consent, ..self }
    }

    /// The rules of consent.
    pub(crate) fn consent_rules(&self) -> &ConsentRules {
        &self.consent
    }

    /// Adds to an event what can be made out of it alone, and takes its addresses away.
    pub fn enrich_alone(&self, event: &mut Event) {
        self.enrich(event, None, &Sender::of_history(self));
    }

    /// Adds to an event what can be made out of it and of its sender, and takes its addresses away.
    pub(crate) fn enrich(&self, event: &mut Event, channel: Option<&str>, sender: &Sender<'_>) {
        let says_nothing = event.context.is_none() && event.kind != Kind::Page && channel.is_none();
        if says_nothing && self.geo.is_none() && sender.says_nothing() {
            take_addresses(&mut event.properties);
            take_addresses(&mut event.traits);
            self.consent.stamp(event, &consent::Said::default(), sender);
            return;
        }
        let raw = event.context.take();
        let context = raw.as_deref().map(|raw| serde_json::from_str::<Context<'_>>(raw.get()));
        let said = consent::Said::of(raw.as_deref(), context.as_ref());
        let context = context.and_then(Result::ok).unwrap_or_default();
        let mut told = self.geo.as_ref().and_then(|_| context.ip.get()).and_then(address::parse);
        for kept in [&mut event.properties, &mut event.traits] {
            told = told.or(take_addresses(kept));
        }
        let by_server = channel.is_some_and(is_server) || names_server(&context);
        let device = self.agent(&context, sender, by_server);
        let sender_place = sender.place.filter(|_| sender.is_device && !by_server);
        let place = told.and_then(|address| self.place(address)).or(sender_place).unwrap_or_default();
        let mut enriched = Enrichment {
            device: device.device.map(str::to_owned),
            os: device.os.map(str::to_owned),
            browser: device.browser.map(str::to_owned),
            region: place.region.map(str::to_owned),
            gpc: sender.opts_out.then_some(true),
            ..Enrichment::default()
        };
        arrive(event, &context, &mut enriched);
        self.locate(event, &context, &place, &mut enriched);
        self.consent.stamp(event, &said.at(&enriched), sender);
        event.context = raw;
        take_addresses(&mut event.context);
        event.enriched = (enriched != Enrichment::default()).then(|| Box::new(enriched));
    }

    /// Where an address is, by the database if there is one.
    pub(crate) fn place(&self, address: std::net::IpAddr) -> Option<Place<'_>> {
        self.geo.as_ref()?.place(address)
    }

    fn agent(&self, context: &Context<'_>, sender: &Sender<'_>, by_server: bool) -> Agent {
        let data = &context.user_agent_data.0;
        let told = Hints {
            brands: data.brands.map(RawValue::get),
            mobile: data.mobile,
            platform: data.platform.get(),
        };
        let of_header = sender.user_agent.filter(|_| sender.is_device && !by_server);
        let text = context.user_agent.get().or(of_header);
        let hints = if told == Hints::default() && text == sender.user_agent { sender.hints } else { told };
        let agent = match text {
            None if hints == Hints::default() || by_server => Agent::default(),
            text => self.cached_agent(text.unwrap_or_default(), &hints),
        };
        let app = &context.device.0;
        let mut agent = match agent {
            Agent { device: Some(_), os: Some(_), .. } => agent,
            _ => agent.or_app(app.kind.get(), app.model.get(), context.os.0.name.get()),
        };
        if agent.device.is_none() && text.is_none() && (by_server || sender.is_server()) {
            agent.device = Some("server");
        }
        agent
    }

    fn cached_agent(&self, text: &str, hints: &Hints<'_>) -> Agent {
        let mut end = text.len().min(MAX_AGENT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let mut key = hints.mobile.map_or(2, u64::from);
        for part in [Some(text), hints.brands, hints.platform] {
            key = xxh3_64_with_seed(part.unwrap_or_default().as_bytes(), key);
        }
        self.agents.get(&key).unwrap_or_else(|| {
            let agent = Agent::parse(text).with_hints(hints);
            self.agents.insert(key, agent);
            agent
        })
    }

    /// What the name of a time zone stands for; nothing if there is no such zone.
    fn zone(&self, name: &str) -> Option<Zone> {
        if name.len() > MAX_ZONE {
            return None;
        }
        let key = xxh3_64(name.as_bytes());
        if let Some(known) = self.zones.get(&key) {
            return known;
        }
        let zone = self.database.get(name).ok().map(|zone| Zone { zone, country: country_of_zone(name) });
        self.zones.insert(key, zone.clone());
        zone
    }

    /// Adds country, local time, holiday and season.
    fn locate(&self, event: &Event, context: &Context<'_>, place: &Place<'_>, enriched: &mut Enrichment) {
        let own = context.timezone.get().and_then(|name| self.zone(name));
        let country = place
            .country
            .or_else(|| context.location.0.country.get().and_then(Country::parse))
            .or_else(|| own.as_ref().and_then(|own| own.country))
            .or_else(|| context.locale.get().and_then(country_of_locale));
        enriched.country = country.map(|country| country.as_str().to_owned());
        let of_place = || place.zone.or_else(|| country.and_then(main_zone)).and_then(|name| self.zone(name));
        let Some(zone) = own.or_else(of_place) else { return };
        let Some(local) = local_time(event.occurred_at, &zone.zone) else { return };
        enriched.local_hour = Some(local.hour);
        enriched.weekday = Some(local.weekday);
        enriched.season = country.map(|country| local.season(country).to_owned());
        enriched.holiday = country.and_then(|country| holiday(country, local.date)).map(str::to_owned);
    }
}

impl Api {
    /// Adds to events that the program's own pages recorded what they say of themselves: device, channel, local
    /// time. They carry their browser's name in their context.
    pub fn enrich_own(&self, events: &mut [Event]) {
        events.iter_mut().for_each(|event| self.enricher.enrich_alone(event));
    }
}

fn is_server(channel: &str) -> bool {
    channel.eq_ignore_ascii_case("server")
}

/// Whether the context says that a server sent the event.
fn names_server(context: &Context<'_>) -> bool {
    context.channel.get().is_some_and(is_server)
        || context.library.0.name.get().is_some_and(is_server_library)
        || context.app.0.platform.get() == Some("srv")
}

/// Adds how the visit began, if the event tells. A page's own properties say what its context does not.
fn arrive(event: &Event, context: &Context<'_>, enriched: &mut Enrichment) {
    let (mut page, is_page) = (&context.page.0, event.kind == Kind::Page);
    let properties;
    if is_page && page.url.get().is_none() {
        let raw = event.properties.as_deref();
        properties = raw.and_then(|raw| serde_json::from_str::<Page<'_>>(raw.get()).ok()).unwrap_or_default();
        page = &properties;
    }
    let campaign = &context.campaign.0;
    let begins = is_page && page.url.get().is_some() && page.referrer.is_blank();
    let visit = visit(&Arrival {
        source: campaign.source.get(),
        medium: campaign.medium.get(),
        url: page.url.get(),
        search: page.search.get(),
        referrer: page.referrer.get(),
        begins,
    });
    enriched.channel = visit.channel.map(str::to_owned);
    enriched.source = visit.source;
}

/// Takes the addresses out of what is kept, and gives the first of them.
fn take_addresses(kept: &mut Option<Box<RawValue>>) -> Option<std::net::IpAddr> {
    let (left, first) = address::taken_out(kept.as_deref()?.get())?;
    *kept = RawValue::from_string(left).ok().filter(|raw| raw.get() != "{}");
    first
}

#[cfg(test)]
mod tests;
