//! The engines that need no other server: a segment log, a fjall store, local files.
//!
//! One data directory holds them all and belongs to one process at a time; [`DataDir`] keeps the lock.

mod blob_files;
mod data_dir;
mod disk;
mod fjall_purge;
mod fjall_store;
mod segment;
mod segment_check;
mod segment_erasing;
mod segment_log;
mod segment_open;
mod segment_reader;
mod segment_retention;
mod segment_room;
mod segment_scan;
mod segment_writer;

pub use blob_files::BlobFiles;
pub use data_dir::{DataDir, DataDirError};
pub use fjall_store::FjallStore;
pub use segment_check::{LogReport, SegmentReport, check_log};
pub use segment_log::{LogOptions, SegmentLog};
pub use segment_open::{OpenError, TornTail};
