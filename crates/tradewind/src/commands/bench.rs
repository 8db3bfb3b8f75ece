//! `tradewind bench`

use std::path::Path;
use std::time::Duration;

use tradewind_bench::{BenchError, DecisionsPlan, EventsPlan, OverloadPlan, Report, SinglesPlan};

use super::{say, say_json};
use crate::cli::{BenchArguments, BenchPart};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::progress;

/// Rounds that a figure is the median of.
const ROUNDS: u32 = 5;
/// Connections of the closed loops.
const CONNECTIONS: usize = 8;
/// Connections of single events: each waits for its sync, and one sync may acknowledge them all.
const SINGLE_CONNECTIONS: usize = 64;
/// Single events in a second of the open loop.
const SINGLE_RATE_PER_SECOND: u32 = 2_000;
/// Events of a batch, unless it is said.
const BATCH: usize = 100;
/// Events of a batch under overload, unless it is said.
const OVERLOAD_BATCH: usize = 500;
/// Decisions in a second of the open loop.
const RATE_PER_SECOND: u32 = 1_000;

/// Measures a server of its own, this very program, on an empty folder beside the data directory: that is
/// the disk that counts. The folder is deleted afterwards.
pub(crate) fn run(loaded: &Loaded, arguments: &BenchArguments, as_json: bool) -> Result<(), Failure> {
    let executable = std::env::current_exe().map_err(Failure::failed)?;
    let beside = loaded.config.data_dir.parent().filter(|p| p.is_dir()).unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new()
        .prefix("tradewind-bench-")
        .tempdir_in(beside)
        .map_err(|e| Failure::failed(format!("no folder can be made in {}: {e}", beside.display())))?;
    let length = Duration::from_secs(arguments.seconds.max(1).into());
    let folder_path = folder.path().canonicalize().map_err(Failure::failed)?;
    let failed = |error: BenchError| Failure::failed(error);
    let bar = progress::spinner("measuring");
    let mut report = Report {
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        ..Report::default()
    };
    if matches!(arguments.part, BenchPart::All | BenchPart::Events) {
        bar.set_message("events");
        let plan = EventsPlan {
            batch: arguments.batch.map_or(BATCH, usize::from),
            connections: CONNECTIONS,
            rounds: ROUNDS as usize,
            round: length / ROUNDS,
        };
        let found = tradewind_bench::events(&executable, &folder_path.join("events"), plan);
        report.events = Some(found.map_err(failed)?);
    }
    if matches!(arguments.part, BenchPart::All | BenchPart::Singles) {
        bar.set_message("single events");
        let plan = SinglesPlan {
            connections: SINGLE_CONNECTIONS,
            rounds: ROUNDS as usize,
            round: length / ROUNDS,
            rate_per_second: SINGLE_RATE_PER_SECOND,
            open: length,
        };
        let found = tradewind_bench::singles(&executable, &folder_path.join("singles"), plan);
        report.singles = Some(found.map_err(failed)?);
    }
    if matches!(arguments.part, BenchPart::All | BenchPart::Overload) {
        bar.set_message("overload");
        let plan = OverloadPlan {
            batch: arguments.batch.map_or(OVERLOAD_BATCH, usize::from),
            step: length,
            max_lag_records: arguments.max_lag_records,
        };
        let found = tradewind_bench::overload(&executable, &folder_path.join("overload"), plan);
        report.overload = Some(found.map_err(failed)?);
    }
    if matches!(arguments.part, BenchPart::All | BenchPart::Decisions) {
        bar.set_message("decisions");
        let plan = DecisionsPlan {
            connections: CONNECTIONS,
            rounds: ROUNDS as usize,
            round: length / ROUNDS,
            rate_per_second: RATE_PER_SECOND,
            open: length,
        };
        let found = tradewind_bench::decisions(&executable, &folder_path.join("decisions"), plan);
        report.decisions = Some(found.map_err(failed)?);
    }
    bar.finish_and_clear();
    if as_json {
        return say_json(&report);
    }
    say(report);
    Ok(())
}
