//! What decisions cost: as many as go, and by a schedule.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::client::{Client, request};
use crate::error::BenchError;
use crate::figures::real;
use crate::loops::Load;
use crate::report::{ClosedLoop, DecisionsReport, OpenLoop};
use crate::rng::Rng;
use crate::server::Server;
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

/// One connection's requests: any of them, again and again.
fn any_of(requests: &[&[u8]], number: usize) -> impl FnMut(&mut Client) -> Result<(), BenchError> {
    let mut rng = Rng::new(number as u64);
    move |client| ask(client, requests[rng.below(requests.len())])
}

fn closed(
    server: &Server,
    what: &'static str,
    requests: &[&[u8]],
    plan: DecisionsPlan,
) -> Result<ClosedLoop, BenchError> {
    let load = Load { server, what, connections: plan.connections, settle: |_| Ok(()) };
    let (found, _) = load.closed((plan.rounds, plan.round), |number| any_of(requests, number))?;
    Ok(found)
}

fn open(
    server: &Server,
    what: &'static str,
    requests: &[&[u8]],
    plan: DecisionsPlan,
) -> Result<OpenLoop, BenchError> {
    let load = Load { server, what, connections: OPEN_CONNECTIONS, settle: |_| Ok(()) };
    load.open((plan.rate_per_second, plan.open), |number| any_of(requests, number))
}
