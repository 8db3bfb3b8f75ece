//! The tables and views that queries find, loaded when they are named.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use deltalake_core::datafusion::common::TableReference;
use deltalake_core::datafusion::error::DataFusionError;
use deltalake_core::datafusion::prelude::SessionContext;
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use parking_lot::Mutex;

use crate::family::Family;
use crate::{table, views};

/// Names of the tables in a lake's folder.
pub(crate) fn names(root: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let is_table = |path: &Path| path.join(table::DELTA_LOG).is_dir();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_table(path));
    let mut names: Vec<String> = paths.filter_map(|p| Some(p.file_name()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// Whether a table's log has a commit: before its first one there is only a folder.
fn has_commit(log: &Path) -> bool {
    let is_commit = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
    std::fs::read_dir(log).is_ok_and(|entries| entries.flatten().any(|entry| is_commit(&entry.path())))
}

/// The lake's folder as a catalog.
pub(crate) struct Shelf {
    root: PathBuf,
    /// Tables as they were last seen, so that only newer commits are read.
    seen: Mutex<HashMap<String, DeltaTable>>,
}

impl Shelf {
    /// The tables in `root`, which needs not be there.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), seen: Mutex::default() }
    }

    /// Makes known the tables that a query names; all of them where it asks what there is.
    pub(crate) async fn register(
        &self,
        context: &SessionContext,
        named: &[TableReference],
    ) -> Result<(), DataFusionError> {
        let there = self.names();
        let asks = |reference: &TableReference| reference.schema() == Some("information_schema");
        let all = named.iter().any(asks);
        let mut wanted: Vec<String> = named.iter().map(|r| r.table().to_owned()).collect();
        if all {
            wanted.extend(there.iter().cloned().chain(views::ALL.map(str::to_owned)));
        }
        let view_names: Vec<String> =
            wanted.iter().filter(|n| views::ALL.contains(&n.as_str())).cloned().collect();
        for view in &view_names {
            let needed = views::needs(view);
            let deeper = needed.iter().flat_map(|n| views::needs(n)).collect::<Vec<_>>();
            wanted.extend(needed.into_iter().chain(deeper).map(str::to_owned));
        }
        wanted.sort();
        wanted.dedup();
        for name in wanted.iter().filter(|name| there.contains(name)) {
            let provider = self.load(name).await?.table_provider().await?;
            context.register_table(TableReference::bare(name.as_str()), provider)?;
        }
        // In this order: later ones read earlier ones.
        for view in views::ALL {
            let is_wanted = wanted.iter().any(|name| name == view);
            let is_possible = views::needs(views::EVENTS).iter().all(|n| there.iter().any(|t| t == n));
            if let Some(query) = views::query(view).filter(|_| is_wanted && is_possible) {
                let shown = context.sql(&query).await?.into_view();
                context.register_table(TableReference::bare(view), shown)?;
            }
        }
        Ok(())
    }

    /// Whether there is a lake without all tables of events yet.
    pub(crate) fn is_being_made(&self) -> bool {
        let there = self.names();
        let is_there = |family: &Family| there.iter().any(|name| name == family.table());
        self.root.is_dir() && !Family::ALL.iter().all(is_there)
    }

    /// Names of the tables that there are.
    pub(crate) fn names(&self) -> Vec<String> {
        let is_made = |name: &String| has_commit(&self.root.join(name).join(table::DELTA_LOG));
        names(&self.root).into_iter().filter(is_made).collect()
    }

    /// Forgets what was seen, so that every table is read anew.
    pub(crate) fn forget(&self) {
        self.seen.lock().clear();
    }

    /// A table as its newest commit left it.
    async fn load(&self, name: &str) -> Result<DeltaTable, DataFusionError> {
        let failed = |error: DeltaTableError| DataFusionError::External(Box::new(error));
        let known = self.seen.lock().get(name).cloned();
        let mut delta = match known {
            Some(delta) => delta,
            None => {
                let url = table::url_of(&self.root.join(name)).map_err(failed)?;
                DeltaTableBuilder::from_url(url).and_then(DeltaTableBuilder::build).map_err(failed)?
            }
        };
        match delta.state {
            Some(_) => delta.update_state().await.map_err(failed)?,
            None => delta.load().await.map_err(failed)?,
        }
        self.seen.lock().insert(name.to_owned(), delta.clone());
        Ok(delta)
    }
}
