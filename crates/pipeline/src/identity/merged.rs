//! Which users are one person: all merges and splits, in memory, since every reading of a profile asks.

use std::sync::Arc;

use tradewind_people::identity::{Graph, Persons, Span};
use tradewind_ports::StateStore;

use super::rows::edge_of;
use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::tables::Tables;

/// The merges and splits, and what follows from them.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) graph: Arc<Graph>,
    pub(crate) persons: Persons,
}

impl Merged {
    pub(crate) fn of(graph: Graph) -> Self {
        Self { persons: graph.persons(), graph: Arc::new(graph) }
    }

    pub(crate) fn load(store: &dyn StateStore, tables: &Tables) -> Result<Self, PipelineError> {
        let mut graph = Graph::default();
        for pair in store.scan(tables.merges, &[]) {
            let (key, bytes) = pair?;
            let id = edge_of(&key).ok_or_else(|| damaged("a merge", &"its key does not read"))?;
            let span: Span = tradewind_people::decode(&bytes).map_err(|e| damaged("a merge", &e))?;
            graph.put(id, span);
        }
        Ok(Self::of(graph))
    }
}
