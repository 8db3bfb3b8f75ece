//! What the books hold of deliveries and endpoints, and how it is stored.
//!
//! Format: the table `deliveries` is keyed by a delivery's id (16 bytes) and holds a version byte and [`Delivery`]
//! as JSON; `endpoints` by the endpoint's name, a version byte and [`Account`] as JSON; `meta` has under `cursor`
//! the offset up to which the outbox was taken over (u64 big-endian).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::{Effect, EffectId};
use tradewind_ports::{Offset, StateError, StateStore, TableId};

/// The version byte of a row, before its JSON.
const ROW_VERSION: u8 = 1;
/// What a `webhook-id` begins with.
const ID_PREFIX: &str = "msg_";
/// Where the outbox was taken over up to.
pub(crate) const CURSOR: &[u8] = b"cursor";

/// The tables of the books, open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tables {
    pub(crate) deliveries: TableId,
    pub(crate) endpoints: TableId,
    pub(crate) meta: TableId,
}

impl Tables {
    pub(crate) fn open(store: &dyn StateStore) -> Result<Self, StateError> {
        Ok(Self {
            deliveries: store.table("deliveries")?,
            endpoints: store.table("endpoints")?,
            meta: store.table("meta")?,
        })
    }
}

/// An effect on its way to one endpoint; it is gone once it has arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    #[serde(rename = "e")]
    pub(crate) endpoint: String,
    #[serde(rename = "x")]
    pub(crate) effect: Effect,
    /// When it was taken over.
    #[serde(rename = "t")]
    pub(crate) taken_at: UtcMillis,
    /// Attempts since it was taken over, or asked for again.
    #[serde(rename = "n", default)]
    pub(crate) attempts: usize,
    /// When it is tried next; when it failed, once it has.
    #[serde(rename = "d")]
    pub(crate) due_at: UtcMillis,
    #[serde(rename = "f", default)]
    pub(crate) has_failed: bool,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<LastAttempt>,
}

/// What the last attempt came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastAttempt {
    #[serde(rename = "t")]
    pub(crate) at: UtcMillis,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(rename = "c")]
    pub(crate) cause: String,
    #[serde(rename = "w")]
    pub(crate) detail: String,
}

/// What is remembered of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    /// Records before this one are not its business: they were there before it was configured.
    #[serde(rename = "o")]
    pub(crate) since: Offset,
    /// Whether the last start found it in the configuration.
    #[serde(rename = "k", default)]
    pub(crate) is_configured: bool,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<Stopped>,
    /// Deliveries that arrived.
    #[serde(rename = "d", default)]
    pub(crate) delivered: u64,
    /// Failed ones that were lost to the limits.
    #[serde(rename = "p", default)]
    pub(crate) lost: u64,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_at: Option<UtcMillis>,
}

/// That an endpoint said 410.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stopped {
    #[serde(rename = "t")]
    pub(crate) at: UtcMillis,
    /// Its address and secrets then, see [`crate::Endpoint::fingerprint`].
    #[serde(rename = "f")]
    pub(crate) fingerprint: String,
}

/// The id of an effect's delivery to an endpoint.
pub(crate) fn id_of(effect: EffectId, endpoint: &str) -> EffectId {
    EffectId::of(&[&effect.0, endpoint.as_bytes()])
}

/// As it is sent and shown.
pub(crate) fn text_of(id: EffectId) -> String {
    format!("{ID_PREFIX}{id}")
}

/// Reads what [`text_of`] wrote.
pub(crate) fn read_id(text: &str) -> Option<EffectId> {
    let hex = text.strip_prefix(ID_PREFIX).filter(|hex| hex.len() == 32)?;
    let is_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
    u128::from_str_radix(hex, 16).ok().filter(|_| is_hex).map(|id| EffectId(id.to_be_bytes()))
}

pub(crate) fn encode(row: &impl Serialize) -> Result<Vec<u8>, StateError> {
    let mut bytes = vec![ROW_VERSION];
    serde_json::to_writer(&mut bytes, row)
        .map_err(|e| StateError { doing: "write a row of the outbox's books", cause: e.to_string() })?;
    Ok(bytes)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StateError> {
    let wrong = |cause| StateError { doing: "read a row of the outbox's books", cause };
    match bytes {
        [ROW_VERSION, json @ ..] => serde_json::from_slice(json).map_err(|e| wrong(e.to_string())),
        _ => Err(wrong("it is of another version; run a newer program".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::tests::effect;

    #[test]
    fn version_1_still_reads_and_writes_the_same() {
        let json = String::from_utf8(effect("m").encode().unwrap()[1..].to_vec()).unwrap();
        let fixture = format!(
            "\u{1}{{\"e\":\"crm\",\"x\":{json},\"t\":1,\"n\":2,\"d\":3,\"f\":true,\
             \"l\":{{\"t\":4,\"s\":500,\"c\":\"server_error\",\"w\":\"the endpoint answered 500\"}}}}"
        );
        let delivery: Delivery = decode(fixture.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(encode(&delivery).unwrap()).unwrap(), fixture);
        let fixture = "\u{1}{\"o\":7,\"k\":true,\"g\":{\"t\":5,\"f\":\"ab\"},\"d\":9,\"p\":1,\"a\":6}";
        let account: Account = decode(fixture.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(encode(&account).unwrap()).unwrap(), fixture);
        assert!(decode::<Account>(b"\x02{}").is_err() && decode::<Account>(b"").is_err());
    }

    #[test]
    fn an_id_is_of_its_effect_and_its_endpoint() {
        let (one, other) = (id_of(EffectId([1; 16]), "crm"), id_of(EffectId([1; 16]), "erp"));
        assert_ne!(one, other);
        assert_eq!(read_id(&text_of(one)), Some(one));
        for wrong in ["", "msg_", "msg_1", &text_of(one)[1..], "msg_+0000000000000000000000000000001"] {
            assert_eq!(read_id(wrong), None, "{wrong}");
        }
    }
}
