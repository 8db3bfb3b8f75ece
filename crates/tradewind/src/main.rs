//! The `tradewind` program: command line, configuration, and the roles put together.
//!
//! Exit codes: 0 done, 1 failed, 2 the command line does not read, 3 the configuration does not hold,
//! 4 the data directory is in use, 5 an input file does not read, 6 checked payloads do not hold.

mod cli;
mod commands;
mod config;
mod consent;
mod door;
mod failure;
mod house;
mod lake;
mod logging;
mod outbox;
mod progress;
mod retention;
mod rights;
mod schemas;
mod shopfront;
mod vault_keys;
mod webhook;

use std::process::ExitCode;

use clap::Parser;

/// Quick for the many small allocations that events and answers make. Without huge pages (`no_thp`): an event
/// costs as much, and `tradewind bench events` takes a third less memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match commands::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            use std::io::Write;
            // Where even this cannot be written there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "tradewind: {failure}");
            failure.exit_code()
        }
    }
}
