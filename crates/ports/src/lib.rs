//! The traits between the domain and its engines. The contract of each is the prose on it.
//!
//! An adapter keeps a contract if it passes the suite of the same name in [`contract`]. The domain never
//! knows which adapter it has.

mod blob_store;
mod block_on;
pub mod contract;
mod event_log;
mod priority;
mod sql_engine;
mod state_store;
pub mod testing;

pub use blob_store::{BlobError, BlobStore};
pub use block_on::block_on;
pub use event_log::{
    AppendError, BoxFuture, EventLog, LogPart, LogReader, NoRoom, Offset, ReadError, Record,
};
pub use priority::Rank;
pub use sql_engine::{SqlAnswer, SqlEngine, SqlError, SqlForm};
pub use state_store::{Batch, Op, Scan, StateError, StateStore, TableId};
