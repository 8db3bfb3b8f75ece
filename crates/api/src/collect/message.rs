//! A message as Segment's clients send it, and what each client does differently.

use serde::Deserialize;
use serde_json::value::RawValue;

use tradewind_events::enrich::Loose;

use crate::text::Text;

/// One message. Fields that are not named here are passed over.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: Text<'a>,
    #[serde(borrow, default, rename = "messageId")]
    pub(crate) message_id: Text<'a>,
    #[serde(borrow, default, rename = "userId")]
    pub(crate) user_id: Text<'a>,
    #[serde(borrow, default, rename = "anonymousId")]
    pub(crate) anonymous_id: Text<'a>,
    #[serde(borrow, default, rename = "previousId")]
    pub(crate) previous_id: Text<'a>,
    #[serde(borrow, default, rename = "groupId")]
    pub(crate) group_id: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) event: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) name: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) category: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) timestamp: Text<'a>,
    #[serde(borrow, default, rename = "originalTimestamp")]
    pub(crate) original_timestamp: Text<'a>,
    #[serde(borrow, default, rename = "sentAt")]
    pub(crate) sent_at: Text<'a>,
    #[serde(borrow, default, rename = "writeKey")]
    pub(crate) write_key: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) channel: Loose<'a>,
    #[serde(borrow, default)]
    pub(crate) properties: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) traits: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) context: Option<&'a RawValue>,
}

/// A batch of messages.
#[derive(Debug, Deserialize)]
pub(crate) struct Batch<'a> {
    #[serde(borrow)]
    pub(crate) batch: Vec<&'a RawValue>,
    #[serde(borrow, default, rename = "sentAt")]
    pub(crate) sent_at: Text<'a>,
    #[serde(borrow, default, rename = "writeKey")]
    pub(crate) write_key: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) context: Option<&'a RawValue>,
}
