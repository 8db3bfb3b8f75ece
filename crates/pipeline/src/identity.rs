//! Who is who, beside the profiles: what the log says of it, kept in the state and asked for.
//!
//! The rules are in [`tradewind_people::identity`]; they make the graph a function of the set of edges. Here they
//! are applied as records come: [`weave`] writes an edge where it says something new, and keeps what is derived
//! from it, in the log's order: `links` (whose an anonymous id is, by time) and `merges` (which users are one
//! person, all of it in memory too). An event whose edge is known costs one lookup, made by all cores.
//!
//! Profiles: each user has a profile of its own, and a person's is put together when it is read, so that a split
//! gives back both exactly. What an anonymous id did before its first sign-in is taken in by the user who is the
//! first to arrive. If an earlier sign-in of another user arrives later, the graph and what follows in the log
//! go by it; what was taken in stays where it is.
//!
//! Addresses that an event states of its subject ([`contacts`]) are nodes too, by their pseudonyms.
//!
//! Limits: [`MAX_EDGES`](tradewind_people::identity::MAX_EDGES) edges of a node and [`MAX_MERGES`] in all; what is
//! beyond is refused and counted. A device that more users claim belongs to nobody from then on.

mod commands;
pub(crate) mod contacts;
mod desk;
mod merged;
pub(crate) mod rows;
mod totals;
pub(crate) mod weave;

pub(crate) use desk::{profile, user_of};
pub(crate) use merged::Merged;
pub(crate) use rows::{Row, Rows};
pub(crate) use totals::Totals;
pub(crate) use weave::Woven;

/// Merges and splits that are kept.
pub(crate) const MAX_MERGES: usize = 100_000;

#[cfg(test)]
mod tests;
