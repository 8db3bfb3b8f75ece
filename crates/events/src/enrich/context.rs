//! What is read of an event's context, as Segment's and RudderStack's clients send it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Loose, Nested};

/// The few members of a context that enrichment needs; the others are passed over unread.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Context<'a> {
    /// The browser's `User-Agent`.
    #[serde(borrow)]
    pub user_agent: Loose<'a>,
    /// Client hints, as `navigator.userAgentData` has them.
    #[serde(borrow)]
    pub user_agent_data: Nested<AgentData<'a>>,
    /// The page.
    #[serde(borrow)]
    pub page: Nested<Page<'a>>,
    /// The campaign, its parameters without their `utm_`.
    #[serde(borrow)]
    pub campaign: Nested<Campaign<'a>>,
    /// Such as `en-GB`.
    #[serde(borrow)]
    pub locale: Loose<'a>,
    /// Such as `Europe/London`.
    #[serde(borrow)]
    pub timezone: Loose<'a>,
    /// The shopper's address.
    #[serde(borrow)]
    pub ip: Loose<'a>,
    /// Who sent the event.
    #[serde(borrow)]
    pub library: Nested<Named<'a>>,
    /// `server`, `browser` or `mobile`.
    #[serde(borrow)]
    pub channel: Loose<'a>,
    /// An app's device.
    #[serde(borrow)]
    pub device: Nested<Device<'a>>,
    /// An app's operating system.
    #[serde(borrow)]
    pub os: Nested<Named<'a>>,
    /// The application.
    #[serde(borrow)]
    pub app: Nested<App<'a>>,
    /// Where the shopper is, if the client knows.
    #[serde(borrow)]
    pub location: Nested<Location<'a>>,
    /// What was agreed to: a map of categories, strings of the trade, and so on.
    #[serde(borrow)]
    pub consent: Option<&'a RawValue>,
    /// The same in RudderStack's form.
    #[serde(borrow)]
    pub consent_management: Option<&'a RawValue>,
    /// The buyer, in the words of the Universal Commerce Protocol.
    #[serde(borrow)]
    pub buyer: Option<&'a RawValue>,
}

/// `context.userAgentData`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AgentData<'a> {
    /// A list of brands with versions.
    #[serde(borrow)]
    pub brands: Option<&'a RawValue>,
    /// Whether the device is a phone.
    pub mobile: Option<bool>,
    /// The operating system.
    #[serde(borrow)]
    pub platform: Loose<'a>,
}

/// `context.page`; page events have the same in their properties.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Page<'a> {
    /// The page's address.
    #[serde(borrow)]
    pub url: Loose<'a>,
    /// The query, with its question mark.
    #[serde(borrow)]
    pub search: Loose<'a>,
    /// The page before; blank when there was none.
    #[serde(borrow)]
    pub referrer: Loose<'a>,
}

/// `context.campaign`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Campaign<'a> {
    /// `utm_source`
    #[serde(borrow)]
    pub source: Loose<'a>,
    /// `utm_medium`
    #[serde(borrow)]
    pub medium: Loose<'a>,
}

/// `context.device`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Device<'a> {
    /// `ios`, `android` or a class of devices.
    #[serde(borrow, rename = "type")]
    pub kind: Loose<'a>,
    /// Such as `iPad13,4`.
    #[serde(borrow)]
    pub model: Loose<'a>,
}

/// `context.library` and `context.os`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Loose<'a>,
}

/// `context.app`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct App<'a> {
    /// Snowplow's word for where it runs; `srv` is a server.
    #[serde(borrow)]
    pub platform: Loose<'a>,
}

/// `context.location`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Location<'a> {
    /// The country; used where it is two letters.
    #[serde(borrow)]
    pub country: Loose<'a>,
}
