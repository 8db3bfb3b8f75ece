//! `tradewind sql`
//!
//! Reads the lake's Delta tables, for which it needs no lock: a server may run on the same data directory, and
//! what it has committed is seen. Events of the last `lake.commit_seconds` may be missing.

use std::io::Write;

use tradewind_ports::{SqlError, SqlForm, block_on};

use crate::cli::{RowsFormat, SqlArguments};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::lake;

/// Answers one query on standard output; what was left out is told on standard error.
pub(crate) fn run(loaded: &Loaded, arguments: &SqlArguments, as_json: bool) -> Result<(), Failure> {
    let folder = loaded.config.data_dir.join("lake");
    let engine = lake::engine(&loaded.config)?;
    if !folder.is_dir() {
        return Err(Failure::input(format!(
            "there is no lake at {}: serve this data directory with lake.enabled, or give another --data-dir",
            folder.display()
        )));
    }
    let form = match arguments.format {
        Some(RowsFormat::Table) => SqlForm::Table,
        Some(RowsFormat::Csv) => SqlForm::Csv,
        Some(RowsFormat::Arrow) => SqlForm::Arrow,
        Some(RowsFormat::Json) => SqlForm::Json,
        None if as_json => SqlForm::Json,
        None => SqlForm::Table,
    };
    let answer = block_on(engine.query(&arguments.sql, form)).map_err(|error| match error {
        SqlError::Query(_) => Failure::input(error),
        _ => Failure::failed(error),
    })?;
    let mut out = std::io::stdout().lock();
    out.write_all(&answer.body).and_then(|()| out.flush()).map_err(Failure::failed)?;
    if answer.is_truncated {
        // Where even this cannot be written there is nobody to tell.
        let _ = writeln!(
            std::io::stderr(),
            "tradewind: only the first {} rows are shown; lake.sql_max_rows says how many may be",
            answer.rows
        );
    }
    Ok(())
}
