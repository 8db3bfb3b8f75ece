//! What is known of one id, for people to look at: its person, their ids, and each edge with why it counts or not.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{EdgeId, EdgeKind, Graph, Node, Span};

/// Why an edge does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// An alias of an id that is itself a user's: two users are merged by an explicit command only.
    AliasOfUser,
    /// It leads to another user, who signed in on the same device or has the same address: that merges nobody.
    AnotherUser,
    /// A merge that a later split undid.
    Undone,
    /// A split that a later merge undid.
    Superseded,
}

impl Ignored {
    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AliasOfUser => "alias_of_user",
            Self::AnotherUser => "another_user",
            Self::Undone => "undone",
            Self::Superseded => "superseded",
        }
    }
}

/// An edge with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEdge {
    /// Which.
    pub id: EdgeId,
    /// When it was so.
    pub span: Span,
    /// Why it does not count, where it does not.
    pub ignored: Option<Ignored>,
}

/// Users who may be one person: they share an address. Nothing follows from it until someone merges them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The users, in order.
    pub users: Vec<String>,
    /// What they share.
    pub because: Node,
}

/// What is known of one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The person's id: the smallest of the users' ids. `None` where no user is known.
    pub person: Option<String>,
    /// The users who are this person, in order.
    pub users: Vec<String>,
    /// All ids that are joined to them, the users and what was asked for included, in order.
    pub nodes: Vec<Node>,
    /// All edges of these, in order.
    pub edges: Vec<ShownEdge>,
    /// Other users that may be the same person.
    pub suggestions: Vec<Suggestion>,
}

impl Graph {
    /// The users who are the person of a node: none where it belongs to no user.
    #[must_use]
    pub fn users_of(&self, node: &Node) -> Vec<String> {
        let user = match node {
            Node::User(user) => Some(user.clone()),
            Node::Anonymous(id) => self.owners(id).and_then(|o| o.latest().map(str::to_owned)),
            _ => None,
        };
        let Some(user) = user else { return Vec::new() };
        self.persons().of(&user).map_or_else(|| vec![user], |person| person.users.clone())
    }

    /// What is known of a node.
    #[must_use]
    pub fn picture(&self, of: &Node) -> Picture {
        let users = self.users_of(of);
        let mut nodes: BTreeSet<Node> = users.iter().map(|user| Node::user(user)).collect();
        nodes.insert(of.clone());
        let near: Vec<Node> =
            nodes.iter().flat_map(|n| self.edges_of(n).map(|(id, _)| id.far_end(n).clone())).collect();
        nodes.extend(near.into_iter().filter(|node| node.as_user().is_none()));
        let edges: BTreeMap<&EdgeId, &Span> = nodes.iter().flat_map(|node| self.edges_of(node)).collect();
        let edges = edges.into_iter().map(|(id, span)| ShownEdge {
            ignored: self.ignored(id, &users),
            id: id.clone(),
            span: span.clone(),
        });
        let edges = edges.collect();
        let suggestions = nodes.iter().filter_map(|node| self.suggestion(node, &users)).collect();
        Picture {
            person: users.first().cloned(),
            users,
            nodes: nodes.into_iter().collect(),
            edges,
            suggestions,
        }
    }

    fn ignored(&self, id: &EdgeId, users: &[String]) -> Option<Ignored> {
        let is_other = |node: &Node| node.as_user().is_some_and(|user| !users.iter().any(|u| u == user));
        match (&id.one, &id.other, id.kind) {
            (Node::User(one), Node::User(other), kind) => match (kind, self.is_merged(one, other)) {
                (EdgeKind::Merge, false) => Some(Ignored::Undone),
                (EdgeKind::Split, true) => Some(Ignored::Superseded),
                _ => None,
            },
            (Node::Anonymous(previous), _, EdgeKind::Alias) if self.is_user(previous) => {
                Some(Ignored::AliasOfUser)
            }
            (_, other, _) => (is_other(other) && !users.is_empty()).then_some(Ignored::AnotherUser),
        }
    }

    fn suggestion(&self, node: &Node, users: &[String]) -> Option<Suggestion> {
        if !matches!(node, Node::Email(_) | Node::Phone(_) | Node::Customer(_)) {
            return None;
        }
        let far = self.edges_of(node).filter_map(|(id, _)| id.far_end(node).as_user());
        let sharing: BTreeSet<&str> = far.collect();
        let is_new = sharing.iter().any(|user| !users.iter().any(|u| u == user));
        (sharing.len() > 1 && is_new).then(|| Suggestion {
            users: sharing.into_iter().map(str::to_owned).collect(),
            because: node.clone(),
        })
    }
}
