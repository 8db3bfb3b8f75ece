//! The lake of a data directory, where the program was built with the feature `lake`.

use std::path::PathBuf;
use std::sync::Arc;

use tradewind_pipeline::Whose;
use tradewind_ports::SqlEngine;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::House;

/// The lake that a server writes and answers from; empty where it has none.
#[derive(Default)]
pub(crate) struct Lake {
    sql: Option<Arc<dyn SqlEngine>>,
    /// Dropping it commits what was taken.
    #[cfg(feature = "lake")]
    follower: Option<tradewind_lake::Follower>,
}

/// Takes people out of a data directory's lake: the one that is written, or one that was left there. To be
/// asked by one job at a time, once they are erased from the log. It may outlive the [`Lake`].
pub(crate) struct LakeEraser {
    root: PathBuf,
    #[cfg(feature = "lake")]
    written: Option<tradewind_lake::Eraser>,
}

impl Lake {
    /// The engine that answers queries, if there is one.
    pub(crate) fn sql(&self) -> Option<Arc<dyn SqlEngine>> {
        self.sql.clone()
    }
}

/// The lake's folder within the data directory.
fn root(config: &Config) -> PathBuf {
    config.data_dir.join("lake")
}

#[cfg(not(feature = "lake"))]
mod without {
    use super::*;

    impl Lake {
        /// No lake; told where the configuration asks for one.
        #[expect(clippy::unnecessary_wraps, reason = "it has the shape of the one with a lake")]
        pub(crate) fn start(config: &Config, _: &House) -> Result<Self, Failure> {
            if config.lake.enabled {
                tracing::warn!(folder = %root(config).display(),
                    "no lake is written, because this program was built without the feature `lake`");
            }
            Ok(Self::default())
        }

        /// Takes people out of the lake.
        pub(crate) fn eraser(&self, config: &Config) -> LakeEraser {
            LakeEraser { root: root(config) }
        }
    }

    impl LakeEraser {
        /// Gives the number of rows: none where there is no lake.
        ///
        /// # Errors
        /// In words, where there is one that this program cannot write.
        pub(crate) fn erase(&self, _: &Whose) -> Result<u64, String> {
            if !self.root.is_dir() {
                return Ok(0);
            }
            Err(format!(
                "nobody was removed from {}, because this program was built without the feature `lake`: erase \
                 with one that has it, or remove that folder",
                self.root.display()
            ))
        }
    }

    /// Says what is missing.
    pub(crate) fn engine(_: &Config) -> Result<Arc<dyn SqlEngine>, Failure> {
        Err(Failure::failed(
            "this program was built without the feature `lake`, so it answers no SQL: build it with \
             `cargo build --release`, which has that feature, or read the lake with any tool that reads Delta tables",
        ))
    }
}
#[cfg(not(feature = "lake"))]
pub(crate) use without::engine;

#[cfg(feature = "lake")]
mod with {
    use std::ops::Range;
    use std::time::Duration;

    use tradewind_lake::{DeltaSql, Follower, FollowerOptions, Source, SqlLimits, Upkeep};
    use tradewind_pipeline::{Pipeline, Repetitions};
    use tradewind_ports::Offset;

    use super::*;

    /// Small files of one day that are merged as soon as there are so many.
    const MERGE_AT: usize = 16;

    impl Lake {
        /// Starts to carry the log into the lake, if the configuration asks for it.
        pub(crate) fn start(config: &Config, house: &House) -> Result<Self, Failure> {
            if !config.lake.enabled {
                return Ok(Self::default());
            }
            tradewind_lake::describe_metrics();
            let (applying, judging) = (Arc::clone(&house.pipeline), Arc::clone(&house.pipeline));
            let source = Source {
                log: Arc::clone(&house.log),
                applied: Box::new(move || applying.checkpointed()),
                duplicates: Box::new(move |range| duplicates(&judging, range)),
                clock: Arc::clone(&house.clock),
            };
            let follower = Follower::start(source, options(config)).map_err(Failure::failed)?;
            house.pipeline.register_reader("lake", Arc::new(follower.watch()));
            Ok(Self { sql: Some(engine(config)?), follower: Some(follower) })
        }

        /// Takes people out of the lake.
        pub(crate) fn eraser(&self, config: &Config) -> LakeEraser {
            let written = self.follower.as_ref().map(Follower::eraser);
            LakeEraser { root: root(config), written }
        }
    }

    impl LakeEraser {
        /// Gives the number of rows. Blocks until no file of the lake holds anything of theirs.
        ///
        /// # Errors
        /// In words; the same call made again does the rest.
        pub(crate) fn erase(&self, whose: &Whose) -> Result<u64, String> {
            let erased = match &self.written {
                Some(written) => written.erase(whose),
                None => tradewind_lake::erase_at_rest(&self.root, whose),
            };
            erased.map_err(|error| error.to_string())
        }
    }

    fn options(config: &Config) -> FollowerOptions {
        let keep_days = Some(config.lake.keep_days).filter(|days| *days > 0);
        FollowerOptions {
            root: root(config),
            currency: config.shop.currency,
            commit_rows: config.lake.commit_rows,
            commit_every: Duration::from_secs(config.lake.commit_seconds),
            upkeep: Upkeep { keep_days, merge_at: MERGE_AT },
        }
    }

    /// What of a range the projection did not count.
    fn duplicates(pipeline: &Pipeline, range: Range<Offset>) -> Result<Repetitions, String> {
        pipeline.duplicates(range).map_err(|e| e.to_string())
    }

    /// The engine over the lake, which needs no server and disturbs none.
    pub(crate) fn engine(config: &Config) -> Result<Arc<dyn SqlEngine>, Failure> {
        let limits = SqlLimits {
            memory_mib: config.lake.sql_memory_mib,
            timeout: Duration::from_millis(config.lake.sql_timeout_ms),
            max_rows: config.lake.sql_max_rows,
        };
        let engine = DeltaSql::open(&root(config), limits).map_err(Failure::failed)?;
        Ok(Arc::new(engine))
    }
}
#[cfg(feature = "lake")]
pub(crate) use with::engine;
