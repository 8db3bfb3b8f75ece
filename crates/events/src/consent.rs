//! What an event says of consent, as it was stamped when it was accepted.
//!
//! Stored with the event under short keys. A newer program may add keys.

use serde::{Deserialize, Serialize};
use tradewind_kernel::{Purpose, Purposes};

/// The consent in force when an event was accepted, as far as the event and its request tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentStamp {
    /// What signals allowed.
    #[serde(rename = "g", default, skip_serializing_if = "is_empty")]
    pub granted: Purposes,
    /// What signals forbade.
    #[serde(rename = "d", default, skip_serializing_if = "is_empty")]
    pub denied: Purposes,
    /// What was in force: the signals over the rule of the region.
    #[serde(rename = "f", default)]
    pub in_force: Purposes,
    /// The version of the policies.
    #[serde(rename = "p", default)]
    pub policy: u32,
    /// Which signals there were, one bit each.
    #[serde(rename = "s", default, skip_serializing_if = "is_zero")]
    pub signals: u16,
    /// The region whose rule counted.
    #[serde(rename = "re", default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What a signal said that is not in the context, shortened.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_empty(set: &Purposes) -> bool {
    *set == Purposes::NONE
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(bits: &u16) -> bool {
    *bits == 0
}

impl ConsentStamp {
    /// Whether a signal forbade to keep the event under a name.
    #[must_use]
    pub const fn denies_analytics(&self) -> bool {
        self.denied.contains(Purpose::Analytics)
    }

    /// Whether no signal said anything: only the region is told.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        is_empty(&self.granted) && is_empty(&self.denied)
    }
}
