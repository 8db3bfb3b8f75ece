//! The set of edges, in memory: of a neighbourhood that is asked for, or all merges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::identity::{Edge, EdgeKind, Node, Owners, Span, Tombstone};

/// What names an edge: its two nodes, the smaller first, and its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeId {
    /// The smaller node.
    pub one: Node,
    /// The greater.
    pub other: Node,
    /// What it says.
    pub kind: EdgeKind,
}

impl EdgeId {
    /// The name of an edge between two nodes. `None` where its kind does not join nodes of these kinds, or both
    /// are the same.
    #[must_use]
    pub fn new(one: Node, other: Node, kind: EdgeKind) -> Option<Self> {
        let (one, other) = if one <= other { (one, other) } else { (other, one) };
        let fits = match (&one, &other) {
            (Node::Anonymous(a), Node::User(u)) => {
                (kind.is_claim() || kind == EdgeKind::Contact) && !a.is_empty() && !u.is_empty()
            }
            (Node::User(a), Node::User(b)) => {
                matches!(kind, EdgeKind::Merge | EdgeKind::Split) && a != b && !a.is_empty() && !b.is_empty()
            }
            (Node::Anonymous(_), Node::Anonymous(_)) => false,
            (one, other) => kind == EdgeKind::Contact && one != other && !one.id().is_empty(),
        };
        fits.then_some(Self { one, other, kind })
    }

    /// The node at the other end.
    #[must_use]
    pub fn far_end(&self, of: &Node) -> &Node {
        if self.one == *of { &self.other } else { &self.one }
    }
}

/// Users that are one person by merges: two or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The smallest of its users' ids.
    pub id: String,
    /// Its users, in the order of their ids.
    pub users: Vec<String>,
}

/// Everybody who is more than one user, by each of their users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Persons(BTreeMap<String, Arc<Person>>);

impl Persons {
    /// The person of a user who is merged with others.
    #[must_use]
    pub fn of(&self, user: &str) -> Option<&Arc<Person>> {
        self.0.get(user)
    }

    /// Whether nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, each once.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Person>> {
        self.0.iter().filter(|(user, person)| **user == person.id).map(|(_, person)| person)
    }
}

/// A set of edges and erasures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    edges: BTreeMap<EdgeId, Span>,
    of_node: BTreeMap<Node, BTreeSet<EdgeId>>,
    tombstones: BTreeMap<Node, Tombstone>,
    /// Users who are known without an edge: someone did something under their id.
    known_users: BTreeSet<String>,
}

impl Graph {
    /// Takes in an edge. Gives whether anything changed by it.
    pub fn insert(&mut self, edge: &Edge) -> bool {
        let Some(id) = EdgeId::new(edge.one.clone(), edge.other.clone(), edge.kind) else { return false };
        self.put(id, Span::of(edge.kind, edge.at, &edge.source))
    }

    /// Takes in a span of an edge. Gives whether anything changed by it.
    pub fn put(&mut self, id: EdgeId, mut span: Span) -> bool {
        let stones = [&id.one, &id.other].map(|node| self.tombstones.get(node).copied());
        if stones.iter().flatten().any(|stone| stone.bars(&span)) {
            return false;
        }
        if stones.iter().any(Option::is_some) {
            span.renew();
        }
        if let Some(known) = self.edges.get_mut(&id) {
            return known.join(&span);
        }
        for node in [&id.one, &id.other] {
            self.of_node.entry(node.clone()).or_default().insert(id.clone());
        }
        self.edges.insert(id, span);
        true
    }

    /// Erases a node. Gives the edges that are gone or changed by it.
    pub fn erase(&mut self, node: &Node, stone: Tombstone) -> Vec<EdgeId> {
        self.tombstones.entry(node.clone()).and_modify(|known| known.join(stone)).or_insert(stone);
        let ids: Vec<EdgeId> = self.of_node.get(node).into_iter().flatten().cloned().collect();
        let mut touched = Vec::new();
        for id in ids {
            let Some(span) = self.edges.get_mut(&id) else { continue };
            if stone.bars(span) {
                self.remove(&id);
            } else if !span.renew() {
                continue;
            }
            touched.push(id);
        }
        touched
    }

    fn remove(&mut self, id: &EdgeId) {
        self.edges.remove(id);
        for node in [&id.one, &id.other] {
            if let Some(ids) = self.of_node.get_mut(node) {
                ids.remove(id);
                if ids.is_empty() {
                    self.of_node.remove(node);
                }
            }
        }
    }

    /// Notes that someone did something under a user id.
    pub fn know_user(&mut self, user: &str) {
        self.known_users.insert(user.to_owned());
    }

    /// Whether an id is a user's.
    #[must_use]
    pub fn is_user(&self, id: &str) -> bool {
        self.known_users.contains(id) || self.of_node.contains_key(&Node::user(id))
    }

    /// The span of an edge.
    #[must_use]
    pub fn span(&self, id: &EdgeId) -> Option<&Span> {
        self.edges.get(id)
    }

    /// All edges, in the order of their names.
    pub fn edges(&self) -> impl Iterator<Item = (&EdgeId, &Span)> {
        self.edges.iter()
    }

    /// The edges of a node.
    pub fn edges_of(&self, node: &Node) -> impl Iterator<Item = (&EdgeId, &Span)> {
        let ids = self.of_node.get(node).into_iter().flatten();
        ids.filter_map(|id| Some((id, self.edges.get(id)?)))
    }

    /// How many edges a node has.
    #[must_use]
    pub fn degree(&self, node: &Node) -> usize {
        self.of_node.get(node).map_or(0, BTreeSet::len)
    }

    /// How many edges there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Whose an anonymous id is, and was. An alias of what is itself a user's id claims nothing.
    #[must_use]
    pub fn owners(&self, anonymous: &str) -> Option<Owners> {
        let is_user = self.is_user(anonymous);
        let node = Node::anonymous(anonymous);
        let claims = self.edges_of(&node).filter_map(|(id, span)| {
            let counts = id.kind.is_claim() && !(id.kind == EdgeKind::Alias && is_user);
            Some((id.other.as_user().filter(|_| counts)?, span))
        });
        Owners::of(claims)
    }

    /// Whether two users are merged, not counting others between them.
    #[must_use]
    pub fn is_merged(&self, one: &str, other: &str) -> bool {
        let span = |kind| self.edges.get(&EdgeId::new(Node::user(one), Node::user(other), kind)?);
        match (span(EdgeKind::Merge), span(EdgeKind::Split)) {
            (Some(merge), Some(split)) => merge.last.at > split.last.at,
            (merge, _) => merge.is_some(),
        }
    }

    /// The users that a user is merged with, not counting others between them.
    pub fn merged_with<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a str> {
        let node = Node::user(user);
        let ids = self.of_node.get(&node).into_iter().flatten().filter(|id| id.kind == EdgeKind::Merge);
        let far = ids.filter_map(move |id| id.far_end(&node).as_user());
        far.filter(move |other| self.is_merged(user, other))
    }

    /// Who is more than one user.
    #[must_use]
    pub fn persons(&self) -> Persons {
        let mut persons = BTreeMap::new();
        let merged = self.edges.keys().filter(|id| id.kind == EdgeKind::Merge);
        for user in merged.filter_map(|id| id.one.as_user()) {
            if persons.contains_key(user) {
                continue;
            }
            let users = self.reached_from(user);
            if let Some(id) = users.first().filter(|_| users.len() > 1).cloned() {
                let person = Arc::new(Person { id, users });
                persons.extend(person.users.iter().map(|user| (user.clone(), Arc::clone(&person))));
            }
        }
        Persons(persons)
    }

    /// A user and all whom merges lead to, in order.
    fn reached_from(&self, user: &str) -> Vec<String> {
        let mut reached = BTreeSet::from([user.to_owned()]);
        let mut ahead = vec![user.to_owned()];
        while let Some(user) = ahead.pop() {
            for other in self.merged_with(&user) {
                if reached.insert(other.to_owned()) {
                    ahead.push(other.to_owned());
                }
            }
        }
        reached.into_iter().collect()
    }
}
