//! Looking at many profiles: all of them by pages, or a sample. Both read the store, as of the last checkpoint.

use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use bytes::Bytes;
use tradewind_people::{Profile, StoredError};
use xxhash_rust::xxh3::xxh3_64;

use crate::live::damaged;
use crate::pipeline::{Pipeline, PipelineError};

/// A sample of the profiles.
#[derive(Debug)]
pub struct Sample {
    /// Keys with their profiles, each profile as likely to be among them as any other.
    pub profiles: Vec<(String, Profile)>,
    /// How many profiles there are.
    pub population: u64,
}

fn read(bytes: &Bytes) -> Result<Profile, PipelineError> {
    tradewind_people::decode(bytes).map_err(|e: StoredError| damaged("a profile", &e))
}

impl Pipeline {
    /// Profiles in the order of their keys, from the first after the key `after` on, until `take` has enough.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn each_profile(
        &self,
        after: &str,
        mut take: impl FnMut(&str, &Profile) -> ControlFlow<()>,
    ) -> Result<(), PipelineError> {
        for pair in self.inner.store.scan(self.inner.tables.profiles, after.as_bytes()) {
            let (key, value) = pair?;
            let key = String::from_utf8_lossy(&key);
            if key != after && take(&key, &read(&value)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// A sample of at most `size` profiles: those whose keys have the smallest hashes, so that the same people
    /// are asked each time. It passes over all profiles and reads those of the sample.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn sample_profiles(&self, size: usize) -> Result<Sample, PipelineError> {
        let (mut smallest, mut population) = (BinaryHeap::<(u64, Bytes, Bytes)>::with_capacity(size + 1), 0);
        for pair in self.inner.store.scan(self.inner.tables.profiles, &[]) {
            let (key, value) = pair?;
            population += 1;
            let hash = xxh3_64(&key);
            if smallest.len() < size || smallest.peek().is_some_and(|(most, ..)| hash < *most) {
                smallest.push((hash, key, value));
            }
            if smallest.len() > size {
                smallest.pop();
            }
        }
        let one = |(_, key, value): (u64, Bytes, Bytes)| {
            Ok((String::from_utf8_lossy(&key).into_owned(), read(&value)?))
        };
        let profiles: Result<Vec<_>, PipelineError> = smallest.into_iter().map(one).collect();
        Ok(Sample { profiles: profiles?, population })
    }
}
