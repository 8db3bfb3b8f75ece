//! What records say about identities, in the log's order: the second step of a batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use tradewind_events::{EventView, Kind};
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_people::identity::{EdgeId, EdgeKind, Graph, MAX_EDGES, Node, Owners, Span};

use super::rows::{Book, NodeRow, Row, Rows, back_key, edge_key, node_key};
use super::{Merged, Totals};
use crate::changes::People;
use crate::live::Live;
use crate::pipeline::PipelineError;
use crate::plan::{Plan, Step};
use crate::reads::Reads;

/// What a batch changes about identities.
#[derive(Debug, Default)]
pub(crate) struct Woven {
    pub(crate) rows: Rows,
    /// All merges, where the batch changes them.
    pub(crate) merges: Option<Graph>,
    /// The merges that it changes, by their keys.
    pub(crate) merge_rows: BTreeMap<Vec<u8>, Option<Span>>,
    pub(crate) totals: Option<Totals>,
    /// Whether the batch erased something: what was known before it may be gone.
    pub(super) has_erased: bool,
}

impl Woven {
    /// Shows what a batch changed to whoever reads, and keeps it for the next checkpoint.
    pub(crate) fn show(self, people: &mut People, live: &Live) {
        people.edges.extend(self.rows);
        people.merges.extend(self.merge_rows);
        if let Some(graph) = self.merges {
            live.merged.store(Arc::new(Merged::of(graph)));
        }
        if let Some(totals) = self.totals {
            people.identity = Some(totals);
            *live.identity.lock() = totals;
            totals.tell();
        }
    }
}

/// The kind of edge that an event with both ids gives.
pub(crate) fn kind_of(event: &EventView<'_>) -> EdgeKind {
    match event.kind {
        Kind::Identify => EdgeKind::Identify,
        Kind::Track if event.name.as_deref() == Some("Order Completed") => EdgeKind::Order,
        _ => EdgeKind::Seen,
    }
}

/// The edge between the ids of an event that carries both.
fn pair_of(event: &EventView<'_>) -> Option<EdgeId> {
    let (anonymous, user) = (event.anonymous_id.as_deref()?, event.user_id.as_deref()?);
    claim_of(anonymous, user, kind_of(event))
}

/// The edge of a claim; an id that is both the one and the other claims nothing.
fn claim_of(anonymous: &str, user: &str, kind: EdgeKind) -> Option<EdgeId> {
    if anonymous == user {
        return None;
    }
    EdgeId::new(Node::anonymous(anonymous), Node::user(user), kind)
}

/// Whether the edge that an event gives, if any, says nothing new, as it was before the batch.
pub(crate) fn is_known(reads: &Reads<'_>, event: &EventView<'_>) -> Result<bool, PipelineError> {
    let Some(id) = pair_of(event) else { return Ok(true) };
    says_nothing_new(reads, &id, event.occurred_at)
}

/// Whether an edge of a time is known, as it was before the batch.
pub(crate) fn says_nothing_new(reads: &Reads<'_>, id: &EdgeId, at: UtcMillis) -> Result<bool, PipelineError> {
    let span = Book { place: reads.place(), batch: None }.span(id)?;
    Ok(span.is_some_and(|span| span.says(id.kind, at)))
}

impl Plan {
    pub(super) fn book<'a>(&'a self, reads: &Reads<'a>) -> Book<'a> {
        Book { place: reads.place(), batch: Some(&self.woven.rows) }
    }

    /// The edges that an event gives. `is_known`: that of its two ids was before the batch.
    pub(crate) fn edges_of_event(
        &mut self,
        reads: &Reads<'_>,
        event: &EventView<'_>,
        is_known: bool,
    ) -> Result<(), PipelineError> {
        if event.kind == Kind::Alias
            && let (Some(previous), Some(user)) = (&event.previous_id, &event.user_id)
            && let Some(id) = claim_of(previous, user, EdgeKind::Alias)
        {
            self.claim(reads, &id, event.occurred_at, &event.message_id)?;
        }
        if (!is_known || self.woven.has_erased)
            && let Some(id) = pair_of(event)
        {
            self.claim(reads, &id, event.occurred_at, &event.message_id)?;
        }
        Ok(())
    }

    /// An anonymous id is claimed by a user. What the id did so far goes to the first user who claims it.
    fn claim(
        &mut self,
        reads: &Reads<'_>,
        id: &EdgeId,
        at: UtcMillis,
        source: &str,
    ) -> Result<(), PipelineError> {
        if !self.weave(reads, id, Span::of(id.kind, at, source))? {
            return Ok(());
        }
        let (anonymous, user) = (id.one.id(), id.other.id());
        match self.owners(reads, anonymous)? {
            Some(Owners::One(owner)) if owner == user => {}
            None if id.kind != EdgeKind::Alias || !self.is_user(reads, anonymous)? => {
                self.links.insert(anonymous.to_owned(), Some(Owners::One(user.to_owned())));
                let from = Subject::Anonymous(anonymous.to_owned()).key();
                let to = Subject::User(user.to_owned()).key();
                self.consents.absorb(reads, &from, &to)?;
                let (from, to) = (self.keys.number(&from), self.keys.number(&to));
                self.keys.join(from, to);
                self.steps.push((to, Step::Absorb(from)));
            }
            known => self.find_owners(reads, &id.one, known.as_ref())?,
        }
        Ok(())
    }

    /// Whose an anonymous id is, as far as the plan goes.
    fn owners(&self, reads: &Reads<'_>, anonymous: &str) -> Result<Option<Owners>, PipelineError> {
        match self.links.get(anonymous) {
            Some(owners) => Ok(owners.clone()),
            None => reads.link(anonymous),
        }
    }

    /// Finds out anew whose an anonymous id is. Of `known` owners those count too of whom there is no edge: an
    /// older program kept none.
    pub(super) fn find_owners(
        &mut self,
        reads: &Reads<'_>,
        node: &Node,
        known: Option<&Owners>,
    ) -> Result<(), PipelineError> {
        let is_user = self.is_user(reads, node.id())?;
        let edges = self.book(reads).edges(node)?;
        let claims = edges.iter().filter(|(id, _)| id.kind.is_claim());
        let counting = claims.clone().filter(|(id, _)| id.kind != EdgeKind::Alias || !is_user);
        let mut times: Vec<(UtcMillis, &str)> = Vec::new();
        for (id, span) in counting {
            times.extend([(span.first.at, id.other.id()), (span.last_at(), id.other.id())]);
        }
        for (at, user) in known.into_iter().flat_map(Owners::runs) {
            if claims.clone().all(|(id, _)| id.other.id() != user) {
                times.push((at.unwrap_or(UtcMillis::new(i64::MIN)), user));
            }
        }
        let is_full = self.book(reads).node(node)?.is_full;
        let owners = if is_full { Some(Owners::nobody()) } else { Owners::of_times(times) };
        self.links.insert(node.id().to_owned(), owners);
        Ok(())
    }

    /// Whether there is a profile under a key, as far as the plan goes.
    fn has_profile(&self, reads: &Reads<'_>, key: &str) -> Result<bool, PipelineError> {
        if let Some(number) = self.keys.find(key) {
            // What takes in another profile acts as well.
            let steps = self.steps.iter().rev().filter(|(of, _)| *of == number);
            for (_, step) in steps {
                match step {
                    Step::Act { .. } => return Ok(true),
                    Step::Forget => return Ok(false),
                    Step::Absorb(_) => {}
                }
            }
        }
        Ok(reads.profile(key)?.is_some())
    }

    /// Whether an id is a user's, as far as the plan goes: it has an edge or a profile as one.
    fn is_user(&self, reads: &Reads<'_>, id: &str) -> Result<bool, PipelineError> {
        let user = Node::user(id);
        Ok(self.book(reads).node(&user)?.edges > 0 || self.has_profile(reads, &user.key())?)
    }

    /// Writes an edge, if it says something new and nothing is against it. Gives whether it was.
    pub(super) fn weave(
        &mut self,
        reads: &Reads<'_>,
        id: &EdgeId,
        mut span: Span,
    ) -> Result<bool, PipelineError> {
        let book = self.book(reads);
        if let Some(mut known) = book.span(id)? {
            let changed = known.join(&span);
            if changed {
                self.woven.rows.insert(edge_key(id), Some(Row::Edge(known)));
            }
            return Ok(changed);
        }
        let (mut one, mut other) = (book.node(&id.one)?, book.node(&id.other)?);
        let stones = [one.tombstone, other.tombstone];
        if stones.iter().flatten().any(|stone| stone.bars(&span)) {
            return Ok(false);
        }
        if stones.iter().any(Option::is_some) {
            span.renew();
        }
        if one.edges >= MAX_EDGES || other.edges >= MAX_EDGES {
            self.refuse(reads, id, one);
            return Ok(false);
        }
        let is_new_user = other.edges == 0;
        (one.edges, other.edges) = (one.edges + 1, other.edges + 1);
        if id.kind.is_claim() && !self.is_claimed(reads, id)? {
            other.devices += 1;
            self.totals(reads).devices_changed(other.devices - 1, other.devices);
        }
        let rows = &mut self.woven.rows;
        rows.insert(edge_key(id), Some(Row::Edge(span)));
        rows.insert(back_key(id), Some(Row::Back));
        rows.insert(node_key(&id.one), Some(Row::Node(one)));
        rows.insert(node_key(&id.other), Some(Row::Node(other)));
        if let Some(user) = id.other.as_user().filter(|_| is_new_user) {
            self.user_appeared(reads, user)?;
        }
        Ok(true)
    }

    /// Counts an edge that is too much. An anonymous id that too many claim is nobody's from now on.
    fn refuse(&mut self, reads: &Reads<'_>, id: &EdgeId, one: NodeRow) {
        self.totals(reads).refused += 1;
        if let Node::Anonymous(anonymous) = &id.one
            && one.edges >= MAX_EDGES
            && !one.is_full
        {
            self.woven.rows.insert(node_key(&id.one), Some(Row::Node(NodeRow { is_full: true, ..one })));
            self.links.insert(anonymous.clone(), Some(Owners::nobody()));
        }
    }

    /// An id is a user's, which may have been taken for an anonymous one by an alias.
    fn user_appeared(&mut self, reads: &Reads<'_>, user: &str) -> Result<(), PipelineError> {
        let node = Node::anonymous(user);
        if self.book(reads).node(&node)?.edges > 0 {
            self.find_owners(reads, &node, None)?;
        }
        Ok(())
    }

    /// Whether there is a claim between the same two of any kind.
    pub(super) fn is_claimed(&self, reads: &Reads<'_>, id: &EdgeId) -> Result<bool, PipelineError> {
        let book = self.book(reads);
        for kind in EdgeKind::ALL.into_iter().filter(|kind| kind.is_claim()) {
            if book.row(&edge_key(&EdgeId { kind, ..id.clone() }))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn totals(&mut self, reads: &Reads<'_>) -> &mut Totals {
        self.woven.totals.get_or_insert_with(|| *reads.live.identity.lock())
    }
}
