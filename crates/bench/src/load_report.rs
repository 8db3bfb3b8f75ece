//! What loads of events found beyond the plain closed loop, for programs and for people.

use std::fmt;

use serde::Serialize;

use crate::report::{ClosedLoop, Latency, OpenLoop, mib};

/// What single events cost.
#[derive(Debug, Clone, Serialize)]
pub struct SinglesReport {
    /// As many as go.
    pub closed: ClosedLoop,
    /// By schedule.
    pub open: OpenLoop,
    /// All events acknowledged. The server has applied exactly so many.
    pub acked_total: u64,
    /// The server's peak resident memory, in bytes.
    pub peak_rss_bytes: u64,
}

/// What becomes of more than can be taken.
#[derive(Debug, Clone, Serialize)]
pub struct OverloadReport {
    /// Events of a batch.
    pub batch: usize,
    /// Events acknowledged in a second by a closed loop: what can be kept up.
    pub saturation_per_second: f64,
    /// At multiples of that.
    pub steps: Vec<OverloadStep>,
    /// All events acknowledged. The server has applied exactly so many.
    pub acked_total: u64,
    /// The server's peak resident memory, in bytes.
    pub peak_rss_bytes: u64,
}

/// One rate that was offered.
#[derive(Debug, Clone, Serialize)]
pub struct OverloadStep {
    /// Times the saturation.
    pub times: u32,
    /// Events in a second by the schedule.
    pub offered_per_second: f64,
    /// Events in a second that were sent in fact: the schedule slips when every connection waits.
    pub sent_per_second: f64,
    /// Events acknowledged in a second.
    pub acknowledged_per_second: f64,
    /// The same as a part of the best of all steps and of the saturation, 0 to 1.
    pub share_of_peak: f64,
    /// Batches refused; none was sent again.
    pub refused_batches: usize,
    /// From the first byte of a batch to its refusal.
    pub refused: Latency,
    /// From the first byte of a batch to its acknowledgement.
    pub acknowledged: Latency,
    /// How late batches were sent, for want of a free connection or of a processor.
    pub sent_late: Latency,
    /// Events of fresh subjects that were sent one by one beside the load.
    pub probes: usize,
    /// From the acknowledgement of each until a read showed it in its profile; of the last one, until the
    /// step ended if that was earlier.
    pub visible: Latency,
    /// The server's CPU time for one acknowledged event, what it refused included, in microseconds.
    pub server_cpu_us_per_event: f64,
    /// The client's, in microseconds.
    pub client_cpu_us_per_event: f64,
    /// The server's peak resident memory so far, in bytes.
    pub peak_rss_bytes: u64,
}

impl fmt::Display for SinglesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = self.closed.connections;
        writeln!(f, "single events: {connections} connections, {} acknowledged = applied", self.acked_total)?;
        writeln!(
            f,
            "                        /s    CPU µs  client %      p50      p90      p99    p99.9      max ms"
        )?;
        write!(f, "{}{}", self.closed, self.open)?;
        writeln!(f, "  peak memory {} MiB", mib(self.peak_rss_bytes))
    }
}

impl fmt::Display for OverloadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "overload: batches of {}; {:.0} events/s can be kept up; {} acknowledged = applied",
            self.batch, self.saturation_per_second, self.acked_total
        )?;
        for step in &self.steps {
            write!(f, "{step}")?;
        }
        writeln!(f, "  peak memory {} MiB", mib(self.peak_rss_bytes))
    }
}

impl fmt::Display for OverloadStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, offered_per_second, sent_per_second, acknowledged_per_second, .. } = self;
        writeln!(
            f,
            "  {times} × offered {offered_per_second:.0}/s, sent {sent_per_second:.0}/s, acknowledged \
             {acknowledged_per_second:.0}/s ({:.0} % of the peak)",
            self.share_of_peak * 100.0
        )?;
        writeln!(
            f,
            "    CPU µs an event: server {:.1}, client {:.1}; {} batches refused; memory {} MiB",
            self.server_cpu_us_per_event,
            self.client_cpu_us_per_event,
            self.refused_batches,
            mib(self.peak_rss_bytes)
        )?;
        writeln!(f, "    ms                 p50      p90      p99    p99.9      max")?;
        writeln!(f, "    refused       {}", self.refused)?;
        writeln!(f, "    acknowledged  {}", self.acknowledged)?;
        writeln!(f, "    sent late     {}", self.sent_late)?;
        writeln!(f, "    in profile    {}  ({} probes)", self.visible, self.probes)
    }
}
