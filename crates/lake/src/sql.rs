//! SQL over the lake with DataFusion: read-only, within limits, on threads of its own.
//!
//! A query loads only the tables that it names, each as its newest commit left it, so that it sees what was
//! committed before it began. Where an erasure takes its files away, it is made once more, on the newer version.
//! Sorting and grouping beyond the memory limit spill into a folder of the
//! system's temporary directory, at most [`SPILL_FACTOR`] times that limit, and the folder goes with the engine.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deltalake_core::arrow::array::RecordBatch;
use deltalake_core::arrow::datatypes::SchemaRef;
use deltalake_core::datafusion::error::DataFusionError;
use deltalake_core::datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use deltalake_core::datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use deltalake_core::datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use deltalake_core::datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tradewind_ports::{BoxFuture, Rank, SqlAnswer, SqlEngine, SqlError, SqlForm};

use crate::error::LakeError;
use crate::shelf::Shelf;
use crate::{answer, guard, measures, views};

/// Queries that run at once; more are refused.
const AT_ONCE: usize = 4;
/// Bytes on disk that queries may use at once, as a multiple of their memory.
const SPILL_FACTOR: u64 = 8;
/// The longest query that is read, in bytes.
const MAX_SQL_BYTES: usize = 64 << 10;

/// What a query may use.
#[derive(Debug, Clone, Copy)]
pub struct SqlLimits {
    /// Memory of all queries that run at once, in MiB.
    pub memory_mib: u64,
    /// How long one may take.
    pub timeout: Duration,
    /// Rows of one answer.
    pub max_rows: usize,
}

/// The lake's tables behind SQL.
pub struct DeltaSql {
    inner: Arc<Inner>,
    runtime: Option<Runtime>,
    running: Arc<Semaphore>,
}

struct Inner {
    shelf: Shelf,
    limits: SqlLimits,
    env: Arc<RuntimeEnv>,
    _spill: tempfile::TempDir,
}

/// Rows of an answer, not yet written out.
struct Found {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
    is_truncated: bool,
}

impl DeltaSql {
    /// An engine over the lake in `root`, which needs not be there yet. Takes no lock.
    ///
    /// # Errors
    /// [`LakeError::Source`] when there can be no threads or no temporary folder.
    pub fn open(root: &Path, limits: SqlLimits) -> Result<Self, LakeError> {
        let failed = |what: &str, cause: &dyn std::fmt::Display| {
            LakeError::Source(format!("{what} for queries could not be made: {cause}"))
        };
        let spill = tempfile::Builder::new().prefix("tradewind-sql-").tempdir();
        let spill = spill.map_err(|e| failed("a temporary folder", &e))?;
        let memory = limits.memory_mib.saturating_mul(1 << 20);
        let pool = FairSpillPool::new(usize::try_from(memory).unwrap_or(usize::MAX));
        let consumers = std::num::NonZeroUsize::MIN.saturating_add(4);
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![spill.path().to_owned()]))
            .with_max_temp_directory_size(memory.saturating_mul(SPILL_FACTOR));
        let env = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(TrackConsumersPool::new(pool, consumers)))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(|e| failed("limits", &e))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("sql")
            .on_thread_start(|| Rank::Background.take())
            .enable_all()
            .build()
            .map_err(|e| failed("threads", &e))?;
        let inner = Arc::new(Inner { shelf: Shelf::new(root), limits, env, _spill: spill });
        Ok(Self { inner, runtime: Some(runtime), running: Arc::new(Semaphore::new(AT_ONCE)) })
    }
}

impl Drop for DeltaSql {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Stops a query when nobody waits for it any more.
struct Stop(tokio::task::AbortHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SqlEngine for DeltaSql {
    fn query<'a>(&'a self, sql: &'a str, form: SqlForm) -> BoxFuture<'a, Result<SqlAnswer, SqlError>> {
        let began = Instant::now();
        let limit = self.inner.limits.timeout;
        let outcome = async move {
            let _running = self.running.try_acquire().map_err(|_| SqlError::Busy)?;
            let runtime = self.runtime.as_ref().ok_or(SqlError::Busy)?;
            let (inner, sql) = (Arc::clone(&self.inner), sql.to_owned());
            let (told, answer) = tokio::sync::oneshot::channel();
            let task = runtime.spawn(async move {
                let bounded = tokio::time::timeout(limit, inner.answer(&sql, form)).await;
                // Whoever asked may have gone.
                let _ = told.send(bounded.unwrap_or(Err(SqlError::TooSlow { limit })));
            });
            let _stop = Stop(task.abort_handle());
            answer.await.unwrap_or_else(|_| Err(SqlError::Engine("it was stopped".into())))
        };
        Box::pin(async move {
            let answered = outcome.await;
            measures::query(outcome_name(&answered), began.elapsed());
            answered.map(|mut answer| {
                answer.took = began.elapsed();
                answer
            })
        })
    }
}

const fn outcome_name(answered: &Result<SqlAnswer, SqlError>) -> &'static str {
    match answered {
        Ok(_) => "ok",
        Err(SqlError::Query(_)) => "refused",
        Err(SqlError::TooSlow { .. }) => "too_slow",
        Err(SqlError::TooLarge { .. }) => "too_large",
        Err(SqlError::Busy) => "busy",
        Err(SqlError::Starting) => "starting",
        Err(SqlError::Engine(_)) => "failed",
    }
}

/// Whether a file went while it was wanted, as an erasure has it.
fn is_gone(error: &DataFusionError) -> bool {
    let is_of_the_query =
        matches!(error.find_root(), DataFusionError::Plan(_) | DataFusionError::SchemaError(..));
    !is_of_the_query && error.to_string().to_lowercase().contains("not found")
}

impl Inner {
    async fn answer(&self, sql: &str, form: SqlForm) -> Result<SqlAnswer, SqlError> {
        if sql.len() > MAX_SQL_BYTES {
            return Err(SqlError::Query(format!("a query has at most {MAX_SQL_BYTES} bytes")));
        }
        let found = match self.find(sql).await {
            Err(error) if is_gone(&error) => {
                self.shelf.forget();
                self.find(sql).await
            }
            found => found,
        };
        let found = found.map_err(|error| self.told(&error))?;
        let (rows, is_truncated) = (found.rows as u64, found.is_truncated);
        let body = answer::write(form, found.schema, &found.batches).map_err(|error| {
            SqlError::Query(format!("the answer cannot be written in this form: {error}"))
        })?;
        Ok(SqlAnswer { body, rows, is_truncated, took: Duration::ZERO })
    }

    async fn find(&self, sql: &str) -> Result<Found, DataFusionError> {
        let config = SessionConfig::new().with_information_schema(true);
        let context = SessionContext::new_with_config_rt(config, Arc::clone(&self.env));
        let state = context.state();
        let statement = state.sql_to_statement(sql, &state.config().options().sql_parser.dialect)?;
        let named = state.resolve_table_references(&statement)?;
        self.shelf.register(&context, &named).await?;
        let plan = context.state().statement_to_plan(statement).await?;
        guard::check(&plan)?;
        let frame = context.execute_logical_plan(plan).await?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let mut stream = frame.execute_stream().await?;
        let mut found = Found { schema, batches: Vec::new(), rows: 0, is_truncated: false };
        let most_bytes = usize::try_from(self.limits.memory_mib << 20).unwrap_or(usize::MAX) / 2;
        let mut bytes = 0;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let room = self.limits.max_rows - found.rows;
            bytes += batch.get_array_memory_size();
            found.is_truncated = batch.num_rows() > room || bytes > most_bytes;
            let batch = batch.slice(0, batch.num_rows().min(room));
            found.rows += batch.num_rows();
            found.batches.push(batch);
            if found.is_truncated {
                break;
            }
        }
        Ok(found)
    }

    /// An error in words that say what to do.
    fn told(&self, error: &DataFusionError) -> SqlError {
        let words = match error.find_root() {
            DataFusionError::Plan(told) => told.clone(),
            _ => error.strip_backtrace(),
        };
        let misses_a_table = words.contains("not found") && words.contains("table");
        match error.find_root() {
            DataFusionError::External(_) if self.shelf.is_being_made() => SqlError::Starting,
            _ if misses_a_table && self.shelf.is_being_made() => SqlError::Starting,
            DataFusionError::ResourcesExhausted(_) => {
                SqlError::TooLarge { limit_mib: self.limits.memory_mib }
            }
            DataFusionError::External(_)
            | DataFusionError::IoError(_)
            | DataFusionError::ObjectStore(_)
            | DataFusionError::ParquetError(_)
            | DataFusionError::Internal(_) => SqlError::Engine(words),
            _ if misses_a_table => {
                let there = self.shelf.names().into_iter().chain(views::ALL.map(str::to_owned));
                let names = there.collect::<Vec<_>>().join(", ");
                SqlError::Query(format!("{words}; there are {names}"))
            }
            _ => SqlError::Query(words),
        }
    }
}

#[cfg(test)]
mod tests;
