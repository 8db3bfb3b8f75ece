//! Requests over several connections: as many as go (closed loop), or by a schedule (open loop).
//!
//! A connection sends with what `sender` makes for its number: one call sends one request and waits until it is
//! answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::error::BenchError;
use crate::figures::{latency, median, micros, real};
use crate::report::{ClosedLoop, OpenLoop};
use crate::server::{Server, own_cpu, pause};

/// What a loop loads, and over how many connections.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) server: &'a Server,
    /// What is asked for, as the report says it.
    pub(crate) what: &'static str,
    pub(crate) connections: usize,
    /// What the server's CPU time covers besides: it is called when the last answer has come.
    pub(crate) settle: fn(&Server) -> Result<(), BenchError>,
}

impl Load<'_> {
    /// As many requests as go, in rounds of this length after one more to warm up. Gives also how many were
    /// answered in all.
    pub(crate) fn closed<S>(
        self,
        (rounds, length): (usize, Duration),
        sender: impl Fn(usize) -> S + Sync,
    ) -> Result<(ClosedLoop, u64), BenchError>
    where
        S: FnMut(&mut Client) -> Result<(), BenchError>,
    {
        let server = self.server;
        let (mut rates, mut cpus, mut shares, mut all_us) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut answered = 0;
        for round in 0..=rounds.max(1) {
            let (cpu_before, own_before) = (server.cpu()?, own_cpu()?);
            let began = Instant::now();
            let until = began + length;
            let took = on_connections(self.connections, server.address(), |number, client| {
                keep_sending(client, sender(number), until)
            })?;
            let seconds = began.elapsed().as_secs_f64();
            let own = own_cpu()?.saturating_sub(own_before).as_secs_f64();
            (self.settle)(server)?;
            let server_cpu = server.cpu()?.saturating_sub(cpu_before).as_secs_f64();
            answered += took.len() as u64;
            if round > 0 {
                let count = real(took.len() as u64);
                rates.push(count / seconds);
                cpus.push(server_cpu * 1e6 / count);
                shares.push(own / (own + server_cpu));
                all_us.extend(took);
            }
        }
        let found = ClosedLoop {
            what: self.what,
            connections: self.connections,
            per_second: median(rates),
            server_cpu_us: median(cpus),
            client_cpu_share: median(shares),
            latency: latency(all_us),
        };
        Ok((found, answered))
    }

    /// Each request at its time, the n-th on connection n modulo their number. A connection whose last answer is
    /// not there yet sends late, and the lateness counts as latency.
    pub(crate) fn open<S>(
        self,
        (rate_per_second, length): (u32, Duration),
        sender: impl Fn(usize) -> S + Sync,
    ) -> Result<OpenLoop, BenchError>
    where
        S: FnMut(&mut Client) -> Result<(), BenchError>,
    {
        let gap = Duration::from_secs(1) / rate_per_second.max(1);
        let count = usize::try_from(length.as_nanos() / gap.as_nanos()).unwrap_or(usize::MAX);
        let cpu_before = self.server.cpu()?;
        let began = Instant::now() + Duration::from_millis(100);
        let took = on_connections(self.connections, self.server.address(), |number, client| {
            let mut send = sender(number);
            let mut took = Vec::new();
            for n in (number..count).step_by(self.connections) {
                let due = began + gap * u32::try_from(n).unwrap_or(u32::MAX);
                pause(due.saturating_duration_since(Instant::now()));
                let late = due.elapsed();
                send(client)?;
                took.push((micros(due.elapsed()), micros(late)));
            }
            Ok(took)
        })?;
        (self.settle)(self.server)?;
        let server_cpu = self.server.cpu()?.saturating_sub(cpu_before).as_secs_f64();
        Ok(OpenLoop {
            what: self.what,
            rate_per_second,
            requests: took.len(),
            server_cpu_us: server_cpu * 1e6 / real(took.len() as u64),
            latency: latency(took.iter().map(|t| t.0).collect()),
            sent_late: latency(took.iter().map(|t| t.1).collect()),
        })
    }
}

/// How long each of one connection's requests took, in microseconds.
fn keep_sending(
    client: &mut Client,
    mut send: impl FnMut(&mut Client) -> Result<(), BenchError>,
    until: Instant,
) -> Result<Vec<u32>, BenchError> {
    let mut took = Vec::new();
    loop {
        let began = Instant::now();
        if began >= until {
            return Ok(took);
        }
        send(client)?;
        took.push(micros(began.elapsed()));
    }
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
