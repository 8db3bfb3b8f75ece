//! The lake: Delta tables of everything in the log, for any tool that reads Delta, and SQL over them.
//!
//! [`Follower`] reads the log behind the projection and hands it to a [`LakeWriter`], which turns records
//! into rows (`rows`, `columns`) and commits them table by table. Each commit carries the log's next offset
//! as the table's application transaction, so that what a crash cut short is written again without a second
//! row. Every file is durable before a commit refers to it, and the commit before it can be seen (`durable`);
//! a write whose sync fails is never trusted, and made anew from the log. [`Upkeep`] merges small files, drops
//! old days and removes files that nothing refers to. An [`Eraser`] takes people out, with every file that held
//! them. [`DeltaSql`] answers queries over the same tables; it takes no lock and needs no server.
//!
//! Layout: `<root>/<table>/` is a Delta table (reader version 1, writer version 2) partitioned by `day`, the
//! UTC date of the event; `<root>/POSITION` holds the next offset as text. Files are Parquet with zstd.
//! Limits: a commit holds its rows in memory, some 1 KiB for each.

mod answer;
mod columns;
mod decisions;
mod durable;
mod erase;
mod error;
mod events;
mod family;
mod follower;
mod guard;
mod measures;
mod place;
mod products;
mod purge;
mod rows;
mod shelf;
mod sql;
mod table;
#[cfg(test)]
mod testing;
mod upkeep;
mod views;
mod writer;

pub use erase::erase_at_rest;
pub use error::LakeError;
pub use follower::{Duplicates, Eraser, Follower, FollowerOptions, Source};
pub use measures::describe_metrics;
pub use sql::{DeltaSql, SqlLimits};
pub use upkeep::{Upkeep, UpkeepReport};
pub use writer::{Committed, LakeWriter};

/// The directory of the lake within a data directory.
pub const LAKE_DIR: &str = "lake";
