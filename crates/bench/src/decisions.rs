//! What decisions cost: as many as go, and by a schedule.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Client, request};
use crate::error::BenchError;
use crate::figures::{latency, median, micros, real};
use crate::report::{ClosedLoop, DecisionsReport, OpenLoop};
use crate::rng::Rng;
use crate::server::{Server, own_cpu, pause};
use crate::shop::{self, Shopper};

/// Answers that are looked at.
const SAMPLE: usize = 200;
/// Connections of the open loop: so many requests may be under way at once.
const OPEN_CONNECTIONS: usize = 64;

/// How decisions are measured.
#[derive(Debug, Clone, Copy)]
pub struct DecisionsPlan {
    /// Connections of the closed loop, each with one request under way.
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

/// Measures decisions on a server of its own, which it fills with the demo shop, in the empty folder
/// `data_dir`.
///
/// # Errors
/// [`BenchError`] when the shop cannot be filled, or any answer is not a 200.
pub fn decisions(
    executable: &Path,
    data_dir: &Path,
    plan: DecisionsPlan,
) -> Result<DecisionsReport, BenchError> {
    shop::prepare(executable, data_dir)?;
    let server = Server::start(executable, data_dir, &[])?;
    let shoppers = shop::shoppers(&server)?;
    let (filled_percent, degraded_percent) = sample(&server, &shoppers)?;
    let empty = [request("GET", "/livez", &[], b"")];
    let home: Vec<&[u8]> = shoppers.iter().map(|s| &s.home[..]).collect();
    let product: Vec<&[u8]> = shoppers.iter().map(|s| &s.product[..]).collect();
    let features: Vec<&[u8]> = shoppers.iter().map(|s| &s.features[..]).collect();
    let closed = vec![
        closed(&server, "GET /livez", &[&empty[0]], plan)?,
        closed(&server, "home, 1 × 12", &home, plan)?,
        closed(&server, "product, 3", &product, plan)?,
        closed(&server, "5 features", &features, plan)?,
    ];
    let open = vec![
        open(&server, "GET /livez", &[&empty[0]], plan)?,
        open(&server, "home, 1 × 12", &home, plan)?,
        open(&server, "product, 3", &product, plan)?,
        open(&server, "5 features", &features, plan)?,
    ];
    let stats = server.stats()?;
    let count = |name: &str| stats[name].as_u64().unwrap_or(0);
    let report = DecisionsReport {
        events: count("eventsTotal"),
        products: count("products"),
        sessions: count("sessions"),
        filled_percent,
        degraded_percent,
        closed,
        open,
        peak_rss_bytes: server.peak_rss_bytes()?,
    };
    server.kill();
    Ok(report)
}

/// How many slots are filled, and how many answers are degraded, of 100.
fn sample(server: &Server, shoppers: &[Shopper]) -> Result<(f64, f64), BenchError> {
    let mut client = server.connect()?;
    let (mut slots, mut degraded) = (0, 0);
    for shopper in shoppers.iter().take(SAMPLE) {
        let answer = client.exchange(&shopper.home)?;
        let json: Value =
            serde_json::from_slice(answer.body).map_err(|_| BenchError::Answer("it is no JSON"))?;
        let placement = &json["placements"][0];
        slots += placement["slots"].as_array().map_or(0, Vec::len) as u64;
        degraded += u64::from(placement["degraded"] == true);
    }
    let sampled = real(shoppers.len().min(SAMPLE) as u64);
    Ok((real(slots) * 100.0 / (sampled * 12.0), real(degraded) * 100.0 / sampled))
}

fn ask(client: &mut Client, request: &[u8]) -> Result<(), BenchError> {
    let answer = client.exchange(request)?;
    if answer.status == 200 {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)]).into_owned();
    Err(BenchError::Refused { path: "a request", status: answer.status, body })
}

fn closed(
    server: &Server,
    what: &'static str,
    requests: &[&[u8]],
    plan: DecisionsPlan,
) -> Result<ClosedLoop, BenchError> {
    let (mut rates, mut cpus, mut shares, mut all_us) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=plan.rounds.max(1) {
        let (cpu_before, own_before) = (server.cpu()?, own_cpu()?);
        let began = Instant::now();
        let micros = on_connections(plan.connections, server.address(), |number, client| {
            keep_asking(client, requests, number, began + plan.round)
        })?;
        let seconds = began.elapsed().as_secs_f64();
        let server_cpu = server.cpu()?.saturating_sub(cpu_before).as_secs_f64();
        let own = own_cpu()?.saturating_sub(own_before).as_secs_f64();
        if round > 0 {
            let count = real(micros.len() as u64);
            rates.push(count / seconds);
            cpus.push(server_cpu * 1e6 / count);
            shares.push(own / (own + server_cpu));
            all_us.extend(micros);
        }
    }
    Ok(ClosedLoop {
        what,
        connections: plan.connections,
        per_second: median(rates),
        server_cpu_us: median(cpus),
        client_cpu_share: median(shares),
        latency: latency(all_us),
    })
}

fn keep_asking(
    client: &mut Client,
    requests: &[&[u8]],
    number: usize,
    until: Instant,
) -> Result<Vec<u32>, BenchError> {
    let (mut rng, mut took) = (Rng::new(number as u64), Vec::new());
    loop {
        let began = Instant::now();
        if began >= until {
            return Ok(took);
        }
        ask(client, requests[rng.below(requests.len())])?;
        took.push(micros(began.elapsed()));
    }
}

/// Sends each request at its time, the n-th on connection n modulo 64. A connection whose last answer is not
/// there yet sends late, and the lateness counts as latency.
fn open(
    server: &Server,
    what: &'static str,
    requests: &[&[u8]],
    plan: DecisionsPlan,
) -> Result<OpenLoop, BenchError> {
    let gap = Duration::from_secs(1) / plan.rate_per_second.max(1);
    let count = usize::try_from(plan.open.as_nanos() / gap.as_nanos()).unwrap_or(usize::MAX);
    let cpu_before = server.cpu()?;
    let began = Instant::now() + Duration::from_millis(100);
    let took = on_connections(OPEN_CONNECTIONS, server.address(), |number, client| {
        let mut rng = Rng::new(number as u64);
        let mut took = Vec::new();
        for n in (number..count).step_by(OPEN_CONNECTIONS) {
            let due = began + gap * u32::try_from(n).unwrap_or(u32::MAX);
            pause(due.saturating_duration_since(Instant::now()));
            let late = due.elapsed();
            ask(client, requests[rng.below(requests.len())])?;
            took.push((micros(due.elapsed()), micros(late)));
        }
        Ok(took)
    })?;
    let server_cpu = server.cpu()?.saturating_sub(cpu_before).as_secs_f64();
    Ok(OpenLoop {
        what,
        rate_per_second: plan.rate_per_second,
        requests: took.len(),
        server_cpu_us: server_cpu * 1e6 / real(took.len() as u64),
        latency: latency(took.iter().map(|t| t.0).collect()),
        sent_late: latency(took.iter().map(|t| t.1).collect()),
    })
}

/// Runs `work` on so many connections at once, each with a thread of its own, and puts together what it gives.
pub(crate) fn on_connections<T: Send>(
    connections: usize,
    address: SocketAddr,
    work: impl Fn(usize, &mut Client) -> Result<Vec<T>, BenchError> + Sync,
) -> Result<Vec<T>, BenchError> {
    let work = &work;
    std::thread::scope(|scope| {
        let start = |number| scope.spawn(move || work(number, &mut Client::connect(address)?));
        let threads: Vec<_> = (0..connections).map(start).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().unwrap_or(Err(BenchError::Answer("a thread panicked")))?);
        }
        Ok(all)
    })
}
