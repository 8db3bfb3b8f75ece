//! Where log lines go: standard error, as text or as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::Log;
use crate::failure::Failure;

/// Libraries that tell each of their steps; what fails in them comes back as an error. A directive of the
/// configuration goes over these.
const QUIET: &str = "buoyant_kernel=off,buoyant_kernel_engine=off,deltalake_core=warn";

/// Sets up logging; once in a process.
pub(crate) fn start(log: &Log) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.level))
        .map_err(|e| Failure::Config(format!("log.level '{}' does not hold: {e}", log.level)))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format.as_str() {
        "json" => builder.json().flatten_event(true).init(),
        "text" => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).init(),
        other => {
            return Err(Failure::Config(format!("log.format is '{other}'; it is text or json")));
        }
    }
    Ok(())
}
