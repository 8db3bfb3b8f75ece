//! What single events cost: one event a request, each answered after it is synced.

use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use crate::client::Client;
use crate::error::BenchError;
use crate::events::{Sender, is_taken};
use crate::load_report::SinglesReport;
use crate::loops::Load;
use crate::messages::Batch;
use crate::server::{Server, pause};

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

/// Measures single events on a server of its own, in the empty folder `data_dir`.
///
/// # Errors
/// [`BenchError`] when an event is not taken, or not exactly what was acknowledged is applied.
pub fn singles(executable: &Path, data_dir: &Path, plan: SinglesPlan) -> Result<SinglesReport, BenchError> {
    let server = Server::start(executable, data_dir, &[])?;
    let sender = |number| Mutex::new(Sender::new(number, Batch::single));
    // They go on from round to round.
    let senders: Vec<_> = (0..plan.connections as u64).map(sender).collect();
    let settle = |server: &Server| server.drained().map(|_| ());
    let load = Load { server: &server, what: "POST /v1/track", connections: plan.connections, settle };
    let next = |number| {
        let sender = &senders[number];
        move |client: &mut Client| send(client, sender)
    };
    let (closed, mut acked) = load.closed((plan.rounds, plan.round), next)?;
    let open = load.open((plan.rate_per_second, plan.open), next)?;
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
fn send(client: &mut Client, sender: &Mutex<Sender>) -> Result<(), BenchError> {
    let mut sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
    let request = sender.next();
    while !is_taken(client, request)? {
        pause(Duration::from_millis(20));
    }
    Ok(())
}
