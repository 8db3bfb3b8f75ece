//! Who is who: a set of edges between ids, and what follows from it.
//!
//! An [`Edge`] says that two [`Node`]s belong together (an `identify`, an alias, an order, a hashed address, a
//! merge) or no longer do (a split). Everything here follows from the *set* of edges and erasures alone, in
//! whatever order they arrived and however often:
//!
//! - **Spans.** Of all edges of one kind between two nodes, the first and the last count ([`Span`]), in the
//!   order of time, then source. `Seen` edges are dense; their last counts in steps of [`SEEN_STEP_MS`].
//! - **Owners.** An anonymous id's edges to users are claims, in the order of time, then user. What it did before
//!   the first belongs to the first claim's user; what it did later to the last claim's at or before ([`Owners`]).
//! - **Persons.** Users are one person while a merge between them counts: for each pair the later of its last
//!   merge and its last split, the split where both are at the same time. Nothing else joins two users. A
//!   person's id is the smallest of its users' ids, so that it depends on no time.
//! - **What does not count is kept and told**: an alias of an id that is itself a user's, a claim on what
//!   belongs to another user as well ([`Ignored`]).
//! - **Erasure.** Erasing a node at a time removes its edges up to then, those that arrive later included. Of
//!   what comes after, each pair's last edge alone counts: the beginnings were erased. Suppressing bars
//!   further edges too ([`Tombstone`]).
//!
//! Limits: what is kept of a device is bounded ([`MAX_RUNS`] turns of ownership); how many edges a node may have
//! is for the keeper of the edges to say ([`MAX_EDGES`]).

mod command;
mod edge;
mod graph;
mod node;
mod owners;
mod picture;
pub mod stitch;

pub use command::Command;
pub use edge::{Edge, EdgeKind, SEEN_STEP_MS, Sighting, Span, Tombstone};
pub use graph::{EdgeId, Graph, Person, Persons};
pub use node::Node;
pub use owners::{MAX_RUNS, Owners};
pub use picture::{Ignored, Picture, ShownEdge, Suggestion};

/// Edges that a node may have; further ones are refused and counted.
pub const MAX_EDGES: u32 = 1_000;

#[cfg(test)]
mod tests;
