//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use crate::{ConsentStamp, Enrichment, Event};
stored! {
    pub(crate) static EVENT: struct Event, "log/", RawEvents {
        message_id: Operational, Operation, "The client's id of this message; two with one id are one event. At most 100 characters.";
        kind: Operational, Operation, "Which of the six kinds.";
        name: Behaviour, Analytics, "A track event's canonical name, a page's or a screen's name.";
        user_id: Pseudonym, Analytics, "The shop's id of the person.";
        anonymous_id: Pseudonym, Analytics, "The browser's id.";
        previous_id: Pseudonym, Analytics, "The id that an alias replaces.";
        group_id: Pseudonym, Analytics, "The group that a group message names.";
        occurred_at: Behaviour, Analytics, "When it happened, the client's clock corrected.";
        original_at: Behaviour, Analytics, "When it happened by the client's own clock, where that says otherwise.";
        received_at: Operational, Operation, "When it reached us.";
        origin: Operational, Operation, "Where it came from.";
        properties: Free, Analytics, "Its properties, as sent.";
        traits: Free, Analytics, "What is said of the person or group, as sent.";
        context: Free, Analytics, "Where and how it happened (page, campaign, device, consent), as sent.";
        enriched: Technical, Analytics, "What the collector made out of the context.";
        consent: Consent, Rights, "The consent in force, as far as the event told when it was accepted; none where it told nothing.";
    }
}

stored! {
    pub(crate) static ENRICHMENT: struct Enrichment, "log/, in an event", RawEvents {
        device: Technical, Analytics, "`phone`, `tablet`, `desktop`, `tv`, `console`, `wearable`, `bot` or `server`.";
        os: Technical, Analytics, "The operating system's name, without a version.";
        browser: Technical, Analytics, "The browser's name, without a version.";
        channel: Technical, Analytics, "How the visit began: `search`, `social`, `email`, `paid`, `direct` or `referral`.";
        source: Technical, Analytics, "Who sent the visitor: the campaign's source, else the referring host.";
        country: Technical, Analytics, "The country, as two letters of ISO 3166-1.";
        region: Technical, Analytics, "The country's part, as ISO 3166-2 spells it after the dash.";
        local_hour: Technical, Analytics, "The hour of the day where the shopper is, 0 to 23.";
        weekday: Technical, Analytics, "The day of the week where the shopper is, 1 for Monday to 7 for Sunday.";
        holiday: Technical, Analytics, "The public holiday that it is there, by its name.";
        season: Technical, Analytics, "`spring`, `summer`, `autumn` or `winter` there.";
        gpc: Consent, Rights, "Whether the browser asked, with `Sec-GPC: 1`, not to sell or share what it tells.";
    }
}

stored! {
    pub(crate) static CONSENT_STAMP: struct ConsentStamp, "log/, in an event", RawEvents {
        granted: Consent, Rights, "What signals allowed.";
        denied: Consent, Rights, "What signals forbade.";
        in_force: Consent, Rights, "What was in force: the signals over the rule of the region.";
        policy: Operational, Rights, "The version of the policies.";
        signals: Consent, Rights, "Which signals there were, one bit each.";
        region: Technical, Rights, "The region whose rule counted.";
        raw: Consent, Rights, "What a signal said that is not in the context, shortened.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[&EVENT, &ENRICHMENT, &CONSENT_STAMP];
