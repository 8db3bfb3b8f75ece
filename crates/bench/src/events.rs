//! What taking in events costs: closed loop, batches of 100.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::error::BenchError;
use crate::figures::{latency, median, micros, real};
use crate::messages::{BATCH, Batch};
use crate::report::EventsReport;
use crate::rng::Rng;
use crate::server::{Server, own_cpu, pause};

/// Different batches that a connection sends in turn.
const BATCHES: usize = 16;

/// How events are measured.
#[derive(Debug, Clone, Copy)]
pub struct EventsPlan {
    /// Connections, each with one batch under way.
    pub connections: usize,
    /// Rounds, after one more to warm up.
    pub rounds: usize,
    /// The length of a round.
    pub round: Duration,
}

/// One connection's load; it goes on from round to round, so that no id is used twice.
struct Sender {
    batches: Vec<Batch>,
    last_id: u64,
    rng: Rng,
}

#[derive(Default)]
struct Sent {
    acked: u64,
    refused: u64,
    ack_us: Vec<u32>,
}

struct Round {
    sent: Sent,
    seconds: f64,
    lag_zero_after: Duration,
    server_cpu: Duration,
    client_cpu: Duration,
}

/// Measures events on a server of its own, in the empty folder `data_dir`.
///
/// # Errors
/// [`BenchError`] when the server refuses a batch other than with a 429, or has not applied exactly what it
/// acknowledged.
pub fn events(executable: &Path, data_dir: &Path, plan: EventsPlan) -> Result<EventsReport, BenchError> {
    let server = Server::start(executable, data_dir, &[])?;
    let mut senders: Vec<Sender> = (0..plan.connections as u64).map(Sender::new).collect();
    let mut acked_total = round(&server, &mut senders, plan.round)?.sent.acked;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds.max(1) {
        rounds.push(round(&server, &mut senders, plan.round)?);
    }
    acked_total += rounds.iter().map(|r| r.sent.acked).sum::<u64>();
    let applied = server.drained()?["eventsTotal"].as_u64().unwrap_or(0);
    if applied != acked_total {
        return Err(BenchError::Miscounted { acked: acked_total, applied });
    }
    let peak_rss_bytes = server.peak_rss_bytes()?;
    server.kill();
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    Ok(EventsReport {
        connections: plan.connections,
        event_bytes: senders[0].batches[0].event_bytes(),
        accepted_per_second: of(|r| real(r.sent.acked) / r.seconds),
        applied_per_second: of(|r| real(r.sent.acked) / (r.seconds + r.lag_zero_after.as_secs_f64())),
        server_cpu_us_per_event: of(|r| r.server_cpu.as_secs_f64() * 1e6 / real(r.sent.acked)),
        client_cpu_share: of(|r| r.client_cpu.as_secs_f64() / (r.client_cpu + r.server_cpu).as_secs_f64()),
        lag_zero_after_ms: of(|r| r.lag_zero_after.as_secs_f64() * 1e3),
        ack: latency(rounds.iter().flat_map(|r| r.sent.ack_us.iter().copied()).collect()),
        refused_batches: rounds.iter().map(|r| r.sent.refused).sum(),
        acked_total,
        peak_rss_bytes,
    })
}

/// One round, and the wait until all of it is applied: the server's CPU time covers both.
fn round(server: &Server, senders: &mut [Sender], length: Duration) -> Result<Round, BenchError> {
    let (address, cpu_before, own_before) = (server.address(), server.cpu()?, own_cpu()?);
    let began = Instant::now();
    let sent = std::thread::scope(|scope| {
        let send = |sender| scope.spawn(move || send(sender, address, began + length));
        let threads: Vec<_> = senders.iter_mut().map(send).collect();
        let parts =
            threads.into_iter().map(|t| t.join().unwrap_or(Err(BenchError::Answer("a sender panicked"))));
        parts.collect::<Result<Vec<_>, _>>()
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let client_cpu = own_cpu()?.saturating_sub(own_before);
    let ended = Instant::now();
    server.drained()?;
    let lag_zero_after = ended.elapsed();
    let server_cpu = server.cpu()?.saturating_sub(cpu_before);
    let sent = sent.into_iter().reduce(Sent::and).unwrap_or_default();
    Ok(Round { sent, seconds, lag_zero_after, server_cpu, client_cpu })
}

fn send(sender: &mut Sender, address: SocketAddr, until: Instant) -> Result<Sent, BenchError> {
    let mut client = Client::connect(address)?;
    let mut sent = Sent::default();
    for index in (0..BATCHES).cycle() {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let batch = &mut sender.batches[index];
        batch.renew(&mut sender.last_id, &mut sender.rng);
        loop {
            let answer = client.exchange(batch.request())?;
            match answer.status {
                200 if answer.body == br#"{"success":true}"# => break,
                429 => sent.refused += 1,
                status => {
                    let body =
                        String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)]).into_owned();
                    return Err(BenchError::Refused { path: "/v1/batch", status, body });
                }
            }
            pause(Duration::from_millis(20));
        }
        sent.acked += BATCH as u64;
        sent.ack_us.push(micros(began.elapsed()));
    }
    Ok(sent)
}

impl Sender {
    fn new(number: u64) -> Self {
        let mut rng = Rng::new(number);
        let batches = (0..BATCHES).map(|_| Batch::new(&mut rng)).collect();
        Self { batches, last_id: number << 40, rng }
    }
}

impl Sent {
    fn and(mut self, other: Self) -> Self {
        self.acked += other.acked;
        self.refused += other.refused;
        self.ack_us.extend(other.ack_us);
        self
    }
}
