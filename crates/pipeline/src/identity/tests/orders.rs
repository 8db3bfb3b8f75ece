//! Random deeds: in any order, with merges in between and undone, with restarts and made anew.

use super::*;
use crate::identity::rows::edge_of;
use tradewind_people::identity::{Edge, Graph, Tombstone};

fn deeds(at_least: usize) -> impl Strategy<Value = Vec<Deed>> {
    let one = (0..20u8, 0..4usize, 0..4usize, 0..30i64);
    prop::collection::vec(one, at_least..60).prop_map(|numbers| {
        let numbered = (0..).zip(numbers).map(|(n, (a, b, c, d))| any_deed(&(n, a, b, c, d)));
        numbered.collect()
    })
}

/// The pure graph of the same deeds.
fn graph_of(deeds: &[Deed]) -> Graph {
    let mut graph = Graph::default();
    let mut put = |one: Node, other: Node, kind, source: &str, at| {
        graph.insert(&Edge { one, other, kind, source: source.into(), at });
    };
    for deed in deeds {
        match deed {
            Deed::Event(event) => {
                let Some(user) = &event.user_id else { continue };
                let (id, kind) = match (&event.anonymous_id, &event.previous_id, event.kind) {
                    (None, Some(previous), _) => (previous, EdgeKind::Alias),
                    (Some(device), _, Kind::Identify) => (device, EdgeKind::Identify),
                    (Some(device), _, _) => (device, EdgeKind::Seen),
                    _ => continue,
                };
                put(Node::anonymous(id), Node::user(user), kind, &event.message_id, event.occurred_at);
            }
            Deed::Command(Command::Merge { into, from, reason, at }) => {
                put(Node::user(into), Node::user(from), EdgeKind::Merge, reason, *at);
            }
            Deed::Command(Command::Split { one, other, reason, at }) => {
                put(Node::user(one), Node::user(other), EdgeKind::Split, reason, *at);
            }
            Deed::Command(Command::Contact { node, owner, source, at }) => {
                put(node.clone(), owner.clone(), EdgeKind::Contact, source, *at);
            }
            Deed::Command(Command::Erase { .. }) => {}
        }
    }
    for deed in deeds {
        if let Deed::Command(Command::Erase { node, at, suppress }) = deed {
            graph.erase(node, Tombstone { at: *at, is_suppressed: *suppress });
        }
    }
    graph
}

/// What the tables of the graph hold, byte for byte.
fn tables(dir: &Path) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let store = FjallStore::open(&dir.join("state"), 8 << 20).unwrap();
    let mut rows = Vec::new();
    for name in ["edges", "links", "merges"] {
        for pair in store.scan(store.table(name).unwrap(), &[]) {
            let (key, value) = pair.unwrap();
            rows.push((name.to_owned(), key.to_vec(), value.to_vec()));
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The same deeds in two orders of arrival leave the same graph in the state, and it is the pure one.
    #[test]
    fn any_order_of_arrival_leaves_the_same_graph(
        (first, second) in deeds(10).prop_flat_map(|deeds| (Just(deeds.clone()), Just(deeds).prop_shuffle()))
    ) {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let graph = graph_of(&first);
        for (dir, deeds) in dirs.iter().zip([&first, &second]) {
            let pipeline = open(dir.path(), NOW);
            act(&pipeline, deeds);
            settle(&pipeline);
            prop_assert_eq!(&pipeline.live().merged.load().persons, &graph.persons());
            for device in ["d0", "d1", "d2", "d3", "p0", "p1"] {
                let owners = crate::reads::link(pipeline.inner.place(), device).unwrap();
                prop_assert_eq!(owners, graph.owners(device));
            }
        }
        let [lived, other] = dirs.map(|dir| tables(dir.path()));
        prop_assert_eq!(&lived, &other);
        let edges = |(table, key, value): &(String, Vec<u8>, Vec<u8>)| {
            let id = edge_of(key).filter(|_| table != "links" && !value.is_empty())?;
            Some((id, tradewind_people::decode(value).unwrap()))
        };
        let mut found: Vec<_> = lived.iter().filter_map(edges).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected: Vec<_> = graph.edges().map(|(id, span)| (id.clone(), span.clone())).collect();
        prop_assert_eq!(found, expected);
    }

    /// Merges and splits in between change no profile: once all are undone each is what it would have been.
    #[test]
    fn an_unmerge_restores_every_profile_exactly(all in deeds(20), restart in 0..60usize) {
        let is_erase = |deed: &Deed| matches!(deed, Deed::Command(Command::Erase { .. }));
        let deeds: Vec<Deed> = all.into_iter().filter(|deed| !is_erase(deed)).collect();
        let (lived, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut pipeline = open(lived.path(), NOW);
        for (n, deed) in deeds.iter().enumerate() {
            act(&pipeline, std::slice::from_ref(deed));
            if n == restart {
                drop(pipeline);
                pipeline = open(lived.path(), NOW);
            }
        }
        settle(&pipeline);
        let users = ["u0", "u1", "u2", "u3"];
        for person in pipeline.live().merged.load().persons.all() {
            let wholes: Vec<_> = person.users.iter().map(|id| look(&pipeline, &user(id))).collect();
            prop_assert!(wholes.iter().all(|whole| *whole == wholes[0]), "they are one");
            // Users whom nothing but a merge names have no profile.
            let has_acted = |event: &Event| event.user_id.as_ref().is_some_and(|id| person.users.contains(id));
            let is_known = deeds.iter().any(|deed| matches!(deed, Deed::Event(event) if has_acted(event)));
            prop_assert_eq!(wholes[0].is_some(), is_known);
        }
        let pairs = users.iter().flat_map(|one| users.iter().map(move |other| split(one, other, 999)));
        command(&pipeline, &pairs.collect::<Vec<_>>());
        let events: Vec<Deed> = deeds.into_iter().filter(|deed| matches!(deed, Deed::Event(_))).collect();
        let without = open(plain.path(), NOW);
        act(&without, &events);
        settle(&without);
        for id in users {
            prop_assert_eq!(bytes_of(&pipeline, id), bytes_of(&without, id), "{}", id);
        }
    }

    /// The state made anew from the log is the one that lived, byte for byte, commands included.
    #[test]
    fn a_rebuild_with_commands_gives_the_same_bytes(
        deeds in deeds(20),
        restarts in prop::collection::vec(0..60usize, 0..3),
        batch in 1..40usize,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut pipeline = open(dir.path(), NOW);
        for (n, chunk) in deeds.chunks(batch).enumerate() {
            act(&pipeline, chunk);
            if restarts.iter().any(|r| r / batch == n) {
                drop(pipeline);
                pipeline = open(dir.path(), NOW);
            }
        }
        settle(&pipeline);
        drop(pipeline);
        let (lived, rebuilt) = lived_and_rebuilt(dir.path());
        prop_assert_eq!(lived, rebuilt);
    }
}
