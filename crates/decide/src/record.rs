//! What the log keeps of a decision: one byte of version, then JSON with short keys. A newer program may add
//! keys; they are passed over.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

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

/// A decision as the log keeps it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DecisionRecord {
    /// Its id, a UUIDv7.
    pub id: String,
    /// When it was made.
    #[serde(rename = "t")]
    pub at: UtcMillis,
    /// For whom, `user_id:…` or `anonymous_id:…`; empty for nobody.
    #[serde(rename = "s")]
    pub subject: String,
    /// The trained models that were at work.
    #[serde(rename = "m", default)]
    pub model_version: Option<String>,
    /// What it took, in microseconds.
    #[serde(rename = "us")]
    pub elapsed_us: u64,
    /// What was shown where.
    #[serde(rename = "p")]
    pub placements: Vec<PlacementRecord>,
}

/// One placement of a decision as the log keeps it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PlacementRecord {
    /// The placement's name.
    #[serde(rename = "n")]
    pub placement: String,
    /// What could not be used though it should have been.
    #[serde(rename = "d", default)]
    pub degraded_reasons: Vec<String>,
    /// Product id, score and source of each slot, best first.
    #[serde(rename = "s")]
    pub slots: Vec<(String, f32, String)>,
}

/// A decision's record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecisionRecordError {
    /// Written by a newer program.
    #[error(
        "the decision has format version {0:?}, and this program reads {FORMAT_VERSION}: run a newer one"
    )]
    Version(Option<u8>),
    /// Not the JSON that was expected.
    #[error("the decision does not read: {0}")]
    Json(#[from] serde_json::Error),
}

impl DecisionRecord {
    /// Reads a record's body, as `Entry::Decision` of the pipeline holds it.
    ///
    /// # Errors
    /// [`DecisionRecordError`] when it is of a newer version or damaged.
    pub fn decode(body: &[u8]) -> Result<Self, DecisionRecordError> {
        match body.split_first() {
            Some((&FORMAT_VERSION, json)) => Ok(serde_json::from_slice(json)?),
            version => Err(DecisionRecordError::Version(version.map(|v| *v.0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{PlacementAnswer, Slot, Source};
    use crate::ask::Placement;

    /// A decision as version 1 wrote it; this program and every later one must read it.
    const FIXTURE_V1: &[u8] = b"\x01{\"id\":\"d1\",\"t\":1000,\"s\":\"user_id:u1\",\"m\":\"7\",\"us\":250,\"p\":[{\"n\":\"home.for_you\",\"d\":[\"profile_late\"],\"s\":[[\"p1\",0.5,\"popularity\"]]},{\"n\":\"home.trending\",\"s\":[]}]}";

    #[test]
    fn version_1_still_reads_and_writes_the_same() {
        let read = DecisionRecord::decode(FIXTURE_V1).unwrap();
        assert_eq!((read.id.as_str(), read.at.get(), read.elapsed_us), ("d1", 1000, 250));
        assert_eq!((read.subject.as_str(), read.model_version.as_deref()), ("user_id:u1", Some("7")));
        assert_eq!(read.placements[0].slots, [("p1".to_owned(), 0.5, "popularity".to_owned())]);
        let slot = Slot {
            item: 0,
            product_id: "p1".into(),
            score: 0.5,
            source: Source::Popularity,
            reasons: Vec::new(),
        };
        let placements = vec![
            PlacementAnswer {
                placement: Placement::HomeForYou,
                degraded_reasons: vec!["profile_late"],
                slots: vec![slot],
            },
            PlacementAnswer { placement: Placement::HomeTrending, degraded_reasons: vec![], slots: vec![] },
        ];
        let decision = Decision {
            id: "d1".into(),
            at: UtcMillis::new(1000),
            subject: "user_id:u1".into(),
            model_version: Some("7".into()),
            elapsed_us: 250,
            placements,
        };
        assert_eq!(encode(&decision).unwrap(), FIXTURE_V1);
    }

    #[test]
    fn damage_and_newer_versions_are_told() {
        assert!(matches!(DecisionRecord::decode(b""), Err(DecisionRecordError::Version(None))));
        assert!(matches!(DecisionRecord::decode(b"\x02{}"), Err(DecisionRecordError::Version(Some(2)))));
        assert!(matches!(DecisionRecord::decode(&FIXTURE_V1[..30]), Err(DecisionRecordError::Json(_))));
    }
}
