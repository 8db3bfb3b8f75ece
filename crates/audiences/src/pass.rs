//! Going over everybody, a slice at a time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use tradewind_pipeline::{Pipeline, PipelineError};

/// Where a pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// At the profiles.
    Profiles,
    /// At those who are in some audience: there may be no profile left of them.
    Members,
}

/// A pass over everybody. One that is cut short begins again; what it has decided is in the log, and is not
/// decided twice.
#[derive(Debug)]
pub(crate) struct Pass {
    /// The audiences that it asks about, with the revisions of their definitions; `None` for all.
    pub(crate) revisions: Option<BTreeMap<u32, u32>>,
    stage: Stage,
    after: String,
    has_begun: bool,
}

impl Pass {
    /// A pass for these audiences, or for all.
    pub(crate) fn new(revisions: Option<BTreeMap<u32, u32>>) -> Self {
        Self { revisions, stage: Stage::Profiles, after: String::new(), has_begun: false }
    }

    /// Asks about one more definition, and so about everybody from the beginning.
    pub(crate) fn extend(&mut self, id: u32, revision: u32) {
        let mut revisions = self.revisions.take().unwrap_or_default();
        revisions.insert(id, revision);
        *self = Self::new(Some(revisions));
    }

    /// Whether it asks about an audience.
    pub(crate) fn asks(&self, id: u32) -> bool {
        self.revisions.as_ref().is_none_or(|revisions| revisions.contains_key(&id))
    }

    /// The next keys; none when it is over.
    pub(crate) fn next(&mut self, pipeline: &Pipeline, limit: usize) -> Result<Vec<Arc<str>>, PipelineError> {
        if !std::mem::replace(&mut self.has_begun, true) {
            // Whoever came before anybody watched is in the store then, and whoever comes now is watched.
            tradewind_ports::block_on(pipeline.flushed())?;
        }
        if self.stage == Stage::Profiles {
            let keys = pipeline.profile_keys(&self.after, limit)?;
            if let Some(last) = keys.last() {
                self.after = last.to_string();
                return Ok(keys);
            }
            (self.stage, self.after) = (Stage::Members, String::new());
        }
        let mut keys: Vec<Arc<str>> = Vec::new();
        pipeline.each_member(&self.after, |key, _| {
            keys.push(Arc::from(key));
            if keys.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if let Some(last) = keys.last() {
            self.after = last.to_string();
        }
        Ok(keys)
    }
}
