//! Random sets of facts in random orders: always the same graph, and the one that an oracle finds by brute force.
//!
//! The oracle keeps every edge that was ever told, and applies the rules as the module's header words them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tradewind_kernel::UtcMillis;

use crate::identity::{Edge, EdgeKind, Graph, Node, SEEN_STEP_MS, Tombstone};

/// Sequences that are tried.
const CASES: u32 = 12_000;
const USERS: [&str; 4] = ["u1", "u2", "u3", "u4"];
/// One of them is a user's id as well.
const DEVICES: [&str; 3] = ["d1", "d2", "u2"];

#[derive(Debug, Clone)]
enum Fact {
    Edge(Edge),
    Erase(Node, Tombstone),
}

/// What is found of an edge: its first and last time, each with its source.
type Found = BTreeMap<(String, String, EdgeKind), ((i64, String), (i64, String))>;

fn any_fact() -> impl Strategy<Value = Fact> {
    let numbers = (0..20u8, 0..4usize, 0..4usize, 0..24i64, 0..3u8);
    numbers.prop_map(|(sort, one, other, time, source)| {
        let at = UtcMillis::new(time * SEEN_STEP_MS / 3);
        let (device, user, second) = (DEVICES[one % 3], USERS[one], USERS[other]);
        let edge = |kind, one: Node, other: Node| {
            Fact::Edge(Edge { one, other, kind, source: format!("m{source}"), at })
        };
        let claim = |kind| edge(kind, Node::anonymous(device), Node::user(second));
        match sort {
            0..=3 => claim(EdgeKind::Identify),
            4..=5 => edge(EdgeKind::Seen, Node::user(second), Node::anonymous(device)),
            6..=7 => claim(EdgeKind::Alias),
            8 => claim(EdgeKind::Order),
            9..=12 => edge(EdgeKind::Merge, Node::user(user), Node::user(second)),
            13..=15 => edge(EdgeKind::Split, Node::user(user), Node::user(second)),
            16 => edge(EdgeKind::Contact, Node::Email("e".into()), Node::user(user)),
            17 => edge(EdgeKind::Identify, Node::user(user), Node::user(second)),
            sort => {
                let node = if one % 2 == 0 { Node::user(second) } else { Node::anonymous(device) };
                Fact::Erase(node, Tombstone { at, is_suppressed: sort == 19 && source == 0 })
            }
        }
    })
}

fn graph_of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Graph {
    let mut graph = Graph::default();
    for fact in facts {
        match fact {
            Fact::Edge(edge) => {
                graph.insert(edge);
            }
            Fact::Erase(node, stone) => {
                graph.erase(node, *stone);
            }
        }
    }
    graph
}

struct Oracle<'a>(&'a [Fact]);

impl Oracle<'_> {
    /// Up to when edges of a node are gone, and whether all are.
    fn erased(&self, key: &str) -> Option<(i64, bool)> {
        let stones = self.0.iter().filter_map(|fact| match fact {
            Fact::Erase(node, stone) if node.key() == key => Some((stone.at.get(), stone.is_suppressed)),
            _ => None,
        });
        stones.reduce(|a, b| (a.0.max(b.0), a.1 || b.1))
    }

    fn edges(&self) -> Found {
        let mut told: BTreeMap<(String, String, EdgeKind), Vec<(i64, String)>> = BTreeMap::new();
        for fact in self.0 {
            let Fact::Edge(edge) = fact else { continue };
            let mut ends = [edge.one.key(), edge.other.key()];
            ends.sort();
            let [one, other] = ends;
            let fits = match edge.kind {
                EdgeKind::Merge | EdgeKind::Split => one != other,
                EdgeKind::Contact => true,
                _ => one.starts_with("a:") && other.starts_with("u:"),
            };
            if fits {
                told.entry((one, other, edge.kind)).or_default().push((edge.at.get(), edge.source.clone()));
            }
        }
        let kept = told.into_iter().filter_map(|(id, times)| Some((id.clone(), self.kept(&id, &times)?)));
        kept.collect()
    }

    /// What counts of the edges between two nodes.
    fn kept(
        &self,
        (one, other, kind): &(String, String, EdgeKind),
        times: &[(i64, String)],
    ) -> Option<((i64, String), (i64, String))> {
        let stepped = |(at, source): &(i64, String)| match kind {
            EdgeKind::Seen => (at / SEEN_STEP_MS * SEEN_STEP_MS, String::new()),
            _ => (*at, source.clone()),
        };
        let stones: Vec<_> = [one, other].into_iter().filter_map(|node| self.erased(node)).collect();
        let counts =
            |time: &&(i64, String)| stones.iter().all(|(at, barred)| !barred && stepped(time).0 > *at);
        let counting: Vec<_> = times.iter().filter(counts).collect();
        let last = counting.iter().map(|time| stepped(time)).max()?;
        if !stones.is_empty() {
            return Some((last.clone(), last));
        }
        let source = |s: &str| if *kind == EdgeKind::Seen { String::new() } else { s.to_owned() };
        let first = counting.iter().map(|(at, s)| (*at, source(s))).min()?;
        Some((first, last))
    }

    /// The user of an anonymous id at a time.
    fn owner(edges: &Found, device: &str, at: i64) -> Option<String> {
        let is_user = edges.keys().any(|(one, other, _)| [one, other].contains(&&format!("u:{device}")));
        let mut claims = Vec::new();
        for ((one, other, kind), (first, last)) in edges {
            let alias_of_user = *kind == EdgeKind::Alias && is_user;
            let is_contact = *kind == EdgeKind::Contact;
            if *one == format!("a:{device}") && !alias_of_user && !is_contact {
                claims.extend([(first.0, other.clone()), (last.0.max(first.0), other.clone())]);
            }
        }
        claims.sort();
        let before = claims.iter().rev().find(|(from, _)| *from <= at);
        before.or(claims.first()).map(|(_, user)| user[2..].to_owned())
    }

    /// Groups of merged users, by taking together until nothing changes any more.
    fn persons(edges: &Found) -> BTreeSet<BTreeSet<String>> {
        let mut groups: Vec<BTreeSet<String>> =
            USERS.iter().map(|u| BTreeSet::from([(*u).to_owned()])).collect();
        for ((one, other, kind), (_, merged)) in edges {
            let split = edges.get(&(one.clone(), other.clone(), EdgeKind::Split));
            if *kind != EdgeKind::Merge || split.is_some_and(|(_, split)| split.0 >= merged.0) {
                continue;
            }
            let (with, mut rest): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|g| g.contains(&one[2..]) || g.contains(&other[2..]));
            rest.push(with.into_iter().flatten().collect());
            groups = rest;
        }
        groups.into_iter().filter(|group| group.len() > 1).collect()
    }
}

fn found(graph: &Graph) -> Found {
    let pair = |s: &crate::identity::Sighting| (s.at.get(), s.source.clone());
    graph
        .edges()
        .map(|(id, span)| ((id.one.key(), id.other.key(), id.kind), (pair(&span.first), pair(&span.last))))
        .collect()
}

#[test]
fn any_order_gives_the_same_graph_and_the_oracles() {
    let facts = prop::collection::vec(any_fact(), 0..24);
    let facts = (facts, prop::collection::vec(0..24usize, 0..6));
    let facts = facts.prop_flat_map(|(facts, again)| {
        let repeated = again.iter().filter_map(|&n| facts.get(n).cloned());
        let all: Vec<Fact> = facts.iter().cloned().chain(repeated).collect();
        (Just(facts), Just(all).prop_shuffle())
    });
    let (erased, merged, shared) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let check = |(facts, shuffled): (Vec<Fact>, Vec<Fact>)| {
        let graph = graph_of(&facts);
        prop_assert_eq!(&graph_of(&shuffled), &graph, "another order gives another graph");
        let oracle = Oracle(&facts);
        let edges = oracle.edges();
        prop_assert_eq!(&found(&graph), &edges);
        let persons = graph.persons();
        let groups: BTreeSet<BTreeSet<String>> =
            persons.all().map(|person| person.users.iter().cloned().collect()).collect();
        prop_assert_eq!(&groups, &Oracle::persons(&edges));
        for device in DEVICES {
            let owners = graph.owners(device);
            for step in -1..26 {
                let at = step * SEEN_STEP_MS / 3;
                let owner = owners.as_ref().and_then(|o| o.at(UtcMillis::new(at))).map(str::to_owned);
                prop_assert_eq!(owner, Oracle::owner(&edges, device, at), "{} at {}", device, step);
            }
            shared.set(shared.get() + usize::from(owners.is_some_and(|o| o.runs().count() > 1)));
        }
        erased.set(erased.get() + usize::from(facts.iter().any(|f| matches!(f, Fact::Erase(..)))));
        merged.set(merged.get() + usize::from(!groups.is_empty()));
        Ok(())
    };
    runner.run(&facts, check).unwrap();
    let seen = (erased.get(), merged.get(), shared.get());
    assert!(seen.0 > 2_000 && seen.1 > 2_000 && seen.2 > 2_000, "too few cases of a kind: {seen:?}");
}
