//! What explicit commands say about identities, in the log's order: merges, splits, addresses, erasures.

use tradewind_people::identity::{Command, EdgeId, EdgeKind, Graph, MAX_EDGES, Node, Span, Tombstone};

use super::MAX_MERGES;
use super::rows::{NodeRow, Row, back_key, edge_key, node_key};
use crate::pipeline::PipelineError;
use crate::plan::{Plan, Step};
use crate::reads::Reads;

impl Plan {
    /// What a command says.
    pub(crate) fn command(&mut self, reads: &Reads<'_>, command: &Command) -> Result<(), PipelineError> {
        match command {
            Command::Merge { into: one, from: other, reason, at } => {
                self.merge(reads, (one, other), EdgeKind::Merge, Span::of(EdgeKind::Merge, *at, reason))
            }
            Command::Split { one, other, reason, at } => {
                self.merge(reads, (one, other), EdgeKind::Split, Span::of(EdgeKind::Split, *at, reason))
            }
            Command::Contact { node, owner, source, at } => {
                match EdgeId::new(node.clone(), owner.clone(), EdgeKind::Contact) {
                    Some(id) => self.weave(reads, &id, Span::of(EdgeKind::Contact, *at, source)).map(|_| ()),
                    None => Ok(()),
                }
            }
            Command::Erase { node, at, suppress } => {
                self.erase(reads, node, Tombstone { at: *at, is_suppressed: *suppress })
            }
        }
    }

    fn merge(
        &mut self,
        reads: &Reads<'_>,
        (one, other): (&str, &str),
        kind: EdgeKind,
        mut span: Span,
    ) -> Result<(), PipelineError> {
        let Some(id) = EdgeId::new(Node::user(one), Node::user(other), kind) else { return Ok(()) };
        let book = self.book(reads);
        let stones = [book.node(&id.one)?.tombstone, book.node(&id.other)?.tombstone];
        if stones.iter().flatten().any(|stone| stone.bars(&span)) {
            return Ok(());
        }
        if stones.iter().any(Option::is_some) {
            span.renew();
        }
        let merges = self.merges(reads);
        let is_new = merges.span(&id).is_none();
        let degree = merges.degree(&id.one).max(merges.degree(&id.other));
        if is_new && (merges.len() >= MAX_MERGES || degree >= MAX_EDGES as usize) {
            self.totals(reads).refused += 1;
            return Ok(());
        }
        if merges.put(id.clone(), span) {
            self.note_merge(&id);
        }
        Ok(())
    }

    fn merges(&mut self, reads: &Reads<'_>) -> &mut Graph {
        self.woven.merges.get_or_insert_with(|| Graph::clone(&reads.live.merged.load().graph))
    }

    fn note_merge(&mut self, id: &EdgeId) {
        let span = self.woven.merges.as_ref().and_then(|merges| merges.span(id)).cloned();
        self.woven.merge_rows.insert(edge_key(id), span);
    }

    /// A node is gone: its edges up to then, what follows from them, and its profile.
    fn erase(&mut self, reads: &Reads<'_>, node: &Node, stone: Tombstone) -> Result<(), PipelineError> {
        self.woven.has_erased = true;
        let mut row = self.book(reads).node(node)?;
        row.tombstone = Some(row.tombstone.map_or(stone, |mut known| {
            known.join(stone);
            known
        }));
        self.woven.rows.insert(node_key(node), Some(Row::Node(row)));
        let mut devices: Vec<Node> = Vec::from_iter(matches!(node, Node::Anonymous(_)).then(|| node.clone()));
        for (id, mut span) in self.book(reads).edges(node)? {
            if stone.bars(&span) {
                self.cut(reads, &id)?;
            } else if span.renew() {
                self.woven.rows.insert(edge_key(&id), Some(Row::Edge(span)));
            }
            devices.extend(Some(id.one).filter(|one| matches!(one, Node::Anonymous(_))));
        }
        devices.sort_unstable();
        devices.dedup();
        for device in devices {
            self.find_owners(reads, &device, None)?;
        }
        if let Node::User(_) = node {
            // The tombstone itself is in the node's row; a merge asks there.
            for id in self.merges(reads).erase(node, stone) {
                self.note_merge(&id);
            }
        }
        if let Some(subject) = node.subject() {
            let key = subject.key();
            self.audiences.get_or_insert_default().forget(reads, &key)?;
            let number = self.keys.number(&key);
            self.steps.push((number, Step::Forget));
        }
        Ok(())
    }

    /// Removes an edge and what its nodes count of it.
    fn cut(&mut self, reads: &Reads<'_>, id: &EdgeId) -> Result<(), PipelineError> {
        self.woven.rows.insert(edge_key(id), None);
        self.woven.rows.insert(back_key(id), None);
        let book = self.book(reads);
        let (mut one, mut other) = (book.node(&id.one)?, book.node(&id.other)?);
        (one.edges, other.edges) = (one.edges.saturating_sub(1), other.edges.saturating_sub(1));
        one.is_full = false;
        if id.kind.is_claim() && !self.is_claimed(reads, id)? {
            other.devices = other.devices.saturating_sub(1);
            self.totals(reads).devices_changed(other.devices + 1, other.devices);
        }
        for (node, row) in [(&id.one, one), (&id.other, other)] {
            let is_empty = row == NodeRow::default();
            self.woven.rows.insert(node_key(node), (!is_empty).then_some(Row::Node(row)));
        }
        Ok(())
    }
}
