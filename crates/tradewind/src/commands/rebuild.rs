//! `tradewind rebuild`: the state made anew from the log.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tradewind_embedded::{DataDir, FjallStore};
use tradewind_kernel::{Clock, SystemClock};
use tradewind_pipeline::{Pipeline, carry_outbox, state_digest};
use tradewind_ports::EventLog;

use super::{say, say_json};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::house::{log_options, settings};
use crate::outbox::Post;
use crate::progress;

/// The new state grows here, and takes the place of the old one when it is complete.
const NEW: &str = "state.new";
/// Where the old one waits to be removed.
const OLD: &str = "state.old";
/// How often the bar moves.
const STEP: Duration = Duration::from_millis(200);

/// What a rebuild did.
#[derive(Debug, Serialize)]
struct Report {
    /// Log records applied.
    records: u64,
    /// Whether the state that was there is the same to the byte.
    same: bool,
    /// Whether the new state has taken its place.
    replaced: bool,
    /// Seconds on the clock.
    seconds: f64,
}

/// Makes the state anew beside the old one, compares them, and swaps them unless only asked to check.
pub(crate) fn run(loaded: &Loaded, check: bool, as_json: bool) -> Result<(), Failure> {
    let began = Instant::now();
    let dir = DataDir::open(&loaded.config.data_dir)?;
    let (new, now) = (dir.path().join(NEW), SystemClock.now());
    clear(&new)?;
    let records = replay(&dir, &new, loaded)?;
    let digest = |store: &FjallStore| state_digest(store, now).map_err(Failure::failed);
    let lived = digest(&dir.state(cache_bytes(loaded))?)?;
    let made = digest(&FjallStore::open(&new, cache_bytes(loaded)).map_err(Failure::failed)?)?;
    let report =
        Report { records, same: lived == made, replaced: !check, seconds: began.elapsed().as_secs_f64() };
    if check {
        clear(&new)?;
    } else {
        swap(dir.path())?;
    }
    if as_json {
        say_json(&report)?;
    } else {
        let same = if report.same { "the same to the byte" } else { "another" };
        let what = if check { "nothing was changed" } else { "the new one is in place" };
        say(format!(
            "{records} log records in {:.1} s gave a state that is {same} as before; {what}",
            report.seconds
        ));
    }
    if check && !report.same {
        return Err(Failure::failed("the state is not what the log makes of it: run `tradewind rebuild`"));
    }
    Ok(())
}

fn cache_bytes(loaded: &Loaded) -> u64 {
    loaded.config.storage.state_cache_mib.saturating_mul(1 << 20)
}

/// Applies the whole log to an empty state. Gives how many records it holds.
fn replay(dir: &DataDir, new: &Path, loaded: &Loaded) -> Result<u64, Failure> {
    let log = dir.log(log_options(&loaded.config))?;
    let (start, end) = (log.start(), log.end());
    if start > 0 {
        return Err(Failure::failed(format!(
            "the log begins at record {start}: what came before was removed, so the state that came of it cannot \
             be made anew. The state that is there was left as it is, and goes on"
        )));
    }
    let store = FjallStore::open(new, cache_bytes(loaded)).map_err(Failure::failed)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let post = Post::open(&loaded.config, dir.path(), end)?;
    let carried = carry_outbox(&dir.state(cache_bytes(loaded))?, &store).map_err(Failure::failed)?;
    let (outlet, settings) = (post.outlet()?.not_before(carried), settings(&loaded.config));
    let policy = Arc::new(crate::consent::policy(&loaded.config.consent)?);
    let pipeline = Pipeline::open_with(policy, Arc::new(log), Arc::new(store), clock, settings, outlet)
        .map_err(Failure::failed)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(Failure::failed)?;
    let bar = progress::records(end, "rebuilding");
    while !runtime.block_on(pipeline.drained(STEP)) {
        if !pipeline.is_healthy() {
            return Err(Failure::failed("the projection has stopped; see the log lines above"));
        }
        bar.set_position(pipeline.live().applied());
    }
    bar.finish_and_clear();
    pipeline.sync().map_err(Failure::failed)?;
    Ok(end)
}

/// Puts the new state in the old one's place. A crash in between leaves no state, which the next start makes
/// anew from the log.
fn swap(dir: &Path) -> Result<(), Failure> {
    clear(&dir.join(OLD))?;
    let failed = |e: std::io::Error| Failure::failed(format!("the new state cannot be put in place: {e}"));
    std::fs::rename(dir.join("state"), dir.join(OLD)).map_err(failed)?;
    std::fs::rename(dir.join(NEW), dir.join("state")).map_err(failed)?;
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
    clear(&dir.join(OLD))
}

fn clear(dir: &Path) -> Result<(), Failure> {
    match std::fs::remove_dir_all(dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::failed(format!("{} cannot be removed: {e}", dir.display())))
        }
        _ => Ok(()),
    }
}
