//! Tradewind's recommenders: pure computing over slices.
//!
//! Nothing here reads a file, a clock or the network, starts a thread or draws a random number: the same
//! input gives the same output, so serving, replay and simulation share one code.
//!
//! Items are dense `u32` ids that the caller interns. Memory grows with the *largest* id, not with the
//! number of different ones, so ids must come from an interner and never from outside.
//!
//! | model | answers | source |
//! |---|---|---|
//! | [`SessionIndex`] | what comes next in this session; learns each click at once | VMIS-kNN (Kersbergen et al., SIGMOD 2022), tuned |
//! | [`CoOccurrence`] | what this person takes next; what is bought together | item-to-item transitions with distance decay |
//! | [`Popularity`] | what is popular now | forward decay (Cormode et al., ICDE 2009) |
//! | [`Seasonality`] | when in the year something is wanted | counts by month against all others |
//! | [`latest_distinct`] | what was viewed last | – |
//!
//! ```
//! use tradewind_models::{Scratch, SessionIndex};
//!
//! let past: [&[u32]; 3] = [&[1, 2], &[3, 1, 2], &[1, 5]];
//! let mut index = SessionIndex::build(past);
//! let mut scratch = Scratch::default();
//! let mut next = |index: &SessionIndex| -> Vec<u32> {
//!     let ranked = index.predict(&[1], None, &mut scratch, 10);
//!     ranked.into_iter().map(|(item, _)| item).filter(|&item| item != 1).collect()
//! };
//! assert_eq!(next(&index), [2, 5, 3]);
//!
//! let live = index.start_session();
//! index.click(live, 1);
//! index.click(live, 9);
//! assert!(next(&index).contains(&9), "a click is seen by the next query");
//! ```

mod artifact;
mod codec;
mod cooccurrence;
mod lists;
mod popularity;
mod ranking;
mod recency;
mod seasonality;
mod session_base;
mod session_index;
mod session_knn;

pub use artifact::{ArtifactError, ArtifactInfo, ModelManifest, Trained};
pub use codec::FormatError;
pub use cooccurrence::{CoOccurrence, CoParams, CoScratch, Occurrence};
pub use popularity::Popularity;
pub use recency::latest_distinct;
pub use seasonality::{Months, SeasonIndex, Seasonality};
pub use session_index::{SessionIndex, SessionNo};
pub use session_knn::{KnnParams, Scratch};
