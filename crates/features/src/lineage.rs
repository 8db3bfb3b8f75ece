//! What comes from what: source → feature → service → model, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

use crate::registry::Registry;
use crate::view::{Feature, Source, View};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A trait, a field, a table of the lake, a push source.
    Source,
    /// `view@v1:feature`
    Feature,
    /// A feature service.
    Service,
    /// A model that reads a service.
    Model,
}

/// One thing of the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its name, unique among those of its kind.
    pub name: String,
}

/// `to` comes from `from`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// What it comes from.
    pub from: Node,
    /// What comes of it.
    pub to: Node,
}

/// All that leads to some nodes, and all that comes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lineage {
    /// The nodes that the name means.
    pub of: Vec<Node>,
    /// What they come from, directly or not.
    pub upstream: Vec<Node>,
    /// What comes of them, directly or not.
    pub downstream: Vec<Node>,
    /// The edges among all of these.
    pub edges: Vec<Edge>,
    /// The models at work that are among them.
    #[serde(rename = "liveModels")]
    pub live_models: Vec<LiveModel>,
}

/// A model at work, as it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveModel {
    /// Its name.
    pub name: String,
    /// Its version; none for one that learns as events come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was trained, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trained_at: Option<String>,
    /// What it learned from: `event:Product Viewed`, `trait:…`, a table of the lake.
    pub sources: Vec<String>,
    /// The features that it learned from, `view@v1:feature`.
    pub features: Vec<String>,
}

fn node(kind: NodeKind, name: impl Into<String>) -> Node {
    Node { kind, name: name.into() }
}

fn feature_node(view: &View, feature: &Feature) -> Node {
    node(NodeKind::Feature, format!("{}:{}", view.versioned(), feature.name))
}

/// Tables that a query names after FROM and JOIN.
fn tables(query: &str) -> BTreeSet<String> {
    let mut words = query.split(|c: char| c.is_whitespace() || "(),;".contains(c)).filter(|w| !w.is_empty());
    let mut found = BTreeSet::new();
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("join") {
            let table = words.next().filter(|w| !w.eq_ignore_ascii_case("select"));
            found.extend(table.map(|t| format!("lake:{}", t.replace('"', ""))));
        }
    }
    found
}

fn sources(view: &View, feature: &Feature) -> Vec<Node> {
    let from = || feature.from.clone().unwrap_or_else(|| feature.name.clone());
    match &view.spec.source {
        Source::Traits => vec![node(NodeKind::Source, format!("trait:{}", from()))],
        Source::Catalog => vec![node(NodeKind::Source, format!("catalog:{}", from()))],
        Source::Context => vec![node(NodeKind::Source, format!("context:{}", from()))],
        Source::Push(name) => vec![node(NodeKind::Source, format!("push:{name}"))],
        Source::Sql(query) => tables(query).into_iter().map(|t| node(NodeKind::Source, t)).collect(),
    }
}

impl Registry {
    /// Every edge, in order.
    #[must_use]
    pub fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for view in self.newest().flat_map(|v| self.versions(&v.spec.name)) {
            for feature in &view.spec.features {
                let to = feature_node(view, feature);
                edges.extend(sources(view, feature).into_iter().map(|from| Edge { from, to: to.clone() }));
            }
        }
        for service in self.services() {
            let to = node(NodeKind::Service, &service.name);
            for name in &service.features {
                let Ok(planned) = self.look_up(name) else { continue };
                let features = planned.features.iter().map(|&n| &planned.view.spec.features[n]);
                let edge = |f| Edge { from: feature_node(&planned.view, f), to: to.clone() };
                edges.extend(features.map(edge));
            }
            let models = service.models.iter().map(|m| node(NodeKind::Model, m));
            edges.extend(models.map(|model| Edge { from: to.clone(), to: model }));
        }
        edges
    }

    /// What leads to models at work.
    fn edges_of(&self, model: &LiveModel) -> impl Iterator<Item = Edge> {
        let to = node(NodeKind::Model, &model.name);
        let sources = model.sources.iter().map(|source| node(NodeKind::Source, source));
        let mut from: Vec<Node> = sources.collect();
        for name in &model.features {
            let Ok(planned) = self.look_up(name) else { continue };
            let features = planned.features.iter().map(|&n| &planned.view.spec.features[n]);
            from.extend(features.map(|feature| feature_node(&planned.view, feature)));
        }
        from.into_iter().map(move |from| Edge { from, to: to.clone() })
    }

    /// What leads to a name and what comes of it. The name is that of a source, a view (all of its versions,
    /// or one, `view@v2`), a feature (`view:feature`), a service or a model; `models` are those at work. `None`
    /// when there is none.
    #[must_use]
    pub fn lineage(&self, name: &str, models: &[LiveModel]) -> Option<Lineage> {
        let mut edges = self.edges();
        edges.extend(models.iter().flat_map(|model| self.edges_of(model)));
        let all: BTreeSet<&Node> = edges.iter().flat_map(|e| [&e.from, &e.to]).collect();
        let of: Vec<Node> = all.into_iter().filter(|n| is_meant(n, name)).cloned().collect();
        if of.is_empty() {
            return None;
        }
        let (mut up, mut down) = (BTreeMap::new(), BTreeMap::new());
        for edge in &edges {
            up.entry(&edge.to).or_insert_with(Vec::new).push(&edge.from);
            down.entry(&edge.from).or_insert_with(Vec::new).push(&edge.to);
        }
        let (upstream, downstream) = (reached(&of, &up), reached(&of, &down));
        let within: BTreeSet<&Node> = of.iter().chain(&upstream).chain(&downstream).collect();
        let is_within = |e: &Edge| within.contains(&e.from) && within.contains(&e.to);
        let is_reached = |model: &LiveModel| {
            of.iter().chain(&downstream).any(|n| n.kind == NodeKind::Model && n.name == model.name)
        };
        let live_models = models.iter().filter(|model| is_reached(model)).cloned().collect();
        let edges = edges.iter().filter(|e| is_within(e)).cloned().collect();
        Some(Lineage { of, upstream, downstream, edges, live_models })
    }
}

/// Whether a name means a node.
fn is_meant(node: &Node, name: &str) -> bool {
    if node.name == name {
        return true;
    }
    let Some((versioned, feature)) = node.name.split_once(':').filter(|_| node.kind == NodeKind::Feature)
    else {
        // A source without its prefix.
        return node.kind == NodeKind::Source && node.name.split_once(':').is_some_and(|(_, n)| n == name);
    };
    let view = versioned.split_once('@').map_or(versioned, |(view, _)| view);
    match name.split_once(':') {
        Some((of, named)) => named == feature && (of == view || of == versioned),
        None => name == view || name == versioned,
    }
}

/// Everything that is reached from some nodes, without themselves.
fn reached(from: &[Node], next: &BTreeMap<&Node, Vec<&Node>>) -> Vec<Node> {
    let mut seen: BTreeSet<Node> = BTreeSet::new();
    let mut open: Vec<&Node> = from.iter().collect();
    while let Some(node) = open.pop() {
        for &one in next.get(node).into_iter().flatten() {
            if !from.contains(one) && seen.insert(one.clone()) {
                open.push(one);
            }
        }
    }
    seen.into_iter().collect()
}

impl Lineage {
    /// For people: one line a node, what it comes from above it and what comes of it below.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (words, nodes) in
            [("comes from", &self.upstream), ("is", &self.of), ("goes into", &self.downstream)]
        {
            if nodes.is_empty() {
                continue;
            }
            // Writing into a text does not fail.
            let _ = writeln!(text, "{words}");
            for node in nodes {
                let kind = match node.kind {
                    NodeKind::Source => "source",
                    NodeKind::Feature => "feature",
                    NodeKind::Service => "service",
                    NodeKind::Model => "model",
                };
                let live =
                    self.live_models.iter().find(|m| node.kind == NodeKind::Model && m.name == node.name);
                let live = live.map_or_else(String::new, |model| {
                    model
                        .version
                        .as_ref()
                        .map_or_else(|| " (live)".into(), |v| format!(" (live, version {v})"))
                });
                let _ = writeln!(text, "  {kind:8} {}{live}", node.name);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::habits;

    fn registry() -> Registry {
        let mut registry = crate::registry::tests::with_orders();
        registry.put_view(&habits()).unwrap();
        let query = "select a from events e JOIN (select b from \"products\") p on true";
        let sql = r#"{"name":"slow","entity":"product","features":[{"name":"rate","type":"double"}],
            "source":{"sql":"?"},"purpose":"analytics"}"#;
        registry
            .put_view(&serde_json::from_str(&sql.replace('?', &query.replace('"', "\\\""))).unwrap())
            .unwrap();
        let service = r#"{"name":"ranker","features":["habits:visits","slow","subject_profile:orders"],"models":["m1"]}"#;
        registry.put_service(&serde_json::from_str(service).unwrap()).unwrap();
        registry
    }

    #[track_caller]
    fn check(name: &str, of: &[&str], up: &[&str], down: &[&str]) {
        let found = registry().lineage(name, &[]).unwrap();
        let names = |nodes: &[Node]| nodes.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(&found.of), names(&found.upstream), names(&found.downstream)),
            (
                of.iter().map(ToString::to_string).collect(),
                up.iter().map(ToString::to_string).collect(),
                down.iter().map(ToString::to_string).collect(),
            )
        );
    }

    #[test]
    fn from_every_end_the_others_are_found() {
        check(
            "push:habits_push",
            &["push:habits_push"],
            &[],
            &["habits@v1:spend", "habits@v1:visits", "ranker", "m1"],
        );
        check("habits:visits", &["habits@v1:visits"], &["push:habits_push"], &["ranker", "m1"]);
        check("habits@v1:spend", &["habits@v1:spend"], &["push:habits_push"], &[]);
        check("slow", &["slow@v1:rate"], &["lake:events", "lake:products"], &["ranker", "m1"]);
        check(
            "profile.orders",
            &["trait:profile.orders"],
            &[],
            &["subject_profile@v1:orders", "ranker", "m1"],
        );
        let sources = ["lake:events", "lake:products", "push:habits_push", "trait:profile.orders"];
        let features = ["habits@v1:visits", "slow@v1:rate", "subject_profile@v1:orders"];
        check("m1", &["m1"], &[&sources[..], &features[..], &["ranker"]].concat(), &[]);
        assert!(registry().lineage("nothing", &[]).is_none());
    }

    #[test]
    fn models_at_work_are_found_by_what_they_learned_from() {
        let seen = LiveModel {
            name: "seen".into(),
            version: Some("7".into()),
            sources: vec!["event:Product Viewed".into()],
            features: vec!["habits@v1:visits".into(), "gone:x".into()],
            ..LiveModel::default()
        };
        let other = LiveModel { name: "m1".into(), ..LiveModel::default() };
        let models = [seen.clone(), other.clone()];
        let of = |name: &str| registry().lineage(name, &models).unwrap();
        assert_eq!(of("Product Viewed").live_models, std::slice::from_ref(&seen));
        assert_eq!(
            of("push:habits_push").live_models,
            [seen.clone(), other],
            "m1 by the service that it reads"
        );
        assert_eq!(of("slow").live_models.len(), 1);
        let back = of("seen");
        assert_eq!((back.live_models, back.upstream.len()), (vec![seen], 3), "{:?}", back.upstream);
        assert!(of("habits").to_text().contains("model    seen (live, version 7)\n"));
    }

    #[test]
    fn edges_are_those_of_the_answer_and_the_text_says_the_same() {
        let found = registry().lineage("ranker", &[]).unwrap();
        assert_eq!(found.edges.len(), 8, "{:?}", found.edges);
        let text = found.to_text();
        assert!(
            text.contains("feature  slow@v1:rate\n") && text.contains("goes into\n  model    m1\n"),
            "{text}"
        );
    }
}
