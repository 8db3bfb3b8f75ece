//! What taking in events costs: closed loop, in batches.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::error::BenchError;
use crate::figures::{latency, median, micros, real};
use crate::messages::Batch;
use crate::report::EventsReport;
use crate::rng::Rng;
use crate::server::{Server, own_cpu, pause};

/// Different batches that a connection sends in turn.
const BATCHES: usize = 16;

/// How events are measured.
#[derive(Debug, Clone, Copy)]
pub struct EventsPlan {
    /// Events of a batch, 1 to 2,500.
    pub batch: usize,
    /// Connections, each with one batch under way.
    pub connections: usize,
    /// Rounds, after one more to warm up.
    pub rounds: usize,
    /// The length of a round.
    pub round: Duration,
}

/// One connection's load; it goes on from round to round, so that no id is used twice.
pub(crate) struct Sender {
    batches: Vec<Batch>,
    next: usize,
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
    let mut senders: Vec<Sender> = (0..plan.connections as u64)
        .map(|number| Sender::new(number, |rng| Batch::new(plan.batch, rng)))
        .collect();
    let mut acked_total = round(&server, &mut senders, plan)?.sent.acked;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds.max(1) {
        rounds.push(round(&server, &mut senders, plan)?);
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
        batch: plan.batch,
        event_bytes: senders[0].batches[0].event_bytes(),
        accepted_per_second: of(|r| real(r.sent.acked) / r.seconds),
        applied_per_second: of(|r| real(r.sent.acked) / (r.seconds + r.lag_zero_after.as_secs_f64())),
        server_cpu_us_per_event: of(|r| r.server_cpu.as_secs_f64() * 1e6 / real(r.sent.acked)),
        client_cpu_us_per_event: of(|r| r.client_cpu.as_secs_f64() * 1e6 / real(r.sent.acked)),
        client_cpu_share: of(|r| r.client_cpu.as_secs_f64() / (r.client_cpu + r.server_cpu).as_secs_f64()),
        lag_zero_after_ms: of(|r| r.lag_zero_after.as_secs_f64() * 1e3),
        ack: latency(rounds.iter().flat_map(|r| r.sent.ack_us.iter().copied()).collect()),
        refused_batches: rounds.iter().map(|r| r.sent.refused).sum(),
        acked_total,
        peak_rss_bytes,
    })
}

/// One round, and the wait until all of it is applied: the server's CPU time covers both.
fn round(server: &Server, senders: &mut [Sender], plan: EventsPlan) -> Result<Round, BenchError> {
    let length = plan.round;
    let (address, cpu_before, own_before) = (server.address(), server.cpu()?, own_cpu()?);
    let began = Instant::now();
    let sent = std::thread::scope(|scope| {
        let send = |sender| scope.spawn(move || send(sender, plan.batch, address, began + length));
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

fn send(sender: &mut Sender, events: usize, address: SocketAddr, until: Instant) -> Result<Sent, BenchError> {
    let mut client = Client::connect(address)?;
    let mut sent = Sent::default();
    loop {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let request = sender.next();
        while !is_taken(&mut client, request)? {
            sent.refused += 1;
            pause(Duration::from_millis(20));
        }
        sent.acked += events as u64;
        sent.ack_us.push(micros(began.elapsed()));
    }
    Ok(sent)
}

/// Sends events, and says whether they were taken rather than refused for now.
///
/// # Errors
/// [`BenchError::Refused`] for any other answer.
pub(crate) fn is_taken(client: &mut Client, request: &[u8]) -> Result<bool, BenchError> {
    let answer = client.exchange(request)?;
    match answer.status {
        200 if answer.body == br#"{"success":true}"# => Ok(true),
        429 | 503 if answer.header("retry-after").is_some() => Ok(false),
        status => {
            let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)]).into_owned();
            Err(BenchError::Refused { path: "events", status, body })
        }
    }
}

impl Sender {
    /// The sender of this number; no two of a server may share one. `make` makes its requests.
    pub(crate) fn new(number: u64, make: impl Fn(&mut Rng) -> Batch) -> Self {
        let mut rng = Rng::new(number);
        let batches = (0..BATCHES).map(|_| make(&mut rng)).collect();
        Self { batches, next: 0, last_id: number << 40, rng }
    }

    /// The next request, its ids never used before.
    pub(crate) fn next(&mut self) -> &[u8] {
        self.next = (self.next + 1) % self.batches.len();
        let batch = &mut self.batches[self.next];
        batch.renew(&mut self.last_id, &mut self.rng);
        batch.request()
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
