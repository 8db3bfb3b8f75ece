//! The table `edges`: what is kept of each node and each edge, and where.
//!
//! A key begins with its node: the length of the node's key (u32 big-endian), then that key. Alone it holds the
//! node's own row; followed by the other node's key and the kind's byte, an edge. The span of an edge stands
//! under its smaller node; under the greater one the value is empty. Values are a version byte and MessagePack
//! by position.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_people::identity::{EdgeId, EdgeKind, Node, Owners, Span, Tombstone};

use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::reads::Place;

/// What is kept of a node. Stored by position: new fields go to the end, with a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct NodeRow {
    /// Its edges.
    pub(crate) edges: u32,
    /// A user's anonymous ids.
    pub(crate) devices: u32,
    /// Whether more claimed it than may, so that it belongs to nobody.
    pub(crate) is_full: bool,
    pub(crate) tombstone: Option<Tombstone>,
}

/// A value of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    Node(NodeRow),
    Edge(Span),
    /// The edge's span is under its other node.
    Back,
}

/// Rows by key; `None` for those that are gone.
pub(crate) type Rows = BTreeMap<Vec<u8>, Option<Row>>;

impl Row {
    /// The stored form.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, PipelineError> {
        match self {
            Self::Node(row) => tradewind_people::encode(row),
            Self::Edge(span) => tradewind_people::encode(span),
            Self::Back => return Ok(Vec::new()),
        }
        .map_err(|e| damaged("an edge", &e))
    }

    /// Reads what [`encode`](Self::encode) wrote under this key.
    pub(crate) fn decode(key: &[u8], bytes: &[u8]) -> Result<Self, PipelineError> {
        if bytes.is_empty() {
            return Ok(Self::Back);
        }
        let row = match split(key) {
            Some((_, [])) => tradewind_people::decode(bytes).map(Self::Node),
            _ => tradewind_people::decode(bytes).map(Self::Edge),
        };
        row.map_err(|e| damaged("an edge", &e))
    }
}

/// The key of a node's own row, which all keys of its edges begin with.
pub(crate) fn node_key(node: &Node) -> Vec<u8> {
    row_key(&node.key())
}

/// The same of a node that is known by its key.
pub(crate) fn row_key(node: &str) -> Vec<u8> {
    let length = u32::try_from(node.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], node.as_bytes()].concat()
}

/// The key of the node that a row stands under.
pub(crate) fn node_of(key: &[u8]) -> Option<String> {
    let (node, _) = split(key)?;
    String::from_utf8(node.to_vec()).ok()
}

fn directed(from: &Node, to: &Node, kind: EdgeKind) -> Vec<u8> {
    let mut key = node_key(from);
    key.extend_from_slice(to.key().as_bytes());
    key.push(kind.into());
    key
}

/// The key that an edge's span stands under.
pub(crate) fn edge_key(id: &EdgeId) -> Vec<u8> {
    directed(&id.one, &id.other, id.kind)
}

/// The key under the edge's other node.
pub(crate) fn back_key(id: &EdgeId) -> Vec<u8> {
    directed(&id.other, &id.one, id.kind)
}

fn split(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = key.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The edge of a key; `None` for a node's own.
pub(crate) fn edge_of(key: &[u8]) -> Option<EdgeId> {
    let (from, rest) = split(key)?;
    let (kind, to) = rest.split_last()?;
    let node = |bytes| Node::of_key(std::str::from_utf8(bytes).ok()?);
    EdgeId::new(node(from)?, node(to)?, EdgeKind::try_from(*kind).ok()?)
}

/// The rows as they are now, with those of a batch that nobody sees yet.
pub(crate) struct Book<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) batch: Option<&'a Rows>,
}

impl Book<'_> {
    pub(crate) fn row(&self, key: &[u8]) -> Result<Option<Row>, PipelineError> {
        if let Some(row) = self.batch.and_then(|rows| rows.get(key)) {
            return Ok(row.clone());
        }
        if let Some(row) = self.place.live.pending.read().row(key) {
            return Ok(row);
        }
        let stored = self.place.store.get(self.place.tables.edges, key)?;
        stored.map(|bytes| Row::decode(key, &bytes)).transpose()
    }

    pub(crate) fn node(&self, node: &Node) -> Result<NodeRow, PipelineError> {
        Ok(match self.row(&node_key(node))? {
            Some(Row::Node(row)) => row,
            _ => NodeRow::default(),
        })
    }

    pub(crate) fn span(&self, id: &EdgeId) -> Result<Option<Span>, PipelineError> {
        Ok(match self.row(&edge_key(id))? {
            Some(Row::Edge(span)) => Some(span),
            _ => None,
        })
    }

    /// All edges of a node.
    pub(crate) fn edges(&self, node: &Node) -> Result<Vec<(EdgeId, Span)>, PipelineError> {
        let prefix = node_key(node);
        // First what is pending: what the keeper commits meanwhile is then found in the store as well.
        let mut rows = self.place.live.pending.read().rows_of(&prefix);
        for pair in self.place.store.scan(self.place.tables.edges, &prefix) {
            let (key, bytes) = pair?;
            if !key.starts_with(&prefix) {
                break;
            }
            if !rows.contains_key(&key[..]) {
                rows.insert(key.to_vec(), Some(Row::decode(&key, &bytes)?));
            }
        }
        if let Some(batch) = self.batch {
            rows.extend(from(batch, &prefix));
        }
        let mut edges = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            let Some(id) = edge_of(&key) else { continue };
            match row {
                Some(Row::Edge(span)) => edges.push((id, span)),
                Some(Row::Back) => {
                    let span = self.span(&id)?.ok_or_else(|| damaged("an edge", &"it has no span"))?;
                    edges.push((id, span));
                }
                Some(Row::Node(_)) | None => {}
            }
        }
        Ok(edges)
    }
}

/// Copies of the rows whose keys begin so.
pub(crate) fn from(rows: &Rows, prefix: &[u8]) -> Rows {
    let range = rows.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix));
    range.map(|(key, row)| (key.clone(), row.clone())).collect()
}

/// Changed links: whose an anonymous id is; `None` where it is nobody's any more.
pub(crate) type Links = rustc_hash::FxHashMap<String, Option<Owners>>;
