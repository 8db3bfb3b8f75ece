//! What the log keeps of a decision: one byte of version, then JSON with short keys.

use serde::Serialize;

use crate::answer::Decision;

/// The version byte.
const FORMAT_VERSION: u8 = 1;

#[derive(Serialize)]
struct Stored<'a> {
    id: &'a str,
    t: i64,
    s: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<&'a str>,
    us: u64,
    p: Vec<StoredPlacement<'a>>,
}

#[derive(Serialize)]
struct StoredPlacement<'a> {
    n: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    d: &'a [&'static str],
    /// Product id, score, source of each slot.
    s: Vec<(&'a str, f32, &'static str)>,
}

/// The record's body.
pub(crate) fn encode(decision: &Decision) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![FORMAT_VERSION];
    let stored = Stored {
        id: &decision.id,
        t: decision.at.get(),
        s: &decision.subject,
        m: decision.model_version.as_deref(),
        us: decision.elapsed_us,
        p: decision
            .placements
            .iter()
            .map(|p| StoredPlacement {
                n: p.placement.name(),
                d: &p.degraded_reasons,
                s: p.slots.iter().map(|s| (&*s.product_id, s.score, s.source.name())).collect(),
            })
            .collect(),
    };
    serde_json::to_writer(&mut bytes, &stored)?;
    Ok(bytes)
}
