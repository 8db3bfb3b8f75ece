//! Every metric of this crate.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use tradewind_ports::Offset;

/// Tells the recorder what each metric of this crate means. Call it once the recorder is installed.
pub fn describe_metrics() {
    describe_gauge!("tradewind_lake_position", "The log's offset up to which the lake holds everything");
    describe_gauge!("tradewind_lake_lag_records", "Applied records that the lake does not hold yet");
    describe_counter!("tradewind_lake_rows_total", "Rows written to the lake, by table");
    describe_counter!(
        "tradewind_lake_records_unreadable_total",
        "Log records left out because they do not read"
    );
    describe_counter!(
        "tradewind_lake_failures_total",
        "Times that writing the lake failed and was begun again"
    );
    describe_counter!(
        "tradewind_lake_files_compacted_total",
        "Small files that were merged into larger ones"
    );
    describe_histogram!("tradewind_lake_commit_seconds", Unit::Seconds, "Commits to all tables");
    describe_counter!("tradewind_sql_queries_total", "Queries answered, by outcome");
    describe_histogram!("tradewind_sql_query_seconds", Unit::Seconds, "Queries, planning included");
}

pub(crate) fn position(position: Offset, lag_records: u64) {
    gauge!("tradewind_lake_position").set(position as f64);
    gauge!("tradewind_lake_lag_records").set(lag_records as f64);
}

pub(crate) fn rows_written(table: &'static str, rows: u64) {
    counter!("tradewind_lake_rows_total", "table" => table).increment(rows);
}

pub(crate) fn committed(took: Duration) {
    histogram!("tradewind_lake_commit_seconds").record(took.as_secs_f64());
}

pub(crate) fn unreadable_record() {
    counter!("tradewind_lake_records_unreadable_total").increment(1);
}

pub(crate) fn failed() {
    counter!("tradewind_lake_failures_total").increment(1);
}

pub(crate) fn compacted(files: u64) {
    counter!("tradewind_lake_files_compacted_total").increment(files);
}

/// A query ended. Outcomes are a closed set.
pub(crate) fn query(outcome: &'static str, took: Duration) {
    counter!("tradewind_sql_queries_total", "outcome" => outcome).increment(1);
    histogram!("tradewind_sql_query_seconds").record(took.as_secs_f64());
}
