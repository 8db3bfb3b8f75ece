//! What the collector adds to an event: device, channel, place and local time.
//!
//! Stored with the event under short keys, each left out when it is not known. A newer program may add keys.

use serde::{Deserialize, Serialize};

/// What was made out of an event's context when it was accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrichment {
    /// `phone`, `tablet`, `desktop`, `tv`, `console`, `wearable`, `bot` or `server`.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The operating system's name, without a version.
    #[serde(rename = "os", default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// The browser's name, without a version.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// How the visit began: `search`, `social`, `email`, `paid`, `direct` or `referral`.
    #[serde(rename = "ch", default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who sent the visitor: the campaign's source, else the referring host.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The country, as two letters of ISO 3166-1.
    #[serde(rename = "co", default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The country's part, as ISO 3166-2 spells it after the dash.
    #[serde(rename = "re", default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The hour of the day where the shopper is, 0 to 23.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub local_hour: Option<u8>,
    /// The day of the week where the shopper is, 1 for Monday to 7 for Sunday.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub weekday: Option<u8>,
    /// The public holiday that it is there, by its name.
    #[serde(rename = "hd", default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<String>,
    /// `spring`, `summer`, `autumn` or `winter` there.
    #[serde(rename = "se", default, skip_serializing_if = "Option::is_none")]
    pub season: Option<String>,
    /// Whether the browser asked, with `Sec-GPC: 1`, not to sell or share what it tells.
    #[serde(rename = "gpc", default, skip_serializing_if = "Option::is_none")]
    pub gpc: Option<bool>,
}
