//! The roles put together on one data directory.

use std::sync::Arc;
use std::time::Duration;

use tradewind_decide::Decider;
use tradewind_embedded::{BlobFiles, DataDir, LogOptions};
use tradewind_events::personal::Rules;
use tradewind_kernel::{Clock, SystemClock, UtcMillis};
use tradewind_learning::registry;
use tradewind_pipeline::vault::{Vault, VaultSettings};
use tradewind_pipeline::{CollectError, GateTargets, LetterLimits, Pipeline, Retention, Settings};
use tradewind_ports::{EventLog, block_on};

use crate::config::Config;
use crate::failure::Failure;
use crate::outbox::Post;
use crate::vault_keys::{self, Source};

/// Everything that runs on a data directory. Fields drop in this order: the pipeline before the lock.
pub(crate) struct House {
    pub(crate) decider: Arc<Decider>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) vault: Arc<Vault>,
    #[cfg_attr(not(feature = "lake"), expect(dead_code, reason = "only the lake reads it here"))]
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) blobs: BlobFiles,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) post: Post,
    _dir: DataDir,
}

fn mib(n: u64) -> u64 {
    n.saturating_mul(1 << 20)
}

/// The log's limits, as configured.
pub(crate) fn log_options(config: &Config) -> LogOptions {
    LogOptions {
        segment_bytes: mib(config.storage.log_segment_mib),
        max_queued_bytes: usize::try_from(mib(config.storage.log_queue_mib)).unwrap_or(usize::MAX),
        disk_reserve_bytes: mib(config.storage.disk_reserve_mib),
        max_bytes: mib(config.storage.log_max_mib),
    }
}

/// What the projection takes for granted, as configured.
pub(crate) fn settings(config: &Config) -> Settings {
    Settings {
        currency: config.shop.currency,
        popularity_half_life_ms: i64::from(config.models.popularity_half_life_hours) * UtcMillis::HOUR,
        max_lag_records: config.storage.max_lag_records,
        gate: GateTargets {
            lag: Duration::from_millis(config.storage.lag_target_ms),
            queue: Duration::from_millis(config.storage.queue_target_ms),
        },
        dead_letters: LetterLimits {
            max_letters: config.storage.dead_letters_max,
            max_bytes: mib(config.storage.dead_letters_mib),
        },
    }
}

/// How much of the log is kept, as configured.
fn retention(config: &Config) -> Retention {
    Retention {
        keep_ms: i64::from(config.storage.log_keep_days) * UtcMillis::DAY,
        max_bytes: mib(config.storage.log_max_mib),
    }
}

/// Opens the vault, its master keys from where the configuration says.
pub(crate) fn open_vault(dir: &DataDir, config: &Config) -> Result<Arc<Vault>, Failure> {
    let source = Source::parse(&config.vault.master_key, dir.path())?;
    source.make_ready(!dir.path().join("vault").exists())?;
    let code = config.privacy.phone_calling_code.trim_start_matches('+');
    if !code.bytes().all(|b| b.is_ascii_digit()) || code.len() > 3 {
        let wrong = "privacy.phone_calling_code is no calling code such as 49";
        return Err(Failure::Config(wrong.to_owned()));
    }
    let settings = VaultSettings {
        rules: Rules::with(&config.privacy.personal_fields),
        calling_code: (!code.is_empty()).then(|| code.to_owned()),
    };
    let store = Arc::new(dir.vault(mib(config.vault.cache_mib))?);
    let vault = Vault::open(store, Box::new(source), settings, Box::new(vault_keys::entropy));
    Ok(Arc::new(vault.map_err(|e| Failure::Config(format!("the vault cannot be opened: {e}")))?))
}

/// How long to wait for the projection before telling that it still goes on.
const STEP: Duration = Duration::from_secs(1);

impl House {
    /// Opens the data directory and starts what runs on it; what a crash left half-written is cut and told.
    pub(crate) fn open(config: &Config) -> Result<Self, Failure> {
        let dir = DataDir::open(&config.data_dir)?;
        let log = dir.log(log_options(config))?;
        if let Some(torn) = log.torn_tail() {
            tracing::warn!(
                file = %torn.file.display(), cut_bytes = torn.cut_bytes, problem = torn.problem,
                "the log ended within a record that was never acknowledged; it was cut"
            );
        }
        let vault = open_vault(&dir, config)?;
        let state = dir.state(mib(config.storage.state_cache_mib))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let log: Arc<dyn EventLog> = Arc::new(log);
        let post = Post::open(config, dir.path(), log.end())?;
        let policy = Arc::new(crate::consent::policy(&config.consent)?);
        let (state, settings) = (Arc::new(state), settings(config));
        let pipeline = Pipeline::open_with(
            policy,
            Arc::clone(&log),
            state,
            Arc::clone(&clock),
            settings,
            post.outlet()?,
        )
        .map_err(Failure::failed)?;
        let pipeline = Arc::new(pipeline);
        let decider = Arc::new(Decider::new(Arc::clone(&pipeline)));
        let house = Self { decider, pipeline, vault, log, blobs: dir.blobs(), clock, post, _dir: dir };
        house.load_models();
        Ok(house)
    }

    /// From now on keeps the log to what the configuration says. Whoever else reads it is registered before.
    pub(crate) fn keep_log(&self, config: &Config) -> Result<(), Failure> {
        self.pipeline.keep_log(retention(config)).map_err(Failure::failed)
    }

    /// Puts the newest trained models to work; without any, decisions do with what is learned live.
    fn load_models(&self) {
        match registry::newest(&self.blobs) {
            Ok(Some(trained)) => self.decider.use_models(Some(Arc::new(trained))),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the trained models cannot be used"),
        }
    }

    /// Trains, keeps the artifact and puts it to work.
    pub(crate) fn train(&self) -> Result<Arc<tradewind_models::Trained>, Failure> {
        self.drain()?;
        let trained = tradewind_learning::train(&self.pipeline, self.clock.now()).map_err(Failure::failed)?;
        registry::put(&self.blobs, &trained).map_err(Failure::failed)?;
        let trained = Arc::new(trained);
        self.decider.use_models(Some(Arc::clone(&trained)));
        Ok(trained)
    }

    /// Waits until everything in the log is applied.
    pub(crate) fn drain(&self) -> Result<(), Failure> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(Failure::failed)?;
        while !runtime.block_on(self.pipeline.drained(STEP)) {
            if !self.pipeline.is_healthy() {
                return Err(Failure::failed("the projection has stopped; see the log lines above"));
            }
        }
        Ok(())
    }

    /// Hands events to the pipeline from a thread without a runtime.
    pub(crate) fn collect(&self, events: &[tradewind_events::Event]) -> Result<(), Failure> {
        let mut events = events.to_vec();
        block_on(self.vault.protect(&mut events)).map_err(Failure::failed)?;
        self.patiently(|| block_on(self.pipeline.collect(&events)))
    }

    /// Hands products to the pipeline from a thread without a runtime.
    pub(crate) fn put_products(&self, products: &[tradewind_catalog::Product]) -> Result<(), Failure> {
        self.patiently(|| block_on(self.pipeline.put_products(products)))
    }

    /// Hands something over; where too much waits already, lets it be applied first.
    fn patiently(&self, hand_over: impl Fn() -> Result<(), CollectError>) -> Result<(), Failure> {
        loop {
            match hand_over() {
                Err(CollectError::Overloaded) => self.drain()?,
                done => return done.map_err(Failure::failed),
            }
        }
    }
}
