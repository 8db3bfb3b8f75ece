//! The feature store's way: rows and declarations go through the log like everything else, are seen at once,
//! and are committed with the offset.
//!
//! A record about features is folded by [`FeatureChanges`]: of the rows of one entity the later one stays,
//! whatever the order in which they come, and a declaration changes the registry in [`Live`](crate::Live).
//! Views over the profile, the catalog and the moment have no rows: [`computed`] makes them as they are read.
//! All reads go through [`Pipeline::read_features`](crate::Pipeline::read_features).
//!
//! Stored are the tables `features` (`view@v2`, a zero byte, the entity's key → [`Row`]) and `feature_views`
//! (`view/` or `service/` and the name → version byte, JSON).
//!
//! Limits: an entity's key has at most 1,000 bytes.

mod ask;
mod computed;
mod declared;
mod keep;
mod moment;
mod quality;
mod read;

#[cfg(test)]
mod tests;

pub(crate) use declared::registry;
pub(crate) use keep::{FeatureChanges, Rows, load, write};
pub(crate) use moment::Moment;
pub(crate) use quality::Quality;
pub use quality::{FeatureQuality, ViewQuality};
pub use read::{RowState, ViewRows};

use std::sync::Arc;

use tradewind_features::Row;

use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::reads::Reads;

impl Reads<'_> {
    /// The row under a key, as it is now.
    pub(crate) fn feature_row(&self, key: &[u8]) -> Result<Option<Arc<Row>>, PipelineError> {
        if let Some(row) = self.live.pending.read().feature_row(key) {
            return Ok(Some(row));
        }
        stored_row(self.store, self.tables, key)
    }
}

fn stored_row(
    store: &dyn tradewind_ports::StateStore,
    tables: &crate::tables::Tables,
    key: &[u8],
) -> Result<Option<Arc<Row>>, PipelineError> {
    let stored = store.get(tables.features, key)?;
    stored.map(|b| Row::decode(&b).map(Arc::new)).transpose().map_err(|e| damaged("a row of features", &e))
}
