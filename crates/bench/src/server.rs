//! A server that belongs to a measurement or a test: started, measured, stopped or killed by it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::client::{Client, request};
use crate::error::BenchError;

/// The most of a server's log that is kept, in bytes.
const KEPT_LOG_BYTES: usize = 4 << 20;

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts `executable serve` on a port that is free, and waits until it listens, which is once it is
    /// ready. It runs in its data directory, so that no configuration file of somebody else is read.
    ///
    /// # Errors
    /// [`BenchError`] when it does not start, or ends before it listens; its log tells why.
    pub fn start(executable: &Path, data_dir: &Path, arguments: &[&str]) -> Result<Self, BenchError> {
        std::fs::create_dir_all(data_dir).map_err(BenchError::io("make the data directory"))?;
        let mut child = Command::new(executable)
            .args(["serve", "--port", "0", "--data-dir"])
            .arg(data_dir)
            .args(arguments)
            .current_dir(data_dir)
            .env("TRADEWIND_LOG_FORMAT", "text")
            .env("TRADEWIND_LOG_LEVEL", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(BenchError::io("start the server"))?;
        let log = Arc::new(Mutex::new(String::new()));
        let (found, address) = mpsc::channel();
        let lines = child.stderr.take().map(BufReader::new);
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in lines.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
                if let Some(address) = bound_address(&line) {
                    // Only the first is waited for.
                    let _ = found.send(address);
                }
                let mut log = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if log.len() < KEPT_LOG_BYTES {
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let Ok(address) = address.recv() else {
            // It has closed its standard error, so it has ended or will do so now.
            let _ = child.kill();
            let _ = child.wait();
            let _ = reader.join();
            let log = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return Err(BenchError::NotServing { program: executable.to_owned(), log });
        };
        Ok(Self { child, address, log, reader: Some(reader) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection to it.
    ///
    /// # Errors
    /// [`BenchError::Io`] when it does not take one.
    pub fn connect(&self) -> Result<Client, BenchError> {
        Client::connect(self.address)
    }

    /// What it wrote to standard error so far, at most 4 MiB.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself, and gives how it ended with all that it logged.
    ///
    /// # Errors
    /// [`BenchError::Io`] when it cannot be waited for.
    pub fn ended(mut self) -> Result<(ExitStatus, String), BenchError> {
        let status = self.child.wait().map_err(BenchError::io("wait for the server"))?;
        self.join();
        Ok((status, self.log()))
    }

    /// The CPU time that it has used, in user and kernel mode, to 10 ms.
    ///
    /// # Errors
    /// [`BenchError`] when it has ended.
    pub fn cpu(&self) -> Result<Duration, BenchError> {
        cpu_of(&self.child.id().to_string())
    }

    /// The most memory that it has had resident, in bytes.
    ///
    /// # Errors
    /// [`BenchError`] when it has ended.
    pub fn peak_rss_bytes(&self) -> Result<u64, BenchError> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).map_err(BenchError::io("read /proc"))?;
        let kib = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        kib.and_then(|n| n.trim().parse::<u64>().ok()).map(|n| n << 10).ok_or(BenchError::Proc(path))
    }

    /// `GET /v1/stats`.
    ///
    /// # Errors
    /// [`BenchError`] when it does not answer so.
    pub fn stats(&self) -> Result<Value, BenchError> {
        let mut client = self.connect()?;
        let answer = client.exchange(&request("GET", "/v1/stats", &[], b""))?;
        serde_json::from_slice(answer.body).map_err(|_| BenchError::Answer("the stats are no JSON"))
    }

    /// Waits until all that is durable is applied, and gives the stats then.
    ///
    /// # Errors
    /// [`BenchError`] when it stops answering. It waits as long as the server takes.
    pub fn drained(&self) -> Result<Value, BenchError> {
        loop {
            let stats = self.stats()?;
            if stats["lagRecords"] == 0 {
                return Ok(stats);
            }
            pause(Duration::from_millis(5));
        }
    }

    /// Kills it (SIGKILL): it gets no chance to finish anything.
    pub fn kill(mut self) {
        self.end();
    }

    /// Tells it to stop (SIGTERM), waits until it has, and gives how it ended with all that it logged.
    ///
    /// # Errors
    /// [`BenchError::Io`] when it cannot be told or waited for.
    pub fn stop(mut self) -> Result<(ExitStatus, String), BenchError> {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).map_err(|e| BenchError::io("signal the server")(e.into()))?;
        }
        let status = self.child.wait().map_err(BenchError::io("wait for the server"))?;
        self.join();
        Ok((status, self.log()))
    }

    fn end(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.join();
    }

    fn join(&mut self) {
        if let Some(reader) = self.reader.take() {
            // A reader that panicked leaves a log that is too short, no more.
            let _ = reader.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn bound_address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(" listening address=")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The CPU time of this process so far.
pub(crate) fn own_cpu() -> Result<Duration, BenchError> {
    cpu_of("self")
}

/// utime and stime of `/proc/…/stat`, its 14th and 15th fields; the 2nd may hold blanks and brackets.
fn cpu_of(process: &str) -> Result<Duration, BenchError> {
    let path = format!("/proc/{process}/stat");
    let stat = std::fs::read_to_string(&path).map_err(BenchError::io("read /proc"))?;
    let ticks = stat.rsplit_once(')').and_then(|(_, rest)| {
        let mut fields = rest.split_whitespace().skip(11).map_while(|f| f.parse::<u64>().ok());
        Some(fields.next()? + fields.next()?)
    });
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    ticks.map(|t| Duration::from_millis(t * 1_000 / per_second)).ok_or(BenchError::Proc(path))
}

/// Lets time pass between two looks at a server, or until a request is due.
#[expect(
    clippy::disallowed_methods,
    reason = "a schedule is an amount of time, and another process tells nothing"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_log_line() {
        let line = "2026-11-21T10:00:00Z  INFO listening address=127.0.0.1:41234 data_dir=/tmp/x";
        assert_eq!(bound_address(line), Some(([127, 0, 0, 1], 41234).into()));
        assert_eq!(bound_address("2026 WARN something else"), None);
    }

    #[test]
    fn this_process_has_used_time() {
        assert!(own_cpu().unwrap() < Duration::from_secs(3_600));
    }
}
