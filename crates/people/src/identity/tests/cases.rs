//! What others got wrong, each by its name, and the stored forms.

use tradewind_kernel::UtcMillis;

use crate::identity::{Command, Edge, EdgeKind, Graph, Ignored, Node, Owners, Span, Tombstone};
use crate::{decode, encode};

fn at(minute: i64) -> UtcMillis {
    UtcMillis::new(minute * UtcMillis::MINUTE)
}

fn graph(edges: &[(EdgeKind, &str, &str, i64)]) -> Graph {
    let mut graph = Graph::default();
    for &(kind, one, other, minute) in edges {
        let (one, other) = (Node::of_key(one).unwrap(), Node::of_key(other).unwrap());
        graph.insert(&Edge { one, other, kind, source: "test".into(), at: at(minute) });
    }
    graph
}

fn ignored(graph: &Graph, of: &Node) -> Vec<(EdgeKind, Ignored)> {
    let edges = graph.picture(of).edges;
    edges.into_iter().filter_map(|edge| Some((edge.id.kind, edge.ignored?))).collect()
}

/// `PostHog` #11873: its alias lacked the guard that its identify had.
#[test]
fn an_alias_between_two_identified_users_merges_nobody() {
    use EdgeKind::{Alias, Identify};
    let graph = graph(&[
        (Identify, "a:d1", "u:ada", 1),
        (Identify, "a:d2", "u:bob", 2),
        (Alias, "a:ada", "u:bob", 3),
    ]);
    assert!(graph.persons().is_empty());
    assert_eq!(graph.owners("ada"), None);
    for told in [Node::user("bob"), Node::anonymous("ada")] {
        assert_eq!(ignored(&graph, &told), [(Alias, Ignored::AliasOfUser)]);
    }
    assert_eq!(graph.picture(&Node::user("ada")).users, ["ada"]);
}

#[test]
fn an_identify_on_a_shared_device_merges_nobody() {
    use EdgeKind::Identify;
    let graph = graph(&[(Identify, "a:tablet", "u:bob", 9), (Identify, "a:tablet", "u:ada", 5)]);
    assert!(graph.persons().is_empty());
    let owners = graph.owners("tablet").unwrap();
    let by_time: Vec<_> = [0, 5, 8, 9, 99].map(|minute| owners.at(at(minute)).unwrap()).into();
    assert_eq!(by_time, ["ada", "ada", "ada", "bob", "bob"]);
    assert_eq!(ignored(&graph, &Node::user("ada")), [(Identify, Ignored::AnotherUser)]);
}

/// `PostHog`'s `$merge_dangerously` cannot be undone.
#[test]
fn a_merge_can_be_undone_and_done_again() {
    use EdgeKind::{Merge, Split};
    let merged = [(Merge, "u:ada", "u:bob", 1)];
    let split = [merged[0], (Split, "u:bob", "u:ada", 2)];
    let again = [merged[0], split[1], (Merge, "u:bob", "u:ada", 3)];
    assert_eq!(graph(&merged).users_of(&Node::user("bob")), ["ada", "bob"]);
    assert_eq!(graph(&split).users_of(&Node::user("bob")), ["bob"]);
    assert_eq!(ignored(&graph(&split), &Node::user("bob")), [(Merge, Ignored::Undone)]);
    assert_eq!(graph(&again).users_of(&Node::user("bob")), ["ada", "bob"]);
    assert_eq!(ignored(&graph(&again), &Node::user("bob")), [(Split, Ignored::Superseded)]);
    let same_time = [merged[0], (Split, "u:ada", "u:bob", 1)];
    assert!(graph(&same_time).persons().is_empty(), "at the same time the split counts");
}

/// `PostHog` #104939: splitting off the id that a person was created with reports success and blanks the record.
#[test]
fn splitting_off_the_id_that_names_the_person_leaves_both_whole() {
    use EdgeKind::{Identify, Merge, Split};
    let graph = graph(&[
        (Identify, "a:d1", "u:ada", 1),
        (Identify, "a:d2", "u:bob", 1),
        (Merge, "u:ada", "u:bob", 2),
        (Split, "u:ada", "u:bob", 3),
    ]);
    for (user, device) in [("ada", "d1"), ("bob", "d2")] {
        let picture = graph.picture(&Node::user(user));
        assert_eq!((picture.person.as_deref(), picture.users.len()), (Some(user), 1));
        assert_eq!(picture.nodes, [Node::anonymous(device), Node::user(user)]);
    }
}

/// `PostHog` #23690: what was done before and after a sign-in ends up on two persons.
#[test]
fn what_was_anonymous_and_what_was_not_is_one_person() {
    use EdgeKind::{Identify, Seen};
    let graph = graph(&[(Seen, "a:d", "u:ada", 60), (Identify, "a:d", "u:ada", 30)]);
    for minute in [0, 30, 45, 999] {
        assert_eq!(graph.owners("d").unwrap().at(at(minute)), Some("ada"));
    }
    assert_eq!(graph.users_of(&Node::anonymous("d")), ["ada"]);
}

/// Unomi-374 and others: a deletion left aliases behind.
#[test]
fn an_erasure_leaves_no_edge_behind() {
    use EdgeKind::{Alias, Contact, Identify, Merge};
    let mut graph = graph(&[
        (Identify, "a:d", "u:ada", 1),
        (Alias, "a:old", "u:ada", 2),
        (Contact, "e:5eed", "u:ada", 2),
        (Merge, "u:ada", "u:bob", 3),
        (Identify, "a:d", "u:bob", 4),
    ]);
    let gone = graph.erase(&Node::user("ada"), Tombstone { at: at(10), is_suppressed: false });
    assert_eq!(gone.len(), 4);
    assert_eq!(graph.edges_of(&Node::user("ada")).count() + graph.degree(&Node::anonymous("old")), 0);
    assert_eq!(graph.owners("d"), Some(Owners::One("bob".into())));
    assert_eq!(graph.users_of(&Node::user("bob")), ["bob"]);
    let mut late = Edge {
        one: Node::anonymous("d"),
        other: Node::user("ada"),
        kind: Identify,
        source: "late".into(),
        at: at(9),
    };
    assert!(!graph.insert(&late), "an edge from before the erasure does not bring anything back");
    late.at = at(11);
    assert!(graph.insert(&late), "one from after it counts");
    graph.erase(&Node::user("ada"), Tombstone { at: at(12), is_suppressed: true });
    late.at = at(99);
    assert!(!graph.insert(&late), "unless it is suppressed");
}

#[test]
fn users_with_the_same_address_are_suggested_and_not_merged() {
    use EdgeKind::{Contact, Merge};
    let same = [(Contact, "e:5eed", "u:ada", 1), (Contact, "e:5eed", "u:bob", 2)];
    let graph_of = graph(&same);
    let picture = graph_of.picture(&Node::user("ada"));
    assert_eq!(picture.users, ["ada"]);
    assert_eq!(picture.suggestions[0].users, ["ada", "bob"]);
    assert_eq!(ignored(&graph_of, &Node::user("ada")), [(Contact, Ignored::AnotherUser)]);
    let merged = graph(&[same[0], same[1], (Merge, "u:ada", "u:bob", 3)]);
    assert!(merged.picture(&Node::user("bob")).suggestions.is_empty());
}

#[test]
fn a_span_knows_what_says_nothing_new() {
    for (kind, nothing_new) in [(EdgeKind::Identify, 11..45), (EdgeKind::Seen, 10..50)] {
        let mut span = Span::of(kind, at(10), "m");
        span.join(&Span::of(kind, at(45), "n"));
        for minute in 0..80 {
            let says = span.says(kind, at(minute));
            assert_eq!(says, nothing_new.contains(&minute), "{kind:?} at {minute}");
            assert!(!says || !span.clone().join(&Span::of(kind, at(minute), "k")));
        }
    }
}

/// A client may state any time.
#[test]
fn a_span_takes_the_ends_of_time() {
    let [first, last] = [i64::MIN, i64::MAX].map(UtcMillis::new);
    for kind in [EdgeKind::Identify, EdgeKind::Seen] {
        let mut span = Span::of(kind, last, "m");
        assert!(span.join(&Span::of(kind, first, "n")), "{kind:?}");
        assert!(span.first.at == first && span.last.at > at(0) && span.says(kind, at(0)), "{kind:?}");
    }
}

#[test]
fn long_tales_of_owners_stay_bounded() {
    let names: Vec<String> = (0..200).map(|n| format!("u{}", n % 7)).collect();
    let times: Vec<(UtcMillis, &str)> =
        (0..200).zip(&names).map(|(n, name)| (at(n), name.as_str())).collect();
    let owners = Owners::of_times(times).unwrap();
    assert_eq!(
        (owners.runs().count(), owners.first(), owners.latest()),
        (super::super::MAX_RUNS, Some("u0"), Some("u3"))
    );
    assert_eq!(Owners::decode(&owners.encode()), owners);
}

/// What version 1 wrote; this program and every later one must read it.
#[test]
fn version_1_still_reads_and_writes_the_same() {
    let span = Span::of(EdgeKind::Identify, UtcMillis::new(5), "m");
    let bytes = [1, 0x93, 0x92, 5, 0xa1, b'm', 0x92, 5, 0xa1, b'm', 0xc2];
    assert_eq!(encode(&span).unwrap(), bytes);
    assert_eq!(decode::<Span>(&bytes).unwrap(), span);
    let stone = Tombstone { at: UtcMillis::new(5), is_suppressed: true };
    assert_eq!(encode(&stone).unwrap(), [1, 0x92, 5, 0xc3]);
    assert_eq!(Owners::decode(b"ada"), Owners::One("ada".into()));
    let owners = Owners::of_times(vec![(UtcMillis::new(1), "a"), (UtcMillis::new(2), "b")]).unwrap();
    let bytes = [0xFF, 1, 0x92, 0x92, 1, 0xa1, b'a', 0x92, 2, 0xa1, b'b'];
    assert_eq!((owners.encode(), Owners::decode(&bytes)), (bytes.to_vec(), owners));
    assert_eq!(Owners::decode(&[0xFF, 9, 1]), Owners::nobody());
    for (kind, number) in EdgeKind::ALL.into_iter().zip(0u8..) {
        assert_eq!((u8::from(kind), EdgeKind::try_from(number)), (number, Ok(kind)));
    }
    let user = Node::user("ada");
    let erase = Command::Erase { node: user, at: at(0), suppress: true };
    assert_eq!(erase.ids(), ["ada"]);
}
