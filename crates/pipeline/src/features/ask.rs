//! Taking in rows and declarations.

use std::sync::Arc;
use std::time::Duration;

use tradewind_features::{FeatureNote, NewRow, Registry, RowBatch, ServiceSpec, View, ViewSpec};

use crate::entry;
use crate::pipeline::{CollectError, Pipeline};

/// Rows of one log record. Rows about people have a record each, so that one person's can be found and
/// removed alone.
const ROWS_OF_A_RECORD: usize = 256;
/// How long a writer waits until what it wrote is seen; it is durable anyway.
const PATIENCE: Duration = Duration::from_millis(500);

impl Pipeline {
    /// The views and services that are declared.
    #[must_use]
    pub fn feature_registry(&self) -> Arc<Registry> {
        self.inner.live.features.load_full()
    }

    /// Takes rows of views: on success all of them are durable, and readers see them, or will within moments
    /// when the projection is behind. A row that is older than the one that is there changes nothing. Rows
    /// that do not fit their view are dropped, so check them with [`Row::fits`](tradewind_features::Row::fits).
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn put_feature_rows(&self, rows: Vec<(Arc<View>, Vec<NewRow>)>) -> Result<(), CollectError> {
        let mut notes = Vec::new();
        for (view, rows) in rows {
            let together = if view.spec.entity.is_personal() { 1 } else { ROWS_OF_A_RECORD };
            let mut rows = rows.into_iter().peekable();
            while rows.peek().is_some() {
                let (view, version) = (view.spec.name.clone(), view.version);
                let rows = rows.by_ref().take(together).collect();
                notes.push(FeatureNote::Rows(RowBatch { view, version, rows }));
            }
        }
        self.note_features(&notes).await
    }

    /// Takes a declaration of a view that [`Registry::put_view`] would take.
    ///
    /// # Errors
    /// [`CollectError`]; then it was not taken.
    pub async fn declare_view(&self, spec: ViewSpec) -> Result<(), CollectError> {
        let at = self.inner.clock.now();
        self.note_features(&[FeatureNote::View(Box::new(spec), at)]).await
    }

    /// Takes a declaration of a service that [`Registry::put_service`] would take.
    ///
    /// # Errors
    /// [`CollectError`]; then it was not taken.
    pub async fn declare_feature_service(&self, spec: ServiceSpec) -> Result<(), CollectError> {
        let at = self.inner.clock.now();
        self.note_features(&[FeatureNote::Service(Box::new(spec), at)]).await
    }

    async fn note_features(&self, notes: &[FeatureNote]) -> Result<(), CollectError> {
        if notes.is_empty() {
            return Ok(());
        }
        let end = self.append(notes.iter().map(entry::of_features).collect()).await?;
        self.applied_up_to(end, PATIENCE).await;
        Ok(())
    }
}
