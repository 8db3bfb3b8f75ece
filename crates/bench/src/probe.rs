//! How soon an acknowledged event is in its profile: single events of fresh subjects, sent while a load runs.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Client, request};
use crate::error::BenchError;
use crate::events::is_taken;
use crate::figures::micros;
use crate::server::pause;

/// The pause between two probes.
const BETWEEN: Duration = Duration::from_millis(10);
/// The pause after a probe was refused.
const REFUSED: Duration = Duration::from_millis(20);

/// What a prober found.
#[derive(Debug, Default)]
pub(crate) struct Probed {
    /// Events of its own that were acknowledged.
    pub(crate) acked: u64,
    /// From each one's acknowledgement until a read showed it, in microseconds.
    pub(crate) visible_us: Vec<u32>,
}

/// Probes until told to stop. `run` keeps the subjects of one prober apart from another's.
///
/// # Errors
/// [`BenchError`] when an event is neither taken nor refused, or a read fails other than with a 404.
pub(crate) fn probe(address: SocketAddr, run: usize, stop: &AtomicBool) -> Result<Probed, BenchError> {
    let mut client = Client::connect(address)?;
    let mut found = Probed::default();
    while !stop.load(Ordering::Relaxed) {
        let subject = format!("probe-{run}-{}", found.acked);
        let body = format!(
            r#"{{"event":"Product Viewed","messageId":"{subject}","anonymousId":"{subject}","properties":{{"product_id":"p00001"}}}}"#
        );
        let event = request("POST", "/v1/track", &[("authorization", "Basic YmVuY2g6")], body.as_bytes());
        if !is_taken(&mut client, &event)? {
            pause(REFUSED);
            continue;
        }
        let acknowledged = Instant::now();
        found.acked += 1;
        let read = request("GET", &format!("/v1/profiles/anonymous_id:{subject}"), &[], b"");
        // The server itself waits for the subject's own events, so that one read mostly does.
        while !is_there(&mut client, &read)? && !stop.load(Ordering::Relaxed) {
            pause(Duration::from_millis(1));
        }
        found.visible_us.push(micros(acknowledged.elapsed()));
        pause(BETWEEN);
    }
    Ok(found)
}

fn is_there(client: &mut Client, read: &[u8]) -> Result<bool, BenchError> {
    let answer = client.exchange(read)?;
    match answer.status {
        200 => Ok(true),
        404 | 429 | 503 => Ok(false),
        status => {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            Err(BenchError::Refused { path: "a profile", status, body })
        }
    }
}
