//! More than the server can take: what is still taken, and how the rest is refused.
//!
//! First the saturation is measured: a closed loop, in which events are acknowledged as quickly as they are
//! applied and no quicker. Then batches come by a schedule, at multiples of
//! that rate. A refused batch is not sent again; the share that is acknowledged is what counts.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::events::{Sender, is_taken};
use crate::figures::{latency, micros, real};
use crate::load_report::{OverloadReport, OverloadStep};
use crate::loops::on_connections;
use crate::messages::Batch;
use crate::probe::{Probed, probe};
use crate::server::{Server, own_cpu, pause};

/// Connections of the closed loop that measures the saturation.
const CLOSED: usize = 8;
/// Connections of the open loop: so many batches may be under way at once.
const OPEN: usize = 64;
/// Offered rates, in times of the saturation.
const TIMES: [u32; 3] = [1, 2, 3];

/// How overload is measured.
#[derive(Debug, Clone, Copy)]
pub struct OverloadPlan {
    /// Events of a batch, 1 to 2,500.
    pub batch: usize,
    /// The length of each step.
    pub step: Duration,
    /// `storage.max_lag_records` of the server; its own default if none.
    pub max_lag_records: Option<u64>,
}

/// One batch, sent.
#[derive(Debug, Clone, Copy)]
struct Sent {
    taken: bool,
    /// From the sending of its first byte to the answer.
    took_us: u32,
    /// From when it was due to its sending.
    late_us: u32,
}

struct Load {
    server: Server,
    senders: Vec<Mutex<Sender>>,
    batch: usize,
    acked: u64,
}

/// Measures overload on a server of its own, in the empty folder `data_dir`.
///
/// # Errors
/// [`BenchError`] when an answer is neither an acknowledgement nor a refusal that says when to come back, or
/// when not exactly what was acknowledged is applied.
pub fn overload(
    executable: &Path,
    data_dir: &Path,
    plan: OverloadPlan,
) -> Result<OverloadReport, BenchError> {
    std::fs::create_dir_all(data_dir).map_err(BenchError::io("make the data directory"))?;
    if let Some(most) = plan.max_lag_records {
        // The server runs in this folder and reads it.
        std::fs::write(data_dir.join("tradewind.toml"), format!("storage.max_lag_records = {most}\n"))
            .map_err(BenchError::io("write the server's configuration"))?;
    }
    let server = Server::start(executable, data_dir, &[])?;
    let sender = |number| Mutex::new(Sender::new(number, |rng| Batch::new(plan.batch, rng)));
    let senders = (0..OPEN as u64).map(sender).collect();
    let mut load = Load { server, senders, batch: plan.batch, acked: 0 };
    // Once to warm up: the server learns its own pace from what it applies.
    load.closed(plan.step)?;
    let saturation = load.closed(plan.step)?;
    let mut steps = Vec::new();
    for times in TIMES {
        steps.push(load.step(times, saturation, plan.step)?);
    }
    let applied = load.server.drained()?["eventsTotal"].as_u64().unwrap_or(0);
    if applied != load.acked {
        return Err(BenchError::Miscounted { acked: load.acked, applied });
    }
    let peak = steps.iter().map(|s| s.acknowledged_per_second).fold(saturation, f64::max);
    for step in &mut steps {
        step.share_of_peak = step.acknowledged_per_second / peak;
    }
    let peak_rss_bytes = load.server.peak_rss_bytes()?;
    load.server.kill();
    let (batch, acked_total) = (plan.batch, load.acked);
    Ok(OverloadReport { batch, saturation_per_second: saturation, steps, acked_total, peak_rss_bytes })
}

impl Load {
    /// Sends as much as goes, and gives events acknowledged in a second.
    fn closed(&mut self, length: Duration) -> Result<f64, BenchError> {
        let began = Instant::now();
        let taken = on_connections(CLOSED, self.server.address(), |number, client| {
            let mut sender = self.senders[number].lock().unwrap_or_else(PoisonError::into_inner);
            let mut taken = Vec::new();
            while began.elapsed() < length {
                if is_taken(client, sender.next())? {
                    taken.push(());
                } else {
                    pause(Duration::from_millis(5));
                }
            }
            Ok(taken)
        })?;
        let events = (taken.len() * self.batch) as u64;
        self.acked += events;
        Ok(real(events) / began.elapsed().as_secs_f64())
    }

    /// Offers so many times the saturation, with a prober beside it.
    fn step(&mut self, times: u32, saturation: f64, length: Duration) -> Result<OverloadStep, BenchError> {
        let address = self.server.address();
        let offered = saturation * f64::from(times);
        let gap = Duration::from_secs_f64(real(self.batch as u64) / offered.max(1.0));
        let count = usize::try_from(length.as_nanos() / gap.as_nanos().max(1)).unwrap_or(usize::MAX);
        let (cpu_before, own_before) = (self.server.cpu()?, own_cpu()?);
        let stop = AtomicBool::new(false);
        let (sent, probed, seconds) = std::thread::scope(|scope| {
            let prober = scope.spawn(|| probe(address, usize::try_from(times).unwrap_or(0), &stop));
            let began = Instant::now() + Duration::from_millis(100);
            let sent = on_connections(OPEN, address, |number, client| {
                let mut sender = self.senders[number].lock().unwrap_or_else(PoisonError::into_inner);
                let mut all = Vec::new();
                for n in (number..count).step_by(OPEN) {
                    let due = began + gap * u32::try_from(n).unwrap_or(u32::MAX);
                    let request = sender.next();
                    pause(due.saturating_duration_since(Instant::now()));
                    let (late_us, started) = (micros(due.elapsed()), Instant::now());
                    let taken = is_taken(client, request)?;
                    all.push(Sent { taken, took_us: micros(started.elapsed()), late_us });
                }
                Ok(all)
            });
            let seconds = began.elapsed().as_secs_f64();
            stop.store(true, Ordering::Relaxed);
            let probed = prober.join().unwrap_or(Err(BenchError::Answer("the prober panicked")));
            Ok::<_, BenchError>((sent?, probed?, seconds))
        })?;
        let server_cpu = self.server.cpu()?.saturating_sub(cpu_before).as_secs_f64();
        let own = own_cpu()?.saturating_sub(own_before).as_secs_f64();
        let Probed { acked: probes, visible_us } = probed;
        let taken = sent.iter().filter(|s| s.taken).count();
        let events = (taken * self.batch) as u64;
        self.acked += events + probes;
        let took = |taken| sent.iter().filter(|s| s.taken == taken).map(|s| s.took_us).collect();
        Ok(OverloadStep {
            times,
            offered_per_second: offered,
            sent_per_second: real((sent.len() * self.batch) as u64) / seconds,
            acknowledged_per_second: real(events) / seconds,
            share_of_peak: 0.0,
            refused_batches: sent.len() - taken,
            refused: latency(took(false)),
            acknowledged: latency(took(true)),
            sent_late: latency(sent.iter().map(|s| s.late_us).collect()),
            probes: visible_us.len(),
            visible: latency(visible_us),
            server_cpu_us_per_event: server_cpu * 1e6 / real(events.max(1)),
            client_cpu_us_per_event: own * 1e6 / real(events.max(1)),
            peak_rss_bytes: self.server.peak_rss_bytes()?,
        })
    }
}
