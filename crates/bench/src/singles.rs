//! What single events cost: one event a request, each answered after it is synced.

use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::decisions::on_connections;
use crate::error::BenchError;
use crate::events::{Sender, is_taken};
use crate::figures::{latency, median, micros, real};
use crate::load_report::SinglesReport;
use crate::messages::Batch;
use crate::report::{ClosedLoop, OpenLoop};
use crate::server::{Server, own_cpu, pause};

/// How single events are measured.
#[derive(Debug, Clone, Copy)]
pub struct SinglesPlan {
    /// Connections, each with one request under way: what one sync acknowledges together grows with them.
    pub connections: usize,
    /// Rounds of the closed loop, after one more to warm up.
    pub rounds: usize,
    /// The length of a round.
    pub round: Duration,
    /// Requests in a second of the open loop.
    pub rate_per_second: u32,
    /// The length of the open loop.
    pub open: Duration,
}

/// A sender for each connection, which goes on from round to round.
type Senders = Vec<Mutex<Sender>>;

/// Measures single events on a server of its own, in the empty folder `data_dir`.
///
/// # Errors
/// [`BenchError`] when an event is not taken, or not exactly what was acknowledged is applied.
pub fn singles(executable: &Path, data_dir: &Path, plan: SinglesPlan) -> Result<SinglesReport, BenchError> {
    let server = Server::start(executable, data_dir, &[])?;
    let sender = |number| Mutex::new(Sender::new(number, Batch::single));
    let senders: Senders = (0..plan.connections as u64).map(sender).collect();
    let mut acked = 0;
    let closed = closed(&server, &senders, plan, &mut acked)?;
    let open = open(&server, &senders, plan)?;
    acked += open.requests as u64;
    let applied = server.drained()?["eventsTotal"].as_u64().unwrap_or(0);
    if applied != acked {
        return Err(BenchError::Miscounted { acked, applied });
    }
    let peak_rss_bytes = server.peak_rss_bytes()?;
    server.kill();
    Ok(SinglesReport { closed, open, acked_total: acked, peak_rss_bytes })
}

/// Sends the next event until it is taken.
fn send(client: &mut Client, senders: &Senders, number: usize) -> Result<(), BenchError> {
    let mut sender = senders[number].lock().unwrap_or_else(PoisonError::into_inner);
    let request = sender.next();
    while !is_taken(client, request)? {
        pause(Duration::from_millis(20));
    }
    Ok(())
}

fn closed(
    server: &Server,
    senders: &Senders,
    plan: SinglesPlan,
    acked: &mut u64,
) -> Result<ClosedLoop, BenchError> {
    let (mut rates, mut cpus, mut shares, mut all_us) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=plan.rounds.max(1) {
        let (cpu_before, own_before) = (server.cpu()?, own_cpu()?);
        let began = Instant::now();
        let took = on_connections(plan.connections, server.address(), |number, client| {
            let mut took = Vec::new();
            while began.elapsed() < plan.round {
                let sent = Instant::now();
                send(client, senders, number)?;
                took.push(micros(sent.elapsed()));
            }
            Ok(took)
        })?;
        let seconds = began.elapsed().as_secs_f64();
        let own = own_cpu()?.saturating_sub(own_before).as_secs_f64();
        server.drained()?;
        let server_cpu = server.cpu()?.saturating_sub(cpu_before).as_secs_f64();
        *acked += took.len() as u64;
        if round > 0 {
            let count = real(took.len() as u64);
            rates.push(count / seconds);
            cpus.push(server_cpu * 1e6 / count);
            shares.push(own / (own + server_cpu));
            all_us.extend(took);
        }
    }
    Ok(ClosedLoop {
        what: "POST /v1/track",
        connections: plan.connections,
        per_second: median(rates),
        server_cpu_us: median(cpus),
        client_cpu_share: median(shares),
        latency: latency(all_us),
    })
}

fn open(server: &Server, senders: &Senders, plan: SinglesPlan) -> Result<OpenLoop, BenchError> {
    let gap = Duration::from_secs(1) / plan.rate_per_second.max(1);
    let count = usize::try_from(plan.open.as_nanos() / gap.as_nanos()).unwrap_or(usize::MAX);
    let cpu_before = server.cpu()?;
    let began = Instant::now() + Duration::from_millis(100);
    let took = on_connections(plan.connections, server.address(), |number, client| {
        let mut took = Vec::new();
        for n in (number..count).step_by(plan.connections) {
            let due = began + gap * u32::try_from(n).unwrap_or(u32::MAX);
            pause(due.saturating_duration_since(Instant::now()));
            let late = due.elapsed();
            send(client, senders, number)?;
            took.push((micros(due.elapsed()), micros(late)));
        }
        Ok(took)
    })?;
    server.drained()?;
    let server_cpu = server.cpu()?.saturating_sub(cpu_before).as_secs_f64();
    Ok(OpenLoop {
        what: "POST /v1/track",
        rate_per_second: plan.rate_per_second,
        requests: took.len(),
        server_cpu_us: server_cpu * 1e6 / real(took.len() as u64),
        latency: latency(took.iter().map(|t| t.0).collect()),
        sent_late: latency(took.iter().map(|t| t.1).collect()),
    })
}
