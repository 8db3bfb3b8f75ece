//! Folding what the log says of features, and keeping what came of it.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tradewind_features::{FeatureNote, Registry, Row, RowBatch, ServiceSpec, View, row_key};
use tradewind_ports::{Batch, StateStore};

use crate::changes::Changes;
use crate::live::{Live, damaged};
use crate::measures;
use crate::pipeline::PipelineError;
use crate::reads::Reads;
use crate::tables::Tables;

/// Rows by their keys.
pub(crate) type Rows = FxHashMap<Box<[u8]>, Arc<Row>>;

/// The version byte of a stored declaration.
const VERSION: u8 = 1;
/// The longest key of an entity, in bytes.
pub(super) const MAX_ENTITY_BYTES: usize = 1_000;

/// What a batch changes.
#[derive(Default)]
pub(crate) struct FeatureChanges {
    rows: Rows,
    /// As it is after the batch, where the batch declares anything.
    registry: Option<Registry>,
    /// Keys and values of the table of declarations.
    declared: FxHashMap<String, Vec<u8>>,
}

impl FeatureChanges {
    /// Folds one record in.
    pub(crate) fn apply(&mut self, reads: &Reads<'_>, note: &FeatureNote) -> Result<(), PipelineError> {
        let registry = reads.live.features.load();
        match note {
            FeatureNote::Rows(batch) => {
                let registry = self.registry.as_ref().unwrap_or(&registry);
                let Some(view) = registry.view(&batch.view, Some(batch.version)) else {
                    measures::feature_rows_dropped(batch.rows.len() as u64);
                    return Ok(());
                };
                put_rows(&mut self.rows, reads, view, batch)
            }
            FeatureNote::View(spec, _) => {
                let registry = self.registry.get_or_insert_with(|| Registry::clone(&registry));
                if let Err(error) = registry.put_view(spec) {
                    refused(&error);
                    return Ok(());
                }
                let versions: Vec<&View> = registry.versions(&spec.name).iter().map(|v| &**v).collect();
                let bytes = stored(&versions)?;
                self.declared.insert(format!("view/{}", spec.name), bytes);
                Ok(())
            }
            FeatureNote::Service(spec, _) => {
                let registry = self.registry.get_or_insert_with(|| Registry::clone(&registry));
                if let Err(error) = registry.put_service(spec) {
                    refused(&error);
                    return Ok(());
                }
                self.declared.insert(format!("service/{}", spec.name), stored(&spec)?);
                Ok(())
            }
        }
    }

    /// Lets readers see it, and keeps it for the next checkpoint.
    pub(crate) fn show(self, live: &Live, current: &mut Changes) {
        if let Some(registry) = self.registry {
            live.features.store(Arc::new(registry));
        }
        current.declared.extend(self.declared);
        live.pending.write().current.features.extend(self.rows);
    }
}

/// Something that came before it in the log leaves no room for it.
fn refused(error: &tradewind_features::DeclarationError) {
    tracing::warn!(%error, "a declaration of features in the log does not hold any more");
}

fn stored(what: &impl serde::Serialize) -> Result<Vec<u8>, PipelineError> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, what).map_err(|e| damaged("a declaration of features", &e))?;
    Ok(bytes)
}

fn put_rows(rows: &mut Rows, reads: &Reads<'_>, view: &View, batch: &RowBatch) -> Result<(), PipelineError> {
    for new in &batch.rows {
        if !new.row.fits(view) || new.entity.is_empty() || new.entity.len() > MAX_ENTITY_BYTES {
            measures::feature_rows_dropped(1);
            continue;
        }
        let key = row_key(&batch.view, batch.version, &new.entity).into_boxed_slice();
        let known = match rows.get(&key) {
            Some(row) => Some(Arc::clone(row)),
            None => reads.feature_row(&key)?,
        };
        if known.is_none_or(|known| new.row.replaces(&known)) {
            rows.insert(key, Arc::new(new.row.clone()));
        }
    }
    Ok(())
}

/// Adds the writing of rows and declarations to a commit.
pub(crate) fn write(tables: &Tables, rows: &Rows, declared: &FxHashMap<String, Vec<u8>>, batch: &mut Batch) {
    for (key, row) in rows {
        batch.put(tables.features, key, row.encode());
    }
    for (key, bytes) in declared {
        batch.put(tables.feature_views, key.as_bytes(), bytes);
    }
}

/// Reads the declarations.
pub(crate) fn load(store: &dyn StateStore, tables: &Tables) -> Result<Registry, PipelineError> {
    let mut registry = super::registry();
    let wrong = |why: &dyn std::fmt::Display| damaged("a declaration of features", why);
    for pair in store.scan(tables.feature_views, &[]) {
        let (key, value) = pair?;
        let Some((&VERSION, json)) = value.split_first() else { return Err(wrong(&"run a newer program")) };
        if key.starts_with(b"view/") {
            let versions: Vec<View> = serde_json::from_slice(json).map_err(|e| wrong(&e))?;
            registry.restore_view(versions);
        } else {
            let service: ServiceSpec = serde_json::from_slice(json).map_err(|e| wrong(&e))?;
            registry.restore_service(service);
        }
    }
    Ok(registry)
}
