//! The identity graph's part: edges, merges and whose an anonymous id is.
//!
//! Unlike a command to erase a node, this leaves no tombstone: it would name who is gone.

use std::collections::{BTreeMap, BTreeSet};

use tradewind_kernel::UtcMillis;
use tradewind_people::identity::Owners;
use tradewind_ports::Batch;

use super::Whose;
use crate::identity::rows::{NodeRow, Row, edge_of, node_of, row_key};
use crate::identity::{Merged, Totals};
use crate::live::{Live, damaged};
use crate::pipeline::PipelineError;
use crate::reads::Reads;
use crate::tables::IDENTITY;

/// What is shown once the rows are gone from the store.
pub(super) struct Left {
    totals: Totals,
}

/// What the nodes of others lose.
#[derive(Default)]
struct Loss {
    edges: u32,
    devices: BTreeSet<String>,
}

/// Removes their rows, and gives what the graph's numbers are then.
pub(super) fn remove(reads: &Reads<'_>, whose: &Whose, batch: &mut Batch) -> Result<Left, PipelineError> {
    let mut totals = Totals::load(reads.store, reads.tables)?;
    let mut losses: BTreeMap<String, Loss> = BTreeMap::new();
    for pair in reads.store.scan(reads.tables.edges, &[]) {
        let (key, bytes) = pair?;
        let node = node_of(&key).ok_or_else(|| damaged("an edge", &"its key does not read"))?;
        let edge = edge_of(&key);
        if whose.is_key(&node) {
            batch.delete(reads.tables.edges, &key);
            if let (None, Row::Node(row)) = (&edge, Row::decode(&key, &bytes)?) {
                totals.devices_changed(row.devices, 0);
            }
        } else if let Some(edge) = edge
            && let Some(theirs) = [edge.one.key(), edge.other.key()].into_iter().find(|key| whose.is_key(key))
        {
            batch.delete(reads.tables.edges, &key);
            let loss = losses.entry(node).or_default();
            loss.edges += 1;
            loss.devices.extend(Some(theirs).filter(|key| edge.kind.is_claim() && key.starts_with("a:")));
        }
    }
    for (node, loss) in losses {
        let key = row_key(&node);
        let Some(bytes) = reads.store.get(reads.tables.edges, &key)? else { continue };
        let Row::Node(mut row) = Row::decode(&key, &bytes)? else { continue };
        row.edges = row.edges.saturating_sub(loss.edges);
        let before = row.devices;
        row.devices = before.saturating_sub(u32::try_from(loss.devices.len()).unwrap_or(u32::MAX));
        totals.devices_changed(before, row.devices);
        if row == NodeRow::default() {
            batch.delete(reads.tables.edges, &key);
        } else {
            batch.put(reads.tables.edges, &key, Row::Node(row).encode()?);
        }
    }
    for pair in reads.store.scan(reads.tables.merges, &[]) {
        let (key, _) = pair?;
        if edge_of(&key).is_some_and(|id| whose.is_key(&id.one.key()) || whose.is_key(&id.other.key())) {
            batch.delete(reads.tables.merges, &key);
        }
    }
    batch.put(reads.tables.meta, IDENTITY, totals.encode());
    Ok(Left { totals })
}

/// Removes them from whose the anonymous ids are. Gives how many links that were.
pub(super) fn remove_links(
    reads: &Reads<'_>,
    whose: &Whose,
    batch: &mut Batch,
) -> Result<u64, PipelineError> {
    let mut removed = 0;
    for pair in reads.store.scan(reads.tables.links, &[]) {
        let (anonymous, bytes) = pair?;
        let owners = Owners::decode(&bytes);
        if whose.is_anonymous(&String::from_utf8_lossy(&anonymous)) {
            batch.delete(reads.tables.links, &anonymous);
            removed += 1;
        } else if owners.runs().any(|(_, user)| whose.is_user(user)) {
            let others = owners.runs().filter(|(_, user)| !whose.is_user(user));
            let times = others.map(|(at, user)| (at.unwrap_or(UtcMillis::new(i64::MIN)), user)).collect();
            match Owners::of_times(times) {
                Some(left) => batch.put(reads.tables.links, &anonymous, left.encode()),
                None => batch.delete(reads.tables.links, &anonymous),
            }
            removed += 1;
        }
    }
    Ok(removed)
}

/// Shows what is left.
pub(super) fn show(reads: &Reads<'_>, live: &Live, left: &Left) -> Result<(), PipelineError> {
    live.merged.store(std::sync::Arc::new(Merged::load(reads.store, reads.tables)?));
    *live.identity.lock() = left.totals;
    left.totals.tell();
    Ok(())
}
