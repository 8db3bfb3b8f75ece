//! What a measurement found, for programs and for people. Every figure is the median of several rounds,
//! unless it says otherwise.

use std::fmt;

use serde::Serialize;

use crate::load_report::{OverloadReport, SinglesReport};

/// Latencies in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "percentiles by their usual names")]
pub struct Latency {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

/// What taking in events costs.
#[derive(Debug, Clone, Serialize)]
pub struct EventsReport {
    /// Connections, each with one batch under way.
    pub connections: usize,
    /// Events of a batch.
    pub batch: usize,
    /// The size of one event, in bytes of JSON.
    pub event_bytes: usize,
    /// Events acknowledged as durable in a second.
    pub accepted_per_second: f64,
    /// The same, each round's time counted until all of its events were applied too.
    pub applied_per_second: f64,
    /// The server's CPU time for one event, until it is applied, in microseconds.
    pub server_cpu_us_per_event: f64,
    /// The client's, in microseconds.
    pub client_cpu_us_per_event: f64,
    /// The client's part of the CPU time of both, 0 to 1.
    pub client_cpu_share: f64,
    /// From sending a batch to its acknowledgement, over all rounds.
    pub ack: Latency,
    /// How long after the end of a round the last event was applied, in milliseconds.
    pub lag_zero_after_ms: f64,
    /// Batches refused with 429, over all rounds; each was sent again.
    pub refused_batches: u64,
    /// All events acknowledged, the warm-up's included. The server has applied exactly so many.
    pub acked_total: u64,
    /// The server's peak resident memory, in bytes.
    pub peak_rss_bytes: u64,
}

/// Requests one after the other on each connection, as many as go.
#[derive(Debug, Clone, Serialize)]
pub struct ClosedLoop {
    /// What was asked.
    pub what: &'static str,
    /// Connections, each with one request under way.
    pub connections: usize,
    /// Answers in a second.
    pub per_second: f64,
    /// The server's CPU time for one, in microseconds.
    pub server_cpu_us: f64,
    /// The client's part of the CPU time of both, 0 to 1.
    pub client_cpu_share: f64,
    /// Over all rounds.
    pub latency: Latency,
}

/// Requests by a schedule fixed in advance.
#[derive(Debug, Clone, Serialize)]
pub struct OpenLoop {
    /// What was asked.
    pub what: &'static str,
    /// Requests in a second, by the schedule.
    pub rate_per_second: u32,
    /// Requests sent.
    pub requests: usize,
    /// The server's CPU time for one, in microseconds.
    pub server_cpu_us: f64,
    /// From the moment when a request was to be sent to its answer, the client's own waking up (some 60 µs)
    /// included.
    pub latency: Latency,
    /// How late requests were sent, for want of a free connection or of a processor.
    pub sent_late: Latency,
}

/// What decisions cost.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionsReport {
    /// Events of the shop's history.
    pub events: u64,
    /// Its products.
    pub products: u64,
    /// Sessions that the models learned from, those of the bench included.
    pub sessions: u64,
    /// Slots that were filled of 100 wanted, in a sample.
    pub filled_percent: f64,
    /// Answers that named themselves degraded, of 100, in a sample.
    pub degraded_percent: f64,
    /// `GET /livez`, for comparison, then decisions.
    pub closed: Vec<ClosedLoop>,
    /// The same by schedule.
    pub open: Vec<OpenLoop>,
    /// The server's peak resident memory, in bytes.
    pub peak_rss_bytes: u64,
}

/// All that was measured.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Processors of this machine; client and server share them.
    pub processors: usize,
    /// What taking in events costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<EventsReport>,
    /// What single events cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub singles: Option<SinglesReport>,
    /// What becomes of more than can be taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overload: Option<OverloadReport>,
    /// What decisions cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decisions: Option<DecisionsReport>,
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = self;
        write!(f, "{p50_ms:>8.2} {p90_ms:>8.2} {p99_ms:>8.2} {p999_ms:>8.2} {max_ms:>8.2}")
    }
}

pub(crate) fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

impl fmt::Display for EventsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "events: {} connections, batches of {}, {} bytes an event",
            self.connections, self.batch, self.event_bytes
        )?;
        writeln!(f, "  accepted                {:>10.0} /s", self.accepted_per_second)?;
        writeln!(f, "  applied                 {:>10.0} /s", self.applied_per_second)?;
        writeln!(f, "  server CPU              {:>10.1} µs an event", self.server_cpu_us_per_event)?;
        writeln!(f, "  client CPU              {:>10.1} µs an event", self.client_cpu_us_per_event)?;
        writeln!(f, "  client's share of CPU   {:>10.0} %", self.client_cpu_share * 100.0)?;
        writeln!(f, "  lag zero after          {:>10.0} ms", self.lag_zero_after_ms)?;
        writeln!(f, "  refused (429)           {:>10} batches", self.refused_batches)?;
        writeln!(f, "  acknowledged = applied  {:>10} events", self.acked_total)?;
        writeln!(f, "  peak memory             {:>10} MiB", mib(self.peak_rss_bytes))?;
        writeln!(f, "  ms                  p50      p90      p99    p99.9      max")?;
        writeln!(f, "  acknowledged   {}", self.ack)
    }
}

impl fmt::Display for ClosedLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.client_cpu_share * 100.0;
        let (what, rate, cpu) = (self.what, self.per_second, self.server_cpu_us);
        writeln!(f, "  {what:<14} {rate:>9.0} {cpu:>9.1} {share:>9.0} {}", self.latency)
    }
}

impl fmt::Display for OpenLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, rate, cpu) = (self.what, self.rate_per_second, self.server_cpu_us);
        writeln!(f, "  {what:<14} {rate:>9} {cpu:>9.1} {:>9} {}", "", self.latency)?;
        writeln!(f, "  {:<43} {}", "  of that, sent late", self.sent_late)
    }
}

impl fmt::Display for DecisionsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "decisions: {} products, {} events, {} sessions; {:.1} % of slots filled, {:.1} % of answers degraded",
            self.products, self.events, self.sessions, self.filled_percent, self.degraded_percent
        )?;
        writeln!(
            f,
            "  as many as go         /s    CPU µs  client %      p50      p90      p99    p99.9      max ms"
        )?;
        for one in &self.closed {
            write!(f, "{one}")?;
        }
        writeln!(
            f,
            "  by schedule           /s    CPU µs                p50      p90      p99    p99.9      max ms"
        )?;
        for one in &self.open {
            write!(f, "{one}")?;
        }
        writeln!(f, "  peak memory {} MiB", mib(self.peak_rss_bytes))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} processors, shared by client and server; medians of rounds", self.processors)?;
        if let Some(events) = &self.events {
            write!(f, "\n{events}")?;
        }
        if let Some(singles) = &self.singles {
            write!(f, "\n{singles}")?;
        }
        if let Some(overload) = &self.overload {
            write!(f, "\n{overload}")?;
        }
        if let Some(decisions) = &self.decisions {
            write!(f, "\n{decisions}")?;
        }
        Ok(())
    }
}
